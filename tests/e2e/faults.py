"""The faults that a gateway can have: a DAG for each, whose tasks meet it, all in one deployment."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dashgen_plugin import environment
from tests import certificates, faulty
from tests.integration.plugin.bounds import with_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager, ExitStack

    from tests.wire import Server

    Start = Callable[[], AbstractContextManager[Server]]

TEMPLATES = Path(__file__).with_name("fault_dags")

DEADLINE = 4.0
SILENCE = "(no answer|not sent) within 4 s"
NOWHERE = "http://gateway.invalid:9091"

HEALTHY = "healthy"
"""The DAG whose tasks have the gateway of the scheduler."""
WITHOUT = "without"
"""The DAG whose tasks run as if the plugin were not there."""


@contextmanager
def _blackhole() -> Iterator[Server]:
    with faulty.blackhole(0) as (server, _):
        yield server


# A task tries again until its deadline, and loses all that it has in one.
_PASSING: Mapping[str, tuple[Start, str]] = {
    "refused": (faulty.refused, "Connection refused"),
    "hangs": (faulty.hanging, SILENCE),
    "blackhole": (_blackhole, SILENCE),
    "drips": (faulty.dripping, SILENCE),
    "resets": (faulty.resetting, "Connection reset by peer"),
    "429": (lambda: faulty.answering(429), "429"),
    "500": (lambda: faulty.answering(500), "500"),
    "503": (lambda: faulty.answering(503), "503"),
}
# A task tries once: 400 is about one group, the others about all of them.
_REFUSING: Mapping[str, tuple[Start, str]] = {
    "400": (lambda: faulty.answering(400, text="not so"), "400 not so"),
    "401": (lambda: faulty.answering(401), "401"),
    "404": (lambda: faulty.answering(404), "404"),
}
OF_GROUP = "400"
REDIRECT = "302"
WRONG_CA = "wrong_ca"
PROXY = "hanging_proxy"
UNRESOLVABLE = "unresolvable"

FINAL = frozenset({*_REFUSING, REDIRECT, WRONG_CA})
UNREACHABLE = frozenset({"refused", "blackhole", UNRESOLVABLE})
FAULTS = (*_PASSING, *_REFUSING, REDIRECT, WRONG_CA, PROXY, UNRESOLVABLE)


@dataclass(frozen=True)
class Fault:
    """The variables that make a task meet it, the reason that a loss must name, and who is asked in vain."""

    variables: Mapping[str, str]
    why: str
    server: Server | None = None
    elsewhere: Server | None = None

    @property
    def refusals(self) -> int:
        """How often the server said no, or was hung up on for its certificate."""
        if self.server is None:
            return 0
        return self.server.accepted if self.server.scheme == "https" else len(self.server.requests)


def started(stack: ExitStack, folder: Path) -> dict[str, Fault]:
    """Start the faulty servers, which stop with ``stack``; the folder is for certificates."""
    faults = {}
    for name, (start, why) in {**_PASSING, **_REFUSING}.items():
        server = stack.enter_context(start())
        faults[name] = Fault({environment.URL: with_credentials(server.url)}, why, server)
    faults[REDIRECT] = _redirect(stack)
    faults[WRONG_CA] = _wrong_ca(stack, folder)
    proxy = stack.enter_context(faulty.hanging())
    # Both spellings, as a machine may have either.
    by_proxy = dict.fromkeys(("http_proxy", "HTTP_PROXY"), with_credentials(proxy.url))
    nowhere = {environment.URL: with_credentials(NOWHERE)}
    faults[PROXY] = Fault({**nowhere, **by_proxy}, SILENCE, proxy)
    faults[UNRESOLVABLE] = Fault(nowhere, "the host is not known")
    return faults


def write_dags(folder: Path, faults: Mapping[str, Fault]) -> frozenset[str]:
    """Write the files of all DAGs and the user's catalog; return the ids of the DAGs."""
    folder.mkdir()
    shutil.copy(TEMPLATES / "own_metrics.py", folder)
    variables = {name: dict(fault.variables) for name, fault in faults.items()}
    variables |= {HEALTHY: {}, WITHOUT: {environment.ENABLED: "false"}}
    for name, values in variables.items():
        shutil.copy(TEMPLATES / "fault.py", folder / f"{name}.py")
        (folder / f"{name}.json").write_text(json.dumps(values), encoding="utf-8")
    return frozenset(map(dag_id, variables))


def dag_id(name: str) -> str:
    """Return the id of the DAG for a fault."""
    return f"fault.{name}"


def _redirect(stack: ExitStack) -> Fault:
    elsewhere = stack.enter_context(faulty.answering(200))
    server = stack.enter_context(faulty.answering(int(REDIRECT), headers={"Location": elsewhere.url}))
    variables = {environment.URL: with_credentials(server.url)}
    return Fault(variables, "a redirect, which is not followed", server, elsewhere)


def _wrong_ca(stack: ExitStack, folder: Path) -> Fault:
    """Serve with one authority's certificate, and trust another."""
    for name in ("ours", "theirs"):
        (folder / name).mkdir(parents=True)
    ours, theirs = (certificates.made(folder / name) for name in ("ours", "theirs"))
    server = stack.enter_context(faulty.answering(200, tls=theirs.server))
    variables = {environment.URL: with_credentials(server.url), environment.CA_FILE: str(ours.authority)}
    return Fault(variables, "certificate verify failed", server)
