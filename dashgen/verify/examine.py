"""Asking a server everything that dashboards and rule files ask, several queries at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from dashgen.catalog.pipeline import ALERTS
from dashgen.checks.document import Kind as DocumentKind
from dashgen.promql import Query, attempt
from dashgen.verify import queries, time_range
from dashgen.verify.client import QueryError
from dashgen.verify.dashboards import Resolver, why_variables
from dashgen.verify.diagnose import Diagnosis, not_recorded
from dashgen.verify.facts import Facts
from dashgen.verify.outcome import Cause, Outcome, Reason, Status
from dashgen.verify.queries import Asked, Clock, Kind
from dashgen.verify.rules import Loaded, compared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dashgen.catalog.model import Catalog
    from dashgen.checks.document import Document
    from dashgen.verify.client import Client, Labels

AT_ONCE = 8
_UNEXPLAINED = Reason(Cause.OTHER, "it returns nothing")


@dataclass(frozen=True)
class Wish:
    """What is wanted: the scrape interval of the data source in seconds, and variables' values by hand."""

    scrape: float
    by_hand: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Examination:
    """One look at a server; ``client`` asks queries, ``ruler`` which rules are evaluated."""

    client: Client
    ruler: Client
    catalog: Catalog
    wish: Wish

    @cached_property
    def loaded(self) -> Loaded | None:
        """The rules that the ruler evaluates, asked for once; None where it has no answer to that.

        Raises:
            UnreachableError: it can't be asked.

        """
        groups = self.ruler.rule_groups()
        return None if groups is None else Loaded.of(groups)

    def run(
        self, documents: Sequence[Document], progress: Callable[[int, int], None] = lambda _done, _of: None
    ) -> list[Outcome]:
        """Return what came of every query, in the order of the documents.

        ``progress`` is told how many queries are done, and how many are known so far.

        Raises:
            UnreachableError: the server can't be asked.

        """
        clock = Clock(self.client.clock(), self.wish.scrape)
        loaded = self.loaded
        asker = _Asker(self.client, clock, self._diagnosis(documents, loaded, clock), self.wish)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                resolved = list(pool.map(asker.variables_of, documents))
                asked = [each for _, wanted in resolved for each in wanted]
                done = sum(len(outcomes) for outcomes, _ in resolved)
                total, answered = done + len(asked), []
                progress(done, total)
                for each in pool.map(asker.outcome, asked):
                    answered.append(each)
                    progress(done + len(answered), total)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return _in_order(resolved, compared(answered, loaded))

    def _diagnosis(self, documents: Iterable[Document], loaded: Loaded | None, clock: Clock) -> Diagnosis:
        evaluated = loaded.recording() if loaded else {}
        written = {
            rule.name: rule.expressions[0].text
            for document in documents
            for rule in document.rules
            if "record" in rule.data
        }
        facts = Facts(self.client, clock.now)
        return Diagnosis(facts, self.catalog, {**evaluated, **written}, frozenset(evaluated))


def _in_order(resolved: list[tuple[list[Outcome], list[Asked]]], answered: list[Outcome]) -> list[Outcome]:
    rest = iter(answered)
    return [each for outcomes, wanted in resolved for each in (*outcomes, *(next(rest) for _ in wanted))]


@dataclass(frozen=True)
class _Asker:
    client: Client
    clock: Clock
    diagnosis: Diagnosis
    wish: Wish

    def variables_of(self, document: Document) -> tuple[list[Outcome], list[Asked]]:
        """Resolve a document's variables: return what came of them, and the queries that are ready now."""
        if document.kind is DocumentKind.RULES:
            return [], list(queries.of_rules(document, self.clock))
        window = time_range.of_dashboard(document.root.data, self.clock.now)
        resolver = Resolver(document, window, self.clock, self.client, self.diagnosis, self.wish.by_hand)
        done = resolver.resolve()
        return done.outcomes, list(queries.of_dashboard(document, done.values, window, self.clock))

    def outcome(self, asked: Asked) -> Outcome:
        """Ask one query, and say what came of it."""
        began = time.perf_counter()
        try:
            found = self._ask(asked)
        except QueryError as error:
            reason = why_variables(asked) or Reason(Cause.OTHER, str(error))
            return Outcome(asked, Status.ERROR, 0, time.perf_counter() - began, reason)
        taken = time.perf_counter() - began
        try:
            status, reason_found = self._judged(asked, found)
        except QueryError as error:
            status = Status.OK if found else Status.EMPTY
            reason_found = Reason(Cause.OTHER, f"{_UNEXPLAINED.message}; why could not be found: {error}")
        return Outcome(asked, status, len(found), taken, reason_found)

    def _ask(self, asked: Asked) -> list[Labels]:
        window = asked.window
        if asked.instant:
            return self.client.query(asked.expr, window.end)
        return self.client.query_range(asked.expr, window.start, window.end, asked.step)

    def _judged(self, asked: Asked, found: list[Labels]) -> tuple[Status, Reason | None]:
        if missing := self._label_missing(asked, found):
            return Status.INCOMPLETE, missing
        if found:
            return self._recorded(asked, len(found))
        reason = why_variables(asked) or self.diagnosis.why(asked.expr)
        return (Status.MAY_BE_EMPTY if self._may_be_empty(asked, reason) else Status.EMPTY), reason

    def _label_missing(self, asked: Asked, found: list[Labels]) -> Reason | None:
        for label in asked.labels:
            if found and not any(label in labels for labels in found) and not self._optional(label, asked):
                message = f"the legend or a text names {label}, which none of its {len(found)} series has"
                return Reason(Cause.LABEL_MISSING, message, drift=True)
        return self.diagnosis.labels_missing(asked.expr)

    def _optional(self, label: str, asked: Asked) -> bool:
        return any(self.diagnosis.optional(label, name) for name in self._names(asked))

    def _recorded(self, asked: Asked, number: int) -> tuple[Status, Reason | None]:
        facts = self.diagnosis.facts
        if asked.kind is Kind.RECORDING and not facts.count(asked.rule):
            return Status.INCOMPLETE, not_recorded(asked.rule, number, loaded=asked.rule in self.diagnosis.loaded)
        return Status.OK, None

    def _may_be_empty(self, asked: Asked, reason: Reason) -> bool:
        """Whether nothing is fine: a panel that says so, and what only speaks up when something happens."""
        if asked.kind is Kind.TEMPLATE:
            return True
        if asked.kind is Kind.VARIABLE or (asked.kind is Kind.PANEL and not asked.may_be_empty):
            return False
        if asked.kind is Kind.PANEL:
            return not reason.drift or (reason.cause is Cause.NEVER_SEEN and self._all_known(asked))
        return not reason.drift or self._only_alerts(asked)

    def _all_known(self, asked: Asked) -> bool:
        """Whether the catalog has every metric of a query: then it is there that nothing has come yet."""
        return all(map(self.diagnosis.catalog.metric, self._names(asked)))

    def _only_alerts(self, asked: Asked) -> bool:
        """Whether a query looks at alerts alone, which are not there until one is."""
        return self._names(asked) == {ALERTS.name}

    def _names(self, asked: Asked) -> set[str]:
        query = attempt(asked.expr)
        return {each.name for each in query.selectors} if isinstance(query, Query) else set()
