"""What the doctor says of a gateway, and of what only seems to be one."""

from __future__ import annotations

import json
import re
import threading
import time
from base64 import b64encode
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from dashgen.doctor import gateway
from dashgen.doctor.check import Check, Status
from dashgen_plugin import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Route = tuple[int, str] | Callable[["Store"], tuple[int, str]]

TIMEOUT = 0.5
FLAGS = {"push.disable-consistency-check": "true", "persistence.file": "/data/groups"}
GROUP = "/metrics/job/dashgen_doctor/instance/prod"


def told(flags: dict[str, str]) -> tuple[int, str]:
    """Return what a gateway with these flags tells of itself."""
    return 200, json.dumps({"data": {"build_information": {"version": "1.11.3"}, "flags": flags}})


class Store:
    """A gateway's memory of one group, the requests that it got, and the latest one's authorization."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.pushed = ""
        self.requests: list[str] = []
        self.authorization = ""


def listed(store: Store) -> tuple[int, str]:
    """List the group as a gateway does."""
    line = re.sub(r"(?m)^(dashgen\w+) ", r'\1{instance="prod",job="dashgen_doctor"} ', store.pushed)
    return 200, f'# a line\nother{{instance="prod"}} 1\n{line}'


def taken(store: Store) -> tuple[int, str]:
    """Forget the group as a gateway does."""
    store.pushed = ""
    return 202, ""


ROUTES: dict[str, Route] = {
    "GET /-/ready": (200, "OK"),
    "GET /api/v1/status": told(FLAGS),
    f"POST {GROUP}": (202, ""),
    "GET /metrics": listed,
    f"DELETE {GROUP}": taken,
}


@contextmanager
def serving(routes: dict[str, Route]) -> Iterator[tuple[str, Store]]:
    """Run a server with these routes; all else is 404. A status of 0 is no answer within the timeout."""
    store = Store()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            store.requests.append(f"{self.command} {self.path}")
            store.authorization = self.headers.get("Authorization", "")
            if self.command == "POST":
                store.pushed = body
            route = routes.get(store.requests[-1], (404, "404 page not found"))
            code, text = route(store) if callable(route) else route
            if code == 0:
                time.sleep(2 * TIMEOUT)
                return
            self.send_response(code)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_DELETE = answer  # noqa: N815  (the names are http.server's)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def examined(url: str, **changes: str) -> dict[str, Check]:
    """Return the checks of a gateway, by name."""
    settings = {environment.URL: url, environment.TIMEOUT: str(TIMEOUT), environment.INSTANCE_NAME: "prod", **changes}
    with pytest.MonkeyPatch.context() as patch:
        for name in environment.DEFAULTS:
            patch.setenv(name, settings.get(name, ""))
        return {check.name: check for check in gateway.checks(environment.read())}


def test_healthy() -> None:
    """One group is pushed, looked for, removed, and looked for again."""
    with serving(ROUTES) as (url, store):
        checks = examined(url)
    assert {name: (check.status, check.message) for name, check in checks.items()} == {
        "gateway": (Status.OK, f"{url} answers"),
        "gateway's flags": (Status.OK, "Pushgateway 1.11.3 runs as recommended"),
        "test group": (Status.OK, "arrived, and was removed again"),
    }
    assert store.requests == [*ROUTES, "GET /metrics"]


@pytest.mark.parametrize(
    ("changed", "name", "expected", "message"),
    [
        ("GET /-/ready", "gateway", Status.WARNING, "/-/ready answers 404 404 page not found"),
        ("GET /api/v1/status", "gateway's flags", Status.WARNING, "not known: /api/v1/status answers 404"),
        (f"POST {GROUP}", "test group", Status.FAILED, "refused: 404"),
        ("GET /metrics", "test group", Status.WARNING, "not known whether it arrived: /metrics answers 404"),
        (f"DELETE {GROUP}", "test group", Status.FAILED, "can't be removed: 404"),
    ],
)
def test_path_that_is_not_there(changed: str, name: str, expected: Status, message: str) -> None:
    """A proxy that hides a path is warned of; it fails only where the plugin needs that path."""
    with serving({**ROUTES, changed: (404, "404 page not found")}) as (url, store):
        checks = examined(url)
    check = checks.pop(name)
    assert (check.status, message in check.message, bool(check.hint)) == (expected, True, True), check
    assert {check.status for check in checks.values()} == {Status.OK}
    assert (f"DELETE {GROUP}" in store.requests) is not changed.startswith("POST")


@pytest.mark.parametrize(
    ("flags", "hint"),
    [
        ({}, "--push.disable-consistency-check --persistence.file=FILE"),
        ({"persistence.file": ""}, "--persistence.file=FILE"),
        ({"push.disable-consistency-check": "false"}, "--push.disable-consistency-check"),
    ],
)
def test_flags(flags: dict[str, str], hint: str) -> None:
    """Each recommended flag that is missing is named as it is to be written."""
    with serving({**ROUTES, "GET /api/v1/status": told({**FLAGS, **flags} if flags else {"log.level": "info"})}) as (
        url,
        _,
    ):
        check = examined(url)["gateway's flags"]
    assert (check.status, check.hint) == (Status.WARNING, f"Start it with {hint}")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"data": 1}', '{"data": {"flags": []}}', "<html>"])
def test_status_of_something_else(text: str) -> None:
    """What is no gateway's status is not known, whatever it is."""
    with serving({**ROUTES, "GET /api/v1/status": (200, text)}) as (url, _):
        check = examined(url)["gateway's flags"]
    assert (check.status, check.message[:9]) == (Status.WARNING, "not known")


