"""The one SELECT at the end of a DAG run, on real rows of both lines of Airflow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import airflow_scripts

T0, T60, T90 = (f"2026-01-01 00:0{clock}+00:00" for clock in ("0:00", "1:00", "1:30"))
LATER = 5
Told = dict[str, Any]


@pytest.fixture(scope="module", params=["3.3.2", "2.11.2"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """Return what reading each kind of run found and did."""
    folder = tmp_path_factory.mktemp("airflow")
    printed = airflow_scripts.printed(request.param, folder, "tests.integration.rows_of_runs", settings={})
    found: dict[str, Told] = json.loads(printed)
    return found


def test_each_instance(told: dict[str, Told]) -> None:
    """One by one: task, state, attempt, start, end, whether a later run started, 1, last change, and the map index."""
    assert told["each"]["each"] is True
    assert told["each"]["rows"] == [
        ["check", "failed", "2", T0, T90, "False", "1", T90, "-1"],
        ["load", "success", "1", T0, T60, "False", "1", T90, "0"],
        ["load", "success", "1", T0, T60, "False", "1", T90, "1"],
        ["send", "None", "0", "None", "None", "False", "1", T90, "-1"],
    ]


def test_grouped(told: dict[str, Told]) -> None:
    """Grouped by task and state: the greatest of each column, and how many they are."""
    assert told["grouped"]["each"] is False
    assert told["grouped"]["rows"] == [
        ["check", "failed", "2", T0, T90, "False", "1", T90],
        ["load", "success", "1", T0, T60, "False", "2", T90],
        ["send", "None", "0", "None", "None", "False", "1", T90],
    ]


def test_a_later_run_of_the_same_dag_is_seen(told: dict[str, Told]) -> None:
    """A run is overtaken by a later one of its DAG, not by one of another DAG."""
    assert told["beside another DAG"] == told["grouped"]
    for case in ("overtaken", "overtaken, each"):
        assert {row[LATER] for row in told[case]["rows"]} == {"True"}


def test_a_run_without_a_start(told: dict[str, Told]) -> None:
    """Of a run that never started nothing can be later: its tasks are read all the same."""
    assert {row[LATER] for row in told["a run that did not start"]["rows"]} == {"False"}
    assert told["a run that did not start"]["number"] == 4


def test_one_select_and_nothing_else(told: dict[str, Told]) -> None:
    """Reading executes one SELECT; nothing is flushed, although a change waits in the session, or committed."""
    for case in told.keys() - {"many", "detached"}:
        (statement,) = told[case]["sql"]
        assert statement.startswith("SELECT")
        assert (told[case]["flushes"], told[case]["commits"]) == (0, 0), case


def test_the_database_groups_very_large_runs(told: dict[str, Told]) -> None:
    """From 5,000 instances on no more than that are read, and then they are grouped."""
    below, many = told["just below many"], told["many"]
    assert (below["each"], below["number"]) == (True, 4_999)
    assert "GROUP BY" not in below["sql"][0]
    assert (many["each"], many["number"], many["rows"][0][6]) == (False, 1, "5000")
    first, second = many["sql"]
    assert "LIMIT" in first
    assert "GROUP BY task_instance.task_id, task_instance.state" in second
    assert (many["flushes"], many["commits"]) == (0, 0)


def test_a_detached_run_has_no_rows(told: dict[str, Told]) -> None:
    """A run without a session, as in `airflow dags test`, is left alone."""
    assert told["detached"]["each"] is None
    assert told["detached"]["sql"] == []
