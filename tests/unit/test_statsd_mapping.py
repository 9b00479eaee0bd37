"""statsd_exporter's mapping and Airflow's environment, as text; tests/integration/statsd runs them."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.build import build
from dashgen.catalog.model import Catalog, Counter
from dashgen.catalog.statsd import METRICS
from dashgen.catalog.statsd.sent import BOTH, V3, Line, StatsdType
from dashgen.catalog.terms import Source
from dashgen.definitions import Project
from dashgen.render import prometheus, statsd
from dashgen.render.yamltext import load
from dashgen.settings import Settings, StatsdSettings
from dashgen.statsd_rules import rules
from tests.projects import builtin

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric


def mapping(**settings: Any) -> dict[str, Any]:  # noqa: ANN401  (the fields of Settings; YAML is anything)
    """Return the mapping under some settings, as the exporter reads it."""
    data: dict[str, Any] = load(statsd.files(builtin(**settings))["statsd/statsd_mapping.yml"])
    return data


def counter(name: str, *lines: Line) -> Metric:
    """Return a metric of a user's."""
    return Counter(name, help="h", read="r", source=Source.STATSD, owner="o", statsd=lines)


@pytest.mark.parametrize("version", BOTH)
def test_globs_that_map_never_overlap(version: str) -> None:
    """No name matches two globs that map it: which one the exporter finds first can't matter."""
    kept = [rule for rule in rules(METRICS, Settings(airflow_version=version)) if rule.metric and not rule.regex]
    assert kept
    for one, other in combinations(kept, 2):
        if one.type is other.type and len(one.components) == len(other.components):
            pairs = zip(one.components, other.components, strict=True)
            assert not all(mine == theirs or "*" in {mine, theirs} for mine, theirs in pairs), (one, other)


@pytest.mark.parametrize("version", BOTH)
def test_a_glob_comes_before_those_it_begins(version: str) -> None:
    """The exporter loses a glob that ends where another, read before, goes on."""
    globs = [rule.components for rule in rules(METRICS, Settings(airflow_version=version)) if not rule.regex]
    assert all(late != early[: len(late)] for early, late in combinations(globs, 2) if late != early)


def test_the_last_rule_drops_the_rest() -> None:
    """Whatever no other rule takes is dropped, and only by the last one."""
    found = mapping()["mappings"]
    assert found[-1] == {"match": ".", "match_type": "regex", "name": "dropped", "action": "drop"}
    assert all("match_metric_type" in rule for rule in found[:-1])


def test_timers() -> None:
    """Timers are summaries, or histograms with the buckets of the settings; never both."""
    defaults = mapping()["defaults"]
    assert (defaults["observer_type"], "histogram_options" in defaults) == ("summary", False)
    histogram = StatsdSettings(timers="histogram", buckets=(1, 2.5))
    defaults = mapping(statsd=histogram)["defaults"]
    assert (defaults["observer_type"], "summary_options" in defaults) == ("histogram", False)
    assert defaults["histogram_options"]["buckets"] == [1, 2.5]
    types = {metric.type.value for metric in builtin(statsd=histogram).catalog if metric.statsd}
    assert types == {"counter", "gauge", "histogram"}


def test_only_gauges_go_soon() -> None:
    """A gauge that is not sent any more goes within the hour; what counts stays for a week and more."""
    found = mapping()
    assert found["defaults"]["ttl"] == "192h"
    catalog = Catalog(METRICS)
    assert {
        (rule.get("ttl"), catalog.by_name[rule["name"]].type.value) for rule in found["mappings"] if "labels" in rule
    } == {
        ("1h", "gauge"),
        (None, "counter"),
        (None, "summary"),
    }


