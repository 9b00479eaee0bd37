"""A rule group that is evaluated more seldom than every 4 minutes.

Prometheus looks back 5 minutes for a sample: a series that is recorded less often is gone
between two evaluations, and with it the panels and alerts on it. ``promtool`` does not notice.

Bad::

    interval: 10m

Good::

    interval: 1m
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen import durations
from dashgen.checks.document import Finding, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context

NAME = "group-interval"

_LONGEST = 4 * 60


def check(context: Context) -> Iterator[Finding]:
    """Read the interval of every group that has one; without, it is the server's."""
    for document in context.documents:
        for group in document.groups:
            written = group.data.get("interval")
            if written is None:
                continue
            try:
                seconds = durations.parse(str(written))
            except ValueError:
                yield Finding(group, f"interval {shown(written)} is no duration", "Write 1m.")
                continue
            if seconds > _LONGEST:
                yield Finding(
                    group,
                    f"interval {shown(written)} is longer than 4m: between two evaluations the "
                    "recorded series are gone",
                    f"Use at most {durations.text(_LONGEST)}.",
                )
