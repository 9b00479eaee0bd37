"""``dashgen sweep`` as a person runs it: what it prints, where, and its exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from dashgen.cli import cli
from dashgen_plugin import environment
from tests.integration.sweeper import gateways
from tests.integration.sweeper.gateways import DAY, EXPIRED, HOUR, STAYING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.sweeper.gateways import Held
    from tests.servers import Pushgateway

SECRET = "s3cret"  # noqa: S105  (no secret: what must not be printed)
PER_RUN = 10
KEYS = {
    *("dry_run", "seen", "deleted", "kept", "failed", "running", "postponed", "oldest_group_age_seconds"),
    *("duration_seconds", "accepted", "interrupted", "inconsistent", "failures", "poison", "healed", "untold"),
}


def test_sweep(gateway: Pushgateway, assert_swept: Callable[[], None], tmp_path: Path) -> None:
    """A sweep prints one line on stdout, nothing on stderr, and is exit code 0."""
    done = gateways.command(gateway.url, cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{PER_RUN} groups seen: {len(EXPIRED)} deleted, 4 kept, 1 of them running, 0 failed, in ")
    assert_swept()


def test_address_of_the_plugin(
    gateway: Pushgateway, assert_swept: Callable[[], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without ``--url`` the gateway is the plugin's, and the instance too."""
    monkeypatch.setenv(environment.URL, gateway.url)
    monkeypatch.setenv(environment.INSTANCE_NAME, "prod-eu")
    done = gateways.command("", cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert_swept()
    assert frozenset({("job", "pushgateway_sweeper"), ("instance", "prod-eu")}) in gateways.held(gateway)


def test_dry_run(gateway: Pushgateway, before: Held, tmp_path: Path) -> None:
    """A dry run prints the groups that would go, the oldest first, and deletes nothing."""
    done = gateways.command(gateway.url, "--dry-run", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    *groups, line = done.stdout.splitlines()
    assert len(groups) == len(EXPIRED)
    assert groups[0] == '{dag_id="a/b",instance="prod",job="airflow_dag_runs",run_id=".."}'
    assert f"{len(EXPIRED)} would be deleted" in line
    assert gateways.held(gateway) == before


def test_json(gateway: Pushgateway, tmp_path: Path) -> None:
    """JSON alone is on stdout; a dry run's also has the groups."""
    dry = gateways.command(gateway.url, "--dry-run", "--format", "json", cwd=tmp_path)
    shown = json.loads(dry.stdout)
    assert shown.keys() == {*KEYS, "groups"}
    assert {frozenset(group.items()) for group in shown["groups"]} == gateways.keys(EXPIRED)
    done = gateways.command(gateway.url, "--format", "json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (dry.code, dry.stderr, done.code, done.stderr) == (0, "", 0, "")
    assert told.keys() == KEYS
    counts = {"seen": PER_RUN, "deleted": len(EXPIRED), "kept": 4, "failed": 0, "running": 1, "postponed": 0}
    rest = {"dry_run": False, "interrupted": False, "inconsistent": "", "failures": [], "poison": [], "healed": []}
    expected = {**counts, **rest, "untold": "", "accepted": len(EXPIRED)}
    assert {key: told[key] for key in expected} == expected
    assert told["oldest_group_age_seconds"] == pytest.approx(2 * DAY, abs=300)


def test_failures(gateway: Pushgateway, before: Held, tmp_path: Path) -> None:
    """What stays is exit code 1, and said on stderr, or in the JSON, with the reason."""
    with gateways.front(gateway.port, gateways.refusing("airflow_dag_runs")) as server:
        told = gateways.command(server.url, "--format", "json", cwd=tmp_path)
        done = gateways.command(server.url, cwd=tmp_path)
    assert (told.code, done.code) == (1, 1)
    labels = {"dag_id": "a/b", "instance": "prod", "job": "airflow_dag_runs", "run_id": ".."}
    assert json.loads(told.stdout)["failures"] == [{"group": labels, "reason": "500 no"}]
    assert done.stderr == 'failed {dag_id="a/b",instance="prod",job="airflow_dag_runs",run_id=".."}: 500 no\n'
    assert "0 deleted, 4 kept, 1 of them running, 1 failed" in done.stdout
    gateways.assert_untouched(before, gateways.held(gateway))


def test_all_options(gateway: Pushgateway, before: Held, tmp_path: Path) -> None:
    """The options of a selection select."""
    options = ("--job", "airflow_.*", "--job", "none", "--match", "dag_id=et.", "--max-age", "1d12h", "--limit", "1")
    more = ("--fleet-max-age", "39d", "--no-pipeline", "--timeout", "10s", "--yes", "--heal")
    done = gateways.command(gateway.url, *options, *more, cwd=tmp_path)
    assert done.code == 0, done.stderr
    missing = before.keys() - gateways.held(gateway).keys()
    assert [dict(key)["job"] for key in missing] == ["airflow_task_runs_of_theirs"]
    assert "above the limit" in done.stdout


@pytest.mark.parametrize("shift", [13 * HOUR, -13 * HOUR])
def test_clocks_apart(gateway: Pushgateway, before: Held, tmp_path: Path, shift: float) -> None:
    """Clocks more than half of the greatest age apart: refused, exit code 2, unless ``--yes``."""
    with gateways.front(gateway.port, shift=shift) as server:
        done = gateways.command(server.url, cwd=tmp_path)
        assert gateways.held(gateway).keys() - before.keys() == {
            frozenset({("job", "pushgateway_sweeper"), ("instance", "airflow-local")})
        }
        gateways.assert_untouched(before, gateways.held(gateway), ())
        agreed = gateways.command(server.url, "--yes", cwd=tmp_path)
    assert done.code == 2
    assert done.stdout == ""
    assert "s apart, more than half of the greatest age" in done.stderr
    assert "--yes" in done.stderr
    assert agreed.code == 0, agreed.stderr
    gateways.assert_untouched(before, gateways.held(gateway), [*EXPIRED, *STAYING[:3]])


BAD = {
    "no such host": (("--url", f"http://user:{SECRET}@gateway.invalid"), 3, "can't be reached"),
    "refused": (("--url", f"http://user:{SECRET}@127.0.0.1:1"), 3, "Connection refused"),
    "host with an empty part": (("--url", f"http://user:{SECRET}@a..b"), 2, "'a..b' can't be the name of a host"),
    "host with a long part": (("--url", f"http://user:{SECRET}@{'a' * 64}.b"), 2, "can't be the name of a host"),
    "another scheme": (("--url", f"ftp://user:{SECRET}@host"), 2, "no http or https address"),
    "no address": (("--url", f"http://user:{SECRET}@:9091"), 2, "names no host"),
    "port 0": (("--url", f"http://user:{SECRET}@127.0.0.1:0"), 2, "'http://***@127.0.0.1:0' has the port 0"),
    "wrong port": (("--url", f"http://user:{SECRET}@host:port"), 2, "no address"),
    "no url": ((), 2, "which Pushgateway is not said"),
    "age": (("--max-age", "soon"), 2, "--max-age 'soon' is no duration such as 90m, 24h or 7d"),
    "age without a unit": (("--max-age", "90"), 2, "no duration"),
    "no age": (("--max-age", "0"), 2, "above 0"),
    "age below 0": (("--max-age", "-5m"), 2, "no duration"),
    "endless age": (("--max-age", "9" * 5000 + "d"), 2, "no duration"),
    "fleet": (("--fleet-max-age", "1.5h"), 2, "--fleet-max-age '1.5h' is no duration"),
    "no fleet": (("--fleet-max-age", "0"), 2, "above 0"),
    "timeout": (("--timeout", "fast"), 2, "--timeout 'fast' is no duration"),
    "no timeout": (("--timeout", "0s"), 2, "--timeout '0s' is not between 1s and 1d"),
    "endless timeout": (("--timeout", "99999999999y"), 2, "is not between 1s and 1d"),
    "job": (("--job", "("), 2, "'(' is no regular expression"),
    "job of many": (("--job", "a{99999999999}"), 2, "'a{99999999999}' is no regular expression"),
    "job that is deep": (("--job", "(" * 5000 + ")" * 5000), 2, "is no regular expression"),
    "match of no label": (("--match", "dag id=.*"), 2, "'dag id' can't be the name of a label"),
    "match": (("--match", "label=["), 2, "'[' is no regular expression"),
    "match without label": (("--match", "=x"), 2, "'=x' is not LABEL=REGEX"),
    "match without regex": (("--match", "label"), 2, "'label' is not LABEL=REGEX"),
    "limit": (("--limit", "-1"), 2, "--limit"),
    "limit of a word": (("--limit", "all"), 2, "--limit"),
    "token": (("--bearer-token-file", "none"), 2, "the token can't be read"),
    "token of two words": (("--bearer-token-file", "two"), 2, "holds no bearer token"),
    "key alone": (("--key", "two"), 2, "--key without --cert"),
    "certificate without TLS": (("--cert", "two"), 2, "--cert for an address without TLS"),
    "certificate": (("--url", "https://127.0.0.1:1", "--cert", "two"), 2, "'two' can't be used for TLS"),
    "authority": (("--url", "https://127.0.0.1:1", "--ca-file", "none"), 2, "'none' can't be used for TLS"),
    "format": (("--format", "xml"), 2, "--format"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_option(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A wrong option is exit code 2, a gateway that is not there 3: a message, no traceback, no secret."""
    arguments, code, message = BAD[name]
    (tmp_path / "two").write_text("two words")
    monkeypatch.chdir(tmp_path)
    address = () if "--url" in arguments or not arguments else ("--url", "http://127.0.0.1:1")
    done = CliRunner().invoke(cli, ["sweep", *address, *arguments])
    assert done.exit_code == code, done.output
    assert isinstance(done.exception, SystemExit)
    assert message in done.stderr
    assert done.stdout == ""
    assert SECRET not in done.output


def test_wrong_option_as_json(tmp_path: Path) -> None:
    """Programs get what is wrong as JSON on stdout."""
    done = gateways.command("http://127.0.0.1:1", "--format", "json", cwd=tmp_path)
    (problem,) = json.loads(done.stdout)["problems"]
    assert done.code == 3
    assert problem["message"] == "can't be reached: Connection refused"


def test_wrong_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A proxy that is no address is wrong usage, and its password is not printed."""
    monkeypatch.setenv("http_proxy", f"ftp://user:{SECRET}@host")
    done = gateways.command("http://gateway.invalid", cwd=tmp_path)
    assert done.code == 2, done
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr


def test_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the environment's proxy can't be reached, it is said that there is one."""
    monkeypatch.setenv("http_proxy", f"http://user:{SECRET}@127.0.0.1:1")
    done = gateways.command("http://gateway.invalid", cwd=tmp_path)
    assert done.code == 3
    assert "http://gateway.invalid: can't be reached: Connection refused" in done.stderr
    assert "Requests go through the environment's proxy." in done.stderr
    assert SECRET not in done.stderr
    direct = gateways.command("https://127.0.0.1:1", cwd=tmp_path)
    assert "proxy" not in direct.stderr


def test_age_beyond_any(gateway: Pushgateway, tmp_path: Path) -> None:
    """An age that no float can hold is only a very great one."""
    done = gateways.command(gateway.url, "--max-age", "9" * 400 + "d", "--dry-run", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert f"{PER_RUN} groups seen: 0 would be deleted" in done.stdout


def test_pattern_that_python_warns_of(gateway: Pushgateway, tmp_path: Path) -> None:
    """What Python would say to a developer of a pattern is not said to who sweeps."""
    done = gateways.command(gateway.url, "--job", "[[b]ackup", "--dry-run", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert "3 groups seen: 3 would be deleted" in done.stdout


def test_instance_that_cannot_be_written(
    gateway: Pushgateway, assert_swept: Callable[[], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An instance that is no text keeps only the sweeper's own metrics from arriving, and is said."""
    monkeypatch.setenv(environment.INSTANCE_NAME, "\udcff")
    done = gateways.command(gateway.url, cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert done.stderr.startswith("the sweeper's own metrics did not arrive: ")
    assert_swept()
