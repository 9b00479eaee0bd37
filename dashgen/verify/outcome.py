"""What came of a query: ok, empty as it may be, or a finding with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashgen.verify.queries import Asked


class Status(Enum):
    """What came of a query; the value is how it is printed."""

    OK = "ok"
    MAY_BE_EMPTY = "may be empty"
    EMPTY = "empty"
    INCOMPLETE = "incomplete"
    ERROR = "error"

    @property
    def finding(self) -> bool:
        """Whether somebody has to do something."""
        return self not in {Status.OK, Status.MAY_BE_EMPTY}


class Cause(Enum):
    """Why a query returns nothing, or less than it should."""

    NEVER_SEEN = "metric never seen"
    SEEN_UNTIL = "seen until"
    HISTORY = "no samples at that time"
    LABEL_MISSING = "label missing"
    EXPORTED_LABEL = "label was renamed by the scrape"
    NO_VALUE = "no series with that label value"
    FILTERED = "filtered"
    NO_MATCH = "no match between the two sides"
    TOO_FEW_SAMPLES = "too few samples"
    VARIABLE = "variable has no value"
    NOT_RECORDED = "not recorded"
    NOT_LOADED = "rule file not loaded"
    OTHER = "other"


@dataclass(frozen=True)
class Reason:
    """Why, in a sentence, and what to do about it.

    ``drift`` says that the query and what is emitted don't fit each other, so that it can never
    return anything; otherwise time or chance may have left it empty.
    """

    cause: Cause
    message: str
    hint: str = ""
    drift: bool = False


@dataclass(frozen=True)
class Outcome:
    """A query, what came of it, the number of its series, and how many seconds it took."""

    asked: Asked
    status: Status
    series: int = 0
    seconds: float = 0.0
    reason: Reason | None = None
