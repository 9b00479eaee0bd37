"""How long each query of a dashboard takes in a server, asked as Grafana asks it."""

from __future__ import annotations

import http.client
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests import grafana
from tests.asked import queries, rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashgen.definitions import Project
    from tests.servers import Prometheus

Request = tuple[str, dict[str, str]]
# From the name of a server and of a query to milliseconds.
Timings = dict[tuple[str, str], float]

_MILLISECONDS = 1000
_LABEL_VALUES = re.compile(r"label_values\((.*),\s*(\w+)\)")
_QUERY_RESULT = re.compile(r"query_result\((.*)\)")


class QueryError(Exception):
    """A server refused a query."""


def requests(
    project: Project,
    board: str,
    server: Prometheus,
    window: grafana.Window,
    rewritten: Callable[[str], str] = lambda expr: expr,
) -> dict[str, Request]:
    """Return what is asked when a dashboard is opened, all its rows unfolded, by variable, panel and annotation.

    ``rewritten`` may change the expression of a panel. The values of variables are those of ``server``.
    """
    data = rendered(project)[board]
    values = grafana.chosen(data, window, server)
    found = {
        f"variable {variable['name']}": _of_variable(grafana.interpolated(variable["query"], values, window), window)
        for variable in data["templating"]["list"]
        if variable["type"] == "query"
    }
    for asked in (each for each in queries(project) if each.board == board):
        expr = rewritten(grafana.interpolated(asked.expr, values, window))
        kind = "query" if asked.instant else "query_range"
        found[asked.name] = (kind, {"query": expr, **_when(window, instant=asked.instant)})
    return found


def _of_variable(query: str, window: grafana.Window) -> Request:
    if found := _LABEL_VALUES.fullmatch(query):
        start = {"start": f"{window.end - window.seconds}", "end": f"{window.end}"}
        return f"label/{found[2]}/values", {"match[]": found[1], **start}
    if found := _QUERY_RESULT.fullmatch(query):
        return "query", {"query": found[1], **_when(window, instant=True)}
    raise QueryError(f"not a query that is known here: {query}")


def _when(window: grafana.Window, *, instant: bool) -> dict[str, str]:
    if instant:
        return {"time": f"{window.end}"}
    return {"start": f"{window.end - window.seconds}", "end": f"{window.end}", "step": f"{window.step}"}


def timed(asked: Mapping[str, tuple[Prometheus, Mapping[str, Request]]], rounds: int) -> Timings:
    """Ask each query of each server once a round, in turn, and return the shortest time of each in milliseconds.

    The shortest is what a query takes when nothing else wants the processor.

    Raises:
        QueryError: a server refuses one.

    """
    best: Timings = {}
    for _ in range(rounds):
        for name in dict.fromkeys(name for _, wanted in asked.values() for name in wanted):
            for which, (server, wanted) in asked.items():
                if name in wanted:
                    took = _ask(server, wanted[name])
                    best[which, name] = min(took, best.get((which, name), took))
    return best


def _ask(server: Prometheus, request: Request) -> float:
    path, parameters = request
    target = f"/api/v1/{path}?{urlencode(parameters)}"
    began = time.perf_counter()
    status, body = server.request("GET", target, timeout=120)
    took = time.perf_counter() - began
    if status != http.client.OK:
        raise QueryError(f"{parameters}: {body[:500].decode(errors='replace')}")
    return took * _MILLISECONDS


def total(timings: Timings, which: str) -> float:
    """Return how many milliseconds all queries of a server take one after the other."""
    return sum(took for (name, _), took in timings.items() if name == which)
