"""Projects to render, as the command would load them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dashgen.build import build
from dashgen.builtin import define
from dashgen.definitions import Project, combine
from dashgen.rules.adjust import adjusted
from dashgen.rules.model import Alert, Group
from dashgen.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def builtin(**settings: Any) -> Project:  # noqa: ANN401  (the fields of Settings)
    """Return the built-in project under some settings."""
    chosen = Settings(**settings)
    project = combine(chosen, [define(chosen)])
    return replace(project, alerts=adjusted(project.alerts, chosen))


@cache
def built() -> Mapping[str, str]:
    """Return the files of the built-in project, built once for all who read them."""
    return MappingProxyType(build(builtin()).files)


def with_alert(project: Project, alert: Alert) -> Project:
    """Return the project with one more alert."""
    return replace(project, alerts=(*project.alerts, Group("more", (alert,))))


def written(folder: Path, files: dict[str, str]) -> Path:
    """Write rendered files below a folder, and return it."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
