"""Run the whole system on this machine until Ctrl-C: ``python -m demo [--emit]``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from dashgen.problems import EXIT_UNREACHABLE
from demo import airflow, stack
from tests.e2e.airflow import AirflowError
from tests.environments import CommandError, build_wheel
from tests.programs import MissingProgramError
from tests.servers import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from demo.stack import Ports, Stack

DASHGEN = Path(sys.executable).with_name("dashgen")
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_SECONDS = 1.0


@click.command()
@click.option("--emit", is_flag=True, help="A fleet by dashgen emit, instead of Airflow.")
def main(*, emit: bool) -> None:
    """Start the servers of out/ on loopback, and an Airflow with example DAGs, until Ctrl-C."""
    for each in ENDS:
        signal.signal(each, _end)
    try:
        with ExitStack() as started:
            _run(Path(started.enter_context(tempfile.TemporaryDirectory(prefix="dashgen-demo-"))), started, emit=emit)
    except KeyboardInterrupt:
        click.echo("stopped; nothing is left", err=True)
    except (AirflowError, CommandError, MissingProgramError, ServerError) as error:
        click.echo(f"demo: {error}", err=True)
        sys.exit(EXIT_UNREACHABLE)


def _end(_number: int, _frame: FrameType | None) -> None:
    """End once: what cleans up is not to be interrupted."""
    for each in ENDS:
        signal.signal(each, signal.SIG_IGN)
    # Not by way of a buffer, which the signal may have found half written; a terminal that hangs up takes nothing.
    with suppress(OSError):
        os.write(sys.stderr.fileno(), b"stopping\n")
    raise KeyboardInterrupt


def _run(folder: Path, started: ExitStack, *, emit: bool) -> None:
    """Start everything, say where it is, and look after it until it is interrupted.

    Raises:
        ServerError, AirflowError, MissingProgramError: something does not start, or ends by itself.
        CommandError: what it needs can't be made.

    """
    # Shown on a terminal only.
    with Console(stderr=True).status("building out/") as status:
        ports = stack.Ports.usual()
        out = stack.built(folder, stack.settings(ports, statsd=not emit), DASHGEN)
        status.update("starting Prometheus, Pushgateway and Alertmanager")
        servers = started.enter_context(stack.running(folder, out, ports))
        running: dict[str, subprocess.Popen[bytes]] = dict(_processes(servers))
        if not emit:
            running |= _airflow(folder, servers, ports, started, status.update)
    click.echo(_told(folder, servers, ports, emit=emit))
    if emit:
        running["dashgen emit"] = started.enter_context(_emitting(servers))
    _watch(running)


def _airflow(
    folder: Path, servers: Stack, ports: Ports, started: ExitStack, tell: Callable[[str], None]
) -> Mapping[str, subprocess.Popen[bytes]]:
    tell("building the package")
    (folder / "wheel").mkdir()
    wheel = build_wheel(folder / "wheel")
    tell("starting Airflow, which takes a minute")
    deployment = started.enter_context(airflow.running(folder, wheel, DASHGEN, servers, ports))
    return {f"airflow {name}": process for name, process in deployment.components.items()}


def _processes(servers: Stack) -> list[tuple[str, subprocess.Popen[bytes]]]:
    named = [
        ("Prometheus", servers.prometheus),
        ("Pushgateway", servers.pushgateway),
        ("Alertmanager", servers.alertmanager),
        ("statsd_exporter", servers.exporter),
    ]
    return [(name, server.process) for name, server in named if server is not None]


@contextmanager
def _emitting(servers: Stack) -> Iterator[subprocess.Popen[bytes]]:
    """Emit on this terminal, whose Ctrl-C does not reach it: it is ended here, and only once."""
    command = (DASHGEN, "emit", "--pushgateway-url", servers.pushgateway.url, "--follow")
    process = subprocess.Popen(command, start_new_session=True)  # noqa: S603  (our own)
    with process:
        try:
            yield process
        finally:
            process.terminate()


def _told(folder: Path, servers: Stack, ports: Ports, *, emit: bool) -> str:
    """Say where everything is, and what to do with it."""
    rows = [
        ("Prometheus", servers.prometheus.url, "alerts at /alerts"),
        ("Alertmanager", servers.alertmanager.url, ""),
        ("Pushgateway", servers.pushgateway.url, ""),
    ]
    if servers.exporter:
        rows.append(("statsd_exporter", servers.exporter.url, "Airflow's own metrics"))
    if not emit:
        rows.append(("Airflow", f"http://127.0.0.1:{ports.airflow}", "no password; the first runs are on their way"))
    asked = f"--prometheus-url {servers.prometheus.url} --config {folder / 'dashgen.toml'}"
    return "\n".join(
        (
            *(f"{name:<16} {url:<24} {what}".rstrip() for name, url, what in rows),
            "",
            "Values arrive within two minutes. Then, in another terminal:",
            f"  {DASHGEN} verify {asked} {servers.out}",
            f"  {DASHGEN} live-check --pushgateway-url {servers.pushgateway.url} {asked}",
            "",
            f"Dashboards: {servers.out / 'grafana' / 'dashboards'}; import them into a Grafana with this Prometheus.",
            "Ctrl-C stops everything, and removes what was made.",
        )
    )


def _watch(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Look after the processes until this one is interrupted.

    Raises:
        ServerError: one has ended by itself.

    """
    while True:
        for name, process in running.items():
            if process.poll() is not None:
                raise ServerError(f"{name} has ended by itself, with exit code {process.returncode}")
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main(prog_name="python -m demo")
