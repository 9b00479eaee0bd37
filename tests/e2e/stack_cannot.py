"""The panels that stay empty in the run of everything, and why."""

from __future__ import annotations

from types import MappingProxyType

PANELS = MappingProxyType({"": ""})
