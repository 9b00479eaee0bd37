"""What the settings change about alerts: their hold, their severity, whether they exist."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dashgen.rules.model import Alert, Group, Record
from dashgen.settings import AlertSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.settings import Settings


def adjusted(groups: Iterable[Group], settings: Settings) -> tuple[Group, ...]:
    """Return the groups as the settings want them; a group of which nothing is left is gone."""
    changed = (replace(group, rules=tuple(_rules(group, settings))) for group in groups)
    return tuple(group for group in changed if group.rules)


def _rules(group: Group, settings: Settings) -> Iterator[Record | Alert]:
    for rule in group.rules:
        if not isinstance(rule, Alert):
            yield rule
            continue
        change = settings.alerts.get(rule.name, AlertSettings())
        if change.enabled:
            yield replace(
                rule,
                hold=rule.hold if change.hold is None else change.hold,
                severity=rule.severity if change.severity is None else change.severity,
            )
