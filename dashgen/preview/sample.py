"""A Prometheus that holds a day of a made-up deployment, and goes on scraping it."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dashgen import durations
from dashgen.catalog.labels import ALERTNAME, ALERTSTATE, INSTANCE
from dashgen.catalog.pipeline import ALERTS
from dashgen.emit.day import DAY, Deployment
from dashgen.preview import prometheus
from dashgen.render import prometheus as rendered
from dashgen.rules.model import Alert, Record
from dashgen.templating import render
from dashgen_plugin.exposition import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dashgen.definitions import Project
    from dashgen.verify.client import Client
    from dashgen_sweeper.sweep import Progress

# Fine enough for what looks back 5 minutes, as Prometheus and the rules do.
EVERY_SECONDS = 120
# What the dashboards take for the interval of scrapes, so that their rates find two of the above.
SCRAPE_INTERVAL = "60s"
_LIVE_INTERVAL = "15s"
_AT_A_TIME = 4
_NO_SCRAPES = "global: {}\n"


@contextmanager
def running(project: Project, progress: Progress) -> Iterator[str]:
    """Make up the day, and run a Prometheus on it; yield its address.

    Raises:
        DashgenError: Prometheus or promtool is missing, or fails.

    """
    # Before anything takes time.
    prometheus.program("prometheus")
    prometheus.program("promtool")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dashgen-preview-")))
        blocks = stack.enter_context(closing(prometheus.Blocks(folder / "data")))
        progress.phase("making up a day of Airflow")
        now = int(time.time())
        deployment = Deployment(project, now)
        times = range(now - DAY, now + 1, EVERY_SECONDS)
        for part in deployment.history(times):
            blocks.add(part.name, part.lines)
        progress.phase("reading it into Prometheus")
        blocks.wait()
        levels = list(_levels(project))
        progress.phase("evaluating rules", sum(map(len, levels)))
        for number, level in enumerate(levels):
            with prometheus.running(folder, _NO_SCRAPES) as url:
                blocks.add(f"rules{number}", _evaluated(project, url, level, times, progress))
                blocks.wait()
        port = stack.enter_context(_served(deployment))
        progress.phase("starting Prometheus")
        yield stack.enter_context(prometheus.running(folder, _config(project, folder, port, deployment.addresses)))


def _levels(project: Project) -> Iterator[list[Record | Alert]]:
    """Yield the rules in an order in which what a rule reads was recorded by an earlier list of them."""
    rules = [rule for group in (*project.recording, *project.alerts) for rule in group.rules]
    while rules:
        names = "|".join(re.escape(rule.metric.name) for rule in rules if isinstance(rule, Record))
        waits = re.compile(rf"(?<![\w:])(?:{names})(?![\w:])") if names else None
        ready = [rule for rule in rules if waits is None or not waits.search(rule.expr)]
        # Rules that wait for each other are evaluated as they come.
        yield ready or rules
        rules = [rule for rule in rules if rule not in ready] if ready else []


def _evaluated(
    project: Project, url: str, rules: Sequence[Record | Alert], times: Sequence[int], progress: Progress
) -> Iterator[str]:
    """Yield what the rules would have recorded at these times, as OpenMetrics lines."""
    with closing(prometheus.client(url)) as client, ThreadPoolExecutor(_AT_A_TIME) as pool:
        for rule, found in zip(rules, pool.map(lambda rule: _points(client, rule.expr, times), rules), strict=True):
            progress.advance(1)
            if isinstance(rule, Record):
                for labels, points in found:
                    yield from _lines(rule.metric.name, labels, points)
            else:
                own = {ALERTNAME.name: rule.name, **rendered.alert_labels(project, rule), ALERTSTATE.name: "firing"}
                for labels, points in found:
                    yield from _lines(ALERTS.name, {**labels, **own}, _firing(rule, points))


def _points(client: Client, expr: str, times: Sequence[int]) -> list[tuple[Mapping[str, str], list[Any]]]:
    return client.points(expr, times[0], times[-1], EVERY_SECONDS)


def _firing(rule: Alert, points: Iterable[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    """Yield an alert's points for as long as its expression has held long enough."""
    hold = durations.parse(rule.hold)
    since = before = 0.0
    for at, _ in points:
        if at - before > EVERY_SECONDS:
            since = at
        before = at
        if at - since >= hold:
            yield at, "1"


def _lines(name: str, labels: Mapping[str, str], points: Iterable[tuple[float, str]]) -> Iterator[str]:
    inner = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels.items() if label != "__name__")
    yield "".join(f"{name}{{{inner}}} {value} {at}\n" for at, value in points)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@contextmanager
def _served(deployment: Deployment) -> Iterator[int]:
    """Serve what goes on, each job's at a path of its name; yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            job = self.path.removeprefix("/")
            if job not in deployment.addresses:
                self.send_error(404)
                return
            body = deployment.scraped(job, time.time())
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer((prometheus.HOST, 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def _config(project: Project, folder: Path, port: int, addresses: Mapping[str, str]) -> str:
    """Write the rules, and return the configuration that reads them and scrapes what goes on."""
    rules = folder / "rules"
    rules.mkdir()
    for path, text in rendered.files(project).items():
        if path.startswith(f"{rendered.RULES}/"):
            (rules / Path(path).name).write_text(text, encoding="utf-8")
    return render(
        "prometheus/sample.yml.j2",
        scrape_interval=_LIVE_INTERVAL,
        rules=str(rules / "*.yml"),
        targets=[{"job": job, "path": f"/{job}", "instance": each} for job, each in addresses.items()],
        address=f"{prometheus.HOST}:{port}",
        instance=str(INSTANCE),
    )
