"""Measure, and print each figure beside its target: ``python -m bench [PART]...``.

A target that is missed is marked, and fails nothing: time depends on the machine.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import MappingProxyType

import click
from rich.console import Console

from bench import commands, figures
from bench.listener import listener
from bench.past_runs import past_runs
from bench.preview import preview
from bench.rules import rules
from bench.scale import scale
from bench.statsd import statsd
from bench.sweeper import sweeper, sweeper_large

PARTS = MappingProxyType(
    {
        "builtin": commands.builtin,
        "generated": commands.generated,
        "catalog": commands.catalog,
        "listener": listener,
        "sweeper": sweeper,
        "sweeper-large": sweeper_large,
        "statsd": statsd,
        "preview": preview,
        "rules": rules,
        "scale": scale,
        "past-runs": past_runs,
    }
)
FORMATS = MappingProxyType({"text": figures.table, "json": figures.as_json})


@click.command()
@click.argument("parts", metavar="[PART]...", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default="text", show_default=True)
def main(parts: tuple[str, ...], style: str) -> None:
    """Measure parts, or all.

    They are builtin, generated, catalog, listener, sweeper, sweeper-large, statsd, preview, rules, scale and past-runs.
    """
    found: list[figures.Figure] = []
    # Shown on a terminal only.
    with Console(stderr=True).status("") as status:
        # The fleet of the rules comes last: a child's peak memory starts at what its parent holds.
        for part in (each for each in PARTS if not parts or each in parts):
            with tempfile.TemporaryDirectory() as folder:
                found += PARTS[part](Path(folder), status.update)
    click.echo(FORMATS[style](found))


if __name__ == "__main__":
    main(prog_name="python -m bench")
