"""The plugin's settings, read from ``os.environ`` at the time of use.

Never by Airflow's ``Variable.get``: a listener has no database session to spend, and in the
scheduler asking for one breaks its locks. The variables' names are those that Airflow itself
would read as Variables.
"""

from __future__ import annotations

import math
import os
from functools import lru_cache
from typing import NamedTuple

from dashgen.catalog.model import FLEET, LAB, PER_RUN, Generation
from dashgen.redaction import redacted

URL = "AIRFLOW_VAR_PUSHGATEWAY_URL"
ENABLED = "AIRFLOW_VAR_PROMETHEUS_METRICS_ENABLED"
INSTANCE_NAME = "AIRFLOW_VAR_PROMETHEUS_INSTANCE_NAME"
TIMEOUT = "AIRFLOW_VAR_PROMETHEUS_PUSH_TIMEOUT_SECONDS"
FLEET_ON = "AIRFLOW_VAR_ENABLE_V3_LOW_CARDINALITY"
PER_RUN_ON = "AIRFLOW_VAR_ENABLE_V2_GAUGES"
LAB_ON = "AIRFLOW_VAR_ENABLE_V1_COUNTERS"
CA_FILE = "AIRFLOW_VAR_PUSHGATEWAY_CA_FILE"
CATALOG = "AIRFLOW_VAR_DASHGEN_CATALOG"

DEFAULTS = {
    URL: "",
    ENABLED: "true",
    INSTANCE_NAME: "airflow-local",
    TIMEOUT: "2",
    FLEET_ON: "true",
    PER_RUN_ON: "false",
    LAB_ON: "false",
    CA_FILE: "",
    CATALOG: "",
}
SWITCHES = {FLEET_ON: FLEET, PER_RUN_ON: PER_RUN, LAB_ON: LAB}

_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n"})


class Target(NamedTuple):
    """Where to push: the gateway's address, authorities to trust, and the deadline in seconds."""

    url: str
    ca_file: str
    timeout: float


class Environment(NamedTuple):
    """The settings. ``wrong`` says, a sentence each, which were not usable and what holds instead."""

    enabled: bool
    instance: str
    generations: tuple[Generation, ...]
    target: Target
    catalog: str
    wrong: tuple[str, ...] = ()

    @property
    def pushes(self) -> bool:
        """Whether there is anything to push, and somewhere to push it to."""
        return self.enabled and bool(self.target.url) and bool(self.generations)


def read() -> Environment:
    """Read the settings; a value that can't be used gives way to the default. Never raises."""
    return _read(tuple(os.environ.get(name, default) for name, default in DEFAULTS.items()))


@lru_cache(maxsize=1)
def _read(values: tuple[str, ...]) -> Environment:
    """Make sense of the variables' values, in the order of ``DEFAULTS``; once, as they seldom change."""
    written = {name: value.strip() for name, value in zip(DEFAULTS, values, strict=True)}
    wrong: list[str] = []
    return Environment(
        enabled=_switch(written, ENABLED, wrong),
        instance=written[INSTANCE_NAME] or DEFAULTS[INSTANCE_NAME],
        generations=tuple(generation for name, generation in SWITCHES.items() if _switch(written, name, wrong)),
        target=Target(written[URL], written[CA_FILE], _seconds(written, TIMEOUT, wrong)),
        catalog=written[CATALOG],
        wrong=tuple(wrong),
    )


def _switch(written: dict[str, str], name: str, wrong: list[str]) -> bool:
    word = written[name].lower() or DEFAULTS[name]
    if word not in _TRUE | _FALSE:
        wrong.append(f"{name} is {redacted(word)!r}, neither true nor false: taken as {DEFAULTS[name]}")
        word = DEFAULTS[name]
    return word in _TRUE


def _seconds(written: dict[str, str], name: str, wrong: list[str]) -> float:
    number = written[name] or DEFAULTS[name]
    try:
        seconds = float(number)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        wrong.append(f"{name} is {redacted(number)!r}, no number of seconds above 0: taken as {DEFAULTS[name]}")
        return float(DEFAULTS[name])
    return seconds
