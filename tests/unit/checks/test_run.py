"""Running the rules: exceptions, order, and that nothing JSON can hold stops them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashgen.checks import LINT_ONLY, RULES, UNUSED_IGNORE, run
from dashgen.checks.document import Document
from dashgen.problems import Place
from dashgen.settings import Ignore, Settings
from tests.unit.checks.examples import (
    CATALOG,
    DATASOURCE,
    alert,
    dashboard,
    on_panel,
    panel,
    rules,
    target,
)

TESTS = Path(__file__).parent
UNKNOWN = on_panel("zzz")
SETTINGS_PLACE = Place("dashgen.toml", 7)


def _run(*documents: Document, ignore: Ignore | None = None) -> list[str]:
    given_settings = Settings(ignores=(ignore,) if ignore else ())
    found = run(documents, CATALOG, given_settings, skip=LINT_ONLY)
    return [f"{problem.rule} at {problem.place}" for problem in found]


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_explained_and_tested(name: str) -> None:
    """A rule's docstring has its reason, a bad and a good example; a test file is named after it."""
    module = name.replace("-", "_")
    source = (TESTS.parents[2] / "dashgen" / "checks" / f"{module}.py").read_text()
    words = ast.get_docstring(ast.parse(source)) or ""
    why, _, examples = words.partition("Bad::")
    assert len(why.split()) > 20
    assert "Good::" in examples
    assert (TESTS / f"test_{module}.py").exists()


def test_sound_documents_have_no_problem() -> None:
    """The examples that the tests break are sound."""
    assert _run(on_panel(), rules(alert())) == []


def test_problems_come_with_their_place_sorted_and_once() -> None:
    """Two targets with one mistake are one problem; files come in order."""
    twice = panel(targets=[target("zzz"), target("zzz", refId="B")])
    first = Document.dashboard(dashboard(twice, uid="a", title="A"), "a.json")
    assert _run(UNKNOWN, first) == [
        'unknown-metric at a.json: dashboard "A", panel "Tasks"',
        'unknown-metric at fleet.json: dashboard "Fleet", panel "Tasks"',
    ]


@pytest.mark.parametrize(
    "ignore",
    [
        Ignore("unknown-metric", "why"),
        Ignore("unknown-metric", "why", dashboard="Fleet", panel="Tasks"),
        Ignore("unknown-metric", "why", dashboard="F*"),
        Ignore("unknown-metric", "why", panel="*"),
    ],
)
def test_an_exception_takes_a_problem_out(ignore: Ignore) -> None:
    """An exception names a rule, and a dashboard and panel by title or pattern."""
    assert _run(UNKNOWN, ignore=ignore) == []


def test_an_exception_may_name_a_rule_file_and_its_rule() -> None:
    """In rule files the file stands for the dashboard and the alert for the panel."""
    ignore = Ignore("unknown-metric", "why", dashboard="*rules.yml", panel="TaskFailed")
    assert _run(rules(alert("zzz", annotations=alert()["annotations"])), ignore=ignore) == []


@pytest.mark.parametrize(
    ("ignore", "names"),
    [
        (Ignore("unknown-label", "why", place=SETTINGS_PLACE), "unknown-label matches nothing"),
        (
            Ignore("unknown-metric", "why", dashboard="Fleet", panel="X", place=SETTINGS_PLACE),
            'unknown-metric matches nothing (dashboard "Fleet", panel "X")',
        ),
    ],
)
def test_an_exception_that_matches_nothing_is_a_problem(ignore: Ignore, names: str) -> None:
    """What it was for is gone: it is told with its line in the settings."""
    found = run([UNKNOWN], CATALOG, Settings(ignores=(ignore,)), skip=LINT_ONLY)
    (unused,) = [problem for problem in found if problem.rule == UNUSED_IGNORE]
    assert names in unused.message
    assert unused.place == SETTINGS_PLACE
    assert "unknown-metric" in {problem.rule for problem in found}


