"""Databases for Airflow: a file, or a PostgreSQL cluster of its own."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tests.e2e import rows
from tests.programs import MissingProgramError

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_SECONDS = 30.0
OWNER = "postgres"  # Debian's: the server refuses to run as root


class Database(Protocol):
    """What a deployment and the tests need of Airflow's database."""

    @property
    def address(self) -> str:
        """What Airflow connects to."""

    def rows(self) -> rows.Rows:
        """Return all task instances and runs."""

    def dags(self) -> frozenset[str]:
        """Return the DAGs that Airflow has parsed."""

    def pause(self, dag_id: str, *, paused: bool) -> None:
        """Keep the scheduler from going on with a DAG's runs, or let it again."""


class _Instants(dict[str, str]):
    """Write a column as microseconds since 1970, in one database's SQL."""

    def __init__(self, expression: str) -> None:
        super().__init__()
        self._expression = expression

    def __missing__(self, column: str) -> str:
        return self._expression.format(column)


@dataclass(frozen=True)
class Sqlite:
    """A file."""

    path: Path

    # A text with or without a fraction: whole seconds and microseconds apart, as a float has too few digits.
    _INSTANT = (
        "CAST(strftime('%s', {0}) AS INTEGER) * 1000000"
        " + CASE WHEN substr({0}, 20, 1) = '.' THEN CAST(substr({0} || '000000', 21, 6) AS INTEGER) ELSE 0 END"
    )

    @property
    def address(self) -> str:
        """What Airflow connects to: with less patience a busy moment ends its dag-processor."""
        return f"sqlite:///{self.path}?timeout={BUSY_SECONDS:g}"

    def share(self) -> None:
        """Let many processes use it: in this mode, which the file keeps, readers and the writer don't wait."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")

    def rows(self) -> rows.Rows:
        """Return all task instances and runs."""
        instant = _Instants(self._INSTANT)
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as connection:
            connection.row_factory = sqlite3.Row
            tasks, runs = (
                connection.execute(sql.format(instant=instant)).fetchall() for sql in (rows.TASKS, rows.RUNS)
            )
        return rows.Rows(rows.read(tasks), rows.read(runs))

    def dags(self) -> frozenset[str]:
        """Return the DAGs that Airflow has parsed."""
        with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as connection:
            return frozenset(name for (name,) in connection.execute(rows.DAGS))

    def pause(self, dag_id: str, *, paused: bool) -> None:
        """Keep the scheduler from going on with a DAG's runs, or let it again."""
        with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as connection, connection:
            connection.execute(rows.PAUSE.format(paused=paused, dag_id=dag_id))


@dataclass(frozen=True)
class Postgres:
    """A running cluster, by its socket's folder."""

    folder: Path
    psql: Path

    _INSTANT = "(extract(epoch FROM {0}) * 1000000)::bigint"

    @property
    def address(self) -> str:
        """What Airflow connects to."""
        return f"postgresql+psycopg2://{OWNER}@/postgres?host={self.folder}"

    def rows(self) -> rows.Rows:
        """Return all task instances and runs."""
        instant = _Instants(self._INSTANT)
        return rows.Rows(*(rows.read(self._select(sql.format(instant=instant))) for sql in (rows.TASKS, rows.RUNS)))

    def dags(self) -> frozenset[str]:
        """Return the DAGs that Airflow has parsed."""
        return frozenset(record["dag_id"] for record in self._select(rows.DAGS))

    def pause(self, dag_id: str, *, paused: bool) -> None:
        """Keep the scheduler from going on with a DAG's runs, or let it again."""
        self._run(rows.PAUSE.format(paused=paused, dag_id=dag_id))

    def _select(self, sql: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._run(f"SELECT row_to_json(t) FROM ({sql}) AS t").splitlines()]  # noqa: S608  (the tests' own SQL)

    def _run(self, sql: str) -> str:
        command = (self.psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", OWNER, "-c", sql, "postgres")
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run an empty PostgreSQL cluster that listens on nothing but a socket.

    Its folder is not the test's: as root it runs as a user who must not look into that.

    Raises:
        MissingProgramError: PostgreSQL is not installed.
        subprocess.CalledProcessError: it does not start.

    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not programs:
        raise MissingProgramError("PostgreSQL is not installed: `make test` installs what the tests run")
    with tempfile.TemporaryDirectory(prefix="e2e-postgres-") as name:
        folder = Path(name)
        as_owner: tuple[str, ...] = ()
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER)
            as_owner = ("runuser", "-u", OWNER, "--")
        data, log = folder / "data", folder / "log"

        def run(program: str, *arguments: str | Path) -> None:
            command = (*as_owner, programs[-1] / program, "-D", data, *arguments)
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)

        run("initdb", "--auth=trust", "--no-sync", f"--username={OWNER}", "--encoding=UTF8", "--locale=C.UTF-8")
        # Every task has connections of its own; what a crash would lose does not matter.
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=400 -c fsync=off"
        run("pg_ctl", "start", "--wait", "--silent", "--log", log, "--options", options)
        try:
            yield Postgres(folder, programs[-1] / "psql")
        finally:
            run("pg_ctl", "stop", "--wait", "--silent", "--mode=immediate")
