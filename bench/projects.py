"""Projects to build: a ``dashgen.toml`` and the modules that it names, as a user has them."""

from __future__ import annotations

import shutil
from pathlib import Path

_TEAMS = Path(__file__).with_name("teams.py")

_SETTINGS = """\
modules = ["project"]
"""
_PROJECT = '''\
"""The project of {dashboards} teams."""

from teams import definitions


def define(settings):
    """Add the teams to the built-in definitions."""
    return definitions(settings, {dashboards})
'''


def write(folder: Path, dashboards: int) -> Path:
    """Write a project of so many dashboards beside the built-in ones; return its settings' file."""
    folder.mkdir()
    settings = folder / "dashgen.toml"
    settings.write_text(_SETTINGS, encoding="utf-8")
    (folder / "project.py").write_text(_PROJECT.format(dashboards=dashboards), encoding="utf-8")
    shutil.copy(_TEAMS, folder)
    return settings
