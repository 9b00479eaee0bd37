"""What the server knows of its series: asked once each, and kept for the next reason."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from dashgen.promql import NAME_LABEL
from dashgen.verify.client import QueryError, first

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashgen.verify.client import Client

LOOKBACK_DAYS = 30
_LOOKBACK = LOOKBACK_DAYS * 86400
# Prometheus looks back so far for a sample.
_STEP = 300.0
# How exactly the end of a series is told, in seconds.
_EXACT = 5


@dataclass
class Facts:
    """Answers about series at ``now`` (unix seconds) and in the 30 days before."""

    client: Client
    now: float
    _known: dict[tuple[str, ...], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def _once(self, key: tuple[str, ...], ask: Callable[[], Any]) -> Any:  # noqa: ANN401  (as ask returns)
        if key not in self._known:
            found = ask()
            with self._lock:
                self._known.setdefault(key, found)
        return self._known[key]

    def names(self) -> frozenset[str]:
        """Return the names of all metrics that have been there."""
        return frozenset(self._once(("names",), lambda: self.values(NAME_LABEL, "", _LOOKBACK)))

    def count(self, expr: str) -> int:
        """Return how many series an expression gives now."""
        # A comment at its end must not swallow the bracket.
        ask = partial(self.client.samples, f"count({expr}\n)", self.now)
        return int(self._once(("count", expr), lambda: first(ask())))

    def values(self, label: str, selector: str, back: float = _STEP) -> list[str]:
        """Return the values of a label on the series of a selector (on all where it is empty), in these seconds."""
        ask = partial(self.client.label_values, label, selector, self.now - back, self.now)
        return list(self._once(("values", label, selector, str(back)), ask))

    def labels(self, selector: str) -> frozenset[str]:
        """Return the names of the labels on the series of a selector, its metric's name included."""
        ask = partial(self.client.label_names, selector, self.now - _STEP, self.now)
        return frozenset(self._once(("labels", selector), ask))

    def last_seen(self, selector: str) -> float | None:
        """Return when there last was a series of a selector, in unix seconds; None if never, or not to be found."""

        def ask() -> float | None:
            try:
                if not self.client.label_values(NAME_LABEL, selector, self.now - _LOOKBACK, self.now):
                    return None
                # What ended between two steps is in the range of the second one, and at neither. One step
                # more, as VictoriaMetrics takes whole multiples of a step.
                lately = f"count(last_over_time({selector}[{_STEP:.0f}s]))"
                found = self.client.points(lately, self.now - _LOOKBACK, self.now + _STEP, _STEP)
                if not found:
                    return None
                near = float(found[0][1][-1][0])
                each = f"timestamp({selector})[{_STEP:.0f}s:{_EXACT}s]"
                exact = self.client.samples(f"max(max_over_time({each}))", near)
            except QueryError:
                return None
            return first(exact) or near

        seen: float | None = self._once(("seen", selector), ask)
        return seen
