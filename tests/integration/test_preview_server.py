"""The preview's server over real HTTP, before a real Prometheus: what it answers, and what it refuses."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from dashgen.preview.boards import Board, Shown
from dashgen.preview.state import Source, State
from dashgen.pushgateway.address import Address
from dashgen.verify.client import Access
from tests import faulty, servers
from tests import previewed as preview

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = "global: {scrape_interval: 1s}\nscrape_configs: []\n"
BOARD = Board("one", "One", "The first.", "one.json", {"uid": "one", "title": "One", "panels": []})
PAGE = b"<!doctype html><title>page</title>"
SCRIPT = b"console.log('script')"
QUERY = "/prometheus/api/v1/query?query=vector(7)"


def state(prometheus: str = "http://localhost:9090") -> State:
    """Return what a preview of one dashboard shows."""
    return State(Shown((BOARD,)), Source(prometheus, sample=False, scrape_interval="30s"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page and what it loads, with a secret beside it."""
    folder = tmp_path_factory.mktemp("package") / "bundle"
    (folder / "fonts").mkdir(parents=True)
    (folder / "index.html").write_bytes(PAGE)
    (folder / "main.js").write_bytes(SCRIPT)
    (folder / "fonts/a.woff2").write_bytes(b"font")
    (folder.parent / "secret.txt").write_text("secret", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Prometheus]:
    """Return a Prometheus whose administration is on, so that only the preview keeps anyone from it."""
    folder = tmp_path_factory.mktemp("prometheus")
    with servers.prometheus(folder, CONFIG, "--web.enable-admin-api", "--web.enable-lifecycle") as running:
        yield running


@pytest.fixture(scope="module")
def port(prometheus: servers.Prometheus, bundle: Path) -> Iterator[int]:
    """Return the port of a preview before that Prometheus."""
    with preview.served(state(), Access(Address.parse(prometheus.url)), bundle) as running:
        yield running


def before(url: str, bundle: Path, timeout: float = 2.0) -> preview.Answer:
    """Ask a query through a preview before this address."""
    with preview.served(state(), Access(Address.parse(url)), bundle, timeout) as port:
        return preview.get(port, QUERY)


@pytest.mark.parametrize("target", ["/", "/?theme=dark", "/d/one", "/d/one/", "/d/any-uid_1/a-slug?var-a=%2e%2e"])
def test_page(target: str, port: int) -> None:
    """The page is at the root and at every dashboard's address, with or without a query."""
    answer = preview.get(port, target)
    assert (answer.status, answer.body) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_bundle(port: int) -> None:
    """What the page loads has the type that a browser takes it for."""
    script, font = preview.get(port, "/bundle/main.js"), preview.get(port, "/bundle/fonts/a.woff2")
    assert (script.body, script.headers["content-type"]) == (SCRIPT, "text/javascript; charset=utf-8")
    assert (font.body, font.headers["content-type"]) == (b"font", "font/woff2")


def test_dashboards(port: int) -> None:
    """The page is told which dashboards there are, and each; of one that is not there, that it is not."""
    listed = [{"uid": "one", "title": "One", "description": "The first.", "file": "one.json"}]
    assert preview.get(port, "/api/dashboards").json == listed
    assert preview.get(port, "/api/dashboards/one").json == BOARD.data
    missing = preview.get(port, "/api/dashboards/two")
    assert (missing.status, missing.json) == (404, {"error": "there is no dashboard two"})


@pytest.mark.parametrize(
    ("target", "data"),
    [
        ("query?query=vector(7)&time=10", {"resultType": "vector", "result": [{"metric": {}, "value": [10, "7"]}]}),
        (
            "query_range?query=1&start=0&end=10&step=5",
            {"resultType": "matrix", "result": [{"metric": {}, "values": [[0, "1"], [5, "1"], [10, "1"]]}]},
        ),
        ("labels", []),
        ("label/dag_id/values?match%5B%5D=up&match[]=down", []),
        ("series?match[]=up&match[]=down", []),
    ],
)
def test_queries_are_passed_on(target: str, data: object, port: int) -> None:
    """Each kind of query reaches Prometheus with all its parameters, and its answer comes back as it is."""
    answer = preview.get(port, f"/prometheus/api/v1/{target}")
    assert (answer.status, answer.json["status"], answer.json["data"]) == (200, "success", data)


def test_long_query_is_passed_on(port: int) -> None:
    """A query that no line can hold goes on in a body."""
    terms = " + ".join(["1"] * 3000)
    answer = preview.get(port, f"/prometheus/api/v1/query?query={quote(terms)}")
    assert answer.json["data"]["result"][1] == "3000"


