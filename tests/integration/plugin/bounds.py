"""How long hooks may take, and what must not be told, where the gateway is at fault."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests import hooks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen_plugin.listener import Listener

SECRET = "s3cret"  # noqa: S105  (no secret: what must not be logged)
DEADLINE = 0.7
# Below the deadline: tells a hook that waits from one that does not.
AT_ONCE = 0.5
SLACK = 1.0
SILENCE = "(no answer|not sent) within 0.7 s"


def with_credentials(url: str) -> str:
    """Return the address with a user and a password."""
    return url.replace("://", f"://user:{SECRET}@")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Assert that what is done takes no longer."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


def ends_task(plugin: Listener) -> None:
    """Start a task and end it: the start returns at once, the end by the deadline."""
    with within(AT_ONCE):
        plugin.on_task_instance_running(hooks.task(state="running"))
    with within(DEADLINE + SLACK):
        plugin.on_task_instance_success(hooks.task())
