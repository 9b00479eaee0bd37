"""A real Airflow in a folder: its environment with the built package, its components, its logs."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.e2e import processes
from tests.environments import UV, check, install, run
from tests.programs import CHECKOUT, TOOLS, MissingProgramError
from tests.servers import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.e2e.databases import Database, Sqlite

DAGS = Path(__file__).with_name("dags")
# What the version that runs on PostgreSQL needs for it.
DRIVERS = {"2.11.2": "psycopg2-binary"}
INSTANCE = "e2e"
READY_SECONDS = 180.0
REQUEST_SECONDS = 120.0

# What the commands of Airflow 2 need 4 s each for, for all runs at once.
TRIGGER = """
import json, sys
from airflow.api.common.trigger_dag import trigger_dag
for dag_id, run_id in json.loads(sys.argv[1]):
    trigger_dag(dag_id, run_id=run_id)
"""


class AirflowError(Exception):
    """A component did not start, or refused a request."""


@dataclass(frozen=True)
class Installation:
    """An environment of its own, and a home."""

    version: str
    folder: Path
    database: Database
    gateway: str
    settings: Mapping[str, str] = field(default_factory=dict)
    log_ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()), kw_only=True)

    @property
    def python(self) -> Path:
        """The interpreter that has Airflow."""
        return self.folder / "airflow" / "bin" / "python"

    @property
    def gates(self) -> Path:
        """Where a file lets the task go on that waits for its name."""
        return self.folder / "gates"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process: nothing of the caller's Airflow, Python or proxies."""
        own = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("AIRFLOW", "PYTHON")) and not key.lower().endswith("_proxy") and key != "VIRTUAL_ENV"
        }
        return own | {
            "PATH": f"{self.python.parent}{os.pathsep}{own['PATH']}",
            "E2E_GATES": str(self.gates),
            "HOME": str(self.folder),
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.folder / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "48",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.database.address,
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.folder / "logs"),
            # Airflow 2 leaves out who says it.
            "AIRFLOW__LOGGING__LOG_FORMAT": "%(asctime)s %(name)s %(levelname)s %(message)s",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(self.log_ports[0]),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(self.log_ports[1]),
            "AIRFLOW_VAR_PUSHGATEWAY_URL": self.gateway,
            "AIRFLOW_VAR_PROMETHEUS_INSTANCE_NAME": INSTANCE,
            "AIRFLOW_VAR_ENABLE_V2_GAUGES": "true",
            **self.settings,
        }

    def airflow(self, *arguments: str, **settings: str) -> str:
        """Return what a command of Airflow prints.

        Raises:
            CommandError: it fails; the message holds all that it printed.

        """
        return self._run("-m", "airflow", *arguments, **settings)

    def _run(self, *arguments: str, **settings: str) -> str:
        done = subprocess.run(
            (self.python, *arguments),
            cwd=self.folder,
            env=self.environment | settings,
            check=False,
            capture_output=True,
            text=True,
        )
        printed = done.stdout + done.stderr
        with (self.folder / "commands.log").open("a", encoding="utf-8") as log:
            log.write(printed)
        check(done)
        return printed

    def said(self) -> list[str]:
        """Return all lines that components, commands and tasks have logged so far."""
        return [line for text in self.logs().values() for line in text.splitlines()]

    def logs(self) -> dict[Path, str]:
        """Return what components, commands and tasks have logged so far, by file."""
        files = (*self.folder.glob("*.log"), *(self.folder / "logs").rglob("*.log"))
        return {file: file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file()}


