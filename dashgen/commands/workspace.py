"""What most commands start from: the project, and where its output goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dashgen import project, settings_file

if TYPE_CHECKING:
    from dashgen.definitions import Project


@dataclass(frozen=True)
class Workspace:
    """A project that was loaded, and its output folder."""

    project: Project
    out: Path


def load(config: Path | None, out: Path | None = None) -> Workspace:
    """Load the project of the working directory, or of the settings' file ``config``.

    The settings' ``out`` and modules are relative to the settings' file; the argument ``out``
    goes before the settings' and is relative to the working directory.

    Raises:
        DashgenError: the settings or a module are wrong.

    """
    base = config.parent if config else Path()
    settings = settings_file.load(config, base)
    return Workspace(project.load(settings, base), out or base / settings.out)
