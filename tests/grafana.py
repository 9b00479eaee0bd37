"""Grafana's part in a query: the values that it gives variables, and how it puts them in.

As its Prometheus data source does it:
https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/ and
https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.servers import Prometheus

# The data source's "scrape interval" as it is provisioned; Grafana wants four of it in a rate.
SCRAPE_SECONDS = 30

_VARIABLE = re.compile(r"\$\{(?P<braced>\w+)(?::raw)?\}|\$(?P<bare>\w+)")
_LABEL_VALUES = re.compile(r"label_values\((.*),\s*(\w+)\)")
_QUERY_RESULT = re.compile(r"query_result\((.*)\)")


@dataclass(frozen=True)
class Window:
    """A dashboard's time range: its end in unix seconds, its length and the step in seconds."""

    end: float
    seconds: int = 6 * 3600
    step: int = 60


def interpolated(text: str, values: Mapping[str, str], window: Window) -> str:
    """Put values in place of the variables of a query.

    Raises:
        LookupError: a variable has no value.

    """
    known = {
        **values,
        "__interval": f"{window.step}s",
        "__range": f"{window.seconds}s",
        "__rate_interval": f"{max(window.step + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)}s",
    }
    return _VARIABLE.sub(lambda found: known[found["braced"] or found["bare"]], text)


def options(variable: Mapping[str, Any], values: Mapping[str, str], window: Window, server: Prometheus) -> list[str]:
    """Return what a query variable offers, in Grafana's order, when those before it are chosen.

    Raises:
        ValueError: the query is neither label_values nor query_result.
        ServerError: Prometheus refuses it.

    """
    text = interpolated(variable["query"], values, window)
    if found := _LABEL_VALUES.fullmatch(text):
        return server.label_values(found[2], found[1])
    if found := _QUERY_RESULT.fullmatch(text):
        lines = [_shown(sample.labels, sample.value) for sample in server.query(found[1], at=window.end)]
        matches = (re.search(variable["regex"].strip("/"), line) for line in lines)
        return [match[1] for match in matches if match]
    raise ValueError(f"not a query that is known here: {text}")


def _shown(labels: Mapping[str, str], value: float) -> str:
    """Write a series as Grafana does for a variable's regular expression."""
    inner = ",".join(f'{name}="{each}"' for name, each in labels.items() if name != "__name__")
    return f"{labels.get('__name__', '')}{{{inner}}} {value:g}"


def _several(values: Sequence[str]) -> str:
    """Write values as Grafana does for a regular expression in a query."""
    escaped = [re.sub(r"[$^*{}\[\]+?.()|]", r"\\\\\g<0>", each) for each in values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def chosen(dashboard: Mapping[str, Any], window: Window, server: Prometheus, **by_hand: str) -> dict[str, str]:
    """Return the values of a dashboard's variables when it is opened, those that are chosen by hand apart."""
    values: dict[str, str] = {}
    for variable in dashboard["templating"]["list"]:
        name = variable["name"]
        if name in by_hand:
            values[name] = by_hand[name]
        elif variable.get("includeAll"):
            values[name] = variable.get("allValue") or _several(options(variable, values, window, server))
        elif variable["type"] == "query":
            values[name] = options(variable, values, window, server)[0]
        else:
            values[name] = variable["current"]["value"]
    return values
