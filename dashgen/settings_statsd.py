"""Reading the settings of StatsD: the table ``[statsd]``."""

from __future__ import annotations

import math
from itertools import pairwise

from dashgen.settings import StatsdSettings
from dashgen.settings_addresses import target
from dashgen.strict_toml import Node, WrongValueError, array, matching, named_type, one_of, record, switch

TIMERS = ("summary", "histogram")

# What statsd_exporter takes in a glob: its first component begins with no digit.
_COMPONENT = r"[A-Za-z0-9_][A-Za-z0-9_-]*"
_prefix = matching(
    rf"(?![0-9]){_COMPONENT}(\.{_COMPONENT})*",
    "a prefix: letters, digits, _ and - between dots, and no digit first",
)


def statsd(node: Node) -> StatsdSettings:
    """Parse the table."""
    fields = {
        "enabled": switch,
        "prefix": _prefix,
        "timers": one_of(TIMERS),
        "buckets": _buckets,
        "targets": _targets,
    }
    return StatsdSettings(**record(fields)(node))


def _targets(node: Node) -> tuple[str, ...]:
    if node.value == []:
        raise WrongValueError("must not be empty", "enabled = false leaves out all that comes from statsd_exporter.")
    return array(target)(node)


def _buckets(node: Node) -> tuple[float, ...]:
    if node.value == []:
        raise WrongValueError("must not be empty")
    bounds = array(_bound)(node)
    if any(low >= high for low, high in pairwise(bounds)):
        raise WrongValueError("must be ascending")
    return bounds


def _bound(node: Node) -> float:
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise WrongValueError(f"must be a number of seconds, not {named_type(node.value)}")
    if not math.isfinite(node.value) or node.value <= 0:
        raise WrongValueError("must be above 0")
    return node.value
