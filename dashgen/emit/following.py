"""Waiting for what happens next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dashgen.emit.moments import Moment


def due(
    moments: Iterator[Moment], clock: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep
) -> Iterator[list[Moment]]:
    """Yield the moments in order when their time has come, those of the same time together.

    ``clock`` tells unix seconds; ``moments`` has no end.
    """
    upcoming = next(moments)
    while True:
        sleep(max(upcoming.at - clock(), 0))
        now = clock()
        batch: list[Moment] = []
        while upcoming.at <= now:
            batch.append(upcoming)
            upcoming = next(moments)
        yield batch
