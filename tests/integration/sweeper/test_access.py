"""Ways to a gateway: prefixes, credentials, TLS, proxies."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from dashgen.pushgateway.address import AddressError
from tests import certificates, faulty, servers
from tests.integration.sweeper import gateways
from tests.integration.sweeper.gateways import EXPIRED
from tests.programs import program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers import Pushgateway
    from tests.wire import Request

SECRET = "s3cret"  # noqa: S105  (no secret: what must not be printed)
# bcrypt of it, at its lowest cost.
HASHED = "$2b$04$khAQcK0XUZV5MyT9qXLOseUl615vE2ONFK/A9to0g8kF0RI2FuQ8a"


def test_route_prefix(store_in: Path) -> None:
    """A gateway below a path is swept below it, by either listing."""
    for more in ((), ("--web.telemetry-path=/elsewhere",)):
        with servers.pushgateway(store_in, "--web.route-prefix=/pg", *more) as gateway:
            done = gateways.command(f"{gateway.url}/pg/", "--dry-run", cwd=store_in)
            assert f"{len(EXPIRED)} would be deleted" in done.stdout, done.stderr
    with servers.pushgateway(store_in, "--web.route-prefix=/pg") as gateway:
        done = gateways.command(f"{gateway.url}/pg", cwd=store_in)
        assert done.code == 0, done.stderr
        left = gateway.get_json("/pg/api/v1/metrics")["data"]
        assert len(left) == len(gateways.STAYING) + 1
        wrong = gateways.command(gateway.url, cwd=store_in)
    assert wrong.code == 3
    assert "404" in wrong.stderr


@contextmanager
def with_password(folder: Path) -> Iterator[int]:
    """Run a gateway that wants a password for everything, also for saying that it is ready."""
    config = folder / "web.yml"
    config.write_text(f'basic_auth_users: {{user: "{HASHED}"}}\n')
    port = servers.free_port()
    flags = (f"--web.config.file={config}", f"--persistence.file={folder / 'groups'}")
    command = (program("prometheus-pushgateway"), f"--web.listen-address={servers.HOST}:{port}", *flags)
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            gateway = servers.Server(port, process, folder / "log")
            assert gateways.eventually(lambda: status(gateway) == 401)
            yield port
        finally:
            process.terminate()


def status(gateway: servers.Server) -> int:
    """Return what a gateway answers without a password, 0 while it does not."""
    try:
        return gateway.request("GET", "/metrics")[0]
    except OSError:
        return 0


def test_password(store_in: Path) -> None:
    """User and password of the address are used for all requests, and never printed."""
    with with_password(store_in) as port:
        address = f"http://user:{SECRET}@{servers.HOST}:{port}"
        wrong = gateways.command(address.replace(SECRET, SECRET + "x"), cwd=store_in)
        done = gateways.command(address, "--format", "json", cwd=store_in)
    with servers.pushgateway(store_in) as gateway:
        assert not gateways.keys(EXPIRED) & gateways.held(gateway).keys()
    assert done.code == 0, done.stderr
    assert wrong.code == 3
    assert "refuses access: 401 Unauthorized" in wrong.stderr
    assert "USER:PASSWORD@ in the URL or --bearer-token-file" in wrong.stderr
    assert SECRET not in done.stdout + done.stderr + wrong.stdout + wrong.stderr


def test_bearer_token(gateway: Pushgateway, assert_swept: Callable[[], None], tmp_path: Path) -> None:
    """A bearer token from a file goes with each request."""
    token = tmp_path / "token"
    token.write_text(f"{SECRET}\n")
    with gateways.front(gateway.port) as server:
        done = gateways.command(server.url, "--bearer-token-file", str(token), cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert {request.headers.get("authorization") for request in server.requests} == {f"Bearer {SECRET}"}
    assert {request.method for request in server.requests} == {"GET", "DELETE", "POST"}
    assert SECRET not in done.stdout + done.stderr
    assert_swept()


def test_tls_with_client_certificate(gateway: Pushgateway, assert_swept: Callable[[], None], tmp_path: Path) -> None:
    """Over https with an authority and a client certificate; without either, nothing is listed."""
    made = certificates.made(tmp_path)
    made.server.verify_mode = made.server.verify_mode.CERT_REQUIRED
    made.server.load_verify_locations(made.authority)
    certificate, key = str(tmp_path / "server.pem"), str(tmp_path / "server.key")
    authority = ("--ca-file", str(made.authority))
    with gateways.front(gateway.port, tls=made.server) as server:
        untrusted = gateways.command(server.url, "--cert", certificate, "--key", key, cwd=tmp_path)
        unknown = gateways.command(server.url, *authority, cwd=tmp_path)
        assert not server.requests
        done = gateways.command(server.url, *authority, "--cert", certificate, "--key", key, cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert (untrusted.code, unknown.code) == (3, 3)
    assert "certificate verify failed" in untrusted.stderr
    assert "Traceback" not in untrusted.stderr + unknown.stderr
    assert_swept()


def test_encrypted_key(tmp_path: Path) -> None:
    """A key that wants a passphrase is wrong usage: nobody is asked, and what to do is said."""
    made = certificates.made(tmp_path)
    certificate, key = tmp_path / "server.pem", certificates.encrypted_key(tmp_path, SECRET)
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    with faulty.answering(200, tls=made.server) as server:
        for files in (("--cert", certificate, "--key", key), ("--cert", both)):
            done = gateways.command(server.url, *map(str, files), cwd=tmp_path)
            assert (done.code, done.stdout) == (2, "")
            assert f"the key in '{files[-1]}' is encrypted: give one that is not (openssl pkey " in done.stderr
            assert "Traceback" not in done.stderr
    assert not server.requests


def test_key_that_is_none(tmp_path: Path) -> None:
    """Where there is no key, it is named beside the certificate."""
    certificates.made(tmp_path)
    done = gateways.command("https://127.0.0.1:1", "--cert", "server.pem", "--key", "none.key", cwd=tmp_path)
    assert done.code == 2
    assert "'server.pem' with the key 'none.key' can't be used for TLS" in done.stderr


def test_tls_file_that_is_none(tmp_path: Path) -> None:
    """A file that can't be used for TLS is wrong usage."""
    with pytest.raises(AddressError, match=r"none\.pem"):
        gateways.swept("https://127.0.0.1:1", ca_file=str(tmp_path / "none.pem"))


