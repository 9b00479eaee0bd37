"""``dashgen preview --sample``: a day in a real Prometheus that every panel can draw, and pictures of it."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from dashgen.catalog.airflow import TASK_STATUS
from dashgen.catalog.labels import DAG_ID
from dashgen.catalog.pipeline import ALERTS
from dashgen.catalog.recorded import DAG_TASKS
from dashgen.catalog.statsd.scheduler import SCHEDULER_HEARTBEAT
from tests import previewed as preview
from tests.command import dashgen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOUR = 3600
WIDTH = 1400
BOARDS = ("airflow-dags", "airflow-observability", "airflow-observability-v3", "airflow-platform")


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder in which programs make their temporary ones."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def sample(temporary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[preview.Running]:
    """Return a preview with a sample; where it is stopped, nothing of it may be left."""
    with preview.command("--sample", cwd=tmp_path_factory.mktemp("anywhere")) as running:
        assert list(temporary.glob("dashgen-preview-*"))
        yield running
        assert running.stop() == 0
    assert list(temporary.iterdir()) == []


@pytest.fixture(scope="module")
def prometheus(sample: preview.Running) -> str:
    """Return the address of the sample's Prometheus."""
    state = preview.get(sample.port, "/api/state").json
    assert state["sample"] is True
    url: str = state["prometheus"]
    return url


def values(sample: preview.Running, expr: str, *, ago: int = 0) -> list[float]:
    """Return what an expression gives, asked through the page's server, so many seconds ago."""
    now = preview.get(sample.port, "/prometheus/api/v1/query?query=time()").json["data"]["result"][1]
    target = f"/prometheus/api/v1/query?query={quote(expr)}&time={float(now) - ago}"
    return [float(each["value"][1]) for each in preview.get(sample.port, target).json["data"]["result"]]


def test_every_query_of_the_output(prometheus: str, checkout: Path) -> None:
    """Every query of every dashboard is answered with data, or is one that may be empty."""
    boards = checkout / "out/grafana/dashboards"
    options = ("--scrape-interval", "60s", "--format", "json")
    done = dashgen("verify", "--prometheus-url", prometheus, *options, boards, cwd=checkout)
    queries = json.loads(done.stdout)["queries"]
    assert {query["status"] for query in queries} == {"ok", "may be empty"}, [
        query for query in queries if query["status"] not in {"ok", "may be empty"}
    ]
    assert done.code == 0
    answered = sum(query["status"] == "ok" for query in queries)
    assert answered > len(queries) * 0.8


@pytest.mark.parametrize("hours", [0, 1, 6, 12, 23])
def test_whole_day(hours: int, sample: preview.Running) -> None:
    """What is pushed, what Airflow sends and what the rules record is there at any hour of the day."""
    for expr in (
        f"count({TASK_STATUS.fleet()})",
        f"rate({SCHEDULER_HEARTBEAT.select()}[4m])",
        f"count({next(iter(DAG_TASKS.values())).select()})",
    ):
        (value,) = values(sample, expr, ago=hours * HOUR)
        assert value > 0, expr


def test_something_happens(sample: preview.Running) -> None:
    """In a day runs begin, tasks fail, and alerts fire for that."""
    (changes,) = values(sample, f"sum(changes({TASK_STATUS.fleet()}[1d]))")
    assert changes > 100
    (failed,) = values(sample, f"count(min_over_time({TASK_STATUS.fleet()}[1d])==-1)")
    assert failed >= 3
    assert len(values(sample, f"group by(alertname)(max_over_time({ALERTS.select()}[1d]))")) >= 2
    assert len(values(sample, f"group by({DAG_ID})({TASK_STATUS.fleet()})")) == 10


def image(file: Path) -> tuple[int, int, int]:
    """Return width and height of a PNG, and how many of its lines differ from each other."""
    data = file.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (depth, colour) in {(8, 2), (8, 6)}
    packed, at = b"", 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    pixels = zlib.decompress(packed)
    line = len(pixels) // height
    return width, height, len({pixels[begin : begin + line] for begin in range(0, len(pixels), line)})


def test_pictures(prometheus: str, temporary: Path, tmp_path: Path) -> None:
    """Each dashboard is drawn whole, light and dark, and no panel of it fails."""
    done = dashgen(
        "preview", "--prometheus-url", prometheus, "--scrape-interval", "60s", "--png", "pictures", cwd=tmp_path
    )
    assert (done.code, done.stderr) == (0, ""), done.stderr
    files = [tmp_path / "pictures" / f"{uid}.{theme}.png" for uid in BOARDS for theme in ("dark", "light")]
    files.sort()
    assert sorted(done.stdout.split()) == [str(file.relative_to(tmp_path)) for file in files]
    assert sorted((tmp_path / "pictures").iterdir()) == files
    for file in files:
        width, height, different = image(file)
        assert width == WIDTH
        # More than the window that it begins with, and no blank page.
        assert height > 1500, file
        assert different > height / 4, file
    assert files[0].read_bytes() != files[1].read_bytes()
    assert not list(temporary.glob("dashgen-chromium-*"))


def test_picture_of_a_panel_that_fails(prometheus: str, tmp_path: Path) -> None:
    """Of a dashboard that is named, only it is drawn; a panel that fails is named, and the exit code tells."""
    target = {"refId": "A", "expr": "sum(", "datasource": {"type": "prometheus", "uid": "prometheus"}}
    panel = {
        "id": 1,
        "type": "stat",
        "title": "Broken",
        "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
        "datasource": target["datasource"],
        "targets": [target],
    }
    board = {
        "uid": "by-hand",
        "title": "By hand",
        "panels": [panel],
        "schemaVersion": 41,
        "time": {"from": "now-1h", "to": "now"},
    }
    (tmp_path / "board.json").write_text(json.dumps(board), encoding="utf-8")
    done = dashgen("preview", "--prometheus-url", prometheus, "--png", "pictures", "board.json", cwd=tmp_path)
    assert done.code == 1
    assert done.stdout.split() == ["pictures/by-hand.light.png", "pictures/by-hand.dark.png"]
    assert "failed   by-hand.light.png: Broken" in done.stderr
    assert "parse error" in done.stderr
