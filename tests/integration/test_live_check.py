"""``dashgen live-check`` on real servers: planted faults, each found for its reason, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from dashgen.cli import cli
from dashgen.render import prometheus as rendered
from dashgen.settings import StatsdSettings
from dashgen_plugin import environment
from tests import certificates, faulty, hooks, projects, servers, wire
from tests.command import Done
from tests.hooks import eventually
from tests.integration.sweeper import gateways
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.servers import Prometheus, Pushgateway

SECRET = "s3cret"  # noqa: S105  (no secret: what must not be printed)
PLUGIN = CHECKOUT / "plugin" / "dashgen_plugin"
# A run of two tasks, of which one fails, as Airflow tells the plugin.
RUN = """
task = lambda **fields: hooks.task(dag_id="etl", **fields)
plugin.on_dag_run_running(hooks.run())
for name, state in (("load", "success"), ("check", "failed")):
    plugin.on_task_instance_running(task(task_id=name, state="running"))
plugin.on_task_instance_success(task(task_id="load"))
plugin.on_task_instance_failed(task(task_id="check", state="failed"))
plugin.on_dag_run_failed(hooks.run())
delivery.flush(5)
"""

BOTH = ("--pushgateway-url", "http://127.0.0.1:1", "--prometheus-url", "http://127.0.0.1:1")

Finding = dict[str, str]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*environment.DEFAULTS, "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> Done:
    """Run the command in this process, in the working directory."""
    done = CliRunner().invoke(cli, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


def check(gateway: servers.Server | wire.Server, prometheus: servers.Server | wire.Server | None = None) -> Done:
    """Run the check, as text."""
    more = ("--prometheus-url", prometheus.url) if prometheus else ()
    return run("live-check", "--pushgateway-url", gateway.url, *more)


def found(gateway: servers.Server, prometheus: servers.Server | None = None) -> list[Finding]:
    """Return what is found, and see that the exit code tells how bad it is."""
    more = ("--prometheus-url", prometheus.url) if prometheus else ()
    done = run("live-check", "--pushgateway-url", gateway.url, *more, "--format", "json")
    assert done.stderr == ""
    findings: list[Finding] = json.loads(done.stdout)["findings"]
    assert done.code == int(any(each["level"] != "info" for each in findings))
    return findings


def bad(findings: list[Finding]) -> set[tuple[str, str, str]]:
    """Return level, rule and where of all that is more than an info."""
    return {(each["level"], each["rule"], each["where"]) for each in findings if each["level"] != "info"}


def emitted(gateway: servers.Server, *arguments: str) -> None:
    """Fill a gateway, and wait until it is all there."""
    default = () if arguments else ("--dags", "20", "--tasks", "6", "--failing", "20")
    done = run("emit", "--pushgateway-url", gateway.url, *default, *arguments, "--format", "json")
    assert done.code == 0, done.stderr
    total = sum(json.loads(done.stdout)["groups"].values())
    assert gateways.eventually(lambda: len(gateways.held(gateway)) >= total)


@pytest.fixture
def airflow(tmp_path: Path) -> Callable[..., None]:
    """Return a function that runs Airflow's hooks for a gateway by a copy of the plugin, with a text in it replaced."""

    def pushed(gateway: servers.Server, module: str = "", old: str = "", new: str = "", **variables: str) -> None:
        copy = tmp_path / "changed" / PLUGIN.name
        shutil.copytree(PLUGIN, copy, ignore=shutil.ignore_patterns("__pycache__"))
        if module:
            text = (copy / module).read_text(encoding="utf-8")
            assert text.count(old) == 1
            (copy / module).write_text(text.replace(old, new), encoding="utf-8")
        both = {environment.FLEET_ON: "true", environment.PER_RUN_ON: "true", environment.URL: gateway.url}
        hooks.script(RUN, **{**both, **variables}, PYTHONPATH=str(copy.parent))
        assert gateways.eventually(lambda: bool(gateways.held(gateway)))
        time.sleep(0.2)

    return pushed


def test_emitted_fleet(pushgateway: Pushgateway) -> None:
    """Of what emit pushes nothing is found; other teams' jobs are counted, and left alone."""
    emitted(pushgateway)
    done = check(pushgateway)
    assert (done.code, done.stderr) == (0, "")
    assert re.fullmatch(r"\d{3} groups checked: nothing found\n", done.stdout)
    gateways.filled(pushgateway, [gateways.Group({"job": "backup", "run_id": "x"}, text=gateways.BACKUP)])
    done = check(pushgateway)
    assert (done.code, done.stderr) == (0, "")
    assert re.fullmatch(r"\d{3} groups checked, 1 group of other jobs left alone: nothing found\n", done.stdout)