def test_refused_query_is_passed_on(port: int) -> None:
    """What Prometheus itself says of a query comes back with its status."""
    answer = preview.get(port, "/prometheus/api/v1/query?query=sum(")
    assert (answer.status, answer.json["errorType"]) == (400, "bad_data")
    assert "parse error" in answer.json["error"]


@pytest.mark.parametrize(
    "target",
    [
        "/bundle/../secret.txt",
        "/bundle/../bundle/main.js",
        "/bundle/%2e%2e/secret.txt",
        "/bundle/%2e%2e%2fsecret.txt",
        "/bundle/fonts/../../secret.txt",
        "/bundle//etc/passwd",
        "/bundle/..\\secret.txt",
        "/bundle/main.js%00",
        "/bundle/",
        "/bundle",
        "/secret.txt",
        "//evil",
        "//",
        "/d/..",
        "/d/one/../../api/state",
        "/d/%2e%2e",
        "/d/one/slug/more",
        "/api",
        "/api/",
        "/api/dashboards/",
        "/api/dashboards/..%2fstate",
        "/prometheus",
        "/prometheus/",
        "/prometheus/graph",
        "/prometheus/metrics",
        "/prometheus/federate?match[]=up",
        "/prometheus/-/quit",
        "/prometheus/-/reload",
        "/prometheus/api/v1/status/config",
        "/prometheus/api/v1/targets",
        "/prometheus/api/v1/admin/tsdb/snapshot",
        "/prometheus/api/v1/write",
        "/prometheus/api/v1/query/../status/config",
        "/prometheus/api/v1/%71uery?query=1",
        "/prometheus/api/v1/label/../values",
        "/prometheus/api/v1/label/a%2fb/values",
        "/prometheus/../api/v1/status/config",
        "/prometheus//api/v1/query?query=1",
        "/api/v1/query?query=1",
    ],
)
def test_other_paths_are_refused(target: str, port: int) -> None:
    """No path but those of the page is answered, however it is written."""
    answer = preview.get(port, target)
    assert answer.status == 404
    assert b"secret" not in answer.body
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target", ["http://evil.example/", "http://127.0.0.1:9090/api/v1/query?query=1", "evil.example:443", "*", "/\u00e9"]
)
def test_other_targets_are_refused(target: str, port: int) -> None:
    """What is no path of this server, as a proxy would be asked for it, is refused."""
    assert preview.get(port, target).status in {403, 404}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "get"])
@pytest.mark.parametrize("target", ["/", "/api/state", QUERY])
def test_other_methods_are_refused(method: str, target: str, port: int) -> None:
    """Nothing but GET is answered, so that nothing can be changed."""
    answer = preview.raw(port, f"{method} {target} HTTP/1.1", {"Host": f"127.0.0.1:{port}"})
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
    assert answer.headers["connection"] == "close"


def test_body_is_no_second_request(port: int) -> None:
    """What hides in the body of a refused request is not answered."""
    hidden = f"GET /api/state HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    length = {"Host": f"127.0.0.1:{port}", "Content-Length": str(len(hidden))}
    for method in ("POST", "GET"):
        answer = preview.raw(port, f"{method} / HTTP/1.1", length, hidden)
        assert answer.status in {403, 405}
        assert b"version" not in answer.body


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}.evil.example",
        "[::1]:{port}",
        "",
    ],
)
@pytest.mark.parametrize("target", ["/", "/api/state", QUERY])
def test_other_hosts_are_refused(host: str, target: str, port: int) -> None:
    """A name that somebody made resolve to loopback is not ours: the Host header gives it away."""
    answer = preview.get(port, target, Host=host.format(port=port))
    assert answer.status == 403
    assert b"another host" in answer.body


def test_host_is_needed_once(port: int) -> None:
    """A request without a host is refused; localhost is one of ours."""
    assert preview.raw(port, "GET / HTTP/1.1", {}).status == 403
    assert preview.get(port, "/", Host=f"LOCALHOST:{port}").status == 200


def test_other_pages_can_not_ask(port: int) -> None:
    """A page of another origin may link to a dashboard, and can't have queries asked."""
    for site in ("cross-site", "same-site"):
        assert preview.get(port, "/d/one", Sec_Fetch_Site=site).status == 200
        for target in (QUERY, "/api/state", "/api/events", "/bundle/main.js"):
            assert preview.get(port, target, Sec_Fetch_Site=site).status == 403
    assert preview.get(port, QUERY, Sec_Fetch_Site="same-origin").status == 200


