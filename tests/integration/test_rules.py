"""The generated rules, read and tested by the real programs."""

from __future__ import annotations

import http.client
import re
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog import pipeline
from dashgen.render import prometheus
from dashgen.render.yamltext import dump
from dashgen.settings import SuccessAge
from tests.integration.rule_changes import MUTATIONS
from tests.integration.rule_settings import OTHER_SETTINGS, run_promtool, told
from tests.programs import CHECKOUT, pint
from tests.projects import builtin, written
from tests.pruned_rules import pruned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.servers import Pushgateway


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what the built-in project renders for Prometheus."""
    return written(tmp_path_factory.mktemp("rules"), prometheus.files(builtin())) / "prometheus"


def _tests(folder: Path, pattern: str = "*") -> Sequence[Path]:
    return sorted((folder / "tests").glob(f"{pattern}.yml"))


def test_promtool_accepts_rules_and_configuration(folder: Path) -> None:
    """Promtool finds no fault in the rules, nor in the configuration that names them."""
    rules = run_promtool("check", "rules", "--lint=all", "--lint-fatal", *(folder / "rules").iterdir())
    assert rules.returncode == 0, told(rules)
    configuration = run_promtool("check", "config", "--lint=all", "--lint-fatal", folder / "prometheus.yml")
    assert configuration.returncode == 0, told(configuration)
    assert "2 rule files found" in configuration.stdout


def test_pint_finds_nothing(folder: Path) -> None:
    """Pint reports nothing beyond what .pint.hcl switches off with a reason."""
    command = (str(pint()), "--config", str(CHECKOUT / ".pint.hcl"), "--offline", "--no-color", "lint")
    severity = ("--min-severity=info", "--fail-on=info")
    done = subprocess.run((*command, *severity, str(folder / "rules")), capture_output=True, text=True, check=False)
    assert done.returncode == 0, told(done)
    assert "entries=" in done.stderr
    assert "level=WARN" not in done.stderr
    assert "Problems found" not in done.stderr


def test_pint_would_find_a_fault(tmp_path: Path) -> None:
    """Pint, started as above, reports an alert without a condition."""
    rules = dump({"groups": [{"name": "x", "rules": [{"alert": "X", "expr": "foo"}]}]}, "broken")
    (tmp_path / "rules.yml").write_text(rules, encoding="utf-8")
    command = (str(pint()), "--config", str(CHECKOUT / ".pint.hcl"), "--offline", "--no-color", "lint")
    severity = ("--min-severity=info", "--fail-on=info")
    done = subprocess.run((*command, *severity, str(tmp_path)), capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "alerts/comparison" in told(done)


def _assert_pass(tests: Sequence[Path]) -> None:
    done = run_promtool("test", "rules", *tests)
    assert done.returncode == 0, told(done)
    assert done.stdout.count("SUCCESS") == len(tests)


def test_all_tests_pass_with_all_rules(folder: Path) -> None:
    """The generated tests hold for the generated rules, run as whoever has them does."""
    _assert_pass(_tests(folder))


@pytest.mark.parametrize("settings", OTHER_SETTINGS.values(), ids=OTHER_SETTINGS)
def test_every_alerts_tests_pass(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Whatever the settings, each alert's tests hold for it and what it reads of the generated rules."""
    project = builtin(**settings)
    assert list(prometheus.problems(project)) == []
    folder = written(tmp_path, prometheus.files(project)) / "prometheus"
    _assert_pass([pruned(test, tmp_path / test.stem) for test in _tests(folder)])


@pytest.mark.parametrize(("tests", "file", "old", "new"), MUTATIONS.values(), ids=MUTATIONS)
def test_the_tests_notice_a_change(tmp_path: Path, tests: str, file: str, old: str, new: str) -> None:
    """A change of a threshold, a label, a hold or a text in the rules fails that alert's tests."""
    folder = written(tmp_path, prometheus.files(builtin())) / "prometheus"
    rules = folder / "rules" / f"{file}.yml"
    changed, count = re.subn(old, new, rules.read_text(encoding="utf-8"))
    assert count
    rules.write_text(changed, encoding="utf-8")
    (test,) = _tests(folder, tests)
    done = run_promtool("test", "rules", pruned(test, tmp_path / "pruned"))
    assert done.returncode == 1, told(done)
    assert "FAILED" in told(done)
    assert "error" not in done.stderr.lower() or "exp:" in told(done)


def test_what_the_gateway_marks_as_failed(pushgateway: Pushgateway) -> None:
    """Without the consistency check it marks timestamps, refuses what it can't read, and accepts contradictions."""

    def exposed() -> tuple[int, str]:
        status, body = pushgateway.request("GET", "/metrics")
        return status, body.decode()

    def is_marked() -> bool:
        return re.search(rf"(?m)^{pipeline.PUSH_FAILURE_TIME}{{.*}} [1-9]", exposed()[1]) is not None

    pushgateway.push("job/a/n/1", "answer 42\n")
    status, _ = pushgateway.request("POST", "/metrics/job/a/n/1", "no number here\n")
    assert status == http.client.BAD_REQUEST
    assert not is_marked()
    pushgateway.push("job/a/n/1", "answer 42 1000\n")
    _eventually(is_marked)
    pushgateway.push("job/a/n/2", "# TYPE answer counter\nanswer 42\n")
    _eventually(lambda: exposed()[0] == http.client.INTERNAL_SERVER_ERROR)


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_each_dag_has_the_age_of_its_first_match(tmp_path: Path) -> None:
    """Of several ages, a DAG has that of the first entry that matches its whole id."""
    ages = (SuccessAge("hourly", 100), SuccessAge("hourly.*|x", 200), SuccessAge(".*", 400))
    folder = written(tmp_path, prometheus.files(builtin(success_age=ages))) / "prometheus"
    last_success = "dag_run_last_success_timestamp_seconds"
    series = [
        f'{last_success}{{job="airflow_dags",dag_id="{dag}",instance="i"}}' for dag in ("hourly", "hourly_b", "z")
    ]
    looks = {"2m": 1, "4m": 2, "7m": 3}
    data = {
        "rule_files": [str(folder / "rules/alerts.yml")],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": "0x10"} for name in series],
                "promql_expr_test": [
                    {
                        "expr": 'count(ALERTS{alertname="AirflowDagNoSuccess"})',
                        "eval_time": at,
                        "exp_samples": [{"labels": "{}", "value": count}],
                    }
                    for at, count in looks.items()
                ],
            }
        ],
    }
    file = tmp_path / "ages.yml"
    file.write_text(dump(data, "ages"), encoding="utf-8")
    done = run_promtool("test", "rules", file)
    assert done.returncode == 0, told(done)
