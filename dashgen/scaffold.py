"""Folders to start from: their files are package data, copied as they are."""

from __future__ import annotations

from pathlib import Path

_TEMPLATES = Path(__file__).parent / "templates"

PROJECT = _TEMPLATES / "project"
AIRFLOW = _TEMPLATES / "airflow"


def files(start: Path = PROJECT) -> dict[str, str]:
    """Return the files of a new project, or of another start: relative path to text."""
    return {
        file.relative_to(start).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(start.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