def test_the_plugin_as_it_is(pushgateway: Pushgateway, airflow: Callable[..., None]) -> None:
    """Of what the plugin pushes for one run only infos are found: what has not happened yet."""
    airflow(pushgateway)
    findings = found(pushgateway)
    assert bad(findings) == set()
    assert {each["rule"] for each in findings} == {"not-emitted"}
    assert not [each for each in findings if "task_status" in each["message"]]


FLEET = "airflow_tasks"


@pytest.mark.parametrize(
    ("module", "old", "new", "expected", "words"),
    [
        (
            *("exposition.py", "(metric.name, metric.help", "(metric.name.replace('try', 'attempt'), metric.help"),
            {("error", "unknown-metric", FLEET), ("error", "unknown-metric", "airflow_task_runs")},
            "task_attempt_number is not in the catalog",
        ),
        (
            *("exposition.py", "metric.name, metric.help", "metric.name, metric.help.upper()"),
            {
                ("warning", "wrong-help", job)
                for job in (FLEET, "airflow_dags", "airflow_task_runs", "airflow_dag_runs")
            },
            'the help of task_status is "STATE OF THE TASK\'S LATEST EVENT"',
        ),
        (
            "events.py",
            "for each in job.grouping:",
            "for each in job.grouping[:-1]:",
            {
                ("error", "missing-label", job)
                for job in (FLEET, "airflow_dags", "airflow_task_runs", "airflow_dag_runs")
            },
            "label instance is missing: ",
        ),
        (
            "events.py",
            "    return tuple(labels)",
            "    return (*labels, ('team', 'a'))",
            {("error", "extra-label", job) for job in (FLEET, "airflow_dags", "airflow_task_runs", "airflow_dag_runs")},
            "label team is not in the catalog: ",
        ),
        (
            "events.py",
            "    return tuple(labels)",
            "    return tuple(labels) if 'run_id' in dict(labels) else (*labels, ('run_id', facts.run_id))",
            {("error", "unbounded-label", FLEET), ("error", "unbounded-label", "airflow_dags")},
            "label run_id is unbounded and may not be in generation fleet: ",
        ),
        (
            "extractors.py",
            "    return facts.state\n",
            "    return facts.state and 7\n",
            {("error", "value-code", job) for job in (FLEET, "airflow_dags", "airflow_task_runs", "airflow_dag_runs")},
            "task_status is 7, none of its value codes",
        ),
    ],
    ids=["renamed", "help", "label dropped", "label added", "run_id", "no code"],
)
def test_changed_only_in_the_plugin(  # noqa: PLR0913, PLR0917  (a table)
    module: str,
    old: str,
    new: str,
    expected: set[tuple[str, str, str]],
    words: str,
    pushgateway: Pushgateway,
    airflow: Callable[..., None],
) -> None:
    """What the plugin does otherwise than the catalog says is found by its rule, in its jobs, and nothing else is."""
    airflow(pushgateway, module, old, new)
    findings = found(pushgateway)
    assert bad(findings) == expected
    assert any(each["message"].startswith(words) for each in findings)


def test_wrong_type(pushgateway: Pushgateway, airflow: Callable[..., None]) -> None:
    """A type that all groups have is named; one that contradicts others' stops the scrape, and is named too."""
    airflow(
        pushgateway,
        "exposition.py",
        "yield _FAMILIES[metric.type](metric.name, metric.help, value=value)",
        "family = _FAMILIES[metric.type](metric.name, metric.help, value=value)\n"
        "            family.type = 'unknown' if 'try' in metric.name else family.type\n"
        "            yield family",
    )
    findings = found(pushgateway)
    assert bad(findings) == {("error", "wrong-type", FLEET), ("error", "wrong-type", "airflow_task_runs")}
    assert any("task_try_number is a gauge in the catalog and a untyped here" in each["message"] for each in findings)
    emitted(pushgateway)
    findings = found(pushgateway)
    assert ("error", "contradiction", "the gateway") in bad(findings)
    assert ("error", "wrong-type", FLEET) in bad(findings)


def test_generation_off_in_the_plugin(pushgateway: Pushgateway, airflow: Callable[..., None], tmp_path: Path) -> None:
    """A generation that the settings have on and the plugin off is named with its switch; and the other way."""
    airflow(pushgateway, **{environment.PER_RUN_ON: "false"})
    (finding,) = [each for each in found(pushgateway) if each["level"] != "info"]
    assert (finding["level"], finding["rule"]) == ("error", "generation")
    assert "the settings have generation per_run on: the plugin has it off" in finding["message"]
    assert finding["hint"].startswith(f"Set {environment.PER_RUN_ON}=true where Airflow runs")
    (tmp_path / "dashgen.toml").write_text('generations = ["fleet"]\n')
    assert bad(found(pushgateway)) == set()
    (tmp_path / "dashgen.toml").unlink()
    emitted(pushgateway)
    (tmp_path / "dashgen.toml").write_text('generations = ["fleet"]\n')
    assert bad(found(pushgateway)) == {("warning", "generation", "airflow_task_runs, airflow_dag_runs")}


