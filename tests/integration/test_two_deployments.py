"""V3 on two deployments that have the same DAGs, in a real Prometheus: they are not taken for one another."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from dashgen.catalog.airflow import DAG_RUN_STATUS
from dashgen.catalog.labels import AIRFLOW_DAGS, DAG_ID, INSTANCE, DagRunState
from dashgen.catalog.recorded import DAG_DURATION_MAX
from dashgen.catalog.terms import JOB_LABEL
from tests import grafana, servers
from tests.asked import queries, rendered
from tests.programs import promtool
from tests.projects import builtin

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = builtin()
V3 = "v3"
DAGS = 60
ILL, WELL = "prod", "dev"


def _past(now: int) -> str:
    """Write ten minutes of both deployments' DAGs, as OpenMetrics text: all fail in one, and take longer there."""
    lines = []
    values = {DAG_RUN_STATUS: (DagRunState.FAILED, DagRunState.SUCCESS), DAG_DURATION_MAX: (90, 1)}
    for metric, (of_ill, of_well) in values.items():
        lines.append(f"# TYPE {metric.name} {metric.type.value}\n")
        for number in range(DAGS):
            for instance, value in ((ILL, of_ill), (WELL, of_well)):
                labels = {JOB_LABEL: AIRFLOW_DAGS.name, INSTANCE.name: instance, DAG_ID.name: f"sales.{number}"}
                written = ",".join(f'{label}="{each}"' for label, each in labels.items())
                lines += [f"{metric.name}{{{written}}} {float(value)} {now - back}\n" for back in (600, 300, 0)]
    return "".join((*lines, "# EOF\n"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Prometheus]:
    """Return a Prometheus that holds both deployments."""
    folder = tmp_path_factory.mktemp("deployments")
    (folder / "past").write_text(_past(int(time.time())), encoding="utf-8")
    subprocess.run((promtool(), "tsdb", "create-blocks-from", "openmetrics", "past", "data"), cwd=folder, check=True)
    with servers.prometheus(folder, "global: {}") as running:
        yield running


@pytest.mark.parametrize(("key", "most"), [("dag-states", 50), ("durations-over-time", 10)])
def test_lanes_are_of_the_ill_deployment(key: str, most: int, server: servers.Prometheus) -> None:
    """Lanes and lines are as many as the title says, and of the deployment that is worst."""
    (asked,) = (each for each in queries(PROJECT) if (each.board, each.name) == (V3, f"{key} A"))
    window = grafana.Window(time.time())
    values = grafana.chosen(rendered(PROJECT)[V3], window, server)
    shown = server.query(grafana.interpolated(asked.expr, values, window), at=window.end)
    assert [sample.labels[INSTANCE.name] for sample in shown] == [ILL] * most
