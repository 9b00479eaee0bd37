"""Every line that Airflow can send becomes the series that the catalog has for it, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashgen.catalog.statsd import EXCLUDED
from dashgen.catalog.statsd.sent import BOTH, V2_11, V3
from dashgen.render.statsd import files
from dashgen.settings import StatsdSettings
from tests.integration.statsd import samples
from tests.projects import builtin
from tests.statsd_exporter import statsd_exporter

if TYPE_CHECKING:
    from pathlib import Path

MAPPING = "statsd/statsd_mapping.yml"


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("prefix", ["airflow", "team-a.airflow_2"])
@pytest.mark.parametrize("timers", ["summary", "histogram"])
def test_mapping_loads_without_a_warning(version: str, prefix: str, timers: str, tmp_path: Path) -> None:
    """The exporter takes the mapping whole and warns of nothing: no rule is hidden or needs a way back."""
    settings = StatsdSettings(prefix=prefix, timers=timers)
    mapping = files(builtin(airflow_version=version, statsd=settings))[MAPPING]

    with statsd_exporter(tmp_path, mapping) as exporter:
        assert exporter.own("statsd_exporter_loaded_mappings") == mapping.count("\n  - ")
    words = [line for line in exporter.log.read_text().splitlines() if "level=INFO" not in line]
    assert words == []


@pytest.mark.parametrize(
    ("sent", "version"),
    [
        pytest.param(samples.without_tags("x.y", V2_11), V2_11, id="2.11 without tags"),
        pytest.param(samples.with_tags("x.y.tagged", V2_11, legacy_names=True), V2_11, id="2.11 with tags"),
        pytest.param(samples.without_tags("x.y", V3), V3, id="3 without tags"),
        pytest.param(samples.with_tags("x.y.tagged", V3, legacy_names=False), V3, id="3 with tags"),
        pytest.param(samples.with_tags("x.y.tagged", V3, legacy_names=True), V3, id="3 with tags and legacy names"),
    ],
)
@pytest.mark.parametrize("timers", ["summary", "histogram"])
def test_each_line_is_one_series(sent: samples.Sent, version: str, timers: str, tmp_path: Path) -> None:
    """Each metric comes once, with its labels and in its unit, whichever of its lines are sent."""
    settings = StatsdSettings(prefix="x.y", timers=timers)
    mapping = files(builtin(airflow_version=version, statsd=settings))[MAPPING]

    with statsd_exporter(tmp_path, mapping) as exporter:
        exporter.send(sent.lines)
        values = samples.found(exporter.series())
        errors = [exporter.own(f"statsd_exporter_{name}_total") for name in ("events_conflict", "sample_errors")]
        unmapped = exporter.own("statsd_exporter_events_unmapped_total")

    assert values == pytest.approx(sent.values)
    assert [*errors, unmapped] == [0, 0, 0]


@pytest.mark.parametrize("prefix", ["airflow", "airflow.tagged"])
def test_the_rest_is_dropped(prefix: str, tmp_path: Path) -> None:
    """What the catalog does not have, or has as another type, leaves no series behind."""
    names = [*map(samples.filled, EXCLUDED), "local_task_job.task_exit.7.d.t.0", "no.such.name", "ti", "dag.d.t.other"]
    lines = [f"{prefix}.{name}:1|{symbol}" for name in names for symbol in samples.SYMBOLS.values()]
    lines += [f"{prefix}.scheduler_heartbeat:1|ms", "other.scheduler_heartbeat:1|c", f"{prefix}x.dagbag_size:1|g"]
    lines += ["airflow.ti.start." + ".".join("abcdefghij") + ":1|c"]

    with statsd_exporter(tmp_path, files(builtin())[MAPPING]) as exporter:
        exporter.send(lines)
        assert exporter.series() == ()
        assert exporter.own("statsd_exporter_events_actions_total", action="drop") == len(lines)


def test_a_sampled_gauge_is_its_value(tmp_path: Path) -> None:
    """Airflow sends some gauges one time in ten, with the rate behind the value; it is not multiplied."""
    with statsd_exporter(tmp_path, files(builtin())[MAPPING]) as exporter:
        exporter.send(["airflow.scheduler.dag_bag.cache_size:7|g|@0.1"])
        assert {sample.value for sample in exporter.series()} == {7}


def test_tags_below_the_plain_prefix_count_once(tmp_path: Path) -> None:
    """A sender with tags that keeps the plain prefix: its legacy name counts, by its tags, and its bare name not."""
    tags = "dag_id=a.b,task_id=c,state=success"
    lines = [f"airflow.ti.finish,{tags}:1|c", f"airflow.ti.finish.a.b.c.success,{tags}:1|c"]

    with statsd_exporter(tmp_path, files(builtin())[MAPPING]) as exporter:
        exporter.send(lines)
        (sample,) = exporter.series()
    assert sample.value == 1
    assert (sample.labels["dag_id"], sample.labels["task_id"], sample.labels["state"]) == ("a.b", "c", "success")
