"""A panel whose values have no unit.

3600 may be seconds, bytes or tasks: who reads the panel at night should not have to guess.
Value mappings do as well, since words need no unit; a table may say it column by column. For
a plain number say ``none``. Logs, traces and the like have no values.

Bad::

    {"type": "stat", "fieldConfig": {"defaults": {}}}

Good::

    {"type": "stat", "fieldConfig": {"defaults": {"unit": "s"}}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dashgen.checks.document import Finding, dicts, text_of

if TYPE_CHECKING:
    from dashgen.checks.context import Context
    from dashgen.checks.document import Data

NAME = "panel-unit"

_NO_VALUES = frozenset({"row", "text", "logs", "traces", "flamegraph", "nodeGraph"})


def check(context: Context) -> Iterator[Finding]:
    """Look for a unit in every panel that has a query."""
    for document in context.documents:
        for panel in document.panels:
            shows_values = dicts(panel.data.get("targets")) and text_of(panel.data, "type") not in _NO_VALUES
            if shows_values and not _says_unit(panel.data):
                hint = "Set fieldConfig.defaults.unit; for a plain number to none."
                yield Finding(panel, "the panel says no unit", hint)


def _says_unit(panel: Data) -> bool:
    config = panel.get("fieldConfig")
    if not isinstance(config, Mapping):
        return False
    defaults = config.get("defaults")
    if isinstance(defaults, Mapping) and (defaults.get("unit") or defaults.get("mappings")):
        return True
    return any(
        setting.get("id") == "unit"
        for override in dicts(config.get("overrides"))
        for setting in dicts(override.get("properties"))
    )
