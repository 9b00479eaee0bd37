"""What a rule is made of: records, alerts, the cases that test them, and runbooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dashgen.catalog.recorded import RECORDED_EVERY
from dashgen.problems import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Label, Matcher

NO_HOLD = "0s"


def _place() -> Place:
    return Place.of_caller(__file__)


@dataclass(frozen=True)
class Record:
    """A recording rule: the catalog's metric that it makes, and the expression."""

    metric: Metric
    expr: str
    place: Place = field(default_factory=_place, compare=False, repr=False)


@dataclass(frozen=True)
class Firing:
    """One alert that a case expects, at the first moment at which its expression holds.

    ``labels`` are those of the series that fires, without the alert's own; ``value`` is what
    the expression gives. Where it ``grows``, it is an age: one more with each second.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    value: float = 1
    grows: bool = False


@dataclass(frozen=True)
class Case:
    """A unit test of an alert, for ``promtool test rules``.

    ``series`` maps a series to its values in promtool's notation, one per ``interval``, which
    is also how often the rules are evaluated. ``at`` is the first moment at which the
    expression holds, so that the border of the alert's hold is tested as well: the last value
    is repeated for as long as the alert is held, it must fire then, and be silent one interval
    earlier. Where the alert has ``keep_firing_for``, the series of a case that ``fires`` end
    with their value ``at``: all are missing after the hold, and it must fire on for that long.
    Without ``fires`` the alert must be silent at ``at`` and after its hold.
    """

    name: str
    series: Mapping[str, str]
    at: str = "1m"
    fires: tuple[Firing, ...] = ()
    interval: str = "1m"


@dataclass(frozen=True)
class Runbook:
    """What the person who is woken up reads: a page in ``docs/runbooks/`` as Markdown texts."""

    slug: str
    title: str
    meaning: str
    impact: str
    diagnosis: str
    mitigation: str


@dataclass(frozen=True)
class Inhibition:
    """The alerts that another one makes superfluous while it fires.

    Those that ``targets`` match, and that have the same values of the ``equal`` labels.
    """

    targets: tuple[Matcher, ...]
    equal: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Alert:
    """An alert rule with everything that a good one needs.

    ``hold`` is Prometheus' ``for``; ``keep_firing_for`` is Prometheus' own, for alerts on what
    a missed scrape would end. ``panel`` is ``dashboard key/panel key`` of the panel
    that shows what it fires on. ``about`` are the labels that name what fires: links to the
    dashboard fill them in. ``summary`` and ``description`` are Prometheus templates. A
    ``heartbeat`` fires for ever, to prove that alerts arrive, and has a receiver of its own.
    """

    name: str
    expr: str
    severity: str
    owner: str
    summary: str
    description: str
    panel: str
    runbook: Runbook
    hold: str = NO_HOLD
    keep_firing_for: str = NO_HOLD
    about: tuple[Label, ...] = ()
    inhibits: Inhibition | None = None
    heartbeat: bool = False
    cases: tuple[Case, ...] = ()
    place: Place = field(default_factory=_place, compare=False, repr=False)


@dataclass(frozen=True)
class Group:
    """A rule group: evaluated every ``interval``, in order."""

    name: str
    rules: tuple[Record | Alert, ...]
    interval: str = RECORDED_EVERY
    place: Place = field(default_factory=_place, compare=False, repr=False)