def test_scraped_elsewhere() -> None:
    """The group is looked for where the gateway says that Prometheus scrapes it."""
    routes = {**ROUTES, "GET /api/v1/status": told({**FLAGS, "web.telemetry-path": "/scrape"}), "GET /scrape": listed}
    del routes["GET /metrics"]
    with serving(routes) as (url, _):
        assert examined(url)["test group"].status is Status.OK


def test_queued_for_a_moment() -> None:
    """A push that was taken but is not done yet is waited for."""

    def late(store: Store) -> tuple[int, str]:
        return listed(store) if store.requests.count("GET /metrics") > 2 else (200, "")

    with serving({**ROUTES, "GET /metrics": late}) as (url, _):
        assert examined(url)["test group"].status is Status.OK


def test_push_that_goes_elsewhere() -> None:
    """Where several gateways answer to one address, the group is not where it was pushed."""
    with serving({**ROUTES, "GET /metrics": (200, "")}) as (url, store):
        check = examined(url)["test group"]
    assert (check.status, check.message) == (Status.FAILED, f"accepted, but not there after {TIMEOUT:g} s")
    assert f"DELETE {GROUP}" in store.requests


def test_group_that_stays() -> None:
    """A removal that was taken but never done is found."""
    with serving({**ROUTES, f"DELETE {GROUP}": (202, "")}) as (url, _):
        check = examined(url)["test group"]
    assert (check.status, check.message) == (Status.FAILED, f"removed, but still there after {TIMEOUT:g} s")


def test_leftover_of_an_earlier_doctor() -> None:
    """The group with another value is not the one that was pushed."""
    old = 'dashgen_doctor_push_timestamp_seconds{instance="prod",job="dashgen_doctor"} 1\n'
    with serving({**ROUTES, "GET /metrics": (200, old)}) as (url, _):
        assert examined(url)["test group"].message.startswith("accepted, but not there")


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        (301, "(a redirect, which is not followed)", "Name the address that it redirects to"),
        (308, "(a redirect, which is not followed)", "Name the address that it redirects to"),
        (405, "refused: 405", "Is the path right?"),
        (400, "refused: 400", ""),
        (401, "refused: 401", "Write user and password into the address"),
        (500, "the gateway is in trouble: 500", "Its log says more."),
    ],
)
def test_refused(code: int, message: str, hint: str) -> None:
    """A push that is refused fails with what was answered, and what to do where that is known."""
    with serving({**ROUTES, f"POST {GROUP}": (code, "no")}) as (url, _):
        check = examined(url)["test group"]
    assert (check.status, check.exit_code, message in check.message) == (Status.FAILED, 1, True), check
    assert check.hint.startswith(hint)


@pytest.mark.parametrize(("password", "expected"), [("s%65cret", Status.OK), ("other-secret", Status.FAILED)])
def test_password(password: str, expected: Status) -> None:
    """The address's user and password are used for each request, and never shown."""

    def guarded(route: Route) -> Route:
        def answer(store: Store) -> tuple[int, str]:
            if store.authorization != f"Basic {b64encode(b'user:secret').decode()}":
                return 401, "Unauthorized"
            return route(store) if callable(route) else route

        return answer

    with serving({request: guarded(route) for request, route in ROUTES.items()}) as (url, _):
        checks = examined(url.replace("//", f"//user:{password}@"))
    assert checks["test group"].status is expected
    assert "secret" not in str(checks)


def test_scrape_that_fails() -> None:
    """A gateway whose series contradict each other accepts pushes, and Prometheus gets nothing of it."""
    with serving({**ROUTES, "GET /metrics": (500, "was collected before with the same name")}) as (url, _):
        check = examined(url)["test group"]
    assert (check.status, check.message) == (Status.FAILED, "/metrics answers 500: Prometheus gets nothing")


@pytest.mark.parametrize("path", [route.partition(" ")[2] for route in ROUTES])
def test_server_that_hangs(path: str) -> None:
    """Each request ends by the timeout, whichever hangs."""
    hanging: dict[str, Route] = {each: (0, "") for each in ROUTES if each.endswith(f" {path}")}
    begun = time.monotonic()
    with serving({**ROUTES, **hanging}) as (url, _):
        checks = examined(url)
        taken_seconds = time.monotonic() - begun
    assert "no answer within 0.5 s" in " ".join(check.message for check in checks.values())
    assert taken_seconds < 6 * TIMEOUT
    failed = [check for check in checks.values() if check.status is Status.FAILED]
    assert {check.exit_code for check in failed} <= {3}
    assert bool(failed) is (path not in {"/api/v1/status", "/metrics"})


@pytest.mark.parametrize(
    ("url", "code", "message"),
    [
        ("http://127.0.0.1:1", 3, "http://127.0.0.1:1 can't be reached: Connection refused"),
        ("http://user:secret@127.0.0.1:1/x", 3, "http://***@127.0.0.1:1/x can't be reached: Connection refused"),
        ("http://dashgen.invalid", 3, "http://dashgen.invalid can't be reached: the host is not known"),
        ("http://a..b", 2, "'a..b' can't be the name of a host"),
    ],
)
def test_unreachable(url: str, code: int, message: str) -> None:
    """Nothing is asked of a gateway that can't be reached; what to try names no credentials."""
    (check,) = examined(url).values()
    assert (check.name, check.status, check.exit_code) == ("gateway", Status.FAILED, code)
    assert check.message.startswith(message)
    assert "secret" not in "".join(map(str, check))


def test_proxy_that_has_no_address() -> None:
    """What the environment says of proxies is configuration too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("http_proxy", "ftp://user:secret@proxy")
        patch.delenv("no_proxy", raising=False)
        patch.delenv("NO_PROXY", raising=False)
        (check,) = examined("http://gateway.invalid").values()
    assert (check.status, check.exit_code, "secret" in check.message) == (Status.FAILED, 2, False)
