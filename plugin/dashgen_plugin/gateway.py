"""Adding the values of a group to a Pushgateway, and saying why where that fails."""

from __future__ import annotations

import http.client
import socket
from typing import NamedTuple

from dashgen.catalog.terms import JOB_LABEL
from dashgen.pushgateway import group
from dashgen.pushgateway.address import Address, AddressError
from dashgen.pushgateway.connection import Connection
from dashgen.redaction import redacted
from dashgen_plugin import exposition

TYPE_CHECKING = False  # typing's own costs the plugin's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashgen.catalog.model import Metric
    from dashgen_plugin.environment import Target
    from dashgen_plugin.events import Labels

    Key = tuple[str, Labels]

_OK = range(200, 300)
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)
_TOO_MANY_REQUESTS = 429
_SHOWN_CHARACTERS = 200
# Answers about the address or the credentials: the next group would get the same.
_ABOUT_ALL = {401, 403, 404, 405, 407, *_REDIRECTS}


class TroubleError(OSError):
    """An answer that says that the gateway, not the group, is at fault."""


class Refusal(NamedTuple):
    """Why a gateway does not take a group; ``status`` is its answer's, 0 where nothing was sent."""

    said: str
    status: int = 0

    @property
    def concerns_all(self) -> bool:
        """Whether no group will be taken, not only this one."""
        return self.status in _ABOUT_ALL


# What may be gone in a moment; anything else stays as it is, however often it is tried.
PASSING = (OSError, http.client.HTTPException)


class Link:
    """The connection to the gateway, made anew where the settings changed."""

    def __init__(self) -> None:
        """Make a link that is not connected."""
        self._target: Target | None = None
        self._connection: Connection | None = None

    def open(self, target: Target, deadline: float) -> None:
        """Connect to ``target`` unless connected, by ``deadline`` (seconds of ``time.monotonic``).

        Raises:
            ValueError: its settings can't be used.
            OSError, http.client.HTTPException: there is no connection by then.

        """
        if self._connection is None or self._target != target:
            self.close()
            self._connection = Connection(Address.parse(target.url), target.ca_file)
            self._target = target
        self._connection.open(deadline)

    def post(self, key: Key, values: Mapping[Metric, float], deadline: float) -> Refusal | None:
        """Add the values to their group: what else it holds, stays.

        Returns why the gateway refuses them, None where it took them.

        Raises:
            OSError, http.client.HTTPException: they did not arrive by the deadline, or it is in trouble.

        """
        if self._connection is None:
            raise ConnectionError("not connected")
        job, labels = key
        try:
            path = group.path([(JOB_LABEL, job), *labels])
            body = exposition.text(values)
        except (KeyError, ValueError) as error:
            return Refusal(f"it can't be written: {error}")
        headers = {"Content-Type": exposition.CONTENT_TYPE}
        answer = self._connection.request("POST", path, body=body, headers=headers, deadline=deadline)
        if answer.status in _OK:
            return None
        said = " ".join(f"{answer.status} {answer.text[:_SHOWN_CHARACTERS]}".split())
        if answer.status in _SERVER_ERRORS or answer.status == _TOO_MANY_REQUESTS:
            raise TroubleError(said)
        more = " (a redirect, which is not followed)" if answer.status in _REDIRECTS else ""
        return Refusal(said + more, answer.status)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def reason(error: Exception, timeout: float) -> str:
    """Say in a few words why nothing arrived."""
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    if isinstance(error, socket.gaierror):
        return f"the host is not known ({error.strerror})"
    if isinstance(error, (*PASSING, AddressError)):
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{type(error).__name__}: {error}"


def shown(target: Target) -> str:
    """Write a target's address without its credentials."""
    return redacted(target.url)


def described(key: Key) -> str:
    """Write a group for a person."""
    job, labels = key
    return " ".join([job, *(f"{name}={value!r}" for name, value in labels)])