def test_gateways_flags(tmp_path: Path) -> None:
    """A gateway that does not run as it should is warned of, by the doctor's own check."""
    with servers.pushgateway(tmp_path, consistency_check=True) as gateway:
        emitted(gateway, "--dags", "20", "--tasks", "3", "--failing", "30")
        (finding,) = found(gateway)
    assert (finding["level"], finding["rule"]) == ("warning", "gateway-flags")
    assert "without --push.disable-consistency-check" in finding["message"]


def test_empty_gateway(pushgateway: Pushgateway) -> None:
    """A gateway without groups is one, and says so."""
    assert bad(found(pushgateway)) == {("error", "generation", "the gateway")}


def test_other_telemetry_path(tmp_path: Path) -> None:
    """The metrics page is found where the gateway's flags say; a prefix is the address's."""
    with servers.pushgateway(tmp_path, "--web.telemetry-path=/elsewhere", "--web.route-prefix=/pg") as gateway:
        done = run("emit", "--pushgateway-url", f"{gateway.url}/pg", "--dags", "30", "--failing", "20")
        assert done.code == 0, done.stderr
        arguments = ("live-check", "--pushgateway-url", f"{gateway.url}/pg")
        assert eventually(lambda: "nothing found" in run(*arguments).stdout)


# Prometheus.


def configuration(
    gateway: servers.Server, tmp_path: Path, *, honor: bool = True, rules: bool = True, more: str = ""
) -> str:
    """Return the configuration of a build, at a test's pace; rules beside it. No statsd_exporter is there."""
    (tmp_path / "dashgen.toml").write_text("[statsd]\nenabled = false\n")
    targets = (gateway.url.removeprefix("http://"),)
    off = StatsdSettings(enabled=False)
    files = rendered.files(projects.builtin(pushgateway_targets=targets, alertmanager_targets=(), statsd=off))
    projects.written(tmp_path / "built", files)
    text = re.sub(r"scrape_(interval|timeout): .*", r"scrape_\1: 1s", files["prometheus/prometheus.yml"])
    text = text.replace("rules/*.yml", f"{tmp_path}/built/prometheus/rules/*.yml" if rules else "none/*.yml")
    # Prometheus' own port is known once it runs.
    text = re.sub(
        r"static_configs:\n *- targets: \[\"localhost:9090\"\]",
        f"file_sd_configs: [{{files: [{tmp_path}/self.json]}}]",
        text,
    )
    if not honor:
        text = text.replace("honor_labels: true", "honor_labels: false")
    return text + more


def scraped(prometheus: Prometheus, tmp_path: Path, expr: str = "push_time_seconds") -> None:
    """Wait until Prometheus has something, and itself."""
    (tmp_path / "self.json").write_text(json.dumps([{"targets": [prometheus.url.removeprefix("http://")]}]))
    for each in (expr, 'up{job="prometheus"}'):
        assert eventually(lambda each=each: bool(prometheus.query(each)), 30)  # type: ignore[misc]


def test_with_prometheus(pushgateway: Pushgateway, start_prometheus: Callable[..., Prometheus], tmp_path: Path) -> None:
    """What emit pushes is in Prometheus as the catalog says, and the rules of the build are loaded."""
    emitted(pushgateway)
    prometheus = start_prometheus(configuration(pushgateway, tmp_path))
    scraped(prometheus, tmp_path)
    done = check(pushgateway, prometheus)
    assert (done.code, done.stderr) == (0, ""), done.stdout
    assert re.fullmatch(r"\d{3} groups checked: nothing found\n", done.stdout)


def test_without_honor_labels(
    pushgateway: Pushgateway, start_prometheus: Callable[..., Prometheus], tmp_path: Path
) -> None:
    """Series that arrive under the scrape's own job are the scrape configuration's fault, job by job."""
    emitted(pushgateway)
    prometheus = start_prometheus(configuration(pushgateway, tmp_path, honor=False))
    scraped(prometheus, tmp_path, 'push_time_seconds{job="pushgateway"}')
    findings = found(pushgateway, prometheus)
    jobs = {"airflow_tasks", "airflow_dags", "airflow_task_runs", "airflow_dag_runs", "pushgateway_sweeper"}
    assert bad(findings) == {("error", "honor-labels", job) for job in jobs}
    (finding,) = [each for each in findings if each["where"] == "airflow_tasks" and each["level"] == "error"]
    assert "arrive with exported_job, under job pushgateway" in finding["message"]
    assert "honor_labels: true" in finding["hint"]