def test_a_line_of_two_metrics_is_refused() -> None:
    """A line that two metrics claim fails the build at the later one, also where only globs overlap."""
    lines = (
        Line("scheduler_heartbeat", StatsdType.COUNTER),
        Line("ti.start", StatsdType.COUNTER, "ti.start.{dag_id}.load"),
    )
    mine = [counter(f"mine_{number}_total", line) for number, line in enumerate(lines)]
    project = builtin()
    told = build(replace(project, catalog=Catalog((*project.catalog.metrics, *mine)))).problems

    messages = [problem.message for problem in told if problem.rule == "statsd-mapping"]
    assert (
        "mine_0_total: StatsD lines airflow.scheduler_heartbeat are airflow_scheduler_heartbeat_total's too" in messages
    )
    assert "mine_1_total: StatsD lines airflow.ti.start.*.load are airflow_ti_start_total's too" in messages
    assert {problem.place.file for problem in told if problem.rule == "statsd-mapping"} == {__file__}


def test_a_users_metric_is_mapped() -> None:
    """A metric of a user's own with StatsD lines has its rules beside the built-in ones."""
    mine = counter("mine_total", Line("mine.done", StatsdType.COUNTER, versions=(V3,)))
    project = Project(Settings(statsd=StatsdSettings(prefix="a.b")), Catalog((mine,)))
    text = statsd.files(project)["statsd/statsd_mapping.yml"]
    assert [rule["match"] for rule in load(text)["mappings"]] == ["a.b.mine.done", "a.b.tagged.mine.done", "."]
    assert list(statsd.problems(project)) == []


def test_without_statsd() -> None:
    """Switched off, there is no file, no metric and nothing to scrape."""
    project = builtin(statsd=StatsdSettings(enabled=False))
    assert statsd.files(project) == {}
    assert not any(metric.source is Source.STATSD for metric in project.catalog)
    assert "statsd" not in prometheus.files(project)["prometheus/prometheus.yml"]


def test_prometheus_scrapes_the_exporters() -> None:
    """The targets of the settings are one job, whose series carry the scrape's labels."""
    project = builtin(statsd=StatsdSettings(targets=("a:1", "[::1]:2")))
    jobs = load(prometheus.files(project)["prometheus/prometheus.yml"])["scrape_configs"]
    assert {"job_name": "statsd_exporter", "static_configs": [{"targets": ["a:1", "[::1]:2"]}]} in jobs


@pytest.mark.parametrize(
    ("version", "target", "expected"),
    [
        (
            "3",
            "exporter.example:9102",
            {
                "STATSD_ON": "True",
                "STATSD_HOST": "exporter.example",
                "STATSD_PORT": "9125",
                "STATSD_PREFIX": "p.tagged",
                "STATSD_INFLUXDB_ENABLED": "True",
                "LEGACY_NAMES_ON": "False",
                "STATSD_DISABLED_TAGS": "job_id,run_id",
            },
        ),
        (
            "2.11",
            "exporter.example:9102",
            {
                "STATSD_ON": "True",
                "STATSD_HOST": "exporter.example",
                "STATSD_PORT": "9125",
                "STATSD_PREFIX": "p",
                "TIMER_UNIT_CONSISTENCY": "True",
            },
        ),
    ],
)
def test_environment(version: str, target: str, expected: dict[str, str]) -> None:
    """Airflow sends with tags from 3 on and without before, to where Prometheus scrapes; no shell is needed."""
    settings = StatsdSettings(prefix="p", targets=(target,))
    text = statsd.files(builtin(airflow_version=version, statsd=settings))["statsd/airflow.env"]
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert {
        key.removeprefix("AIRFLOW__METRICS__"): value for key, _, value in (line.partition("=") for line in lines)
    } == expected
    assert all(line.startswith("AIRFLOW__METRICS__") for line in lines)


def test_environment_of_an_address() -> None:
    """An IPv6 address loses its brackets, and Airflow 3 is told that it is one."""
    settings = StatsdSettings(targets=("[fd00::1]:9102",))
    lines = statsd.files(builtin(statsd=settings))["statsd/airflow.env"].splitlines()
    assert "AIRFLOW__METRICS__STATSD_HOST=fd00::1" in lines
    assert "AIRFLOW__METRICS__STATSD_IPV6=True" in lines
