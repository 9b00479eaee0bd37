"""The output folder: comparing it with what was built, and writing all of it or nothing.

Everything is written beside its target first and then renamed into place; the manifest goes
last. A failure before the first rename changes nothing. A process that is killed between
renames leaves each file whole, old or new; the next build goes on from there, because what
to write follows from the files' content and not from the manifest.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from dashgen import manifest
from dashgen.manifest import RULE
from dashgen.problems import EXIT_UNREACHABLE, EXIT_USAGE, DashgenError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dashgen.contract import Contract

_TEMPORARY = ".dashgen-tmp"
_UNTOUCHED = "Nothing was changed."
_UNFINISHED = "Each file is whole, but some are still the old ones: build again."


@dataclass(frozen=True)
class Drift:
    """How the folder differs from what a build would make of it: relative paths, sorted.

    ``changed`` maps a path to its text on disk and as built. ``orphaned`` are files that
    dashgen made and would remove, a killed build's temporary ones among them. ``edited`` are
    those of both that are not as the last build left them; ``foreign`` are those of
    ``changed`` that dashgen never made. ``unknown`` files are not dashgen's, and no drift.
    """

    changed: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    orphaned: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether a build would change anything."""
        return bool(self.changed or self.missing or self.orphaned)


@dataclass(frozen=True)
class Summary:
    """What a build did: files written, left as they were, removed; see :class:`Drift`."""

    written: tuple[str, ...] = ()
    unchanged: int = 0
    removed: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def compare(out: Path, files: Mapping[str, str], contract: Contract) -> Drift:
    """Say how the folder differs from ``files`` (relative path to text) and their manifest.

    Raises:
        DashgenError: exit code 2 for paths that lead out of the folder and for a broken
            manifest, 3 when the system refuses to read.

    """
    _refuse_outside(out, files)
    before = manifest.read(out).files
    present = set(_walk(out))
    texts = {**files, manifest.NAME: manifest.dump(manifest.of(files, contract))}
    on_disk = {path: _content(out / path) for path in sorted(texts)}
    temporary = {path for path in present if path.endswith(_TEMPORARY)}
    orphaned = sorted(temporary | (present & before.keys()) - texts.keys())
    changed = {
        path: (content.decode(errors="replace"), texts[path])
        for path, content in on_disk.items()
        if content is not None and content != texts[path].encode()
    }
    made = {
        path: manifest.digest(_content(out / path) or b"") == before[path]
        for path in (*changed, *orphaned)
        if path in before
    }
    return Drift(
        changed,
        tuple(path for path, content in on_disk.items() if content is None),
        tuple(orphaned),
        tuple(path for path, as_left in made.items() if not as_left),
        tuple(path for path in changed if path not in before and path != manifest.NAME),
        tuple(sorted(present - before.keys() - texts.keys() - temporary)),
    )


def write(out: Path, files: Mapping[str, str], contract: Contract) -> Summary:
    """Bring the folder to ``files`` (relative path to text), and say what was done.

    Only what differs is written. Files that an earlier build made and this one does not are
    removed, edited by hand or not: the place for edits is the definitions.

    Raises:
        DashgenError: as for :func:`compare`; and exit code 2 when a file that dashgen did not
            make is in the way, 3 when the system refuses to write.

    """
    drift = compare(out, files, contract)
    if drift.foreign:
        hint = "Move it away, delete it, or build into another folder: --out. " + _UNTOUCHED
        message = "in the way, and not made by dashgen"
        problems = [Problem(Place(str(out / path)), RULE, message, hint) for path in drift.foreign]
        raise DashgenError(problems, EXIT_USAGE)
    texts = {**files, manifest.NAME: manifest.dump(manifest.of(files, contract))}
    written = tuple(sorted((*drift.changed, *drift.missing)))
    _replace(out, {path: texts[path] for path in written}, drift.orphaned)
    edited = tuple(path for path in drift.edited if path in drift.orphaned)
    return Summary(written, len(texts) - len(written), drift.orphaned, edited, drift.unknown)


def _replace(out: Path, texts: Mapping[str, str], orphaned: Iterable[str]) -> None:
    """Put the texts in place of the files, remove the orphans, and the manifest last."""
    ready: list[Path] = []
    folders: list[Path] = []
    targets = [out / path for path in sorted(texts) if path != manifest.NAME]
    last = [out / manifest.NAME] if manifest.NAME in texts else []
    try:
        for target in (*targets, *last):
            with _told(target, _UNTOUCHED):
                _make(target.parent, folders)
                ready.append(_temporary(target))
                text = texts[target.relative_to(out).as_posix()]
                _write(ready[-1], text, durable=target in last)
        for target in targets:
            _rename(target)
        for path in orphaned:
            # What a killed build left may be in use again under the same name.
            if out / path not in ready:
                _remove(out, path)
        for target in last:
            _rename(target)
    except BaseException:
        for leftover in ready:
            with suppress(OSError):
                leftover.unlink()
        for folder in reversed(folders):
            with suppress(OSError):
                folder.rmdir()
        raise


def _temporary(target: Path) -> Path:
    """Return where the new text of a file waits: beside it, under a name that is never too long."""
    return target.with_name(f".{sha256(target.name.encode()).hexdigest()[:16]}{_TEMPORARY}")


def _make(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it; note each that was not there."""
    if not folder.exists():
        _make(folder.parent, made)
        folder.mkdir()
        made.append(folder)


def _write(file: Path, text: str, *, durable: bool) -> None:
    with file.open("wb") as stream:
        stream.write(text.encode())
        if durable:
            stream.flush()
            os.fsync(stream.fileno())


def _rename(target: Path) -> None:
    with _told(target, _UNFINISHED):
        _temporary(target).replace(target)


def _remove(out: Path, path: str) -> None:
    """Remove a file, and the folders that it leaves empty."""
    file = out / path
    with _told(file, _UNFINISHED):
        file.unlink(missing_ok=True)
    with suppress(OSError):
        for folder in file.relative_to(out).parents[:-1]:
            (out / folder).rmdir()


def _content(file: Path) -> bytes | None:
    with _told(file, _UNTOUCHED), suppress(FileNotFoundError):
        return file.read_bytes()
    return None


def _walk(out: Path) -> Iterator[str]:
    """List the files below the folder, links to files among them; links to folders are not followed."""

    def fail(error: OSError) -> NoReturn:
        raise error

    with _told(out, _UNTOUCHED):
        for folder, _, names in os.walk(out, onerror=fail if out.exists() else None):
            for name in names:
                yield (Path(folder) / name).relative_to(out).as_posix()


def _refuse_outside(out: Path, files: Iterable[str]) -> None:
    """Refuse paths that lead out of the folder, by themselves or through a linked folder."""
    root = out.resolve()
    parents = {path: (root / path).parent for path in files}
    resolved = {parent: parent.resolve() for parent in set(parents.values())}
    problems = [
        Problem(Place(str(out / path)), RULE, "outside of the output folder", _UNTOUCHED)
        for path, parent in parents.items()
        if not manifest.is_inside(path) or root not in (resolved[parent], *resolved[parent].parents)
    ]
    if problems:
        raise DashgenError(problems, EXIT_USAGE)


@contextmanager
def _told(file: Path, consequence: str) -> Iterator[None]:
    """Say which file the system refused, why, and how the folder is now."""
    try:
        yield
    except OSError as error:
        message = f"can't be used: {error.strerror or error}"
        hint = f"{consequence} --out names another folder."
        problem = Problem(Place(str(file)), RULE, message, hint)
        raise DashgenError([problem], EXIT_UNREACHABLE) from None
