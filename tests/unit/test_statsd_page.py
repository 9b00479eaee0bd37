"""The page on StatsD: what it says is what the catalog, the mapping and the environment do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashgen.catalog.statsd import AIRFLOW_METRICS
from dashgen.catalog.statsd.exporter import STATSD_EVENTS_ACTIONS, STATSD_UDP_PACKET_DROPS
from dashgen.catalog.statsd.sent import V2_11, V3
from dashgen.render import statsd
from dashgen.statsd_rules import DEPTH
from tests.projects import builtin

PAGE = (Path(__file__).parents[2] / "docs/statsd.md").read_text(encoding="utf-8")
NUMBERS = {8: "eight"}


def table(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its own heading."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## )", PAGE, flags=re.DOTALL | re.MULTILINE)
    assert section
    rows = [re.split(r"(?<!\\)\|", line.strip("|")) for line in section[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def code(cell: str) -> list[str]:
    """Return what is written as code in a cell."""
    return re.findall(r"`([^`]*)`", cell)


def assignments(text: str) -> dict[str, str]:
    """Return the variables of an env file."""
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


def test_names_of_the_helm_chart() -> None:
    """The page lists each metric that the chart's mapping has, with all of its names there."""
    stated = {code(ours)[0]: code(theirs) for ours, theirs in table("Names in other places")}
    known = {
        metric.name: list(dict.fromkeys(line.chart_name for line in metric.statsd if line.chart_name))
        for metric in AIRFLOW_METRICS
    }
    assert stated == {name: theirs for name, theirs in known.items() if theirs}


@pytest.mark.parametrize(("version", "column"), [(V3, 1), (V2_11, 2)])
def test_environment(version: str, column: int) -> None:
    """The variables of the recommended mode are those of the generated airflow.env, unless they are the default."""
    stated = {name: value for row in table("With tags, or without") for name, value in _stated(row, column, version)}
    generated = assignments(statsd.files(builtin(airflow_version=version))["statsd/airflow.env"])
    defaults = {"AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "False"}
    assert stated.items() <= (defaults | generated).items()
    assert {"AIRFLOW__METRICS__STATSD_PREFIX", "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED"} <= stated.keys()


def _stated(row: list[str], column: int, version: str) -> list[tuple[str, str]]:
    name = code(row[0])
    # One of them is unknown to Airflow 2.11.
    if not name or ("3.2 and later" in row[0] and version == V2_11):
        return []
    return [(name[0], code(row[column])[0])]


def test_units() -> None:
    """The page states each factor of the mapping, and the switch for Airflow 2.11."""
    rows = table("Units")
    stated = {name for row in rows if "a factor in the mapping" in row[2] for name in code(row[0])}
    scaled = {
        line.name
        for metric in AIRFLOW_METRICS
        for line in metric.statsd
        if any(line.scale_in(version) != 1 for version in line.versions)
    }
    assert stated == scaled
    (switch,) = (code(row[2])[0] for row in rows if "AIRFLOW__" in row[2])
    assert switch in statsd.files(builtin(airflow_version=V2_11))["statsd/airflow.env"].splitlines()


def test_names_and_numbers() -> None:
    """The exporter's own metrics, the depth of ids and what goes away when are those of the code."""
    assert f"rate({STATSD_EVENTS_ACTIONS.name}{{" in PAGE
    assert f"`{STATSD_UDP_PACKET_DROPS.name}`" in PAGE
    assert f"More than {NUMBERS[DEPTH]} components" in PAGE
    mapping = statsd.files(builtin())["statsd/statsd_mapping.yml"]
    assert set(re.findall(r"\"ttl\": \"(\w+)\"", mapping)) == {"1h", f"{8 * 24}h"}
    assert "not sent for an hour" in PAGE
    assert "after eight days" in PAGE


def test_name_handler() -> None:
    """The handler leaves what Airflow takes, tags among it, and replaces the rest."""
    (text,) = re.findall(r"(?s)```python\n(.*?)```", PAGE)
    namespace: dict[str, object] = {}
    exec(text, namespace)  # noqa: S102  (the page's own code)
    handler = namespace["ascii_only"]
    assert callable(handler)
    assert handler("ti.start,dag_id=a-b.c_d,file_path=/x/y.py") == "ti.start,dag_id=a-b.c_d,file_path=/x/y.py"
    assert handler("dagrun.dependency-check.ünï ß") == "dagrun.dependency-check._n___"
