"""What the plugin says to a gateway, and of one."""

from __future__ import annotations

import http.client
import socket
import time

import pytest

from dashgen.catalog import airflow
from dashgen.catalog.model import Metric
from dashgen.catalog.terms import MetricType
from dashgen.pushgateway.address import AddressError
from dashgen_plugin import gateway
from dashgen_plugin.environment import Target
from tests import faulty

KEY = ("airflow_tasks", (("dag_id", "a/b"), ("task_id", "load"), ("instance", "i")))
BODY = b"# HELP task_status State of the task's latest event\n# TYPE task_status gauge\ntask_status -1.0\n"


def posted(url: str) -> gateway.Refusal | None:
    """Push once; return why that was refused."""
    link, target, deadline = gateway.Link(), Target(url, "", 5), time.monotonic() + 5
    try:
        link.open(target, deadline)
        return link.post(KEY, {airflow.TASK_STATUS: -1}, deadline)
    finally:
        link.close()


@pytest.mark.parametrize("status", [200, 202, 204])
def test_push(status: int) -> None:
    """A push adds exposition text to its group's path by POST, below the address's own path."""
    with faulty.answering(status) as server:
        assert posted(f"{server.url}/push/") is None
    (request,) = server.requests
    assert (request.method, request.target) == (
        "POST",
        "/push/metrics/job/airflow_tasks/dag_id@base64/YS9i/task_id/load/instance/i",
    )
    assert request.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert request.body == BODY


@pytest.mark.parametrize(
    ("status", "text", "said", "concerns_all"),
    [
        (400, "text format\n parsing error", "400 text format parsing error", False),
        (413, "3", "413 3", False),
        (401, "", "401", True),
        (404, "x" * 300, "404 " + "x" * 200, True),
        (301, "", "301 (a redirect, which is not followed)", True),
    ],
)
def test_refused(status: int, text: str, said: str, *, concerns_all: bool) -> None:
    """What a gateway refuses is said in one short line, and whether it would refuse every group."""
    with faulty.answering(status, text=text) as server:
        refused = posted(server.url)
    assert refused == gateway.Refusal(said, status)
    assert refused.concerns_all == concerns_all


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_in_trouble(status: int) -> None:
    """What may be gone in a moment is an error to try again after."""
    with faulty.answering(status, text="later") as server, pytest.raises(gateway.TroubleError, match=f"{status} later"):
        posted(server.url)
    assert issubclass(gateway.TroubleError, gateway.PASSING)


def test_not_connected() -> None:
    """A link that was not opened is an error to try again after."""
    with pytest.raises(gateway.PASSING):
        gateway.Link().post(KEY, {}, time.monotonic() + 5)


@pytest.mark.parametrize("bad", ["a type that can't be pushed", "no Unicode"])
def test_what_cannot_be_written(bad: str) -> None:
    """A metric that can't be written is refused before it is sent; others may go on."""
    kind = MetricType.GAUGE if bad == "no Unicode" else MetricType.HISTOGRAM
    metric = Metric("own", kind, help="help \udc80", read="", source=airflow.TASK_STATUS.source, owner="o")
    with faulty.answering(200) as server:
        link, deadline = gateway.Link(), time.monotonic() + 5
        link.open(Target(server.url, "", 5), deadline)
        refused = link.post(KEY, {metric: 1}, deadline)
        assert refused is not None
        assert refused.said.startswith("it can't be written")
        assert not refused.concerns_all
        link.close()
    assert server.requests == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError("timed out"), "no answer within 2 s"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (ConnectionResetError(), "ConnectionResetError"),
        (socket.gaierror(-2, "Name or service not known"), "the host is not known (Name or service not known)"),
        (http.client.RemoteDisconnected("closed"), "closed"),
        (http.client.BadStatusLine("SSH-2.0"), "SSH-2.0"),
        (gateway.TroubleError("503 busy"), "503 busy"),
        (AddressError("'x' is no address"), "'x' is no address"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
    ],
)
def test_reason(error: Exception, said: str) -> None:
    """An error is told in a few words."""
    assert gateway.reason(error, 2.0) == said


def test_shown_and_described() -> None:
    """An address is shown without credentials, a group with its labels."""
    assert gateway.shown(Target("http://me:word@gateway", "", 2)) == "http://***@gateway"
    assert gateway.described(KEY) == "airflow_tasks dag_id='a/b' task_id='load' instance='i'"
    assert gateway.described(("j", (("dag_id", "a\nb"),))) == "j dag_id='a\\nb'"
