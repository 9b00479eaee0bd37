"""A real Prometheus that scrapes a whole fleet and evaluates the generated rules."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dashgen.builtin import define
from dashgen.definitions import combine
from dashgen.render import prometheus as rendered
from dashgen.settings import Settings, StatsdSettings
from tests import fleet, servers, statsd_fleet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# One group reads what another recorded, and that one what a third did.
SETTLED_AFTER_ROUNDS = 3
PATIENCE_SECONDS = 180


@contextmanager
def watched(folder: Path, size: fleet.Fleet, *, every: str = "10s") -> Iterator[servers.Prometheus]:
    """Run Prometheus on a fleet until every rule has seen what the others recorded.

    Scrapes and rules run ``every`` so often rather than by the minute: nobody waits that long.

    Raises:
        TimeoutError: a group is not evaluated often enough; the message names those that were.

    """
    with fleet.served(fleet.handler(fleet.exposition(size, time.time()))) as port:
        off = StatsdSettings(enabled=False)
        settings = Settings(pushgateway_targets=(f"{servers.HOST}:{port}",), alertmanager_targets=(), statsd=off)
        with _running(folder, settings, every) as server:
            yield server


@contextmanager
def statsd_watched(folder: Path, size: fleet.Fleet, *, every: str = "10s") -> Iterator[servers.Prometheus]:
    """Do as :func:`watched` with the fleet as statsd_exporter exposes it.

    Raises:
        TimeoutError: a group is not evaluated often enough; the message names those that were.

    """
    with fleet.served(statsd_fleet.handler(statsd_fleet.exposition(size))) as port:
        settings = Settings(
            pushgateway_targets=(), alertmanager_targets=(), statsd=StatsdSettings(targets=(f"{servers.HOST}:{port}",))
        )
        with _running(folder, settings, every) as server:
            yield server


@contextmanager
def _running(folder: Path, settings: Settings, every: str) -> Iterator[servers.Prometheus]:
    files = rendered.files(combine(settings, [define(settings)]))
    (folder / "rules").mkdir()
    for path in ("rules/recording.yml", "rules/alerts.yml"):
        text = re.sub(r"(?m)^  interval: .*", f"  interval: {every}", files[f"prometheus/{path}"])
        (folder / path).write_text(text, encoding="utf-8")
    config = re.sub(r"scrape_(interval|timeout): .*", rf"scrape_\1: {every}", files["prometheus/prometheus.yml"])
    with servers.prometheus(folder, config) as server:
        for _ in evaluations(server, SETTLED_AFTER_ROUNDS):
            pass
        yield server


def evaluations(server: servers.Prometheus, rounds: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the rule groups each time that all have been evaluated anew, once the fleet is scraped.

    Raises:
        TimeoutError: they were not, for long.

    """
    _wait(lambda: bool(server.query("scrape_samples_scraped > 1000")), "no scrape of the fleet")
    for _ in range(rounds):
        before = _times(server.rule_groups())
        _wait(
            lambda seen=before: not (seen.items() & _times(server.rule_groups()).items()),
            f"not all of {', '.join(before)} were evaluated",
        )
        yield server.rule_groups()


def _times(groups: list[dict[str, Any]]) -> dict[str, str]:
    return {group["name"]: group["lastEvaluation"] for group in groups}


def _wait(until: Any, otherwise: str) -> None:  # noqa: ANN401  (a function without arguments)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not until():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.2)
