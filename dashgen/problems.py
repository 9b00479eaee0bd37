"""What is wrong, where, and what to do: the shape of every finding and failure.

Standard library only: the catalog uses it inside Airflow.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

TYPE_CHECKING = False  # typing's own costs the catalog's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3


@dataclass(frozen=True, order=True)
class Place:
    """Where a definition or a finding is.

    ``line`` is 1-based, 0 when only the file is known; ``subject`` names the thing inside
    the file (``dashboard "…", panel "…"``) and may be empty.
    """

    file: str = ""
    line: int = 0
    subject: str = ""

    @classmethod
    def of_caller(cls, *own_files: str) -> Place:
        """Return the nearest calling line outside ``own_files`` and generated code."""
        frame = sys._getframe(1)  # noqa: SLF001  (inspect.stack reads source files: 100 times slower)
        while frame.f_back and (
            frame.f_code.co_filename in (__file__, *own_files) or frame.f_code.co_filename.startswith("<")
        ):
            frame = frame.f_back
        return cls(frame.f_code.co_filename, frame.f_lineno)

    @property
    def shown_file(self) -> str:
        """The file relative to the working directory when it lies inside it."""
        here = os.getcwd() + os.sep  # noqa: PTH109  (pathlib costs the catalog's import 5 ms)
        return self.file.removeprefix(here)

    def __str__(self) -> str:
        """Read as ``file:line: subject``, leaving out what is not known."""
        position = self.shown_file + (f":{self.line}" if self.line else "")
        return ": ".join(part for part in (position, self.subject) if part)


@dataclass(frozen=True, order=True)
class Problem:
    """One finding: the rule that found it, where it is, what is wrong and what to do.

    ``hint`` is a sentence or a command to run; it may be empty.
    """

    place: Place
    rule: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Read as one line, with the hint indented below it."""
        line = f"{self.place}: {self.message} [{self.rule}]"
        return f"{line}\n    {self.hint}" if self.hint else line


class DashgenError(Exception):
    """A failure that the user can mend; never shown as a traceback.

    ``problems`` holds every finding, in order; ``exit_code`` is 1 for findings, 2 for wrong
    usage or configuration, 3 for a file or a server that could not be reached.
    """

    def __init__(self, problems: Iterable[Problem], exit_code: int = EXIT_FINDINGS) -> None:
        """Hold the problems, sorted by place and without repeats."""
        self.problems = tuple(sorted(set(problems)))
        self.exit_code = exit_code
        super().__init__("\n".join(map(str, self.problems)))
