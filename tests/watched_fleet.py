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

    from dashgen.definitions import Project

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
    with (
        fleet.served(fleet.handler(fleet.exposition(size, time.time()))) as port,
        watching(folder, project_of(f"http://{servers.HOST}:{port}"), every=every) as server,
    ):
        yield server


def project_of(*urls: str) -> Project:
    """Return the built-in project for what is served as gateways at these addresses, and nothing else."""
    targets = tuple(url.removeprefix("http://") for url in urls)
    off = StatsdSettings(enabled=False)
    return _project(Settings(pushgateway_targets=targets, alertmanager_targets=(), statsd=off))


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
        with watching(folder, _project(settings), every=every) as server:
            yield server


def _project(settings: Settings) -> Project:
    return combine(settings, [define(settings)])


@contextmanager
def watching(folder: Path, project: Project, *, every: str, scraped_every: str = "") -> Iterator[servers.Prometheus]:
    """Run Prometheus on a project's targets and rules until every rule has seen what the others recorded.

    Scrapes run as often as rules, unless it is said how often.

    Raises:
        TimeoutError: a group is not evaluated often enough; the message names those that were.

    """
    files = rendered.files(project)
    (folder / "rules").mkdir()
    for path in ("rules/recording.yml", "rules/alerts.yml"):
        text = re.sub(r"(?m)^  interval: .*", f"  interval: {every}", files[f"prometheus/{path}"])
        (folder / path).write_text(text, encoding="utf-8")
    config = re.sub(
        r"scrape_(interval|timeout): .*", rf"scrape_\1: {scraped_every or every}", files["prometheus/prometheus.yml"]
    )
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
