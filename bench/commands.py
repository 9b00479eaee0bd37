"""The command and the catalog's import, as ratios to what Python and the libraries take by themselves."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench import projects
from bench.figures import Figure
from bench.processes import Command, timed
from bench.teams import PANELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUICK_ROUNDS = 15
SLOW_ROUNDS = 5
DASHBOARDS = 50
MIB = "MiB"
SECONDS = "s"
MILLISECONDS = "ms"
TIMES = "times"

_IMPORT = "import of the libraries"
_LIBRARIES = "import grafanalib.core, jinja2, click, yaml, promql_parser"


def builtin(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Build the built-in catalog where nothing changed."""
    build = "build, built-in, unchanged"
    commands = {_IMPORT: _python(_LIBRARIES), build: _build(folder / "out")}
    found = timed(commands, QUICK_ROUNDS, folder, tell)
    for name, timing in found.items():
        yield Figure(name, timing.seconds, SECONDS)
    yield Figure(f"{build} / import", found[build].seconds / found[_IMPORT].seconds, TIMES, 2.5)


def generated(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Build a generated project, and one of twice its size, for the first time and again."""
    sizes = (DASHBOARDS, 2 * DASHBOARDS)
    commands = {_IMPORT: _python(_LIBRARIES)}
    for size in sizes:
        settings = projects.write(folder / f"project{size}", size)
        out = folder / f"out{size}"
        # In this order, so that each first build leaves what the next finds unchanged.
        commands[_first(size)] = _build(out, settings, before=partial(shutil.rmtree, out, ignore_errors=True))
        commands[_unchanged(size)] = _build(out, settings)
    found = timed(commands, SLOW_ROUNDS, folder, tell)
    for name, timing in found.items():
        yield Figure(name, timing.seconds, SECONDS)
    for name in (_first(DASHBOARDS), _unchanged(DASHBOARDS)):
        yield Figure(f"{name} / import", found[name].seconds / found[_IMPORT].seconds, TIMES, 12)
        yield Figure(f"{name}, peak memory", found[name].peak_mib, MIB, 200)
    for kind in (_first, _unchanged):
        small, large = (found[kind(size)].seconds for size in sizes)
        yield Figure(f"{kind(sizes[1])} / {kind(sizes[0])}", large / small, TIMES, 2.2)


def catalog(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Import the catalog alone, as Airflow does."""
    bare, library, ours = "bare Python", "import of dataclasses", "import of the catalog"
    commands = {
        bare: _python("pass"),
        # What the catalog is made of, and below which its import can't come.
        library: _python("import dataclasses"),
        ours: _python("import dashgen.catalog"),
    }
    found = timed(commands, 2 * QUICK_ROUNDS, folder, tell)
    for name, timing in found.items():
        yield Figure(name, 1000 * timing.seconds, MILLISECONDS)
    for name, target in ((library, None), (ours, 25)):
        above = found[name].seconds - found[bare].seconds
        yield Figure(f"{name}, above {bare}", 1000 * above, MILLISECONDS, target)


def _first(dashboards: int) -> str:
    return f"build, {dashboards} x {PANELS} panels, first"


def _unchanged(dashboards: int) -> str:
    return f"build, {dashboards} x {PANELS} panels, unchanged"


def _python(code: str) -> Command:
    return Command((sys.executable, "-c", code))


def _build(out: Path, settings: Path | None = None, *, before: Callable[[], None] = lambda: None) -> Command:
    program = str(Path(sys.executable).with_name("dashgen"))
    config = ("--config", str(settings)) if settings else ()
    return Command((program, "build", "--out", str(out), *config), before)
