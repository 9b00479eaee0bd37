"""The servers and programs that other tests rely on."""

from __future__ import annotations

import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests import servers
from tests.programs import MissingProgramError, amtool, pint, program, promtool
from tests.statsd_exporter import statsd_exporter
from tests.victoriametrics import victoriametrics, vmalert

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = """
groups:
  - name: test
    interval: 1s
    rules:
      - {record: answer, expr: vector(42)}
"""
ROUTE = """
route: {receiver: nobody}
receivers: [{name: nobody}]
"""


def test_prometheus_evaluates(start_prometheus: Callable[..., servers.Prometheus], tmp_path: Path) -> None:
    """A started Prometheus evaluates rules and answers instant and range queries."""
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES, encoding="utf-8")
    prometheus = start_prometheus(f"rule_files: [{rules}]")

    deadline = time.monotonic() + 20
    while not prometheus.query("answer") and time.monotonic() < deadline:
        time.sleep(0.2)

    now = time.time()
    (sample,) = prometheus.query("answer")
    (series,) = prometheus.query_range("answer", start=now - 5, end=now, step=1)
    assert (sample.labels, sample.value) == ({"__name__": "answer"}, 42)
    assert {value for _, value in series.points} == {42}
    assert prometheus.query("1 + 1") == (servers.Sample({}, 2),)
    assert [group["name"] for group in prometheus.rule_groups()] == ["test"]


def test_refused_query_says_why(start_prometheus: Callable[..., servers.Prometheus]) -> None:
    """An expression that does not parse is an error with Prometheus' reason."""
    with pytest.raises(servers.ServerError, match="parse error"):
        start_prometheus("{}").query("sum(")


def test_pushgateway_holds_what_is_pushed(pushgateway: servers.Pushgateway) -> None:
    """A pushed sample is exposed, by a gateway that runs without the consistency check."""
    pushgateway.push("job/j/instance/i", "answer 42\n")

    deadline = time.monotonic() + 10
    # Without the check the answer is 202: the push is queued, and applied a moment later.
    while b'answer{instance="i",job="j"} 42' not in pushgateway.request("GET", "/metrics")[1]:
        assert time.monotonic() < deadline, "the sample is not exposed"
        time.sleep(0.05)
    flags = pushgateway.get_json("/api/v1/status")["data"]["flags"]
    assert flags["push.disable-consistency-check"] == "true"


def test_pushgateway_refuses_nonsense(pushgateway: servers.Pushgateway) -> None:
    """Text that is no exposition is an error, not lost."""
    with pytest.raises(servers.ServerError, match="400"):
        pushgateway.push("job/j", "no number here\n")


def test_alertmanager_answers(start_alertmanager: Callable[[str], servers.Server]) -> None:
    """A started Alertmanager runs the configuration that it was given."""
    status = start_alertmanager(ROUTE).get_json("/api/v2/status")
    assert "receiver: nobody" in status["config"]["original"]


def test_statsd_exporter_maps_what_is_sent(tmp_path: Path) -> None:
    """A line sent is a series at once, in seconds and with the labels of the mapping or of its tags."""
    mapping = """
mappings:
  - {match: "a.*", name: answer_seconds, labels: {from: "$1"}}
  - {match: ".", match_type: regex, name: dropped, action: drop}
"""
    with statsd_exporter(tmp_path, mapping) as exporter:
        exporter.send(["a.x:42000|ms", "a.y,tag=z:1000|ms", "b:1|c", "no line"])
        values = {
            (sample.labels["from"], sample.labels.get("tag")): sample.value
            for sample in exporter.series()
            if sample.labels["__name__"] == "answer_seconds_sum"
        }
        assert values == {("x", None): 42, ("y", "z"): 1}
        assert exporter.own("statsd_exporter_events_actions_total", action="drop") == 1
        assert {
            sample.labels["__name__"].removesuffix("_sum").removesuffix("_count") for sample in exporter.series()
        } == {"answer_seconds"}


def test_victoriametrics_holds_what_vmalert_evaluates(tmp_path: Path) -> None:
    """What a rule records is in VictoriaMetrics, which answers as Prometheus does; vmalert has the rules."""
    stored, alerting = tmp_path / "stored", tmp_path / "alerting"
    stored.mkdir()
    alerting.mkdir()
    (alerting / "rules.yml").write_text(RULES, encoding="utf-8")
    with (
        victoriametrics(stored, "scrape_configs: []\n") as server,
        vmalert(alerting, str(alerting / "*.yml"), server.url, server.url) as rules,
    ):
        # A name that is not there is remembered for 10 s.
        deadline = time.monotonic() + 30
        while not server.query("answer") and time.monotonic() < deadline:
            time.sleep(0.2)

        assert server.query("answer") == (servers.Sample({"__name__": "answer"}, 42),)
        assert [group["name"] for group in rules.rule_groups()] == ["test"]


def test_victoriametrics_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    """A scrape configuration with a key that it has no use for is an error with its own words."""
    with (
        pytest.raises(servers.ServerError, match=r"(?s)did not start:\n.*no_such_key"),
        victoriametrics(tmp_path, "no_such_key: 1\n"),
    ):
        pass


def test_failed_start_shows_the_log(tmp_path: Path) -> None:
    """A server that does not start is an error with its own words."""
    with (
        pytest.raises(servers.ServerError, match=r"(?s)did not start:\n.*no_such_key"),
        servers.prometheus(tmp_path, "no_such_key: 1"),
    ):
        pass


def test_taken_port_is_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that another process takes first is exchanged for another one."""
    with socket.create_server((servers.HOST, 0)) as taken:
        free = servers.free_port()
        ports = iter([taken.getsockname()[1], free])
        monkeypatch.setattr(servers, "free_port", lambda: next(ports))
        with servers.pushgateway(tmp_path) as gateway:
            assert gateway.port == free


def test_server_is_stopped(tmp_path: Path) -> None:
    """Leaving the context ends the process."""
    with servers.pushgateway(tmp_path) as gateway:
        assert gateway.process.poll() is None
    assert gateway.process.poll() is not None


def test_missing_program_names_the_remedy() -> None:
    """A program that is not installed is an error that says what installs it."""
    with pytest.raises(MissingProgramError, match="no-such-program is not installed: `make servers`"):
        program("no-such-program")


def test_own_copy_comes_first(tmp_path: Path) -> None:
    """The copy that the project installed is used before the machine's."""
    own = tmp_path / "bin" / "promtool"
    own.parent.mkdir()
    own.touch(mode=0o755)
    assert program("promtool", tools=tmp_path) == own


@pytest.mark.parametrize(("tool", "argument"), [(promtool, "--version"), (amtool, "--version"), (pint, "version")])
def test_checkers_run(tool: Callable[[], Path], argument: str) -> None:
    """The checkers of rules, routes and configuration run."""
    subprocess.run((str(tool()), argument), check=True)
