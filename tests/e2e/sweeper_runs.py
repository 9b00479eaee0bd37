"""Run the sweeper's DAG by hand, again and again; run where Airflow is.

One process for all, as Airflow 3 needs ten seconds before it runs a DAG's first task. Reads what to
do as JSON from the first argument, and writes what happened into the file that the second names.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from airflow.__main__ import main as airflow

from dashgen_plugin import delivery

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # Airflow 2
    from airflow.models import DagBag

# A gateway that checks nothing queues what it accepts.
QUEUE_SECONDS = 0.5
FLUSH_SECONDS = 5.0
URL = "AIRFLOW_VAR_PUSHGATEWAY_URL"
GATEWAY = os.environ[URL]


def run(dag_id: str, params: object = None) -> int:
    """Run a DAG as ``airflow dags test`` does; return the exit code."""
    sys.argv = ["airflow", "dags", "test", dag_id, "-c", json.dumps(params or {})]
    code: object = 0
    try:
        airflow()
    except SystemExit as end:
        code = end.code
    # What the run's end has put is sent when a process ends, which this one does not yet.
    delivery.flush(FLUSH_SECONDS)
    time.sleep(QUEUE_SECONDS)
    return int(bool(code))


def held() -> Any:  # noqa: ANN401  (JSON)
    """Return the labels of the gateway's groups."""
    with urllib.request.urlopen(f"{GATEWAY}/api/v1/metrics") as answer:  # noqa: S310  (the test's own gateway)
        return [group["labels"] for group in json.load(answer)["data"]]


def parsed() -> dict[str, Any]:
    """Return what Airflow finds in its folder of DAGs, by the files' names."""
    bag = DagBag()
    return {
        "files": {name: Path(dag.fileloc).name for name, dag in bag.dags.items()},
        "errors": {Path(file).name: error for file, error in bag.import_errors.items()},
        "warnings": {Path(file).name: warnings for file, warnings in bag.captured_warnings.items()},
    }


def without_gateway() -> str:
    """Return what the task says where no gateway is named."""
    # Not at the top: the DAG file must be the first to import it, or its warnings are not seen.
    from dashgen_sweeper.dag import swept  # noqa: PLC0415

    del os.environ[URL]
    try:
        swept(1, [], dry_run=True)
    except ValueError as error:
        return str(error)
    return ""


def play(fills: str, sweeps: str, params: list[object], wait: float, nowhere: str) -> dict[str, Any]:
    """Fill the gateway, sweep it with each of the params, and then one that is not there."""
    played = parsed()
    codes = [run(fills)]
    groups = [held()]
    time.sleep(wait)
    for each in params:
        codes.append(run(sweeps, each))
        groups.append(held())
    os.environ[URL] = nowhere
    codes.append(run(sweeps))
    return {**played, "codes": codes, "groups": groups, "without_gateway": without_gateway()}


if __name__ == "__main__":
    # The arguments are the file's own from here on.
    asked, result = json.loads(sys.argv[1]), Path(sys.argv[2])
    result.write_text(json.dumps(play(**asked)), encoding="utf-8")
