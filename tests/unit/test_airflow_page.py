"""The page on Airflow, and the files that ``dashgen init --airflow`` writes: what they say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from dashgen import scaffold
from dashgen.catalog.airflow import EVENTS
from dashgen.catalog.labels import DASHGEN_DOCTOR
from dashgen.catalog.model import FLEET, PER_RUN
from dashgen.doctor import gateway
from dashgen_plugin import delivery, environment
from tests.command import content, dashgen, shell

PAGE = (Path(__file__).parents[2] / "docs/airflow.md").read_text(encoding="utf-8")
ENV_FILE = scaffold.files(scaffold.AIRFLOW)["airflow.env"]


def table(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its own heading."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## )", PAGE, flags=re.DOTALL | re.MULTILINE)
    assert section
    rows = [line.strip("|").split("|") for line in section[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def code(cell: str) -> list[str]:
    """Return what is written as code in a cell."""
    return re.findall(r"`([^`]*)`", cell)


def assignments(text: str) -> dict[str, str]:
    """Read an env file as ``docker --env-file`` does: all behind the first = is the value."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_variables() -> None:
    """The page states each variable, with its default."""
    stated = {code(name)[0]: "".join(code(default)) for name, default, _ in table("Environment variables")}
    assert stated == environment.DEFAULTS


def test_events() -> None:
    """The page states what each event sets, in each generation."""
    stated = {code(name)[0]: (code(fleet), code(per_run)) for name, _, fleet, per_run in table("What is pushed when")}
    assert stated == {
        event.name: ([str(each) for each in event.sets[FLEET]], [str(each) for each in event.sets[PER_RUN]])
        for event in EVENTS
    }


def test_names_and_numbers() -> None:
    """The gateway's flags, the doctor's job and the plugin's limit are those of the code."""
    readme = scaffold.files(scaffold.AIRFLOW)["README.md"]
    for text in (PAGE, readme):
        assert f"--{gateway.NO_CONSISTENCY_CHECK} --{gateway.PERSISTENCE_FILE}=" in text
    assert f"`{DASHGEN_DOCTOR.name}`" in PAGE
    assert f"More than {delivery.MOST_WAITING:,} groups" in PAGE


def test_env_file_holds_each_variable() -> None:
    """The env file sets each variable, to its default but for the address, which is to be filled in."""
    assert assignments(ENV_FILE) == {**environment.DEFAULTS, environment.URL: "http://pushgateway:9091"}


def test_env_file_reads_alike(tmp_path: Path) -> None:
    """Docker, systemd and a shell read the env file alike: nothing in it means something to only one of them."""
    # systemd takes quotes and backslashes away, a shell much more; neither is in these.
    lines = [line for line in ENV_FILE.splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Z0-9_]+=[\w./:@%+,-]*", line)] == []
    # systemd and docker join no lines, and a comment is one only at the start of its line.
    assert not any(line.endswith("\\") or line.startswith((" ", ";")) for line in ENV_FILE.splitlines())

    (tmp_path / "airflow.env").write_text(ENV_FILE)
    done = shell("env -i bash -c 'set -a; . ./airflow.env; env'", cwd=tmp_path)
    sourced = assignments(done.stdout)
    assert {name: sourced[name] for name in environment.DEFAULTS} == assignments(ENV_FILE)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A second start in the same folder names what is there, and leaves it."""
    first = dashgen("init", "--airflow", "here", cwd=tmp_path)
    (tmp_path / "here/airflow.env").write_text("mine")
    before = content(tmp_path)
    second = dashgen("init", "--airflow", "here", cwd=tmp_path)

    assert (first.code, second.code) == (0, 2)
    assert first.stdout.splitlines() == [
        "written here/README.md",
        "written here/airflow.env",
        "written here/dags/pushgateway_sweeper.py",
        "written here/requirements.txt",
        "Next: set the gateway's address in here/airflow.env, and follow here/README.md",
    ]
    assert "here/airflow.env: is there already [init]\n    Name a folder of its own: dashgen init --airflow DIR" in (
        second.stderr
    )
    assert content(tmp_path) == before
