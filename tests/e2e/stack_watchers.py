"""What else looks at the stack: a Prometheus at the pace of a test, and VictoriaMetrics."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import yaml

from tests import servers
from tests.victoriametrics import victoriametrics, vmalert

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.servers import Prometheus

EVERY = "2s"
ELSEWHERE = "victoriametrics"
RULES = "prometheus/rules"


@contextmanager
def faster(folder: Path, out: Path) -> Iterator[Prometheus]:
    """Run Prometheus on a build, at the pace of a test."""
    (folder / "rules").mkdir()
    for file in (out / RULES).iterdir():
        text = re.sub(r"(?m)^  interval: .*", f"  interval: {EVERY}", file.read_text(encoding="utf-8"))
        (folder / "rules" / file.name).write_text(text, encoding="utf-8")
    config = (out / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    config = re.sub(r"(\w+)_(interval|timeout): .*", rf"\1_\2: {EVERY}", config)
    with servers.prometheus(folder, config, "--storage.tsdb.retention.time=30d") as server:
        yield server


@contextmanager
def elsewhere(
    folders: pytest.TempPathFactory, out: Path, alertmanager_url: str
) -> Iterator[tuple[Prometheus, Prometheus]]:
    """Run VictoriaMetrics on what a Prometheus' configuration scrapes, and vmalert on the same rule files.

    Its alerts have the label ``pace`` with the value ``ELSEWHERE``, by which they are told from Prometheus' own.
    """
    config = yaml.safe_load((out / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    scraped = {"global": {"scrape_interval": "30s"}, "scrape_configs": config["scrape_configs"]}
    with victoriametrics(folders.mktemp("victoriametrics"), yaml.safe_dump(scraped)) as store:
        files = str(out / RULES / "*.yml")
        label = f"-external.label=pace={ELSEWHERE}"
        with vmalert(folders.mktemp("vmalert"), files, store.url, store.url, alertmanager_url, label) as ruler:
            yield store, ruler