def test_proxy(
    gateway: Pushgateway, assert_swept: Callable[[], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A proxy of the environment is used, and gets one request at a time."""

    def slowly(request: Request) -> None:
        if request.method == "DELETE":
            time.sleep(0.05)

    with gateways.front(gateway.port, slowly) as server:
        monkeypatch.setenv("http_proxy", server.url)
        done = gateways.command("http://gateway.invalid:9091", cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert {request.target.partition("/metrics")[0] for request in server.requests} == {"http://gateway.invalid:9091"}
    # A listing before and one after, the sweeper's own metrics, and four that delete.
    assert server.accepted == 7
    assert sum(request.method == "DELETE" for request in server.requests) == len(EXPIRED)
    assert_swept()


def test_tls_through_a_proxy(
    gateway: Pushgateway, assert_swept: Callable[[], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Over https a proxy makes a tunnel."""
    made = certificates.made(tmp_path)
    with gateways.front(gateway.port, tls=made.server) as server, faulty.proxy() as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        assert gateways.swept(server.url, ca_file=str(made.authority)).clean
    assert {request.method for request in proxy.requests} == {"CONNECT"}
    assert_swept()


def test_gzip_from_elsewhere(
    gateway: Pushgateway, assert_swept: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off loopback the listing is zipped."""
    with gateways.front(gateway.port) as server:
        monkeypatch.setenv("http_proxy", server.url)
        assert gateways.swept("http://gateway.invalid").clean
    listings = [request.headers["accept-encoding"] for request in server.requests if request.method == "GET"]
    assert listings == ["gzip", "gzip"]
    assert_swept()
