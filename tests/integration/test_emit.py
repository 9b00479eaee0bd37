"""``dashgen emit`` as a person runs it, against real and faulty gateways."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from dashgen.cli import cli
from dashgen_plugin import environment
from tests import certificates, faulty, servers, wire
from tests.command import BIN, Done
from tests.hooks import eventually
from tests.integration.sweeper import gateways

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.servers import Pushgateway

SECRET = "s3cret"  # noqa: S105  (no secret: what must not be printed)
SMALL = ("--dags", "6", "--tasks", "5", "--runs", "2")
MODULE = """
from dashgen.catalog import Gauge, Job, Source
from dashgen.catalog.labels import INSTANCE, TASK_JOBS
from dashgen.definitions import Definitions

FIELDS = {"help": "Rows", "read": "x", "source": Source.CUSTOM, "owner": "x", "unused_because": "for a test"}
ROWS = Gauge("rows_loaded", jobs=TASK_JOBS, **FIELDS)
OTHER = Gauge("rows_elsewhere", jobs=(Job("elsewhere", "x", (INSTANCE,), pushed=True),), **FIELDS)

def define(settings):
    return Definitions(metrics=(ROWS, OTHER))
"""


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> Done:
    """Run the command in this process, in the working directory."""
    done = CliRunner().invoke(cli, ["emit", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


def emit(url: str, *arguments: str) -> Done:
    """Run the command for a gateway."""
    return run("--pushgateway-url", url, *arguments)


def jobs(gateway: servers.Server) -> Counter[str]:
    """Count what a gateway holds by job."""
    return Counter(dict(key)["job"] for key in gateways.held(gateway))


def test_emit(pushgateway: Pushgateway) -> None:
    """What is printed is what the gateway holds; every value is the catalog's, and the instance marks it all."""
    done = emit(pushgateway.url, *SMALL, "--format", "json")
    assert (done.code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told.keys() == {"instance", "groups", "seconds", "groups_per_second"}
    assert told["groups"]["airflow_tasks"] == 30
    assert gateways.eventually(lambda: jobs(pushgateway) == told["groups"])
    assert {dict(key)["instance"] for key in gateways.held(pushgateway)} == {"dashgen-emit"}


def test_emit_twice(pushgateway: Pushgateway) -> None:
    """Another run adds to the same groups; as text, with a line per job."""
    for _ in range(2):
        done = emit(pushgateway.url, *SMALL, "--runs", "0")
        assert (done.code, done.stderr) == (0, "")
    *lines, last = done.stdout.splitlines()
    assert sorted(lines) == ["airflow_dags: 6 groups", "airflow_tasks: 30 groups"]
    assert re.fullmatch(
        rf"36 groups of dashgen-emit pushed to {pushgateway.url} in [\d.]+ s, \d+ a second; .* --clean .*", last
    )
    assert gateways.eventually(lambda: sum(jobs(pushgateway).values()) == 36)


def test_consistency_check(tmp_path: Path) -> None:
    """A gateway that checks answers otherwise, and takes everything too."""
    with servers.pushgateway(tmp_path, consistency_check=True) as gateway:
        done = emit(gateway.url, *SMALL, "--format", "json")
        assert done.code == 0, done.stderr
        assert jobs(gateway) == json.loads(done.stdout)["groups"]


def test_own_metrics(pushgateway: Pushgateway, tmp_path: Path) -> None:
    """A user's metric is in the tasks' groups; of one that no task can report it is said that it is not emitted."""
    (tmp_path / "mine.py").write_text(MODULE)
    (tmp_path / "dashgen.toml").write_text('modules = ["mine"]\n')
    done = emit(pushgateway.url, *SMALL)
    assert done.code == 0
    assert done.stderr.startswith("not emitted: rows_elsewhere is in no job of tasks")
    assert gateways.eventually(lambda: any("rows_loaded" in group for group in gateways.held(pushgateway).values()))


def test_settings_without_runs(pushgateway: Pushgateway, tmp_path: Path) -> None:
    """Where the settings leave per-run groups out none are made, and asking for some is wrong."""
    (tmp_path / "dashgen.toml").write_text('generations = ["fleet"]\n')
    done = emit(pushgateway.url, "--dags", "3", "--format", "json")
    assert json.loads(done.stdout)["groups"].keys() == {"airflow_tasks", "airflow_dags"}
    done = emit(pushgateway.url, "--runs", "2")
    assert (done.code, done.stdout) == (2, "")
    assert "the settings have no per-run groups" in done.stderr


def test_clean(pushgateway: Pushgateway) -> None:
    """Exactly what was emitted goes again: not another instance's, not another team's, whatever it is called."""
    others = [
        gateways.Group({"job": "airflow_tasks", "dag_id": "etl", "task_id": "load", "instance": "prod"}),
        gateways.Group({"job": "airflow_tasks", "dag_id": "dashgen-emit", "task_id": "load", "instance": "x"}),
        gateways.Group({"job": "airflow_tasks", "dag_id": 'a",instance="dashgen-emit', "instance": "x"}),
        gateways.Group({"job": "backup", "instance": "dashgen-emit"}, text=gateways.BACKUP),
        gateways.Group({"job": "backup"}, text=gateways.BACKUP),
    ]
    before = gateways.filled(pushgateway, others)
    assert emit(pushgateway.url, *SMALL).code == 0
    assert emit(pushgateway.url, *SMALL, "--instance", "dashgen-emit-2").code == 0
    done = emit(pushgateway.url, "--clean", "--format", "json")
    assert (done.code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["removed"] > 60
    assert told["failures"] == []
    instances = Counter(dict(key).get("instance") for key in gateways.held(pushgateway))
    assert instances == {"dashgen-emit-2": told["removed"], "prod": 1, "x": 2, "dashgen-emit": 1, None: 1}
    again = emit(pushgateway.url, "--clean", "--instance", "dashgen-emit-2")
    assert again.stdout == f"{told['removed']} groups of dashgen-emit-2 removed from {pushgateway.url}\n"
    assert gateways.held(pushgateway) == before
    empty = emit(pushgateway.url, "--clean")
    assert (empty.code, empty.stdout) == (0, f"0 groups of dashgen-emit removed from {pushgateway.url}\n")


def test_clean_that_is_refused(pushgateway: Pushgateway) -> None:
    """What can't be removed is named, with the reason, and is exit code 1."""
    assert emit(pushgateway.url, "--dags", "2", "--tasks", "2", "--runs", "0").code == 0
    with gateways.front(pushgateway.port, gateways.refusing("airflow_dags")) as server:
        done = emit(server.url, "--clean")
    assert done.code == 1
    assert done.stdout.startswith("4 groups of dashgen-emit removed")
    assert [line.rpartition(": ")[2] for line in done.stderr.splitlines()] == ["500 no", "500 no"]


@pytest.mark.parametrize("instance", ["prod", "", "dashgen-emi", 'dashgen-emit"', "dashgen-emit/x", "x-dashgen-emit"])
@pytest.mark.parametrize("more", [(), ("--clean",)])
def test_instance_without_the_mark(instance: str, more: tuple[str, ...]) -> None:
    """Another instance is an Airflow deployment's: nothing is pushed there, and nothing removed."""
    with faulty.answering(202) as server:
        done = emit(server.url, "--instance", instance, *more)
        assert server.accepted == 0
    assert (done.code, done.stdout) == (2, "")
    assert "does not begin with dashgen-emit" in done.stderr


def test_sweep_afterwards(pushgateway: Pushgateway, tmp_path: Path) -> None:
    """The sweeper takes what was emitted as runs for runs: it sees them all, and leaves what is fresh."""
    told = json.loads(emit(pushgateway.url, *SMALL, "--format", "json").stdout)["groups"]
    runs = told["airflow_task_runs"] + told["airflow_dag_runs"]
    assert gateways.eventually(lambda: jobs(pushgateway) == told)
    dry = json.loads(gateways.command(pushgateway.url, "--dry-run", "--format", "json", cwd=tmp_path).stdout)
    assert (dry["seen"], dry["deleted"], dry["kept"]) == (runs, 0, runs)


def test_follow(pushgateway: Pushgateway, tmp_path: Path) -> None:
    """The fleet goes on until Ctrl-C, which is its end as it should be."""
    arguments = ("emit", "--pushgateway-url", pushgateway.url, "--dags", "150", "--tasks", "6", "--follow")
    with subprocess.Popen(
        (str(BIN / "dashgen"), *arguments),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "the fleet goes on until Ctrl-C\n"
        before = gateways.held(pushgateway)
        assert eventually(lambda: gateways.held(pushgateway) != before, 60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert re.fullmatch(r"[1-9]\d* groups? pushed since\n", err)
    assert "of dashgen-emit pushed to" in out


def html(status: int) -> Callable[[], AbstractContextManager[wire.Server]]:
    """Return a server that answers each request with a page."""
    return lambda: faulty.answering(status, text="<html>welcome</html>")


FAULTS: dict[str, tuple[Callable[[], AbstractContextManager[wire.Server]], str]] = {
    "refused": (faulty.refused, "can't be reached: Connection refused"),
    "hangs": (faulty.hanging, "can't be reached: no answer within 1 s"),
    "resets": (faulty.resetting, "can't be reached: "),
    "closes": (faulty.closing, "can't be reached: "),
    "401": (html(401), ": refuses access: 401 Unauthorized "),
    "403": (html(403), ": refuses access: 403 Forbidden "),
    "404": (html(404), "404 <html>welcome</html>"),
    "301": (html(301), "301 <html>welcome</html>"),
    "500": (html(500), "500 <html>welcome</html>"),
    "html": (html(200), ""),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("more", [(), ("--clean",)], ids=["emit", "clean"])
def test_faulty_gateway(fault: str, more: tuple[str, ...]) -> None:
    """What is wrong is said in one problem with the address, credentials hidden, as exit code 3."""
    serving, words = FAULTS[fault]
    with serving() as server:
        url = f"http://user:{SECRET}@{server.url.removeprefix('http://')}"
        done = emit(url, "--dags", "2", "--timeout", "1s", *more)
    assert (done.code, done.stdout) == (3, "")
    assert words in done.stderr
    assert ("USER:PASSWORD@ in the URL or --bearer-token-file" in done.stderr) is ("refuses" in words)
    assert server.url.replace("://", "://***@") in done.stderr
    assert SECRET not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith("1 problem: correct what is named, and run this again.\n")


def test_refused_push(tmp_path: Path) -> None:
    """A group that contradicts what is there is refused by a gateway that checks: it is named."""
    with servers.pushgateway(tmp_path, consistency_check=True) as gateway:
        gateway.push("job/other", "# TYPE task_status counter\ntask_status 1\n")
        done = emit(gateway.url, *SMALL)
    assert (done.code, done.stdout) == (3, "")
    assert re.search(r"/metrics/job/airflow_tasks/.* is refused: 400 ", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--pushgateway-url", "ftp://x"), "no http or https address"),
        (("--pushgateway-url", "http://x", "--timeout", "soon"), "--timeout 'soon' is no duration"),
        (("--pushgateway-url", "http://x", "--timeout", "0s"), "not between 1s and 1d"),
        (("--pushgateway-url", "http://x", "--key", "k"), "--key without --cert"),
        (("--pushgateway-url", "http://x", "--cert", "c"), "--cert for an address without TLS"),
        (("--pushgateway-url", "http://x", "--bearer-token-file", "none"), "the token can't be read"),
        (("--pushgateway-url", "http://x", "--dags", "0"), "--dags"),
        (("--pushgateway-url", "http://x", "--failing", "101"), "--failing"),
        (("--pushgateway-url", "http://x", "--config", "none.toml"), "none.toml"),
        ((), "Missing option '--pushgateway-url'"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], words: str) -> None:
    """A wrong option is named, as exit code 2."""
    done = run(*arguments)
    assert (done.code, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_ways_to_a_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path prefix, TLS of a private authority, a bearer token and a proxy."""
    made = certificates.made(tmp_path)
    (tmp_path / "token").write_text("t0ken\n")
    arguments = ("--dags", "2", "--tasks", "2", "--runs", "0", "--format", "json")
    with servers.pushgateway(tmp_path, "--web.route-prefix=/pg") as gateway:
        assert emit(f"{gateway.url}/pg/", *arguments).code == 0
        assert emit(gateway.url, *arguments).code == 3
        with gateways.front(gateway.port, tls=made.server) as server:
            ways = ("--ca-file", str(made.authority), "--bearer-token-file", "token")
            assert emit(f"{server.url}/pg", *arguments, *ways).code == 0
            assert {request.headers["authorization"] for request in server.requests} == {"Bearer t0ken"}
            assert emit(f"{server.url}/pg", *arguments).code == 3
        with faulty.proxy() as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            assert emit(f"{gateway.url}/pg", *arguments).code == 0
            assert len(proxy.requests) == 6


def test_airflow_is_not_touched(pushgateway: Pushgateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin's own settings decide nothing."""
    monkeypatch.setenv(environment.ENABLED, "false")
    monkeypatch.setenv(environment.URL, "http://127.0.0.1:1")
    monkeypatch.setenv(environment.INSTANCE_NAME, "prod")
    done = emit(pushgateway.url, *SMALL)
    assert done.code == 0
    assert gateways.eventually(lambda: "airflow_tasks" in jobs(pushgateway))
    assert {dict(key)["instance"] for key in gateways.held(pushgateway)} == {"dashgen-emit"}


def test_large_fleet(pushgateway: Pushgateway, request: pytest.FixtureRequest) -> None:
    """A thousand DAGs of twenty tasks are all taken and all removed; the rate is printed at the end."""
    done = emit(pushgateway.url, "--dags", "1000", "--tasks", "20", "--runs", "0", "--format", "json")
    told = json.loads(done.stdout)
    assert told["groups"] == {"airflow_dags": 1000, "airflow_tasks": 20_000}
    plugins = request.config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        line = f"\nemit: {told['groups_per_second']} groups/s, {told['seconds']:.1f} s"
        plugins.getplugin("terminalreporter").write_line(line)
    assert gateways.eventually(lambda: sum(jobs(pushgateway).values()) == 21_000)
    assert emit(pushgateway.url, "--clean").stdout.startswith("21000 groups of dashgen-emit removed")
    assert jobs(pushgateway) == {}
