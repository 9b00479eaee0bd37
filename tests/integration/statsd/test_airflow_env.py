"""The generated environment in a real Airflow: what its own client sends then, and what becomes of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from dashgen.render.statsd import files
from tests import airflow_scripts, servers
from tests.integration.statsd.samples import Key, found
from tests.projects import builtin
from tests.statsd_exporter import StatsdExporter, statsd_exporter

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = {"3": "3.3.2", "2.11": "2.11.2"}
PREFIX = "AIRFLOW__METRICS__"
LAST: Key = ("airflow_scheduler_heartbeat_total", frozenset())


def environment(text: str, *, other_mode: bool) -> dict[str, str]:
    """Return what the file sets, or what it sets with the lines that it offers instead."""
    marks = (PREFIX, f"# {PREFIX}") if other_mode else (PREFIX,)
    lines = [line.removeprefix("# ") for line in text.splitlines() if line.startswith(marks)]
    return {key: value for key, _, value in (line.partition("=") for line in lines)}


def until(key: Key, exporter: StatsdExporter) -> dict[Key, float]:
    """Wait for the series of the line that was sent last, and return all."""
    deadline = time.monotonic() + 20
    while key not in (series := found(exporter.series())):
        assert time.monotonic() < deadline, f"no {key} among {series}"
        time.sleep(0.05)
    return series


@pytest.mark.parametrize(
    ("version", "other_mode", "dag_id", "task_id"),
    [
        # With tags the ids arrive as they are; without, Airflow 3 writes __ for their dots, and 2.11 leaves them.
        pytest.param("3", False, "team.a", "grp.load-1", id="3 with tags"),
        pytest.param("3", True, "team__a", "grp__load-1", id="3 without tags"),
        pytest.param("2.11", False, "team", "a.grp.load-1", id="2.11 without tags"),
        pytest.param("2.11", True, "team.a", "grp.load-1", id="2.11 with tags"),
    ],
)
def test_what_airflow_sends(version: str, dag_id: str, task_id: str, tmp_path: Path, *, other_mode: bool) -> None:
    """Each metric that Airflow's client sends comes once, with its labels, a timer in seconds."""
    generated = files(builtin(airflow_version=version))
    chosen = environment(generated["statsd/airflow.env"], other_mode=other_mode)
    if version == "3" and other_mode:
        for name in ("STATSD_INFLUXDB_ENABLED", "LEGACY_NAMES_ON", "STATSD_DISABLED_TAGS"):
            del chosen[f"{PREFIX}{name}"]

    with statsd_exporter(tmp_path, generated["statsd/statsd_mapping.yml"]) as exporter:
        chosen |= {f"{PREFIX}STATSD_HOST": servers.HOST, f"{PREFIX}STATSD_PORT": str(exporter.statsd_port)}
        arguments = (version, "team.a", "grp.load-1")
        module = "tests.integration.statsd.airflow_sends"
        airflow_scripts.printed(INSTALLED[version], tmp_path, module, *arguments, settings=chosen)
        series = until(LAST, exporter)

    ids = {"dag_id": dag_id, "task_id": task_id}
    # Airflow 3 times the import of its serialisers, whatever it is that it then sends.
    assert {key: value for key, value in series.items() if key[0] != "airflow_serde_load_serializers_seconds"} == {
        ("airflow_ti_finish_total", frozenset({**ids, "state": "success"}.items())): 1,
        ("airflow_task_duration_seconds", frozenset(ids.items())): 2,
        ("airflow_pool_open_slots", frozenset({"pool_name": "default_pool"}.items())): 7,
        LAST: 1,
    }