def test_an_exception_to_a_rule_that_is_skipped_is_not_unused() -> None:
    """A build skips a rule, and can't tell whether its exceptions are needed."""
    assert _run(on_panel(), ignore=Ignore("grafana-schema", "why")) == []


def test_a_malformed_document_is_a_problem() -> None:
    """What could not be looked at is told with the rest."""
    document = Document.dashboard({**dashboard(), "panels": None}, "x.json")
    assert _run(document) == ['unreadable at x.json: dashboard "Fleet"']


# Texts and keys that mean something here, so that arbitrary JSON gets further than its root.
_TEXTS = st.sampled_from(
    [
        *("", "row", "text", "query", "$x", "${x:csv}", "[[x]]", "{{a}}", "{{ $labels.a }}", "1m"),
        *("task_status", 'task_status{job="airflow_tasks",run_id="a"} == 7', "sum(", "\ud800", "\x1b"),
        *("label_values(up, a)", "label_values(,)", "query_result(up)", "metrics(x)", 'a="(.*)"'),
        *("count(x) or vector(0)", "${__data.fields.x}", "${__field.labels.x}", "prometheus"),
    ]
)
_KEYS = st.sampled_from(
    [
        *("panels", "rows", "title", "uid", "id", "type", "targets", "expr", "refId", "datasource"),
        *("gridPos", "x", "y", "w", "h", "fieldConfig", "defaults", "overrides", "properties"),
        *("links", "url", "options", "content", "templating", "annotations", "list", "name"),
        *("query", "regex", "target", "titleFormat", "tagKeys", "transformations", "description"),
        *("groups", "rules", "alert", "record", "labels", "for", "interval", "legendFormat"),
        *("libraryPanel", "builtIn", "unit", "mappings", "summary"),
    ]
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | _TEXTS
JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=40,
)
OBJECTS = st.dictionaries(_KEYS, JSON, max_size=8)


@given(OBJECTS)
@settings(max_examples=50, deadline=None)
def test_no_dashboard_stops_the_rules(data: dict[str, Any]) -> None:
    """Whatever JSON holds becomes problems that can be printed, never an exception."""
    documents = [Document.dashboard(data, "x.json"), Document.dashboard(data, "y.json")]
    for foreign in (False, True):
        for problem in run(documents, CATALOG, Settings(), foreign=foreign):
            assert str(problem).encode()


@given(st.lists(OBJECTS, max_size=3), st.lists(OBJECTS, max_size=3), st.lists(OBJECTS, max_size=2))
@settings(max_examples=50, deadline=None)
def test_no_parts_of_a_dashboard_stop_the_rules(
    panels: list[dict[str, Any]], variables: list[dict[str, Any]], notes: list[dict[str, Any]]
) -> None:
    """The same with arbitrary panels, variables and annotations in their places."""
    queried = [
        {"type": "query", "datasource": DATASOURCE, **each, "targets": [*notes, each]} for each in (*panels, *variables)
    ]
    data = dashboard(*panels, *queried, variables=queried, annotations={"list": notes})
    for problem in run([Document.dashboard(data, "x.json")], CATALOG, Settings(), foreign=True):
        assert str(problem).encode()


@given(st.lists(OBJECTS, max_size=3), _TEXTS, JSON)
@settings(max_examples=100, deadline=None)
def test_no_rule_file_stops_the_rules(groups: list[dict[str, Any]], expr: str, anything: object) -> None:
    """The same with rule files."""
    entries: list[object] = [
        {"alert": "A", "expr": expr, "labels": anything, "annotations": anything, "for": anything},
        {"record": "a:b:c", "expr": expr, "labels": anything},
        anything,
    ]
    data = {"groups": [*groups, {"name": "x", "interval": anything, "rules": entries}]}
    for foreign in (False, True):
        for problem in run([Document.rules_file(data, "x.yml")], CATALOG, Settings(), skip=LINT_ONLY, foreign=foreign):
            assert str(problem).encode()
