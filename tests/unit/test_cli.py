"""The command line: transcripts of sessions, and how it leaves when it is interrupted.

A transcript (``transcripts/*.txt``) holds commands after ``$``, continued after ``>``, that bash
runs in one new folder; each with what it must print and, unless 0, its exit code in brackets.
``…`` stands for any text.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.command import BIN, dashgen, shell

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))
SLOW_MODULE = """
import pathlib, time
pathlib.Path("started").touch()
time.sleep(60)
"""


def sessions(text: str) -> list[tuple[str, str]]:
    """Split a transcript into commands, each with what it must print."""
    steps = re.findall(r"^\$ (.*\n(?:> .*\n)*)((?:(?!\$ ).*\n)*)", text, flags=re.MULTILINE)
    return [(command.replace("\n> ", "\n"), expected) for command, expected in steps]


def matches(expected: str, printed: str) -> bool:
    """Compare what was printed with what a transcript holds."""
    pattern = ".*".join(map(re.escape, expected.split("…")))
    return re.fullmatch(pattern, printed, flags=re.DOTALL) is not None


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: str(path.stem))
def test_transcript(transcript: Path, tmp_path: Path) -> None:
    """Each command prints what the transcript holds, and leaves with that exit code."""
    for command, expected in sessions(transcript.read_text(encoding="utf-8")):
        done = shell(command, cwd=tmp_path)
        printed = done.stdout + (f"[{done.code}]\n" if done.code else "")
        assert matches(expected.rstrip() + "\n", printed.rstrip() + "\n"), f"$ {command}\n{printed}"


def test_transcripts_can_fail() -> None:
    """What was printed must be all that the transcript holds, and no less."""
    assert matches("a … c\n", "a b\nb c\n")
    assert not matches("a … c\n", "a b\n")
    assert not matches("a\n", "a\nb\n")


def test_results_and_diagnostics_are_apart(tmp_path: Path) -> None:
    """A result goes to stdout, what is wrong goes to stderr."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").touch()

    done = dashgen("build", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "left alone out/mine.txt: not made by dashgen\n")
    assert re.fullmatch(r"out: \d+ written, 0 unchanged, 0 removed\n", done.stdout)

    done = dashgen("explain", "nothing of the kind", cwd=tmp_path)
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith("nothing of the kind: no metric, alert or panel has this name")


def test_build_as_json(tmp_path: Path) -> None:
    """The summary, the drift and the problems of a build can be read by a program."""
    built = json.loads(dashgen("build", "--format", "json", cwd=tmp_path).stdout)
    assert (built["out"], built["unchanged"], built["removed"], built["unknown"]) == ("out", 0, [], [])
    assert "manifest.json" in built["written"]

    (tmp_path / "out/docs/alerts.md").write_text("mine\n")
    done = dashgen("build", "--check", "--format", "json", cwd=tmp_path)
    drift = json.loads(done.stdout)
    assert done.code == 1
    assert drift["changed"]["docs/alerts.md"].startswith("--- on disk\n+++ as built\n@@ -1 +1,")
    assert (drift["missing"], drift["orphaned"], drift["edited"]) == ([], [], ["docs/alerts.md"])

    (tmp_path / "dashgen.toml").write_text("ot = 1\n")
    done = dashgen("build", "--format", "json", cwd=tmp_path)
    assert (done.code, done.stderr) == (2, "")
    assert json.loads(done.stdout) == {
        "problems": [
            {
                "rule": "settings",
                "file": "dashgen.toml",
                "line": 1,
                "subject": "ot",
                "message": "there is no such setting",
                "hint": "Did you mean out?",
            }
        ]
    }


def test_interruption_leaves_quietly(tmp_path: Path) -> None:
    """Ctrl-C ends the command with 130, without a traceback."""
    (tmp_path / "slow.py").write_text(SLOW_MODULE)
    (tmp_path / "dashgen.toml").write_text('modules = ["slow"]\n')
    process = subprocess.Popen((BIN / "dashgen", "build"), cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.02)

    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)

    assert (process.returncode, stderr.strip()) == (130, "")


def test_closed_pipe_is_quiet(tmp_path: Path) -> None:
    """A reader that goes away early sees no traceback."""
    done = shell("dashgen explain up --format json | head -c 1; dashgen --help | true", cwd=tmp_path)
    assert done.stdout == "["


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_scripts_call_the_command(name: str, tmp_path: Path) -> None:
    """Each shell's script asks the command for its completions."""
    done = dashgen("completion", name, cwd=tmp_path)
    assert done.code == 0
    assert f"_DASHGEN_COMPLETE={name}_complete" in done.stdout


def test_completion_completes(tmp_path: Path) -> None:
    """The command answers what its completion script asks."""
    line = "COMP_WORDS='dashgen bu' COMP_CWORD=1 _DASHGEN_COMPLETE=bash_complete dashgen"
    assert shell(line, cwd=tmp_path).stdout == "plain,build\n"


@pytest.mark.parametrize("command", ["", "build", "lint", "explain", "init", "completion"])
def test_help_has_examples(command: str, tmp_path: Path) -> None:
    """Every help page ends with commands to try."""
    done = dashgen(*filter(None, [command]), "--help", cwd=tmp_path)
    assert done.code == 0
    examples = done.stdout.partition("Examples:\n")[2].splitlines()
    assert examples
    assert all(line.startswith(f"    dashgen {command}".rstrip()) or "&&" in line for line in examples)
