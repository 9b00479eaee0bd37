"""The earlier output to compare with: from git, or from a folder."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dashgen import manifest
from dashgen.diff.difference import RULE
from dashgen.problems import EXIT_UNREACHABLE, EXIT_USAGE, DashgenError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DEFAULT = "HEAD"

_FILE_MODES = (b"100644", b"100755")
# A hook of git sets these for its own repository; the output folder tells ours.
_OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX"})


@dataclass(frozen=True)
class Earlier:
    """An earlier output: where it is from, and its files by relative path, the manifest among them."""

    name: str
    files: Mapping[str, str]


def read(since: str, out: Path) -> Earlier:
    """Return the output at a commit, or in a folder; a folder goes before a commit of that name.

    Raises:
        DashgenError: exit code 2 where there is none, or it is broken; 3 where git is not
            installed, or the system refuses to read.

    """
    return _folder(Path(since)) if Path(since).is_dir() else _commit(since, out)


def _folder(folder: Path) -> Earlier:
    def content(paths: Iterable[str]) -> dict[str, bytes]:
        try:
            return {path: (folder / path).read_bytes() for path in paths if (folder / path).is_file()}
        except OSError as error:
            message = f"can't be read: {error.strerror or error}"
            problem = Problem(Place(str(error.filename or folder)), RULE, message)
            raise DashgenError([problem], EXIT_UNREACHABLE) from None

    return _earlier(str(folder), content)


def _commit(ref: str, out: Path) -> Earlier:
    folder = out.resolve()
    start = next(each for each in (folder, *folder.parents) if each.is_dir())
    # git names paths from where it runs; a folder that is gone meanwhile is below that.
    below = folder.relative_to(start).as_posix() + "/" if folder != start else ""
    listed = _blobs(_git(start, ref, "ls-tree", "-r", "-l", "-z", ref, *([below] if below else [])), below)

    def content(paths: Iterable[str]) -> dict[str, bytes]:
        wanted = {path: listed[path] for path in paths if path in listed}
        if not wanted:
            return {}
        joined = _git(start, ref, "show", "--no-textconv", *(blob for blob, _ in wanted.values()))
        texts, position = {}, 0
        for path, (_, size) in wanted.items():
            texts[path] = joined[position : position + size]
            position += size
        return texts

    return _earlier(f"{ref}:{out}", content)


def _blobs(listing: bytes, below: str) -> dict[str, tuple[str, int]]:
    """Read ``git ls-tree -r -l -z``: each file's object and its size in bytes, by path."""
    found = {}
    for entry in listing.split(b"\0"):
        head, _, path = entry.partition(b"\t")
        if head.startswith(_FILE_MODES):
            _, _, blob, size = head.split()
            found[os.fsdecode(path).removeprefix(below)] = (blob.decode(), int(size))
    return found


def _earlier(name: str, content: Callable[[Iterable[str]], dict[str, bytes]]) -> Earlier:
    """Read the manifest, and then the files that it names.

    Raises:
        DashgenError: there is no manifest, or a file is not UTF-8.

    """
    found = content([manifest.NAME])
    if not found:
        message = f"no {manifest.NAME} there: not an output folder of dashgen"
        hint = "Name a commit or a folder that holds an earlier build: dashgen diff [GIT-REF|DIR]"
        raise DashgenError([Problem(Place(name), RULE, message, hint)], EXIT_USAGE)
    listed = manifest.parse(found[manifest.NAME], f"{name}/{manifest.NAME}").files
    found |= content(sorted(listed))
    texts, problems = {}, []
    for path, text in found.items():
        try:
            texts[path] = text.decode("utf-8")
        except UnicodeDecodeError as error:  # noqa: PERF203  (all problems at once)
            message = f"not UTF-8: byte {text[error.start]:#04x} at offset {error.start}"
            problems.append(Problem(Place(f"{name}/{path}"), RULE, message, "Restore the file."))
    if problems:
        raise DashgenError(problems, EXIT_USAGE)
    return Earlier(name, texts)


def _git(folder: Path, ref: str, *arguments: str) -> bytes:
    """Run git in a folder, and return what it prints.

    Raises:
        DashgenError: git is not installed, or refuses.

    """
    if ref.startswith("-"):  # git would take it for an option, and no ref starts so
        raise _unknown(ref, "no commit starts with a dash")
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    try:
        done = subprocess.run(  # noqa: S603  (a list of arguments, no shell)
            ("git", *arguments),  # noqa: S607  (the git of the user's path)
            cwd=folder,
            env={**environment, "LC_ALL": "C"},
            capture_output=True,
            check=False,
        )
    except OSError as error:
        message = f"git can't be run: {error.strerror or error}"
        hint = "Install git, or name a folder that holds an earlier build: dashgen diff DIR"
        raise DashgenError([Problem(Place(), RULE, message, hint)], EXIT_UNREACHABLE) from None
    if done.returncode:
        raise _unknown(ref, done.stderr.decode(errors="replace").strip().removeprefix("fatal: "))
    return done.stdout


def _unknown(ref: str, reason: str) -> DashgenError:
    message = f"neither a folder nor a commit here: {reason}"
    hint = "git log names the commits. A folder that holds an earlier build will do, too."
    return DashgenError([Problem(Place(ref), RULE, message, hint)], EXIT_USAGE)
