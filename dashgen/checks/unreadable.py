"""Why a file can't be looked at."""

from __future__ import annotations

RULE = "unreadable"


class UnreadableError(Exception):
    """A file can't be looked at: why, on which line (0: no certain one), and what to do."""

    def __init__(self, message: str, hint: str, line: int = 0) -> None:
        """Hold the parts of the problem that it becomes."""
        super().__init__(message)
        self.message, self.hint, self.line = message, hint, line


class UnknownKindError(UnreadableError):
    """A file is sound, but neither a dashboard nor a rule file."""
