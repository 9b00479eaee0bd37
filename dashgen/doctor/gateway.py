"""The gateway: whether it answers and runs as it should, and whether a group arrives and goes again."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from dashgen.catalog.labels import DASHGEN_DOCTOR, INSTANCE
from dashgen.catalog.pipeline import DOCTOR_PUSH
from dashgen.catalog.terms import JOB_LABEL
from dashgen.doctor.check import Check, failed, ok, shown, warning
from dashgen.problems import EXIT_UNREACHABLE, EXIT_USAGE
from dashgen.pushgateway import group
from dashgen.pushgateway.address import Address
from dashgen.pushgateway.connection import Connection
from dashgen.redaction import redacted
from dashgen_plugin import environment
from dashgen_plugin.gateway import PASSING, Link, TroubleError, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dashgen.pushgateway.connection import Answer
    from dashgen_plugin.environment import Environment, Target
    from dashgen_plugin.gateway import Refusal

ANSWERS = "gateway"
RUNS = "gateway's flags"
TEST_GROUP = "test group"

NO_CONSISTENCY_CHECK = "push.disable-consistency-check"
PERSISTENCE_FILE = "persistence.file"
TELEMETRY_PATH = "web.telemetry-path"

_SUCCESS = range(200, 300)
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 0.5
_SHOWN_CHARACTERS = 200
_DO = {
    http.client.MOVED_PERMANENTLY: "Name the address that it redirects to: redirects are not followed.",
    http.client.UNAUTHORIZED: "Write user and password into the address: http://USER:PASSWORD@HOST.",
    http.client.FORBIDDEN: "Does a proxy in between let this machine push?",
    http.client.NOT_FOUND: "Is the path right? The address ends before /metrics, after the gateway's route prefix.",
}
_DO |= dict.fromkeys((302, 303, 307, 308), _DO[http.client.MOVED_PERMANENTLY])
_DO[http.client.METHOD_NOT_ALLOWED] = _DO[http.client.NOT_FOUND]


def checks(settings: Environment) -> Iterator[Check]:
    """Look at the gateway of the settings, whose address is one; each request ends by the timeout."""
    target = settings.target
    try:
        gateway = _Gateway(target)
        answer = gateway.get("/-/ready")
    except (*PASSING, ValueError) as error:
        yield _unreachable(ANSWERS, error, target)
        return
    if answer.status in _SUCCESS:
        yield ok(ANSWERS, f"{gateway.address} answers")
    else:
        yield warning(ANSWERS, f"{gateway.address}/-/ready answers {_said(answer)}", _DO.get(answer.status, ""))
    flags, check = runs(gateway.get, target.timeout)
    yield check
    yield _TestGroup(gateway, settings.instance, flags.get(TELEMETRY_PATH) or "/metrics").check()
    gateway.close()


class _Gateway:
    """The gateway, asked with a deadline for each request."""

    def __init__(self, target: Target) -> None:
        """Take its address; raises ValueError where the proxy has none."""
        self.target = target
        self.address = Address.parse(target.url)
        self.connection = Connection(self.address, target.ca_file)

    @property
    def deadline(self) -> float:
        """The end of a request that begins now."""
        return time.monotonic() + self.target.timeout

    def get(self, path: str) -> Answer:
        return self.connection.request("GET", path, deadline=self.deadline)

    def close(self) -> None:
        self.connection.close()


def _unreachable(name: str, error: Exception, target: Target) -> Check:
    """Say why there is no answer, and which setting may mend it."""
    why = shown(redacted(reason(error, target.timeout)))
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return failed(name, why, "Correct the address, its proxy or the CA file.", EXIT_USAGE)
    address = Address.parse(target.url)
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = f"Name the PEM file of its authority in {environment.CA_FILE}."
    else:
        hint = f"Does it run, and can it be reached from here? curl {_open(address)}/-/ready"
    return failed(name, f"{address} can't be reached: {why}", hint, EXIT_UNREACHABLE)


def runs(get: Callable[[str], Answer], timeout: float) -> tuple[dict[str, str], Check]:
    """Return the gateway's flags, as far as they are known, and whether they are the recommended ones.

    ``get`` asks the gateway for a path, and raises what a connection does; ``timeout`` is its, in seconds.
    """
    path = "/api/v1/status"
    try:
        answer = get(path)
        data = json.loads(answer.text)["data"] if answer.status in _SUCCESS else None
        version = data["build_information"]["version"] if data else ""
        flags = {str(name): str(value) for name, value in dict(data["flags"]).items()} if data else {}
    except (*PASSING, ValueError, LookupError, TypeError) as error:
        return {}, _unknown(f"{path} can't be read: {shown(redacted(reason(error, timeout)))}")
    if not flags:
        return {}, _unknown(f"{path} answers {_said(answer)}")
    missing = []
    if flags.get(NO_CONSISTENCY_CHECK) != "true":
        missing.append(f"--{NO_CONSISTENCY_CHECK}")
    if not flags.get(PERSISTENCE_FILE):
        missing.append(f"--{PERSISTENCE_FILE}=FILE")
    if missing:
        message = f"Pushgateway {version} runs without {' and '.join(missing)}"
        return flags, warning(RUNS, shown(message), f"Start it with {' '.join(missing)}")
    return flags, ok(RUNS, shown(f"Pushgateway {version} runs as recommended"))


def _unknown(why: str) -> Check:
    hint = f"See for yourself that it runs with --{NO_CONSISTENCY_CHECK} --{PERSISTENCE_FILE}=FILE"
    return warning(RUNS, f"not known: {why}", hint)


def _open(address: Address) -> str:
    """Write an address for a command: without credentials, whose place a person knows."""
    return f"{address.scheme}://{address.netloc}{address.prefix}"


def _said(answer: Answer) -> str:
    return shown(" ".join(f"{answer.status} {answer.text[:_SHOWN_CHARACTERS]}".split()))


class _TestGroup:
    """A group with one metric: pushed as the plugin does, looked for where Prometheus looks, and removed.

    Prometheus' own listing, as the JSON one makes a large gateway take three times its memory.
    """

    def __init__(self, gateway: _Gateway, instance: str, listing: str) -> None:
        self._gateway = gateway
        self._labels = {JOB_LABEL: DASHGEN_DOCTOR.name, INSTANCE.name: instance}
        self._listing = listing
        self._value = time.time()

    def check(self) -> Check:
        """Push the group, and say what became of it."""
        target = self._gateway.target
        try:
            refused = self._push()
            if refused is not None:
                return failed(TEST_GROUP, f"refused: {shown(refused.said)}", _DO.get(refused.status, ""))
            arrived = self._becomes(there=True)
            removed = self._remove()
        except TroubleError as error:
            return failed(TEST_GROUP, f"the gateway is in trouble: {shown(str(error))}", "Its log says more.")
        except (*PASSING, ValueError) as error:
            return _unreachable(TEST_GROUP, error, target)
        if removed:
            return removed
        gone = arrived or self._becomes(there=False)
        return gone or ok(TEST_GROUP, "arrived, and was removed again")

    def _push(self) -> Refusal | None:
        link, gateway = Link(), self._gateway
        job, *labels = self._labels.items()
        try:
            link.open(gateway.target, gateway.deadline)
            return link.post((job[1], tuple(labels)), {DOCTOR_PUSH: self._value}, gateway.deadline)
        finally:
            link.close()

    def _remove(self) -> Check | None:
        """Delete the group; None where the gateway took that."""
        path = group.path(self._labels.items())
        answer = self._gateway.connection.request("DELETE", path, deadline=self._gateway.deadline)
        if answer.status in _SUCCESS:
            return None
        hint = f"Remove it by hand: curl -X DELETE {_open(self._gateway.address)}{path}"
        return failed(TEST_GROUP, f"accepted, but can't be removed: {_said(answer)}", hint)

    def _becomes(self, *, there: bool) -> Check | None:
        """Wait until the group is there, or no more; None where that happens within the timeout.

        A push or removal that the gateway took is queued, not yet done.
        """
        timeout, deadline, pause = self._gateway.target.timeout, self._gateway.deadline, _FIRST_PAUSE_SECONDS
        while True:
            found = self._is_there()
            if isinstance(found, Check):
                return found
            if found is there:
                return None
            if time.monotonic() + pause >= deadline:
                break
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        state = "accepted, but not there" if there else "removed, but still there"
        hint = "Does every request to this address reach the same gateway? There must be one, not several."
        return failed(TEST_GROUP, f"{state} after {timeout:g} s", hint)

    def _is_there(self) -> bool | Check:
        """Look for the group in what Prometheus scrapes; return what is wrong where that can't be read."""
        gateway, series = self._gateway, f"{DOCTOR_PUSH}{{".encode()
        unknown = f"accepted; not known whether it arrived: {self._listing}"
        try:
            with gateway.connection.stream(self._listing, deadline=gateway.deadline) as response:
                # Read to the end: what is left unread ends the connection.
                lines = [line for line in response if line.startswith(series)]
                status = response.status
        except (*PASSING, ValueError) as error:
            return warning(TEST_GROUP, f"{unknown} can't be read: {shown(reason(error, gateway.target.timeout))}")
        if status == http.client.INTERNAL_SERVER_ERROR:
            hint = f"Which series contradict each other: curl {_open(gateway.address)}{self._listing}"
            return failed(TEST_GROUP, f"{self._listing} answers {status}: Prometheus gets nothing", hint)
        if status not in _SUCCESS:
            return warning(TEST_GROUP, f"{unknown} answers {status}", "Does Prometheus get it by another way?")
        families = text_string_to_metric_families(b"".join(lines).decode(errors="replace"))
        samples = [sample for family in families for sample in family.samples]
        return any(sample.labels == self._labels and sample.value == self._value for sample in samples)
