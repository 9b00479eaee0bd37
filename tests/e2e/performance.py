"""All scenarios in one deployment of a version of Airflow, and what was left when everything had ended."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgen.build import build
from tests import servers
from tests.e2e import gateway_state, statsd
from tests.e2e.airflow import DAGS as FOLDER
from tests.e2e.deployments import deployed
from tests.e2e.expected import Expected
from tests.e2e.play import Outcome, Run, Stage, perform
from tests.e2e.scenarios import AIRFLOW_3, DAGS, SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pytest

    from tests.e2e.gateway_state import State
    from tests.e2e.rows import Rows
    from tests.e2e.scenarios import Scenario

TOGETHER = 5
SETTINGS = {"AIRFLOW_VAR_ENABLE_V2_GAUGES": "true", "AIRFLOW_VAR_ENABLE_V1_COUNTERS": "true"}


@dataclass(frozen=True)
class Performance:
    """What came of the scenarios, and what was left when everything had ended.

    ``prometheus`` is the folder of a Prometheus that saw the gateway and the exporter until
    ``ended``, in unix seconds, shortly before Airflow was stopped.
    """

    outcomes: Mapping[str, Outcome]
    state: State
    said: Sequence[str]
    rows: Rows
    heard: statsd.Heard
    prometheus: Path
    ended: float


def performed(version: str, folders: pytest.TempPathFactory, wheel: Path) -> Performance:
    """Perform all scenarios in one deployment, all generations and StatsD on, and end it."""
    folder, seen = folders.mktemp("airflow"), folders.mktemp("prometheus")
    files = build(statsd.made_for(version)).files
    with ExitStack() as stack:
        gateway = stack.enter_context(servers.pushgateway(folders.mktemp("pushgateway")))
        ear = stack.enter_context(statsd.listening(folders.mktemp("statsd"), files))
        stack.enter_context(statsd.scraping(seen, files, ear, gateway))
        settings = {
            **SETTINGS,
            **ear.environment(files["statsd/airflow.env"]),
            **statsd.name_handler(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(statsd.dags(folders.mktemp("dags"), FOLDER, statsd.DAGS)),
        }
        with deployed(version, folder, wheel, gateway.url, **settings) as deployment:
            deployment.wait("the DAGs", lambda: deployment.database.dags() >= DAGS)
            # Not beside the waves: each of them is as much as Airflow 3 on SQLite takes.
            deployment.wait("the runs by the scheduler", lambda: statsd.all_ran(deployment.database.rows()))
            stage = Stage(deployment, gateway, deployment.database.rows(), gateway_state.read(gateway))
            outcomes: dict[str, Outcome] = {}
            for wave in _waves([each for each in SCENARIOS if version in each.versions]):
                outcomes |= _act(stage, wave)
            rows, ended = deployment.database.rows(), time.time()
        return Performance(outcomes, gateway_state.read(gateway), deployment.said(), rows, ear.heard(), seen, ended)


def _waves(scenarios: Sequence[Scenario]) -> Iterator[Sequence[Scenario]]:
    """Yield what is played together: few enough for Airflow 3 on SQLite, whose writers wait for each other."""
    together = [each for each in scenarios if not each.alone]
    for first in range(0, len(together), TOGETHER):
        yield together[first : first + TOGETHER]
    yield [each for each in scenarios if each.alone]


def _act(stage: Stage, scenarios: Sequence[Scenario]) -> dict[str, Outcome]:
    stage.deployment.trigger([(scenario.dag_id, scenario.run_id) for scenario in scenarios])
    plays = {}
    for scenario in scenarios:
        expected = Expected(scenario.dag_id, own_times=stage.deployment.version == AIRFLOW_3)
        run = Run(stage, scenario.dag_id, expected, scenario.run_id)
        plays[scenario.dag_id] = (run, scenario.steps(run))
    return perform(stage, plays)
