"""``dashgen verify`` and the server: how it gets in, and what it says of servers that are none, or not ready."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog.model import Catalog
from dashgen.checks.document import Document
from dashgen.pushgateway.address import Address
from dashgen.verify.client import Access, Client, UnreachableError
from dashgen.verify.examine import AT_ONCE, Examination, Wish
from tests import certificates, faulty, servers, wire
from tests.command import Done, dashgen
from tests.integration.sweeper import gateways

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

CONFIG = """
global: {scrape_interval: 1s}
scrape_configs: [{job_name: itself, static_configs: [{targets: ["localhost:1"]}]}]
"""
HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
PANELS = 200


def dashboard(panels: int) -> dict[str, Any]:
    """Return a dashboard of panels, each with a query of its own that every Prometheus answers."""
    titles = (f"panel {number}" for number in range(panels))
    return {
        "title": "Many",
        "panels": [
            {"id": number, "type": "stat", "title": title, "targets": [{"refId": "A", "expr": f"vector({number})"}]}
            for number, title in enumerate(titles)
        ],
    }


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """Return a dashboard's file."""
    file = tmp_path / "board.json"
    file.write_text(json.dumps(dashboard(3)), encoding="utf-8")
    return file


@pytest.fixture
def prometheus(start_prometheus: Callable[..., servers.Prometheus]) -> servers.Prometheus:
    """Return a Prometheus that has nothing but itself."""
    return start_prometheus(CONFIG)


def verify(url: str, board: Path, *options: str | Path) -> Done:
    """Run the command on a dashboard."""
    return dashgen("verify", "--prometheus-url", url, *options, board, cwd=board.parent)


def truncated() -> AbstractContextManager[wire.Server]:
    """Promise more than is sent, and close."""

    def talk(server: wire.Server, connection: socket.socket) -> None:
        for _ in wire.requests(server, connection):
            connection.sendall(
                b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"status"'
            )
            return

    return wire.serving(talk)


WRONG = {
    "refused": (faulty.refused, "can't be reached: Connection refused", "Does it run"),
    "hanging": (faulty.hanging, "no answer within 1 s", "/-/ready"),
    "dripping": (faulty.dripping, "no answer within 1 s", "/-/ready"),
    "resetting": (faulty.resetting, "can't be reached: Connection reset by peer", "Does it run"),
    "closing": (faulty.closing, "can't be reached: Remote end closed connection", "Does it run"),
    "truncated": (truncated, "breaks off in the middle of its answer", "path prefix"),
    "401": (lambda: faulty.answering(401, text="who?"), "refuses access: 401 Unauthorized", "--bearer-token-file"),
    "403": (lambda: faulty.answering(403, text="no"), "refuses access: 403 Forbidden", "--bearer-token-file"),
    "404": (lambda: faulty.answering(404, text="no"), "answers 404 Not Found", "path prefix"),
    "HTML": (
        lambda: faulty.answering(200, text="<html>", headers=HTML),
        "answers 200 OK with text/html, not with Prometheus' JSON",
        "path prefix",
    ),
    "broken JSON": (lambda: faulty.answering(200, text='{"sta', headers=JSON), "with no valid JSON", "path prefix"),
    "other JSON": (
        lambda: faulty.answering(200, text='{"a": 1}', headers=JSON),
        "JSON that is not Prometheus'",
        "path",
    ),
    "odd JSON": (
        lambda: faulty.answering(200, text='{"status": "success", "data": [1]}', headers=JSON),
        "JSON that is not Prometheus'",
        "path prefix",
    ),
    "starting": (
        lambda: faulty.answering(503, text="Service Unavailable", headers={"Content-Type": "text/plain"}),
        "is not ready: 503 Service Unavailable",
        "Try again",
    ),
    "bad gateway": (lambda: faulty.answering(502, text="x", headers=HTML), "answers 502 Bad Gateway", "Try again"),
    "redirect": (
        lambda: faulty.answering(302, headers={"Location": "https://user:secret@elsewhere/login?token=secret"}),
        "redirects to https://***@elsewhere/login?***",
        "Name that address",
    ),
}


