"""The page on the sweeper: what it says is what the command takes, and its examples can be used."""

from __future__ import annotations

import functools
import re
import shlex
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from dashgen import scaffold
from dashgen.cli import sweep
from tests.command import BIN, dashgen
from tests.programs import program

PAGE = (Path(__file__).parents[2] / "docs/sweeper.md").read_text(encoding="utf-8")
ON_THE_COMMAND, *_ = PAGE.split("\n## As a DAG")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def examples(language: str) -> list[str]:
    """Return the page's blocks of code in a language."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    return [text for of, text in blocks if of == language]


def test_options(tmp_path: Path) -> None:
    """The page tells each option of the command, and no other."""
    printed = set(OPTION.findall(dashgen("sweep", "--help", cwd=tmp_path).stdout))
    assert set(OPTION.findall(ON_THE_COMMAND)) == printed - {"--help", "--pipeline"}


def test_defaults_and_exit_codes() -> None:
    """The page's ages and exit codes are those of the command."""
    defaults = {option.name: option.default for option in sweep.params}
    assert f"{str(defaults['max_age']).removesuffix('h')} hours (`--max-age`)" in PAGE
    assert re.findall(r"^\| (\d) \|", PAGE, flags=re.MULTILINE) == ["0", "1", "2", "3"]


def test_dag_file() -> None:
    """The page shows the DAG file that ``dashgen init --airflow`` writes, with the words that Airflow looks for."""
    written = scaffold.files(scaffold.AIRFLOW)["dags/pushgateway_sweeper.py"]
    assert examples("python") == [written]
    assert len(written.splitlines()) == 1
    assert all(word in written.lower() for word in ("dag", "airflow"))


def commands() -> list[list[str]]:
    """Return the sweeps in the page's examples, without the program."""
    found = []
    for unit in examples("ini"):
        parser = ConfigParser()
        parser.optionxform = str  # type: ignore[assignment, method-assign]  # (as systemd reads it)
        parser.read_string(unit)
        if parser.has_option("Service", "ExecStart"):
            found.append(shlex.split(parser["Service"]["ExecStart"]))
    found += [shlex.split(line, comments=True) for block in examples("") for line in block.splitlines()]
    return [words[1:] for words in found]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_example_is_a_command(words: list[str]) -> None:
    """The command takes what the examples of systemd and a shell say."""
    name, *arguments = words
    assert name == sweep.name
    sweep.make_context(name, arguments)


def test_timer_belongs_to_the_service() -> None:
    """The two units bear the same name, and the page's command enables the timer."""
    files = re.findall(r"^# /etc/systemd/system/(\S+)$", PAGE, flags=re.MULTILINE)
    assert files == ["pushgateway-sweeper.service", "pushgateway-sweeper.timer"]
    assert f"`systemctl enable --now {files[1]}`" in PAGE


def verified(folder: Path, **instead: str) -> str:
    """Return what systemd says against the page's units, some text in them replaced."""
    units = dict(re.findall(r"^# /etc/systemd/system/(\S+)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE))
    # It looks whether the program is there.
    replaced = {"/opt/airflow/bin": str(BIN), **instead}
    for name, unit in units.items():
        text = functools.reduce(lambda whole, pair: whole.replace(*pair), replaced.items(), unit)
        (folder / name).write_text(text, encoding="utf-8")
    words = (program("systemd-analyze"), "verify", "--man=no", *(folder / name for name in units))
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    # Units of the machine's own that these need have their own faults.
    return "".join(line for line in told.stderr.splitlines(keepends=True) if "pushgateway-sweeper" in line)


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Systemd finds nothing wrong with the service and its timer."""
    assert verified(tmp_path) == ""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("Persistent", "Persistant"), ("=daily", "=dayly"), ("=oneshot", "=once")],
)
def test_systemd_refuses_wrong_units(tmp_path: Path, right: str, wrong: str) -> None:
    """A key or value in them that is wrong is found."""
    assert wrong.strip("=") in verified(tmp_path, **{right: wrong})
