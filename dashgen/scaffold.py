"""A project to start from: its files are package data, copied as they are."""

from __future__ import annotations

from pathlib import Path

TEMPLATE = Path(__file__).parent / "templates" / "project"


def files() -> dict[str, str]:
    """Return the files of a new project: relative path to text."""
    return {
        file.relative_to(TEMPLATE).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(TEMPLATE.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