@pytest.mark.parametrize(("kind", "style"), [*((kind, "text") for kind in WRONG), ("redirect", "json")])
def test_server_that_is_none(kind: str, style: str, board: Path) -> None:
    """One problem says what the server does and what to do; exit code 3; no secret."""
    start, message, hint = WRONG[kind]
    with start() as server:
        url = server.url.replace("://", "://me:secret@")
        done = verify(url, board, "--timeout", "1s", "--format", style)
    assert done.code == 3, done
    told = done.stderr if style == "text" else json.dumps(json.loads(done.stdout), ensure_ascii=False)
    assert message in told
    assert hint in told
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--prometheus-url", "ftp://x"), "is no http or https address"),
        (("--prometheus-url", "http://me:secret@"), "names no host"),
        (("--rules-url", "ftp://x"), "is no http or https address"),
        (("--header", "secret"), "a --header that is not NAME: VALUE"),
        (("--timeout", "soon"), "--timeout 'soon' is no duration"),
        (("--timeout", "0s"), "--timeout '0s' is no duration"),
        (("--scrape-interval", "often"), "--scrape-interval 'often' is no duration"),
        (("--var", "dag_id"), "--var 'dag_id' is not NAME=VALUE"),
        (("--var", "dag_id=x"), "--var dag_id: no dashboard here has that variable"),
        (("--key", "key.pem"), "--key without --cert"),
        (("--cert", "cert.pem"), "--cert for an address without TLS"),
        (("--bearer-token-file", "nowhere"), "the token can't be read: No such file"),
        (("--prometheus-url", "https://127.0.0.1:1", "--ca-file", "nowhere"), "can't be used for TLS"),
    ],
)
def test_wrong_usage(options: tuple[str, ...], message: str, board: Path) -> None:
    """An option that means nothing is said before any server is asked: exit code 2."""
    done = verify("http://127.0.0.1:1", board, *options)
    assert done.code == 2, done
    assert message in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    "row",
    [
        ("board.json", "{", 1, "no valid JSON: it ends in the middle"),
        ("board.json", '{"no": "dashboard"}', 1, "neither a dashboard nor a rule file"),
        ("board.json", '{"panels": {"a": 1}}', 1, "`panels` of the dashboard is an object, not a list"),
        ("rules.yml", "groups: [", 1, "no valid YAML"),
        ("rules.yml", "groups: [{name: x, rules: [{record: 7}]}]", 1, "a rule needs a text for `alert` or `record`"),
        ("rules.yml", "groups: 7", 1, "`groups` is not a list of objects"),
        (".", "", 2, "no dashboard and no rule file there"),
        ("nowhere.json", "", 3, "can't be read: No such file"),
    ],
)
def test_file_that_is_none(row: tuple[str, str, int, str], prometheus: servers.Prometheus, tmp_path: Path) -> None:
    """What can't be read is a problem of its own, and no traceback."""
    name, text, code, message = row
    if text:
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = verify(prometheus.url, tmp_path / name)
    assert (done.code, message in done.stderr, "Traceback" in done.stderr) == (code, True, False), done


def test_no_output_folder(tmp_path: Path) -> None:
    """Without files it is the project's own output that is verified."""
    done = dashgen("verify", "--prometheus-url", "http://127.0.0.1:1", cwd=tmp_path)
    assert done.code == 3
    assert "Run dashgen build first" in done.stderr


def test_server_of_the_settings(prometheus: servers.Prometheus, board: Path) -> None:
    """Without a URL it is that of the settings."""
    (board.parent / "dashgen.toml").write_text(f'prometheus_url = "{prometheus.url}"\n', encoding="utf-8")
    done = dashgen("verify", board, cwd=board.parent)
    assert (done.code, "3 ok" in done.stdout) == (0, True), done