def test_headers_keep_others_out(port: int) -> None:
    """Every answer forbids foreign and inline scripts, frames, sniffing of types, and reading by other origins."""
    for target in ("/", "/bundle/main.js", "/api/state", QUERY, "/nowhere"):
        headers = preview.get(port, target).headers
        policy = dict(each.strip().partition(" ")[::2] for each in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        assert headers["server"] == "dashgen"


def test_credentials_reach_prometheus_alone(bundle: Path) -> None:
    """User, password and headers go to the server, through a path prefix, and to nobody else."""
    address = Address.parse("http://scott:tiger@127.0.0.1:1/prefix")
    with faulty.answering(200, text='{"status":"success","data":[]}', headers={"X-Secret": "tiger"}) as upstream:
        access = Access(
            Address.parse(f"http://scott:tiger@127.0.0.1:{upstream.port}/prefix"), headers={"X-Scope-OrgID": "tenant"}
        )
        with preview.served(state(str(address)), access, bundle) as port:
            answers = [preview.get(port, each) for each in ("/prometheus/api/v1/labels", "/api/state", "/")]
    (request,) = upstream.requests
    assert request.target == "/prefix/api/v1/labels"
    assert request.headers["authorization"] == f"Basic {base64.b64encode(b'scott:tiger').decode()}"
    assert request.headers["x-scope-orgid"] == "tenant"
    assert "cookie" not in request.headers
    for answer in answers:
        shown = f"{answer.headers} {answer.body!r}"
        assert "tiger" not in shown
        assert "tenant" not in shown
    assert answers[1].json["prometheus"] == "http://***@127.0.0.1:1/prefix"


def test_refusing_server(bundle: Path) -> None:
    """A server that wants other credentials is told of with them hidden, in Prometheus' own form."""
    with faulty.answering(401, text="no tiger") as upstream:
        answer = before(f"http://scott:tiger@127.0.0.1:{upstream.port}", bundle)
    assert (answer.status, answer.json["status"], answer.json["errorType"]) == (502, "error", "unavailable")
    assert "refuses access: 401 Unauthorized" in answer.json["error"]
    assert "tiger" not in answer.json["error"]


def test_refused_connection(bundle: Path) -> None:
    """A server that does not run is told of as Prometheus tells errors."""
    with faulty.refused() as upstream:
        answer = before(upstream.url, bundle)
    assert (answer.status, answer.json["errorType"]) == (502, "unavailable")
    assert f"{upstream.url}: can't be reached: Connection refused" in answer.json["error"]


def test_hanging_server(bundle: Path) -> None:
    """A server that never answers is waited for no longer than the timeout."""
    with faulty.hanging() as upstream:
        answer = before(upstream.url, bundle, timeout=0.5)
    assert (answer.status, answer.json["errorType"]) == (504, "timeout")
    assert "no answer within 0.5 s" in answer.json["error"]


def test_closing_server(bundle: Path) -> None:
    """A server that breaks off is told of."""
    with faulty.closing() as upstream:
        answer = before(upstream.url, bundle)
    assert (answer.status, answer.json["status"]) == (502, "error")


@pytest.mark.parametrize("status", [200, 404, 500, 502])
def test_html(status: int, bundle: Path) -> None:
    """A page of HTML, as a proxy in between answers, never reaches the browser."""
    script = "<script>alert(1)</script>"
    with faulty.answering(status, text=script, headers={"Content-Type": "text/html"}) as upstream:
        answer = before(upstream.url, bundle)
    assert answer.status in {502, 504}
    assert answer.json["status"] == "error"
    assert b"<script>" not in answer.body
    assert answer.headers["content-type"] == "application/json"


def test_redirect_is_not_followed(bundle: Path) -> None:
    """Where a server sends elsewhere, nobody goes there; the address is told."""
    with faulty.answering(302, headers={"Location": "http://user:tiger@evil.example/"}) as upstream:
        answer = before(upstream.url, bundle)
    assert "redirects to http://***@evil.example/" in answer.json["error"]
    assert len(upstream.requests) == 1


def test_changes_are_told(bundle: Path) -> None:
    """Each change is told at once, with the state; who comes back is told what was missed."""
    shown = state()
    with (
        preview.served(shown, Access(Address.parse("http://localhost:1")), bundle) as port,
        preview.events(port) as told,
    ):
        assert preview.get(port, "/api/state").json["version"] == 1
        shown.show(Shown((BOARD,), "it is wrong"))
        first = next(told)
        assert (first["version"], first["problems"]) == (2, "it is wrong")
        assert first == preview.get(port, "/api/state").json
        shown.fail("it is worse")
        assert next(told)["problems"] == "it is worse"
        assert preview.get(port, "/api/dashboards/one").json == BOARD.data
        with preview.events(port, Last_Event_ID="2") as late:
            assert next(late)["version"] == 3
        shown.close()
        assert list(told) == []
