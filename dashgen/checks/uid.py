"""A dashboard without a uid, or with one that Grafana refuses.

Links, alerts and bookmarks find a dashboard by its uid; without one Grafana makes a new one
at every start. It takes at most 40 letters, digits, ``-`` and ``_``.

Bad::

    {"title": "Queues"}

Good::

    {"title": "Queues", "uid": "queues"}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dashgen.checks.document import Finding, Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context

NAME = "uid"

_LONGEST = 40
_ALLOWED = re.compile(r"[a-zA-Z0-9_-]+")


def check(context: Context) -> Iterator[Finding]:
    """Look at the uid of every dashboard."""
    for document in context.documents:
        if document.kind is not Kind.DASHBOARD:
            continue
        uid = document.root.data.get("uid")
        if not isinstance(uid, str) or not uid:
            yield Finding(document.root, "the dashboard has no uid", "Give it one that stays.")
        elif len(uid) > _LONGEST:
            message = f"uid {shown(uid)} has {len(uid)} characters; Grafana takes {_LONGEST}"
            yield Finding(document.root, message, f"For example {shown(uid[:_LONGEST])}.")
        elif not _ALLOWED.fullmatch(uid):
            message = f"uid {shown(uid)} has characters that Grafana refuses"
            yield Finding(document.root, message, "Use letters, digits, - and _.")