def test_credentials_and_headers(prometheus: servers.Prometheus, board: Path) -> None:
    """User and password, a bearer token and headers of one's own arrive with every request."""
    token = board.parent / "token"
    token.write_text("s3cret\n")
    with faulty.answering(then=prometheus.port) as server:
        basic = verify(server.url.replace("://", "://me:pass@"), board, "--header", "X-Scope-OrgID: team")
        asked = len(server.requests)
        bearer = verify(server.url, board, "--bearer-token-file", token)
    assert (basic.code, bearer.code) == (0, 0)
    first, then = server.requests[:asked], server.requests[asked:]
    assert {(each.headers["authorization"], each.headers["x-scope-orgid"]) for each in first} == {
        ("Basic bWU6cGFzcw==", "team")
    }
    assert {each.headers["authorization"] for each in then} == {"Bearer s3cret"}


def test_a_ruler_gets_the_token_and_no_password(prometheus: servers.Prometheus, tmp_path: Path) -> None:
    """What is in the server's address is for that server; a bearer token is for the ruler, too."""
    rules = tmp_path / "rules.yml"
    rules.write_text("groups: [{name: g, rules: [{record: 'a:b:c', expr: up}]}]\n")
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    with faulty.answering(then=prometheus.port) as ruler:
        named = ("--rules-url", ruler.url)
        verify(prometheus.url.replace("//", "//me:pass@"), rules, *named)
        first = [*ruler.requests]
        verify(prometheus.url, rules, *named, "--bearer-token-file", token)
        then = ruler.requests[len(first) :]
    assert first
    assert {each.headers.get("authorization") for each in first} == {None}
    assert {each.headers.get("authorization") for each in then} == {"Bearer s3cret"}


@pytest.mark.parametrize(("status", "text"), [(404, "404 page not found"), (501, ""), (404, '{"code": 404}')])
def test_server_without_rules(
    status: int, text: str, start_prometheus: Callable[..., servers.Prometheus], tmp_path: Path
) -> None:
    """What only answers queries is asked them; that rules may not be loaded is said of rule files alone."""
    rules, board = tmp_path / "rules.yml", tmp_path / "board.json"
    rules.write_text("groups: [{name: g, rules: [{alert: A, expr: vector(1)}]}]\n")
    board.write_text(json.dumps(dashboard(1)), encoding="utf-8")
    prometheus = start_prometheus(CONFIG)

    def without(request: wire.Request) -> bytes | None:
        return wire.response(status, text.encode(), {}) if request.target == "/api/v1/rules" else None

    with gateways.front(prometheus.port, without) as server:
        done = verify(server.url, rules)
        only_panels = verify(server.url, board)
        named = verify(prometheus.url, rules, "--rules-url", server.url)
    assert (done.code, "1 ok" in done.stdout) == (0, True), done
    assert done.stderr == (
        f"{server.url} has no answer to /api/v1/rules: whether these rules are loaded anywhere is not known. "
        "--rules-url names the server that evaluates them, such as a ruler or vmalert.\n"
    )
    assert (only_panels.code, only_panels.stderr) == (0, "")
    assert (named.code, f"{server.url}: has no answer to /api/v1/rules" in named.stderr) == (3, True), named
    assert "Is --rules-url the address" in named.stderr


def test_path_prefix(start_prometheus: Callable[..., servers.Prometheus], board: Path) -> None:
    """A server below a prefix, as Mimir's is, is found there; without it, that is said."""
    server = start_prometheus(CONFIG, "--web.route-prefix=/prometheus")
    assert verify(f"{server.url}/prometheus/", board).code == 0
    wrong = verify(server.url, board)
    assert (wrong.code, "path prefix" in wrong.stderr) == (3, True)