def test_rules_not_loaded(
    pushgateway: Pushgateway, start_prometheus: Callable[..., Prometheus], tmp_path: Path
) -> None:
    """A rule file that is not loaded is told by what is missing; one rule that fails, by its error."""
    emitted(pushgateway)
    prometheus = start_prometheus(configuration(pushgateway, tmp_path, rules=False))
    scraped(prometheus, tmp_path)
    findings = found(pushgateway, prometheus)
    assert bad(findings) == {("error", "rules-not-loaded", "Prometheus")}
    assert re.match(r"\d+ of \d+ recording rules are not loaded: .* and \d+ more", findings[1]["message"])
    assert re.match(r"\d+ of \d+ alerting rules are not loaded: ", findings[0]["message"])


def test_not_scraped(pushgateway: Pushgateway, start_prometheus: Callable[..., Prometheus], tmp_path: Path) -> None:
    """A Prometheus that scrapes another gateway has nothing of this one's."""
    emitted(pushgateway, "--runs", "0")
    with faulty.refused() as other:
        prometheus = start_prometheus(configuration(other, tmp_path))  # type: ignore[arg-type]  # it has a URL
        scraped(prometheus, tmp_path, 'up{job="pushgateway"}')
        findings = found(pushgateway, prometheus)
    assert {("error", "not-scraped", job) for job in ("airflow_tasks", "airflow_dags", "pushgateway")} <= bad(findings)


def test_faults_only_in_prometheus(
    pushgateway: Pushgateway, start_prometheus: Callable[..., Prometheus], tmp_path: Path
) -> None:
    """What relabelling or another target does to the catalog's jobs is found, though the gateway has it right."""
    emitted(pushgateway, "--runs", "0", "--dags", "20", "--failing", "30")
    other = tmp_path / "other"
    other.mkdir()
    with servers.pushgateway(other) as second:
        second.push(
            "job/airflow_tasks/dag_id/etl/task_id/load/instance/prod",
            "# TYPE task_status gauge\ntask_status 9\n# TYPE task_statuses gauge\ntask_statuses 1\n",
        )
        second.push("job/airflow_dags/instance/prod", "# TYPE dag_run_status gauge\ndag_run_status 1\n")
        second.push(
            "job/airflow_tasks/dag_id/etl/task_id/load/instance/prod/run_id/r1",
            "# TYPE task_try_number gauge\ntask_try_number 1\n",
        )
        more = (
            "  - job_name: second\n    honor_labels: true\n    static_configs:\n"
            f"      - targets: ['{second.url.removeprefix('http://')}']\n        labels: {{cluster: eu}}\n"
        )
        prometheus = start_prometheus(configuration(pushgateway, tmp_path, more=more))
        scraped(prometheus, tmp_path, "task_statuses")
        scraped(prometheus, tmp_path, 'task_status{cluster=""}')
        findings = found(pushgateway, prometheus)
    assert {
        ("error", "value-code", "airflow_tasks"),
        ("error", "unknown-metric", "airflow_tasks"),
        ("error", "missing-label", "airflow_dags"),
        ("error", "unbounded-label", "airflow_tasks"),
    } <= bad(findings)
    messages = {each["rule"]: each["message"] for each in findings}
    assert messages["unknown-metric"] == "task_statuses is not in the catalog: 1 series in Prometheus"
    assert messages["added-label"].startswith("label cluster is added on the way: ")
    assert "task_status is 9, none of its value codes: 1 series in Prometheus" in messages["value-code"]


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
    "503": (html(503), "503 <html>welcome</html>"),
    "html": (html(200), "answer"),
}


