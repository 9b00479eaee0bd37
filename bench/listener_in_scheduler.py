"""Time what the hooks of DAG runs take of a scheduler; run where Airflow is, on a database of its own.

``python -m bench.listener_in_scheduler ROUNDS SIZE...``. For each size there is a run of as many
task instances. What its end costs is told beside its one SELECT, executed alone as a finished
statement in the same session.

Prints JSON: seconds by name, a list for each.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from bench.plain_listener import PlainListener
from dashgen_plugin import delivery
from dashgen_plugin.listener import Listener
from tests.airflow_database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

# Between two events of a scheduler there is time for its other threads.
PAUSE_SECONDS = 0.05


def timed(work: Callable[..., object], **arguments: object) -> float:
    """Return how many seconds it took, with nothing left to do from before."""
    delivery.flush(0)
    time.sleep(PAUSE_SECONDS)
    began = time.perf_counter()
    work(**arguments)
    return time.perf_counter() - began


def select_of(run: Any, session: Any) -> Callable[[], object]:  # noqa: ANN401  (Airflow's and SQLAlchemy's)
    """Return what executes the SELECT that the end of a run costs, and nothing else."""
    found: list[tuple[Any, Any]] = []

    def remember(state: Any) -> None:  # noqa: ANN401  (SQLAlchemy's)
        found.append((state.statement, state.parameters))

    event.listen(session, "do_orm_execute", remember)
    Listener().on_dag_run_success(dag_run=run)
    event.remove(session, "do_orm_execute", remember)
    ((statement, parameters),) = found
    return lambda: session.execute(statement, parameters).all()


def main(rounds: str, *sizes: str) -> None:
    """Measure in turn, so that all share the same weather; the plain listener's hooks once, as they wait."""
    database = Database.made()
    found = defaultdict(list)
    for size in sizes:
        run = database.add_run(f"run_{size}", ({"task_id": f"task_{number}"} for number in range(int(size))))
        listener, select = Listener(), select_of(run, database.session)
        for _ in range(int(rounds)):
            found["running"].append(timed(listener.on_dag_run_running, dag_run=run))
            found[f"end {size}"].append(timed(listener.on_dag_run_success, dag_run=run))
            found[f"select {size}"].append(timed(select))
    plain = PlainListener()
    found["plain running"].append(timed(plain.on_dag_run_running, dag_run=run))
    found["plain end"].append(timed(plain.on_dag_run_success, dag_run=run))
    print(json.dumps(found))  # noqa: T201  (the result)


if __name__ == "__main__":
    main(*sys.argv[1:])