def test_own_authority(prometheus: servers.Prometheus, board: Path) -> None:
    """A certificate of one's own authority is trusted when it is named, and only then."""
    made = certificates.made(board.parent)
    with faulty.answering(then=prometheus.port, tls=made.server) as server:
        assert verify(server.url, board, "--ca-file", made.authority).code == 0
        refused = verify(server.url, board)
    assert (refused.code, "certificate verify failed" in refused.stderr) == (3, True)


def test_long_query(prometheus: servers.Prometheus, tmp_path: Path) -> None:
    """A query too long for a line goes into the body."""
    board = dashboard(1)
    board["panels"][0]["targets"][0]["expr"] = "vector(1)" + " + vector(1)" * 900
    file = tmp_path / "board.json"
    file.write_text(json.dumps(board), encoding="utf-8")
    with faulty.answering(then=prometheus.port) as server:
        done = verify(server.url, file)
    assert done.code == 0, done
    assert [each.target for each in server.requests if each.method == "POST"] == ["/api/v1/query_range"]


def test_query_that_takes_too_long(prometheus: servers.Prometheus, board: Path) -> None:
    """It is an error of its own; the others are answered all the same."""
    stop = threading.Event()

    def hold(request: wire.Request) -> None:
        if "vector%281%29" in request.target:
            stop.wait(3)

    with faulty.answering(then=prometheus.port, before=hold) as server:
        done = verify(server.url, board, "--timeout", "1s")
        stop.set()
    assert done.code == 1
    assert 'error        panel "panel 1" A: no answer within 1 s (--timeout)' in done.stdout
    assert "2 ok" in done.stdout


@pytest.fixture
def examination() -> Iterator[Callable[[str], Examination]]:
    """Return a function from a URL to what asks there."""
    with ExitStack() as stack:

        def made(url: str) -> Examination:
            client = Client(Access(Address.parse(url)), 30)
            stack.callback(client.close)
            return Examination(client, client, Catalog(()), Wish(30))

        yield made


def test_many_panels_at_once(prometheus: servers.Prometheus, examination: Callable[[str], Examination]) -> None:
    """Queries are asked several at a time, each thread on one connection; the answers keep their order."""
    together = threading.Barrier(AT_ONCE)
    met = threading.Event()

    def wait(request: wire.Request) -> None:
        if "query_range" in request.target and not met.is_set():
            together.wait(20)
            met.set()

    seen: list[tuple[int, int]] = []
    document = Document.dashboard(dashboard(PANELS), "board.json")
    with faulty.answering(then=prometheus.port, before=wait) as server:
        outcomes = examination(server.url).run([document], lambda done, of: seen.append((done, of)))
        assert server.accepted <= AT_ONCE + 1
    assert met.is_set()
    assert [each.asked.expr for each in outcomes] == [f"vector({number})" for number in range(PANELS)]
    assert {each.status.value for each in outcomes} == {"ok"}
    assert seen == [(number, PANELS) for number in range(PANELS + 1)]


def test_server_that_goes_away(prometheus: servers.Prometheus, examination: Callable[[str], Examination]) -> None:
    """In the middle of it, everything ends with that."""
    document = Document.dashboard(dashboard(PANELS), "board.json")
    with faulty.relay(prometheus.port) as relay:

        def leave(done: int, _of: int) -> None:
            if done == AT_ONCE:
                relay.mode = "refuse"

        with pytest.raises(UnreachableError, match="can't be reached"):
            examination(relay.url).run([document], leave)


def test_connection_that_was_closed_meanwhile(
    prometheus: servers.Prometheus, examination: Callable[[str], Examination]
) -> None:
    """A server that closes kept connections without a word is asked once more."""
    document = Document.dashboard(dashboard(20), "board.json")
    with faulty.answering(then=prometheus.port, closes_after=1) as server:
        outcomes = examination(server.url).run([document])
    assert {each.status.value for each in outcomes} == {"ok"}