def assert_told(done: Done, server: wire.Server, words: str) -> None:
    """Assert that a server's fault is one problem that names it, as exit code 3, without credentials."""
    assert (done.code, done.stdout) == (3, "")
    assert words in done.stderr
    assert server.url.replace("://", "://***@") in done.stderr
    assert SECRET not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.endswith("1 problem: correct what is named, and run this again.\n")


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_gateway(fault: str) -> None:
    """What is wrong with a gateway is said in one problem."""
    serving, words = FAULTS[fault]
    with serving() as server:
        url = f"http://user:{SECRET}@{server.url.removeprefix('http://')}"
        done = run("live-check", "--pushgateway-url", url, "--timeout", "1s")
    assert_told(done, server, words)
    assert ("USER:PASSWORD@ in the URL or --bearer-token-file" in done.stderr) is ("refuses" in words)
    assert ("Is this the address" in done.stderr) is ("refuses" not in words)


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_prometheus(fault: str, pushgateway: Pushgateway) -> None:
    """What is wrong with a Prometheus is said in one problem."""
    serving, words = FAULTS[fault]
    with serving() as server:
        url = f"http://user:{SECRET}@{server.url.removeprefix('http://')}"
        gateway = ("--pushgateway-url", pushgateway.url)
        done = run("live-check", *gateway, "--prometheus-url", url, "--timeout", "1s")
    assert_told(done, server, words)
    credentials = "USER:PASSWORD@ in the URL, --prometheus-bearer-token-file or --prometheus-header"
    assert (credentials in done.stderr) is ("refuses" in words)
    assert ("Is this the address" in done.stderr) is ("refuses" not in words)


def test_credentials_of_each_server(
    pushgateway: Pushgateway, start_prometheus: Callable[..., Prometheus], tmp_path: Path
) -> None:
    """Each server gets the token that is meant for it; Prometheus headers and a client's certificate, too."""
    emitted(pushgateway)
    prometheus = start_prometheus(configuration(pushgateway, tmp_path))
    scraped(prometheus, tmp_path)
    made = certificates.made(tmp_path)
    made.server.verify_mode = ssl.CERT_REQUIRED
    made.server.load_verify_locations(made.authority)
    for name in ("gateway", "prometheus"):
        (tmp_path / f"{name}.token").write_text(f"{SECRET}-{name}\n")
    own = {"header": "X-Scope-OrgID: team", "bearer-token-file": "prometheus.token"}
    own |= {"cert": "server.pem", "key": "server.key"}
    with gateways.front(pushgateway.port) as gateway, gateways.front(prometheus.port, tls=made.server) as server:
        both = ("--pushgateway-url", gateway.url, "--prometheus-url", server.url, "--ca-file", str(made.authority))
        options = (text for name, value in own.items() for text in (f"--prometheus-{name}", value))
        done = run("live-check", *both, "--bearer-token-file", "gateway.token", *options)
    assert (done.code, done.stderr) == (0, ""), done.stdout
    sent = [
        {(each.headers.get("authorization"), each.headers.get("x-scope-orgid")) for each in asked.requests}
        for asked in (gateway, server)
    ]
    assert sent == [{(f"Bearer {SECRET}-gateway", None)}, {(f"Bearer {SECRET}-prometheus", "team")}]


def test_api_without_rules(
    pushgateway: Pushgateway, start_prometheus: Callable[..., Prometheus], tmp_path: Path
) -> None:
    """Where a part of Prometheus' API is missing the rest is checked, and that is said."""
    emitted(pushgateway)
    prometheus = start_prometheus(configuration(pushgateway, tmp_path))
    scraped(prometheus, tmp_path)

    def then(request: wire.Request) -> Any:  # noqa: ANN401  (as gateways.Front)
        missing = "/api/v1/rules" in request.target or "/api/v1/metadata" in request.target
        return wire.response(404, b"404 page not found", {}) if missing else None

    with gateways.front(prometheus.port, then) as server:
        more = ("--prometheus-url", server.url, "--format", "json")
        done = run("live-check", "--pushgateway-url", pushgateway.url, *more)
    findings = json.loads(done.stdout)["findings"]
    assert done.code == 0
    assert {each["rule"] for each in findings} == {"not-asked"}
    assert len(findings) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--pushgateway-url", "ftp://x"), "no http or https address"),
        (("--pushgateway-url", "http://x", "--timeout", "soon"), "--timeout 'soon' is no duration"),
        (("--pushgateway-url", "http://x", "--config", "none.toml"), "none.toml"),
        ((*BOTH, "--prometheus-header", "no-colon"), "a --prometheus-header that is not NAME: VALUE"),
        ((*BOTH, "--prometheus-key", "k"), "--prometheus-key without --prometheus-cert"),
        ((*BOTH, "--prometheus-cert", "c"), "--prometheus-cert for an address without TLS"),
        ((*BOTH, "--prometheus-bearer-token-file", "none"), "none: the token can't be read"),
        ((*BOTH[:2], "--prometheus-header", "A: b"), "need --prometheus-url"),
        ((), "Missing option '--pushgateway-url'"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], words: str) -> None:
    """A wrong option is named, as exit code 2."""
    done = run("live-check", *arguments)
    assert (done.code, done.stdout) == (2, "")
    assert words in done.stderr
