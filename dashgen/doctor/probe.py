"""The part that runs in a process of its own: it loads Airflow, all plugins, and the user's catalog.

Any of them may print, end the process or hang; none of that is the doctor's end. The answers
are JSON objects, a line each, as soon as they are known; nothing else goes to stdout.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import TypedDict

from dashgen.catalog.own import why_not_reported
from dashgen_plugin import own_metrics

ENTRY_POINTS = "airflow.plugins"
PACKAGE = "dashgen_plugin"
LISTENER = "dashgen_plugin.listener.Listener"


class Findings(TypedDict, total=False):
    """What was found.

    ``entry_point`` is what keeps ours from loading, empty where nothing does; ``listed`` is
    where Airflow's plugin manager has our listener from; ``copies`` are our packages in
    the plugins folder. ``metrics`` is how many of the user's a task can report; ``catalog``
    why there are none. What was not looked at is not there.
    """

    entry_point: str
    listed: list[str]
    copies: list[str]
    metrics: int
    catalog: str


def main() -> None:
    """Look, and print what was found."""
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with_airflow, catalog = sys.argv[1] == "airflow", sys.argv[2]
    with os.fdopen(answers, "w", encoding="utf-8") as stdout:
        if with_airflow:
            print(json.dumps(_plugins()), file=stdout, flush=True)
        if catalog:
            print(json.dumps(_catalog(catalog)), file=stdout, flush=True)


def _plugins() -> Findings:
    from airflow import plugins_manager  # noqa: PLC0415  (Airflow need not be there)
    from airflow.configuration import conf  # noqa: PLC0415

    plugins = plugins_manager.get_plugin_info(["source", "listeners"])
    listed = [str(info["source"]) for info in plugins if LISTENER in info["listeners"]]
    copies = sorted(map(str, Path(conf.get("core", "plugins_folder")).rglob(PACKAGE)))
    # Airflow 3 has it on the path only where it runs a DAG.
    sys.path.append(conf.get("core", "dags_folder"))
    return {"entry_point": _entry_point(), "listed": listed, "copies": copies}


def _entry_point() -> str:
    ours = [each for each in metadata.entry_points(group=ENTRY_POINTS) if each.value.startswith(f"{PACKAGE}.")]
    if not ours:
        return "the installed package has none"
    try:
        ours[0].load()
    except Exception as error:  # noqa: BLE001  (whatever an import raises)
        return f"{type(error).__name__}: {error}"
    return ""


def _catalog(name: str) -> Findings:
    try:
        found = own_metrics.load(name)
    except (Exception, SystemExit) as error:  # noqa: BLE001  (the user's module runs here)
        return {"catalog": f"{type(error).__name__}: {error}"}
    return {"metrics": sum(not why_not_reported(metric) for metric in found)}
