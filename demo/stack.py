"""The servers of the Compose file on loopback, without containers, on files that are built for their ports."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgen.render.compose import PATH
from tests import servers
from tests.composed import services, started
from tests.environments import run
from tests.programs import CHECKOUT
from tests.statsd_exporter import StatsdExporter, free_udp_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.composed import Service

COMPOSED = services((CHECKOUT / "out" / PATH).read_text(encoding="utf-8"))
PROMETHEUS, PUSHGATEWAY, ALERTMANAGER, EXPORTER = (
    COMPOSED["prometheus"],
    COMPOSED["pushgateway"],
    COMPOSED["alertmanager"],
    COMPOSED["statsd-exporter"],
)
AIRFLOW_PORT = 8080


@dataclass(frozen=True)
class Ports:
    """Where each server listens on loopback; ``statsd`` is the exporter's for Airflow's lines, over UDP."""

    prometheus: int
    pushgateway: int
    alertmanager: int
    exporter: int
    statsd: int
    airflow: int

    @classmethod
    def usual(cls) -> Ports:
        """Return those that each has in the Compose file, or free ones where these are taken."""
        return cls(
            servers.free_port(PROMETHEUS.ports["tcp"]),
            servers.free_port(PUSHGATEWAY.ports["tcp"]),
            servers.free_port(ALERTMANAGER.ports["tcp"]),
            servers.free_port(EXPORTER.ports["tcp"]),
            free_udp_port(EXPORTER.ports["udp"]),
            servers.free_port(AIRFLOW_PORT),
        )

    @classmethod
    def free(cls) -> Ports:
        """Return free ones."""
        prometheus, pushgateway, alertmanager, exporter, airflow = (servers.free_port() for _ in range(5))
        return cls(prometheus, pushgateway, alertmanager, exporter, free_udp_port(), airflow)


@dataclass(frozen=True)
class Stack:
    """The running servers, and the output folder that they run on; without StatsD there is no exporter."""

    out: Path
    prometheus: servers.Prometheus
    pushgateway: servers.Pushgateway
    alertmanager: servers.Server
    exporter: StatsdExporter | None


def settings(ports: Ports, *more_exporters: str, statsd: bool = True) -> str:
    """Write a dashgen.toml by which the servers find each other, and links lead to this Airflow."""
    exporters = ", ".join(f'"{each}"' for each in (f"{servers.HOST}:{ports.exporter}", *more_exporters))
    return (
        f'prometheus_url = "http://{servers.HOST}:{ports.prometheus}"\n'
        f'airflow_url = "http://{servers.HOST}:{ports.airflow}"\n'
        f'pushgateway_targets = ["{servers.HOST}:{ports.pushgateway}"]\n'
        f'alertmanager_targets = ["{servers.HOST}:{ports.alertmanager}"]\n'
        f"[statsd]\n"
        f"enabled = {str(statsd).lower()}\n"
        f"targets = [{exporters}]\n"
    )


def built(folder: Path, config: str, dashgen: Path) -> Path:
    """Build the output of a dashgen.toml, given as text, by a command; return the output folder.

    Raises:
        CommandError: the build fails; the message holds what it printed.

    """
    file, out = folder / "dashgen.toml", folder / "out"
    file.write_text(config, encoding="utf-8")
    run(dashgen, "build", "--config", file, "--out", out, cwd=folder)
    return out


@contextmanager
def running(folder: Path, out: Path, ports: Ports) -> Iterator[Stack]:
    """Run the servers on an output folder, with the Compose file's flags, and data below ``folder``.

    Raises:
        ServerError: one does not start; the message holds its log.
        MissingProgramError: one is not installed; the message says what installs it.

    """
    with ExitStack() as stack:

        def start(service: Service, port: int, *flags: str) -> servers.Server:
            own = folder / service.name
            own.mkdir(exist_ok=True)
            return stack.enter_context(started(service, own, out, *flags, port=port))

        gateway = start(PUSHGATEWAY, ports.pushgateway)
        alertmanager = start(ALERTMANAGER, ports.alertmanager)
        exporter = None
        if (out / "statsd").is_dir():
            listen = (f"--statsd.listen-udp={servers.HOST}:{ports.statsd}", "--statsd.listen-tcp=")
            server = start(EXPORTER, ports.exporter, *listen)
            exporter = StatsdExporter(server.port, server.process, server.log, ports.statsd)
        prometheus = start(PROMETHEUS, ports.prometheus)
        yield Stack(
            out,
            servers.Prometheus(prometheus.port, prometheus.process, prometheus.log),
            servers.Pushgateway(gateway.port, gateway.process, gateway.log),
            alertmanager,
            exporter,
        )
