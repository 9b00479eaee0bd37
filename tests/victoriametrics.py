"""VictoriaMetrics in Prometheus' place, for real: the single server, and vmalert that evaluates rules on it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests import servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTEN = "-httpListenAddr"
# It keeps samples younger than this (30 s by default) back from queries: a test wants to see what was scraped.
SOON = "-search.latencyOffset=1s"


@contextmanager
def victoriametrics(folder: Path, scrape_config: str, *flags: str) -> Iterator[servers.Prometheus]:
    """Run VictoriaMetrics on a scrape configuration of Prometheus'; it answers Prometheus' queries.

    It refuses what in it is for rules and alerts, unless a flag has it read past that.

    Raises:
        ServerError: it does not start; the message holds its log.

    """
    file = folder / "scrape.yml"
    file.write_text(scrape_config, encoding="utf-8")
    arguments = (
        f"-promscrape.config={file}",
        f"-storageDataPath={folder / 'data'}",
        SOON,
        *flags,
    )
    with servers.running("victoria-metrics", arguments, folder, listen=LISTEN) as server:
        yield servers.Prometheus(server.port, server.process, server.log)


@contextmanager
def vmalert(
    folder: Path,
    rules: str,
    datasource_url: str,
    remote_write_url: str,
    notifier_url: str | None = None,
    *flags: str,
) -> Iterator[servers.Prometheus]:
    """Run vmalert on rule files, a path that may hold wildcards; it answers for rules and alerts alone.

    It reads from the datasource and writes the results of its rules to the other URL, as a rule the
    same server. Without a notifier, an Alertmanager's URL, alerts go nowhere.

    Raises:
        ServerError: it does not start, as where a rule can't be read; the message holds its log.

    """
    notifier = "-notifier.blackhole" if notifier_url is None else f"-notifier.url={notifier_url}"
    arguments = (
        f"-rule={rules}",
        f"-datasource.url={datasource_url}",
        f"-remoteWrite.url={remote_write_url}",
        # Alerts that were pending when it stopped go on from there.
        f"-remoteRead.url={datasource_url}",
        # A result is there for the next query: it neither looks back 30 s nor gathers results for 2 s.
        "-rule.evalDelay=1s",
        "-remoteWrite.flushInterval=200ms",
        notifier,
        *flags,
    )
    with servers.running("vmalert", arguments, folder, listen=LISTEN) as server:
        yield servers.Prometheus(server.port, server.process, server.log)
