"""The contract: what a build may not break without being told to."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dashgen.catalog.labels import AIRFLOW_DAGS, AIRFLOW_TASKS, RESULT, TaskState
from dashgen.catalog.model import Catalog, Gauge, Metric
from dashgen.catalog.terms import Code, MetricType, Source, Unit
from dashgen.contract import breaking, contract

MANIFEST = "out/manifest.json"


class Reversed(Code):
    """The same words with other numbers, one of them gone."""

    FAILED = 1, "failed", "red"
    RUNNING = 0, "running", "blue"
    SUCCESS = -1, "success", "green"


class Reworded(Code):
    """The same number with another word."""

    BROKEN = -1, "broken", "red"


STATE = Gauge(
    "state_of_things",
    help="State",
    read="As it is.",
    source=Source.CUSTOM,
    owner="team",
    jobs=(AIRFLOW_TASKS, AIRFLOW_DAGS),
    labels=(RESULT,),
    codes=TaskState,
)
TOTAL = Gauge("things:total", help="All", read="As it is.", source=Source.RECORDING_RULE, owner="team")
CATALOG = Catalog((STATE, TOTAL))


def broken(*metrics: Metric) -> list[str]:
    """Return what a catalog of these metrics breaks, each with its subject."""
    # Through JSON, as the manifest keeps it.
    old = json.loads(json.dumps(contract(CATALOG)))
    found = breaking(old, Catalog(metrics), MANIFEST)
    return [f"{problem.place.subject}: {problem.message}" for problem in found]


def test_contract_holds_what_queries_name() -> None:
    """Type, unit, labels by job and codes: all that a query elsewhere may rely on."""
    terms = contract(CATALOG)
    assert list(terms) == ["state_of_things", "things:total"]
    assert terms["state_of_things"] == {
        "type": "gauge",
        "unit": "",
        "jobs": {
            "airflow_tasks": ["dag_id", "instance", "result", "task_id"],
            "airflow_dags": ["dag_id", "instance", "result"],
        },
        "codes": {
            "upstream failed": -2,
            "failed": -1,
            "running": 0,
            "success": 1,
            "retrying": 2,
            "skipped": 3,
        },
    }
    assert terms["things:total"]["jobs"] == {"": []}


def test_same_catalog_breaks_nothing() -> None:
    """An unchanged catalog keeps its contract."""
    assert broken(STATE, TOTAL) == []


def test_more_breaks_nothing() -> None:
    """A metric, a job or a label that is added breaks no query."""
    more = replace(TOTAL, labels=(RESULT,), jobs=())
    assert broken(STATE, more, replace(TOTAL, name="things:more")) == []


def test_metric_that_is_gone() -> None:
    """A metric that is gone is reported at the manifest, with the name that it may have now."""
    (problem,) = breaking(contract(CATALOG), Catalog((replace(STATE, name="states_of_things"), TOTAL)), MANIFEST)
    assert str(problem.place) == "out/manifest.json: metric state_of_things"
    assert problem.message == "the metric is gone"
    assert problem.hint == (
        "If it is meant: dashgen build --accept-breaking. If it is now states_of_things, say so "
        "there: renamed_from='state_of_things'."
    )


def test_renamed_metric_takes_over_the_terms() -> None:
    """A metric that says what it was renamed from keeps the contract of the old name."""
    renamed = replace(STATE, name="new_state", renamed_from="state_of_things")
    assert broken(renamed, TOTAL) == []
    assert broken(replace(renamed, type=MetricType.COUNTER), TOTAL) == [
        "metric new_state: its type was gauge and is counter"
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (replace(STATE, type=MetricType.COUNTER), ["its type was gauge and is counter"]),
        (replace(STATE, unit=Unit.BYTES), ["its unit was none and is bytes"]),
        (replace(STATE, jobs=(AIRFLOW_TASKS,)), ["its series in job airflow_dags are gone"]),
        (
            replace(STATE, labels=()),
            [
                "its label result is gone in job airflow_dags",
                "its label result is gone in job airflow_tasks",
            ],
        ),
        (
            replace(STATE, codes=Reversed),
            [
                "its code -2 (upstream failed) is gone",
                "its code 2 (retrying) is gone",
                "its code 3 (skipped) is gone",
                "its code for failed was -1 and is 1",
                "its code for success was 1 and is -1",
            ],
        ),
    ],
)
def test_terms_that_change(changed: Metric, expected: list[str]) -> None:
    """Each term that a query could rely on is named when it changes."""
    assert broken(changed, TOTAL) == [f"metric state_of_things: {text}" for text in expected]


def test_code_with_another_meaning() -> None:
    """A number that now means another word is named with both words."""
    assert "metric state_of_things: its code -1 meant failed and means broken" in broken(
        replace(STATE, codes=Reworded), TOTAL
    )


def test_problem_is_at_the_definition() -> None:
    """What changed about a metric is reported where the metric is defined."""
    (problem,) = breaking(contract(CATALOG), Catalog((replace(STATE, unit=Unit.BYTES), TOTAL)), MANIFEST)
    assert problem.place.file == __file__
    assert problem.place.line == STATE.place.line
