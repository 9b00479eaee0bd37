"""A dashboard's variables, resolved against the server, each after those that it names."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dashgen.checks.document import text_of
from dashgen.checks.expressions import speaks_promql
from dashgen.promql import NAME_LABEL
from dashgen.verify import interpolation, variables
from dashgen.verify.client import QueryError
from dashgen.verify.interpolation import Value, built_in
from dashgen.verify.outcome import Cause, Outcome, Reason, Status
from dashgen.verify.queries import Asked, Clock, Kind, asks_prometheus, datasource_kinds
from dashgen.verify.variables import Lookup, Option, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashgen.checks.document import Document, Element
    from dashgen.verify.client import Client
    from dashgen.verify.diagnose import Diagnosis
    from dashgen.verify.time_range import TimeRange


@dataclass
class Resolved:
    """The variables' values, and what came of those that ask Prometheus."""

    values: dict[str, Value] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass(frozen=True)
class Resolver:
    """Resolves the variables of one dashboard; ``by_hand`` holds what the user chose, by name."""

    document: Document
    window: TimeRange
    clock: Clock
    client: Client
    diagnosis: Diagnosis
    by_hand: Mapping[str, tuple[str, ...]]

    def resolve(self) -> Resolved:
        """Give every variable its value.

        Raises:
            UnreachableError: the server can't be asked.

        """
        done = Resolved()
        waiting = {element.name: element for element in self.document.variables}
        while waiting:
            ready = [name for name, each in waiting.items() if not self._named(each, waiting) - {name}]
            for name in ready or list(waiting):
                element = waiting.pop(name)
                circle = sorted(self._named(element, waiting)) if not ready else []
                done.values[name] = self._value(element, done, circle)
        return done

    def _named(self, element: Element, waiting: Mapping[str, Element]) -> set[str]:
        return set(variables.named_by(element.data)) & waiting.keys()

    def _value(self, element: Element, done: Resolved, circle: list[str]) -> Value:
        data, by_hand = element.data, self.by_hand.get(element.name, ())
        kinds = datasource_kinds(self.document)
        source = data.get("datasource")
        if text_of(data, "type") != "query":
            return variables.chosen(data, variables.written_options(data, self.window), by_hand)
        if not (speaks_promql(source) and asks_prometheus(source, kinds)):
            saved = [Option(each, each) for each in variables.chosen(data, [], by_hand).values]
            return variables.chosen(data, saved, by_hand)
        asked = self._asked(element, done)
        if circle:
            reason = Reason(
                Cause.VARIABLE, f"it and {', '.join(circle)} name each other", "Break the circle.", drift=True
            )
            done.outcomes.append(Outcome(asked, Status.ERROR, reason=reason))
            return variables.chosen(data, [], by_hand)
        began = time.perf_counter()
        try:
            found = self._found(variables.request(asked.expr))
            options = variables.offered(data, found, done.values)
        except (QueryError, ValueError) as error:
            done.outcomes.append(Outcome(asked, Status.ERROR, reason=Reason(Cause.OTHER, str(error))))
            return variables.chosen(data, [], by_hand)
        taken = time.perf_counter() - began
        done.outcomes.append(self._outcome(asked, found, options, taken))
        return variables.chosen(data, options, by_hand)

    def _asked(self, element: Element, done: Resolved) -> Asked:
        step = self.window.step(self.clock.scrape)
        values = {**done.values, **built_in(self.window, step, self.clock.scrape)}
        written = variables.query_of(element.data)
        named = interpolation.names(written)
        return Asked(
            Kind.VARIABLE,
            element.place,
            interpolation.interpolate(written, values),
            self.window,
            unknown=tuple(name for name in named if name not in values),
            unset=tuple(name for name in named if name in done.values and done.values[name].empty),
            document=self.document.root.place.subject,
        )

    def _found(self, request: Request) -> list[str]:
        """Return what Prometheus has for a variable, as the texts that Grafana makes of it."""
        start, end = self.window.start, self.window.end
        match request.lookup:
            case Lookup.LABEL_VALUES:
                return self.client.label_values(request.label, request.expr, start, end)
            case Lookup.LABEL_NAMES:
                return self.client.label_names(request.expr, start, end)
            case Lookup.METRICS:
                pattern = re.compile(request.label)
                return [each for each in self.client.label_values(NAME_LABEL, "", start, end) if pattern.search(each)]
            case Lookup.RESULT:
                return [_sample(*each) for each in self.client.samples(request.expr, end)]
            case Lookup.SERIES:
                return [_shown(each) for each in self.client.series(request.expr, start, end)]

    def _outcome(self, asked: Asked, found: list[str], options: list[Option], taken: float) -> Outcome:
        if options:
            return Outcome(asked, Status.OK, len(options), taken)
        return Outcome(asked, Status.EMPTY, 0, taken, self._why(asked, found))

    def _why(self, asked: Asked, found: list[str]) -> Reason:
        if found:
            hint = f"The first of them: {found[0]}"
            return Reason(Cause.FILTERED, f"its regular expression keeps none of {len(found)} values", hint)
        if unset := why_variables(asked):
            return unset
        request = variables.request(asked.expr)
        facts = self.diagnosis.facts
        if not request.expr:
            return Reason(Cause.LABEL_MISSING, f"there is no {request.label or 'label'} at all", drift=True)
        if request.lookup is Lookup.LABEL_VALUES and facts.count(request.expr):
            message = f"no series of {request.expr} has the label {request.label}"
            return Reason(Cause.LABEL_MISSING, message, self.diagnosis.instead(request.expr, request.label), drift=True)
        return self.diagnosis.why(request.expr)


def why_variables(asked: Asked) -> Reason | None:
    """Say which variable leaves a query without meaning: one that is not there, or has no value."""
    if asked.unknown:
        names = ", ".join(f"${name}" for name in asked.unknown)
        return Reason(
            Cause.VARIABLE, f"the dashboard has no variable {names}", "Add it, or correct its name.", drift=True
        )
    if asked.unset:
        names = ", ".join(f"${name}" for name in asked.unset)
        return Reason(Cause.VARIABLE, f"{names} has no value to choose", "See what is said of the variable.")
    return None


def _shown(labels: Mapping[str, Any]) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in labels.items() if name != NAME_LABEL)
    return f"{labels.get(NAME_LABEL, '')}{{{inner}}}"


def _sample(labels: Mapping[str, Any], point: tuple[float, str]) -> str:
    """Write a result as Grafana does for a variable: the series, its value, its time in milliseconds."""
    at, value = point
    return f"{_shown(labels)} {value} {float(at) * 1000:.0f}" if labels else value
