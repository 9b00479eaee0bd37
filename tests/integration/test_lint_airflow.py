"""``dashgen lint --airflow``: the registry of a real Airflow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dashgen.airflow_registry import REGISTRY
from tests.command import dashgen
from tests.programs import TOOLS, MissingProgramError

if TYPE_CHECKING:
    from pathlib import Path


def site_packages(version: str) -> Path:
    """Return where an Airflow is installed.

    Raises:
        MissingProgramError: there is no such Airflow.

    """
    found = next((TOOLS / f"airflow-{version}").glob("lib/python3*/site-packages"), None)
    if found is None:
        raise MissingProgramError(f"there is no Airflow {version} in {TOOLS}: `make test` installs it")
    return found


def registry(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the registry of Airflow 3.3.2 with changes to its text, and return the file."""
    text = (site_packages("3.3.2") / REGISTRY).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "metrics_template.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("way", ["bin/python", "", "lib", REGISTRY])
def test_catalog_is_what_airflow_registers(way: str, tmp_path: Path) -> None:
    """The catalog has every metric of Airflow 3.3.2's registry as it is there, however one leads to it."""
    packages = site_packages("3.3.2")
    paths = {"lib": packages, REGISTRY: packages / REGISTRY}
    done = dashgen("lint", "--airflow", paths.get(way, TOOLS / "airflow-3.3.2" / way), cwd=tmp_path)
    assert (done.code, done.stdout, done.stderr) == (0, "1 file checked: no problems\n", "")


def test_differences_name_the_line(tmp_path: Path) -> None:
    """What a newer Airflow adds, drops and changes is told apart, each with its line and what to do."""
    file = registry(
        tmp_path,
        ('name: "pool.open_slots"', 'name: "pool.free_slots"'),
        ('legacy_name: "ti.start.{dag_id}.{task_id}"', 'legacy_name: "ti.start.{dag_id}"'),
        ('"return_code"]', '"return_code", "worker"]'),
        ('name: "dagbag_size"', 'name: "dagbag_size"  # changed'),
    )
    text = file.read_text(encoding="utf-8")
    start = text.index('name: "dagbag_size"')
    file.write_text(text[:start] + text[start:].replace('type: "gauge"', 'type: "counter"', 1), encoding="utf-8")
    lines = {
        name: text[: text.index(f'name: "{name}"')].count("\n") + 1
        for name in ("pool.free_slots", "ti.start", "local_task_job.task_exit", "dagbag_size")
    }

    told = json.loads(dashgen("lint", "--airflow", file, "--format", "json", cwd=tmp_path).stdout)["problems"]

    assert {(each["subject"], each["line"]): each["message"] for each in told} == {
        ("pool.free_slots", lines["pool.free_slots"]): "the catalog has no such gauge",
        ("pool.open_slots", 0): "it is gone; the catalog has it as airflow_pool_open_slots",
        ("ti.start", lines["ti.start"]): "its legacy name is ti.start.{dag_id}, "
        "and ti.start.{dag_id}.{task_id} in the catalog",
        ("local_task_job.task_exit", lines["local_task_job.task_exit"]): "it has variables that the catalog has "
        "no label for: worker",
        ("dagbag_size", lines["dagbag_size"]): "it is a counter, and a gauge in the catalog",
    }
    assert all(each["file"] == "metrics_template.yaml" and each["hint"] for each in told)


@pytest.mark.parametrize("style", ["text", "json", "github"])
def test_differences_are_findings(style: str, tmp_path: Path) -> None:
    """Differences are the result, on stdout with exit code 1, in each format."""
    registry(tmp_path, ('name: "ti.start"', 'name: "ti.begin"'))
    done = dashgen("lint", "--airflow", "metrics_template.yaml", "--format", style, cwd=tmp_path)
    assert (done.code, done.stderr) == (1, "")
    assert "ti.begin" in done.stdout


def test_airflow_without_a_registry(tmp_path: Path) -> None:
    """Airflow 2.11 has none: the message says so, and from which version on there is one."""
    done = dashgen("lint", "--airflow", TOOLS / "airflow-2.11.2", cwd=tmp_path)
    assert (done.code, done.stdout) == (2, "")
    assert "this Airflow has no registry of metrics" in done.stderr
    assert "from 3.2 on" in done.stderr
    assert str(site_packages("2.11.2") / "airflow") in done.stderr


def test_nothing_to_compare_without_statsd(tmp_path: Path) -> None:
    """A project that has StatsD switched off is told so, where it says it."""
    (tmp_path / "dashgen.toml").write_text("[statsd]\nenabled = false\n")
    done = dashgen("lint", "--airflow", TOOLS / "airflow-3.3.2", cwd=tmp_path)
    assert done.code == 2
    assert "dashgen.toml:2: statsd.enabled: StatsD is off" in done.stderr
