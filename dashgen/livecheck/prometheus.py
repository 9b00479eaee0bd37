"""Asking Prometheus, or what answers as it does, by its HTTP API."""

from __future__ import annotations

import http.client
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from dashgen.pushgateway.connection import AccessError, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashgen.pushgateway.connection import Connection

_SHOWN_CHARACTERS = 200
# What Prometheus looks back in an instant query.
_LATELY_SECONDS = 300


class AnswerError(Exception):
    """An answer that is no Prometheus', or an error of its own."""


class NoAccessError(AnswerError, AccessError):
    """It, or a proxy before it, refuses access."""


class Sample(NamedTuple):
    """One series at an instant: its labels, the name left out, and its value."""

    labels: dict[str, str]
    value: float


class Prometheus:
    """A Prometheus, asked with a deadline for each request."""

    def __init__(self, connection: Connection, timeout: float, headers: Mapping[str, str]) -> None:
        """Take a connection to it, and of each request the seconds and what headers to send."""
        self._connection, self._timeout, self._headers = connection, timeout, headers

    def query(self, expr: str) -> list[Sample]:
        """Return what an expression gives now: a vector.

        Raises:
            AnswerError: it is refused, or the answer is no Prometheus'.
            OSError, http.client.HTTPException: there is no answer.

        """
        found = self._get("query", query=expr)
        try:
            return [Sample(dict(each["metric"]), float(each["value"][1])) for each in found["result"]]
        except (KeyError, IndexError, TypeError, ValueError):
            raise AnswerError("the answer to a query is not as Prometheus writes it") from None

    def label_names(self, selector: str) -> set[str]:
        """Return the names of the labels on what a selector has selected lately; raises as :meth:`query`."""
        # Without a start all that was ever stored counts.
        return set(map(str, self._get("labels", **{"match[]": selector, "start": str(time.time() - _LATELY_SECONDS)})))

    def types(self) -> dict[str, set[str]]:
        """Return the types with which targets expose each metric; raises as :meth:`query`."""
        found = self._get("metadata")
        try:
            return {name: {str(each["type"]) for each in told} for name, told in found.items()}
        except (AttributeError, KeyError, TypeError):
            raise AnswerError("the metadata is not as Prometheus writes it") from None

    def rule_groups(self) -> list[dict[str, Any]]:
        """Return the rule groups that it evaluates; raises as :meth:`query`."""
        found = self._get("rules")
        try:
            return list(found["groups"])
        except (KeyError, TypeError):
            raise AnswerError("the rules are not as Prometheus writes them") from None

    def _get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401  (JSON)
        target = f"/api/v1/{path}?{urlencode(parameters)}"
        deadline = time.monotonic() + self._timeout
        with self._connection.stream(target, deadline=deadline, headers=self._headers) as response:
            body = response.read()
            status = response.status
        if refused := refusal(status):
            raise NoAccessError(refused)
        try:
            answer = json.loads(body)
            if answer["status"] == "success":
                return answer["data"]
            said = str(answer.get("error", ""))
        except (KeyError, TypeError, ValueError):
            said = body.decode(errors="replace")
        if status == http.client.OK:
            said = f"no answer of a Prometheus: {said}"
        raise AnswerError(" ".join(f"{status} {said[:_SHOWN_CHARACTERS]}".split()))
