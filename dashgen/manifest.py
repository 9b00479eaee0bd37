"""The manifest: which files of the output folder dashgen made, and the contract they keep."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from dashgen.problems import EXIT_UNREACHABLE, EXIT_USAGE, DashgenError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dashgen.contract import Contract

NAME = "manifest.json"
RULE = "output"
VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """The files made, by relative path, each with the SHA-256 of its text; and the contract."""

    files: Mapping[str, str] = field(default_factory=dict)
    contract: Contract = field(default_factory=dict)


def of(files: Mapping[str, str], contract: Contract) -> Manifest:
    """Return the manifest of rendered files."""
    return Manifest({path: digest(text.encode()) for path, text in files.items()}, contract)


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def dump(manifest: Manifest) -> str:
    """Return the manifest as canonical JSON."""
    data = {"version": VERSION, "files": manifest.files, "contract": manifest.contract}
    return json.dumps(data, indent=2, sort_keys=True) + "\n"


def read(out: Path) -> Manifest:
    """Return the manifest of the output folder; an empty one where nothing was built yet.

    Raises:
        DashgenError: it can't be read, is not a manifest, or names files outside the folder.

    """
    file = out / NAME
    try:
        return parse(file.read_bytes(), str(file))
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        unusable = out if isinstance(error, NotADirectoryError) else file
        hint = "Nothing was changed. --out names another folder."
        problem = Problem(Place(str(unusable)), RULE, f"can't be used: {error.strerror}", hint)
        raise DashgenError([problem], EXIT_UNREACHABLE) from None


def parse(content: bytes, file: str) -> Manifest:
    """Return the manifest that a file holds; ``file`` names it in messages.

    Raises:
        DashgenError: it is not a manifest, or names files outside the folder.

    """
    try:
        data = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _corrupt(file, f"not valid JSON: {error}") from None
    if isinstance(data, dict) and isinstance(data.get("version"), int) and data["version"] > VERSION:
        message = f"version {data['version']}: written by a newer dashgen"
        hint = "Use that dashgen, or delete the folder and build it anew."
        raise DashgenError([Problem(Place(file), RULE, message, hint)], EXIT_USAGE)
    if not _is_sound(data):
        raise _corrupt(file, "not a manifest of dashgen")
    outside = sorted(path for path in data["files"] if not is_inside(path))
    if outside:
        raise _corrupt(file, f"names a file outside the folder: {', '.join(outside)}")
    return Manifest(data["files"], data["contract"])


def is_inside(path: str) -> bool:
    """Whether a relative path with slashes stays below the folder it starts from."""
    pure = PurePosixPath(path)
    return str(pure) == path != "." and not pure.is_absolute() and ".." not in pure.parts


def _corrupt(file: str, message: str) -> DashgenError:
    hint = (
        "Restore it from version control. Or delete it and build again: then files that are "
        "no longer made stay, and what breaks for others is not seen."
    )
    return DashgenError([Problem(Place(file), RULE, message, hint)], EXIT_USAGE)


def _is_sound(data: Any) -> bool:  # noqa: ANN401  (JSON is anything)
    return (
        isinstance(data, dict)
        and data.get("version") == VERSION
        and _is_table_of(str, data.get("files"))
        and _is_table_of(dict, data.get("contract"))
        and all(_are_terms(terms) for terms in data["contract"].values())
    )


def _are_terms(terms: dict[str, Any]) -> bool:
    return (
        isinstance(terms.get("type"), str)
        and isinstance(terms.get("unit"), str)
        and _is_table_of(list, terms.get("jobs"))
        and _is_table_of(int, terms.get("codes"))
    )


def _is_table_of(kind: type, data: Any) -> bool:  # noqa: ANN401  (JSON is anything)
    return isinstance(data, dict) and all(isinstance(value, kind) for value in data.values())