@dataclass(frozen=True)
class Deployment(Installation):
    """An installation whose components run."""

    port: int = 0
    components: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def trigger(self, runs: Sequence[tuple[str, str]]) -> None:
        """Start runs, each given as DAG and run."""
        if not self.port:
            self._run("-c", TRIGGER, json.dumps(runs))
            return
        for dag_id, run_id in runs:
            body = {"dag_run_id": run_id, "logical_date": None}
            self.request("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", body)

    def fail(self, dag_id: str, run_id: str) -> None:
        """Mark a run failed, as a person does."""
        self.request("PATCH", f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id)}", {"state": "failed"})

    def open_gate(self, name: str) -> None:
        """Let the task go on that waits for this gate."""
        (self.gates / name).touch()

    def request(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        """Return what the API server answers.

        Raises:
            AirflowError: it refuses; the message holds its answer.

        """
        headers = {"Content-Type": "application/json"}
        if not path.startswith("/auth"):
            # Whoever asks is an administrator here.
            headers["Authorization"] = f"Bearer {json.loads(self.request('GET', '/auth/token'))['access_token']}"
        connection = http.client.HTTPConnection(HOST, self.port, timeout=REQUEST_SECONDS)
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= http.client.BAD_REQUEST:
            raise AirflowError(f"{method} {path}: {response.status} {answer.decode(errors='replace')}")
        return answer

    def words(self, component: str) -> list[str]:
        """Return what a component has printed so far, line by line."""
        return (self.folder / f"{component}.log").read_text(encoding="utf-8", errors="replace").splitlines()

    def start(self, *names: str) -> None:
        """Start components."""
        for name in names:
            command = (self.python, "-m", "airflow", name)
            self.components[name] = processes.start(command, self.folder / f"{name}.log", self.environment)

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Return when something has happened.

        Raises:
            AirflowError: a component ended, or it takes too long; the message holds the last words.

        """
        deadline = time.monotonic() + READY_SECONDS
        while not done():
            ended = [name for name, process in self.components.items() if process.poll() is not None]
            if ended or time.monotonic() > deadline:
                logs = "\n".join(f"== {file.name}\n{text[-3000:]}" for file, text in self.logs().items())
                raise AirflowError(f"waiting for {what}; ended: {ended}\n{logs}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End all components and what they started."""
        processes.stop(self.components.values())


def make(installation: Installation, wheel: Path) -> None:
    """Give an installation its environment and its DAGs, and make the database.

    Raises:
        MissingProgramError: there is no pristine environment.
        CommandError: a command fails.

    """
    (installation.folder / "airflow").symlink_to(_environment(installation.version, wheel))
    shutil.copytree(DAGS, installation.folder / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    installation.gates.mkdir()
    installation.airflow("db", "migrate")


@cache
def _environment(version: str, wheel: Path) -> Path:
    """Return a copy of the pristine environment with the built package: one beside the wheel, for all installations."""
    copy = wheel.with_name(f"airflow-{version}")
    pristine = TOOLS / copy.name
    made = pristine / ".installed"
    if not made.exists():
        raise MissingProgramError(f"there is no Airflow in {pristine}: `make {made.relative_to(CHECKOUT)}` installs it")
    shutil.copytree(pristine, copy, symlinks=True, copy_function=_link)
    install(wheel, copy)
    if version in DRIVERS:
        run(UV, "pip", "install", "--quiet", "--python", copy, DRIVERS[version])
    return copy


def _link(source: str, copy: str) -> None:
    """Copy a file of the environment without its bytes, which nobody changes, where the file system can."""
    try:
        os.link(source, copy)
    except OSError:
        shutil.copy2(source, copy)


@contextmanager
def airflow_3(
    folder: Path, wheel: Path, database: Sqlite, gateway: str, port: int = 0, /, **settings: str
) -> Iterator[Deployment]:
    """Run all components of Airflow 3, its API server on a port or any free one.

    Raises:
        AirflowError: a component does not start.

    """
    port = port or free_port()
    own = {
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-a-test-on-loopback-0123456789",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        # So many tasks at once would wait for each other's connections in the API server, for 30 s.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "64",
        # The files do not change: parse them once.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    }
    deployment = Deployment("3.3.2", folder, database, gateway, own | settings, port)
    make(deployment, wheel)
    database.share()
    try:
        deployment.start("api-server", "dag-processor", "triggerer")
        deployment.wait("the API server", lambda: _answers(deployment))
        # Only now: a task waits seconds for its first answer, and this server's takes longer.
        deployment.start("scheduler")
        deployment.wait("the DAGs", lambda: bool(database.dags()))
        yield deployment
    finally:
        deployment.stop()


@contextmanager
def airflow_2(folder: Path, wheel: Path, database: Database, gateway: str, **settings: str) -> Iterator[Deployment]:
    """Run scheduler and triggerer of Airflow 2.

    Raises:
        AirflowError: a component does not start.

    """
    own = {"AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "3600"}
    deployment = Deployment("2.11.2", folder, database, gateway, own | settings)
    make(deployment, wheel)
    try:
        deployment.start("scheduler", "triggerer")
        deployment.wait("the DAGs", lambda: bool(database.dags()))
        yield deployment
    finally:
        deployment.stop()


def _answers(deployment: Deployment) -> bool:
    try:
        deployment.request("GET", "/auth/token")
        # What tasks ask is made ready with the first request.
        deployment.request("GET", "/execution/health")
    except (OSError, http.client.HTTPException, AirflowError):
        return False
    return True
