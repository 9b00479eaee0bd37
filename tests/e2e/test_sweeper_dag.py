"""The sweeper's DAG in a real Airflow, from the file that ``dashgen init --airflow`` writes."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog.labels import AIRFLOW_DAG_RUNS, AIRFLOW_DAGS, AIRFLOW_TASK_RUNS, AIRFLOW_TASKS
from dashgen.pushgateway import group
from tests import servers
from tests.e2e.airflow import INSTANCE, Installation, make
from tests.e2e.databases import Sqlite
from tests.e2e.gateway_state import Key, key
from tests.e2e.scenarios import VERSIONS
from tests.environments import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.servers import Pushgateway

FILLS = "e2e.group"
SWEEPS = "pushgateway_sweeper"
FILE = f"{SWEEPS}.py"
SCRIPT = Path(__file__).with_name("sweeper_runs.py")
LONGEST_SECONDS = 240

PER_RUN = {AIRFLOW_TASK_RUNS.name, AIRFLOW_DAG_RUNS.name}
FLEET = {AIRFLOW_TASKS.name, AIRFLOW_DAGS.name}
RUNNING = {"job": AIRFLOW_TASK_RUNS.name, "dag_id": "etl", "task_id": "load", "run_id": "r", "instance": INSTANCE}
THEIRS = {"job": "backup", "dag_id": "etl", "run_id": "a/b", "instance": "theirs"}
NOWHERE = f"http://{servers.HOST}:1"
STATUS = "# TYPE task_status gauge\ntask_status {}\n"

# Above what a busy machine needs from the running group's push to the sweep, when multiplied by seven.
MAX_AGE_SECONDS = 9
# The gateway's clock has whole seconds.
OLD_SECONDS = MAX_AGE_SECONDS + 1.5

# A cluster's own policy, as any administrator may have one: the DAG itself waits for 5 minutes.
POLICY = """
from datetime import timedelta

def task_policy(task):
    task.retry_delay = timedelta(seconds=1)
"""


@dataclass(frozen=True)
class Played:
    """An Airflow after three runs of the DAG: a sweep, a dry run, and one without a gateway.

    Groups are what the gateway held before the first, and after the first and the second; files,
    errors and warnings are what Airflow found in its folder of DAGs, by name; ``codes`` are the exit
    codes of the run that filled the gateway and of these three.
    """

    installation: Installation
    files: Mapping[str, str]
    errors: Mapping[str, str]
    warnings: Mapping[str, Sequence[str]]
    groups: Sequence[frozenset[Key]]
    codes: Sequence[int]
    without_gateway: str

    def results(self) -> list[tuple[str, Any]]:
        """Return all that the DAG's tasks gave to others, by key, the oldest run first."""
        assert isinstance(self.installation.database, Sqlite)
        with closing(sqlite3.connect(self.installation.database.path)) as connection:
            sql = "SELECT key, value FROM xcom WHERE dag_id = ? ORDER BY dag_run_id, key"
            return [(name, json.loads(value)) for name, value in connection.execute(sql, (SWEEPS,))]


@pytest.fixture(scope="module", params=VERSIONS)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Played:
    """Return an Airflow whose plugin filled a gateway, and whose DAG swept it."""
    folder, gateways = tmp_path_factory.mktemp("airflow"), tmp_path_factory.mktemp("gateway")
    with servers.pushgateway(gateways) as gateway:
        installation = Installation(request.param, folder, Sqlite(folder / "airflow.db"), gateway.url)
        make(installation, wheel)
        run(installation.python.with_name("dashgen"), "init", "--airflow", folder / "deployment", cwd=folder)
        shutil.copy(folder / "deployment" / "dags" / FILE, folder / "dags")
        (folder / "config").mkdir()
        (folder / "config" / "airflow_local_settings.py").write_text(POLICY)
        push(gateway, RUNNING, STATUS.format(0))
        push(gateway, THEIRS, STATUS.format(1))
        found = play(installation)
    return Played(installation, **found | {"groups": [frozenset(map(named, labels)) for labels in found["groups"]]})


