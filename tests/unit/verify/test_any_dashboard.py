"""Whatever JSON holds in place of what Grafana writes, a dashboard is read, and nothing raises."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashgen.checks.document import Document
from dashgen.verify.queries import Clock, of_dashboard
from dashgen.verify.time_range import of_dashboard as window_of
from dashgen.verify.variables import chosen, named_by, offered, query_of, request, written_options

TEXTS = st.sampled_from(
    [
        "",
        "$a",
        "${a:date}",
        "[[a:csv]]",
        "now-1h/w",
        "5m",
        "$__all",
        "prometheus",
        "label_values(x, $a)",
        "1,2 : 3",
        "/.*/",
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def objects(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects that have some of the keys, with anything behind them."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, ANYTHING))


VARIABLES = st.tuples(
    objects(
        "name", "query", "regex", "current", "allValue", "includeAll", "multi", "sort", "auto", "auto_count", "auto_min"
    ),
    st.sampled_from(["query", "custom", "interval", "constant", "textbox", "datasource", "adhoc", ""]),
).map(lambda pair: {**pair[0], "type": pair[1], "name": "a"})
PANELS = objects(
    "type", "repeat", "targets", "interval", "maxDataPoints", "timeFrom", "timeShift", "datasource", "panels"
)
TARGETS = objects("refId", "interval", "instant", "range", "datasource", "legendFormat").map(
    lambda d: {**d, "expr": "$a"}
)


@given(VARIABLES, st.lists(st.tuples(PANELS, TARGETS), max_size=2), ANYTHING)
def test_nothing_raises(
    variable: dict[str, Any], panels: list[tuple[dict[str, Any], dict[str, Any]]], time: object
) -> None:
    """It is read from end to end, and what it asks is text."""
    inside = [{**panel, "targets": [target]} for panel, target in panels]
    data = {"templating": {"list": [variable]}, "panels": [*(panel for panel, _ in panels), *inside], "time": time}
    document = Document.dashboard(data, "d.json")
    window = window_of(data, 1_700_000_000.0)
    named_by(variable)
    request(query_of(variable))
    value = chosen(variable, offered({**variable, "regex": ""}, ["x", "y"], {}) + written_options(variable, window))
    found = list(of_dashboard(document, {"a": value}, window, Clock(1_700_000_000.0, 30)))
    assert all(isinstance(each.expr, str) and each.step > 0 for each in found)
