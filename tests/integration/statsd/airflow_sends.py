"""One of each type of metric, sent by Airflow's own client; run where Airflow is: ``VERSION DAG_ID TASK_ID``."""

from __future__ import annotations

import sys
from datetime import timedelta

STATE = "success"
POOL = "default_pool"
SECONDS = timedelta(seconds=2)


def send_3(dag: str, task: str) -> None:
    """Send as Airflow 3 does: it makes the legacy names itself, where they are on."""
    from airflow._shared.observability.metrics import stats  # noqa: PLC0415  (of this version alone)
    from airflow.configuration import conf  # noqa: PLC0415
    from airflow.observability.metrics import stats_utils  # noqa: PLC0415

    legacy = conf.getboolean("metrics", "legacy_names_on")
    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=legacy)
    ids = {"dag_id": dag, "task_id": task}
    stats.incr("ti.finish", tags={**ids, "state": STATE})
    stats.timing("task.duration", SECONDS, tags=ids)
    stats.gauge("pool.open_slots", 7, tags={"pool_name": POOL})
    stats.incr("scheduler_heartbeat")


def send_2_11(dag: str, task: str) -> None:
    """Send as Airflow 2.11 does, which sends each legacy name beside the bare one."""
    from airflow.stats import Stats  # noqa: PLC0415  (of this version alone)

    ids = {"dag_id": dag, "task_id": task}
    Stats.incr(f"ti.finish.{dag}.{task}.{STATE}", tags=ids)
    Stats.incr("ti.finish", tags={**ids, "state": STATE})
    Stats.timing(f"dag.{dag}.{task}.duration", SECONDS)
    Stats.timing("task.duration", SECONDS, tags=ids)
    Stats.gauge(f"pool.open_slots.{POOL}", 7)
    Stats.gauge("pool.open_slots", 7, tags={"pool_name": POOL})
    Stats.incr("scheduler_heartbeat")


if __name__ == "__main__":
    version, dag_id, task_id = sys.argv[1:]
    {"3": send_3, "2.11": send_2_11}[version](dag_id, task_id)
    sys.stdout.write("sent\n")