def play(installation: Installation) -> dict[str, Any]:
    """Run the DAGs in one process, with all warnings; its words are among what the installation said."""
    max_age = {"max_age_mins": MAX_AGE_SECONDS / 60}
    asked = {
        "fills": FILLS,
        "sweeps": SWEEPS,
        "params": [max_age, {**max_age, "dry_run": True, "jobs": ["back.*"]}],
        "wait": OLD_SECONDS,
        "nowhere": NOWHERE,
    }
    result, log = installation.folder / "played.json", installation.folder / "played.log"
    with log.open("wb") as sink:
        subprocess.run(
            # As text: beside the file is an airflow.py, which Airflow is not.
            (installation.python, "-W", "always", "-c", SCRIPT.read_text(), json.dumps(asked), result),
            cwd=installation.folder,
            env=installation.environment,
            check=False,
            stdout=sink,
            stderr=subprocess.STDOUT,
            timeout=LONGEST_SECONDS,
        )
    assert result.exists(), log.read_text(encoding="utf-8", errors="replace")
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return found


def push(gateway: Pushgateway, labels: Mapping[str, str], text: str) -> None:
    """Push a group."""
    status, answer = gateway.request("PUT", group.path(labels.items()), text)
    assert status < 300, answer


def named(labels: Mapping[str, str]) -> Key:
    """Name a group by all of its labels."""
    return key(**labels)


def of_jobs(groups: frozenset[Key], jobs: set[str], dag_id: str) -> frozenset[Key]:
    """Return the groups of a DAG that belong to any of the jobs."""
    return frozenset(each for each in groups if each[0] in jobs and ("dag_id", dag_id) in each[1])


def test_airflow_finds_it(played: Played) -> None:
    """Airflow's discovery reads the one line, without an error or a warning."""
    assert played.files[SWEEPS] == FILE
    assert FILLS in played.files
    assert played.errors == {}
    assert played.warnings.get(FILE, []) == []


def test_it_warns_of_nothing(played: Played) -> None:
    """Nothing of ours uses what an Airflow will drop, also not while it runs."""
    said = played.installation.said()
    assert [line for line in said if "dashgen" in line and "Warning" in line] == []


def test_expired_groups_are_gone(played: Played) -> None:
    """All per-run groups that the plugin pushed go, of tasks and of runs."""
    before, after, _ = played.groups
    expired = of_jobs(before, PER_RUN, FILLS)
    assert {job for job, _ in expired} == PER_RUN
    assert expired & after == frozenset()


def test_others_stay(played: Played) -> None:
    """What says that it is running stays, so does the fleet, so does someone else's."""
    before, after, _ = played.groups
    assert {job for job, _ in of_jobs(before, FLEET, FILLS)} == FLEET
    assert before - after == of_jobs(before, PER_RUN, FILLS)
    assert {named(RUNNING), named(THEIRS)} <= after


def test_dry_run_deletes_nothing(played: Played) -> None:
    """A dry run leaves all there is, and tells what would go, of the jobs that it was asked for."""
    _, before, after = played.groups
    assert before - after == frozenset()
    _, (_, result) = played.results()
    assert (result["dry_run"], result["seen"], result["deleted"], result["groups"]) == (True, 1, 1, [THEIRS])


def test_result_is_the_return_value(played: Played) -> None:
    """Each task that succeeded returned one value: what it did."""
    results = played.results()
    assert [name for name, _ in results] == ["return_value", "return_value"]
    _, result = results[0]
    expired = of_jobs(played.groups[0], PER_RUN, FILLS)
    told = {name: result[name] for name in ("dry_run", "deleted", "failed", "running", "untold")}
    assert told == {"dry_run": False, "deleted": len(expired), "failed": 0, "running": 1, "untold": ""}


def test_failed_sweep_fails_the_task(played: Played) -> None:
    """Without a gateway the task is tried again and then failed, and the run with it; the log names the gateway."""
    rows = played.installation.database.rows()
    states = [(each.state, each.try_number) for each in rows.tasks if each.dag_id == SWEEPS]
    # With the retry that the DAG asks for.
    assert sorted(states) == [("failed", 2), ("success", 1), ("success", 1)]
    assert sorted(each.state or "" for each in rows.runs if each.dag_id == SWEEPS) == ["failed", "success", "success"]
    assert [bool(code) for code in played.codes] == [False, False, False, True]
    assert any(f"sweeping {NOWHERE}" in line for line in played.installation.said())


def test_gateway_that_is_not_named(played: Played) -> None:
    """Where the variable is missing, the task says which."""
    assert played.without_gateway == "which Pushgateway is not said: set AIRFLOW_VAR_PUSHGATEWAY_URL"
