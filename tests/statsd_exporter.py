"""A real statsd_exporter: lines sent to it over UDP as Airflow does, and the series it makes of them."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from tests import servers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OWN = ("statsd_exporter_", "statsd_metric_mapper_", "go_", "process_", "promhttp_")
SETTLE_SECONDS = 30.0
# Below the smallest usual receive buffer, so that nothing is lost between two looks.
LINES_AT_ONCE = 100


@dataclass(frozen=True)
class StatsdExporter(servers.Server):
    """A running statsd_exporter."""

    statsd_port: int

    def send(self, lines: Iterable[str]) -> None:
        """Send lines, one packet each, and wait until all that are well formed are in its series.

        Raises:
            ServerError: it has not taken them in after 30 seconds.

        """
        todo = list(lines)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for start in range(0, len(todo), LINES_AT_ONCE):
                part = todo[start : start + LINES_AT_ONCE]
                expected = self.own("statsd_exporter_lines_total") + len(part)
                for line in part:
                    sender.sendto(line.encode(), (servers.HOST, self.statsd_port))
                self.settle(expected)

    def series(self) -> tuple[servers.Sample, ...]:
        """Return what it made of the lines: every sample but its own, the name as label `__name__`."""
        return tuple(sample for sample in self._samples() if not sample.labels["__name__"].startswith(OWN))

    def own(self, name: str, **labels: str) -> float:
        """Return one of its own metrics, summed over the series that have these labels."""
        return _summed(self._samples(only=name), name, labels)

    def settle(self, lines: float) -> None:
        """Wait until it has read that many lines, all in all, and all that are well formed are in its series.

        Raises:
            ServerError: it has not after 30 seconds.

        """
        deadline = time.monotonic() + SETTLE_SECONDS
        while not self._settled(lines):
            if time.monotonic() > deadline:
                raise servers.ServerError(f"statsd_exporter has not taken in all lines after {SETTLE_SECONDS:.0f} s")
            time.sleep(0.02)

    def _settled(self, lines: float) -> bool:
        """Tell whether it has read that many lines and what it read is in its series.

        Each sample becomes an event, or an error; each event ends in a series, is dropped, or is
        refused. An exporter counts these after the series is set, so a count says that it is there.
        """
        samples = self._samples(only="statsd_exporter_")

        def count(name: str, **labels: str) -> float:
            return _summed(samples, f"statsd_exporter_{name}", labels)

        ended = count("events_total") + count("events_conflict_total") + count("events_error_total")
        ended += count("events_actions_total", action="drop") + count("sample_errors_total")
        return count("lines_total") >= lines and ended >= count("samples_total")

    def _samples(self, only: str = "") -> tuple[servers.Sample, ...]:
        """Return what it exposes, of names that begin so: to read all takes long where there is much."""
        status, body = self.request("GET", "/metrics")
        if status != http.client.OK:
            raise servers.ServerError(f"GET {self.url}/metrics: {status} {body.decode(errors='replace')}")
        text = "".join(line for line in body.decode().splitlines(keepends=True) if line.startswith((only, "# TYPE")))
        return tuple(
            servers.Sample({"__name__": sample.name, **sample.labels}, sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        )


@contextmanager
def statsd_exporter(folder: Path, mapping: str | Path, *flags: str) -> Iterator[StatsdExporter]:
    """Run statsd_exporter on a mapping: its text, or the file that holds it.

    Raises:
        ServerError: it does not start; the message holds its log.

    """
    file = mapping if isinstance(mapping, Path) else folder / "statsd_mapping.yml"
    if isinstance(mapping, str):
        file.write_text(mapping, encoding="utf-8")
    port = free_udp_port()
    arguments = (
        f"--statsd.mapping-config={file}",
        f"--statsd.listen-udp={servers.HOST}:{port}",
        "--statsd.listen-tcp=",
        "--statsd.event-flush-interval=10ms",
        *flags,
    )
    with servers.running("statsd_exporter", arguments, folder) as server:
        yield StatsdExporter(server.port, server.process, server.log, port)


def free_udp_port(usual: int = 0) -> int:
    """Return a UDP port that nothing on loopback reads, the usual one if it is; another process may take it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((servers.HOST, usual))
        except OSError:
            if not usual:
                raise
            return free_udp_port()
        port: int = probe.getsockname()[1]
        return port


def sending(lines: str, port: int) -> dict[str, str]:
    """Return the variables of an airflow.env, sent to a port here."""
    named = dict(line.split("=", 1) for line in lines.splitlines() if line and not line.startswith("#"))
    here = {"AIRFLOW__METRICS__STATSD_HOST": servers.HOST, "AIRFLOW__METRICS__STATSD_PORT": str(port)}
    assert here.keys() <= named.keys()
    return named | here


def _summed(samples: Iterable[servers.Sample], name: str, labels: dict[str, str]) -> float:
    wanted = {"__name__": name, **labels}.items()
    return sum(sample.value for sample in samples if wanted <= sample.labels.items())
