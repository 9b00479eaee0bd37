"""Settings that the generated rules must hold for, and promtool, which says whether they do."""

from __future__ import annotations

import subprocess
from typing import Any

from dashgen.catalog.model import FLEET
from dashgen.settings import AlertSettings, StatsdSettings, SuccessAge
from tests.programs import promtool

HOUR = 3600
DAY = 86400

OTHER_SETTINGS: dict[str, dict[str, Any]] = {
    "built-in": {},
    "fleet only": {"generations": (FLEET,)},
    "no StatsD": {"statsd": StatsdSettings(enabled=False)},
    "timers as histograms": {"statsd": StatsdSettings(timers="histogram")},
    "other limits": {
        "thresholds": {
            "task_running_too_long": 90,
            "dag_run_running_too_long": 5 * DAY,
            "duration_factor": 2.5,
            "duration_floor": 10,
            "no_push": 7 * DAY,
            "sweeper_late": HOUR,
            "gateway_samples": 1_000,
            "gateway_memory": 3 * 10**9,
            "dag_parse_time": 30,
            "schedule_delay": HOUR,
            "run_duration_factor": 1.5,
            "run_duration_floor": 5,
            "operator_failure_share": 0.25,
            "operator_failures_least": 3,
            "tasks_killed": 0,
            "statsd_drop_share": 0.02,
        },
        "success_age": (SuccessAge("sal.*", 2 * DAY), SuccessAge(".*", 30 * DAY)),
    },
    "other holds": {
        "alerts": {
            name: AlertSettings(hold=hold, severity="info")
            for name, hold in (
                ("AirflowTaskFailed", "3m"),
                ("AirflowTaskPartlyFailed", "90s"),
                ("AirflowTaskRunningTooLong", "10m"),
                ("AirflowDagNoSuccess", "1h"),
                ("AirflowNotPushing", "30m"),
                ("AirflowTaskRetryingTooLong", "0m"),
                ("PushgatewayDown", "0s"),
                ("PushgatewaySweeperFailing", "2h"),
                ("AirflowSchedulerHeartbeatStopped", "0s"),
                ("AirflowPoolStarving", "1h"),
                ("StatsdExporterDown", "1m"),
                ("Watchdog", "2m"),
            )
        },
        "extra_labels": {"team": "a: b"},
        "grafana_url": "https://grafana.example",
    },
}


def run_promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run promtool, and return how it ended and what it told."""
    command = (str(promtool()), *map(str, arguments))
    return subprocess.run(command, capture_output=True, text=True, check=False)


def told(done: subprocess.CompletedProcess[str]) -> str:
    """Return all that a program told, for the message of an assertion."""
    return done.stdout + done.stderr
