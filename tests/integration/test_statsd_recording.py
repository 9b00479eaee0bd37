"""What is recorded of StatsD's counters, held by promtool against what happened."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from dashgen.catalog.labels import DAG_ID, INSTANCE, STATSD_EXPORTER, TASK_ID
from dashgen.catalog.pipeline import UP
from dashgen.catalog.recorded_statsd import (
    DAG_RUN_SECONDS,
    DAG_RUNS,
    DAG_TASK_RUNS,
    DAG_TASK_SECONDS,
    DAG_TI_FINISH,
    DAG_TI_START,
    OPERATOR_FAILURES_TOTAL,
)
from dashgen.catalog.statsd.dags import DAGRUN_DURATION
from dashgen.catalog.statsd.labels import OPERATOR_NAME, RUN_TYPE, STATE
from dashgen.catalog.statsd.tasks import OPERATOR_FAILURES, TASK_DURATION, TI_FINISH, TI_START
from dashgen.render import prometheus
from dashgen.render.yamltext import dump
from dashgen.statsd_queries import COUNT, SUM, part
from tests.programs import promtool
from tests.projects import builtin, written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Matcher

HERE = INSTANCE.is_("exporter:9102")
SALES = DAG_ID.is_("sales")
LOAD, SAVE = TASK_ID.is_("load"), TASK_ID.is_("save")
FAILED, SUCCEEDED = STATE.is_("failed"), STATE.is_("success")
SCRAPED = UP.select(HERE, jobs=(STATSD_EXPORTER,))
AT = 10


def _finished(task: Matcher, state: Matcher) -> str:
    return TI_FINISH.select(HERE, SALES, task, state)


def _run(suffix: str, run_type: str) -> str:
    return part(DAGRUN_DURATION, suffix, HERE, SALES, SUCCEEDED, RUN_TYPE.is_(run_type))


# Series by the minute, the metric to look at after ten minutes, and what must be recorded: values by their labels.
_Case = tuple["Mapping[str, str]", "Metric", "Mapping[tuple[Matcher, ...], float]"]
CASES: dict[str, _Case] = {
    "a counter that grows": (
        {SCRAPED: "1x15", _finished(LOAD, SUCCEEDED): "0+1x15"},
        DAG_TI_FINISH,
        {(HERE, SALES, SUCCEEDED): 5},
    ),
    "the tasks of a DAG are added up": (
        {SCRAPED: "1x15", _finished(LOAD, FAILED): "0+1x15", _finished(SAVE, FAILED): "0+2x15"},
        DAG_TI_FINISH,
        {(HERE, SALES, FAILED): 15},
    ),
    "nothing happened": (
        {SCRAPED: "1x15", _finished(LOAD, FAILED): "7x15"},
        DAG_TI_FINISH,
        {(HERE, SALES, FAILED): 0},
    ),
    "the first event makes the series": (
        {SCRAPED: "1x15", _finished(LOAD, FAILED): "_x7 1x8"},
        DAG_TI_FINISH,
        {(HERE, SALES, FAILED): 1},
    ),
    "what another task did long ago is not added to the first event": (
        {SCRAPED: "1x15", _finished(LOAD, FAILED): "_x7 1x8", _finished(SAVE, FAILED): "40x15"},
        DAG_TI_FINISH,
        {(HERE, SALES, FAILED): 1},
    ),
    "a series that expires takes nothing and adds nothing": (
        {SCRAPED: "1x15", _finished(LOAD, FAILED): "30x7 stale", _finished(SAVE, FAILED): "40x15"},
        DAG_TI_FINISH,
        {(HERE, SALES, FAILED): 0},
    ),
    "after a gap nothing is new": (
        {SCRAPED: "1x2 0x5 1x7", _finished(LOAD, FAILED): "30x2 stale _x5 30x7"},
        DAG_TI_FINISH,
        {(HERE, SALES, FAILED): 0},
    ),
    "what an exporter counted before Prometheus knew it is not new": (
        {SCRAPED: "_x7 1x8", _finished(LOAD, FAILED): "_x7 30x8"},
        DAG_TI_FINISH,
        {(HERE, SALES, FAILED): 0},
    ),
    "after a restart of the exporter all that it counts is new": (
        {SCRAPED: "1x15", _finished(LOAD, FAILED): "30x3 stale _x3 1+1x8"},
        DAG_TI_FINISH,
        {(HERE, SALES, FAILED): 3},
    ),
    "a state in which no try ends does not count": (
        {SCRAPED: "1x15", _finished(LOAD, STATE.is_("queued")): "0+1x15"},
        DAG_TI_FINISH,
        {},
    ),
    "starts": (
        {SCRAPED: "1x15", TI_START.select(HERE, SALES, LOAD): "0+3x15"},
        DAG_TI_START,
        {(HERE, SALES): 15},
    ),
    "operators": (
        {
            SCRAPED: "1x15",
            OPERATOR_FAILURES.select(HERE, OPERATOR_NAME.is_("Bash"), SALES, LOAD): "_x8 2x7",
            OPERATOR_FAILURES.select(HERE, OPERATOR_NAME.is_("Bash"), SALES, SAVE): "0+1x15",
        },
        OPERATOR_FAILURES_TOTAL,
        {(HERE, OPERATOR_NAME.is_("Bash")): 7},
    ),
    "seconds of runs, of all types": (
        {SCRAPED: "1x15", _run(SUM, "manual"): "0+60x15", _run(SUM, "scheduled"): "_x8 90x7"},
        DAG_RUN_SECONDS,
        {(HERE, SALES, SUCCEEDED): 390},
    ),
    "runs, of all types": (
        {SCRAPED: "1x15", _run(COUNT, "manual"): "0+1x15", _run(COUNT, "scheduled"): "_x8 1x7"},
        DAG_RUNS,
        {(HERE, SALES, SUCCEEDED): 6},
    ),
    "seconds of tasks": (
        {SCRAPED: "1x15", part(TASK_DURATION, SUM, HERE, SALES, LOAD): "0+2.5x15"},
        DAG_TASK_SECONDS,
        {(HERE, SALES): 12.5},
    ),
    "tries of tasks": (
        {SCRAPED: "1x15", part(TASK_DURATION, COUNT, HERE, SALES, LOAD): "0+1x15"},
        DAG_TASK_RUNS,
        {(HERE, SALES): 5},
    ),
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of the recording rules."""
    folder = written(tmp_path_factory.mktemp("rules"), prometheus.files(builtin()))
    return folder / "prometheus" / "rules" / "recording.yml"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_recorded(case: _Case, rules: Path, tmp_path: Path) -> None:
    """The rule records how often it happened in five minutes, whatever became of the series."""
    series, metric, expected = case
    samples = [
        {"labels": f"{metric}{{{','.join(map(str, labels))}}}", "value": value} for labels, value in expected.items()
    ]
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": str(metric), "eval_time": f"{AT}m", "exp_samples": samples}],
    }
    file = tmp_path / "test.yml"
    file.write_text(dump({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [test]}, "a test"))
    done = subprocess.run((str(promtool()), "test", "rules", file), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
