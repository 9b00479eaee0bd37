"""Unit tests of alerts, as ``promtool test rules`` reads them.

Each firing case is looked at twice: after the alert's hold, when it must fire with exactly
these labels and annotations, and one step earlier, when it must not. Where the alert keeps
firing through a gap, all its series then end: it must fire on, and be silent when that time is
over. So the tests hold whatever hold and thresholds the settings choose.
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from dashgen import durations
from dashgen.render.annotations import expand
from dashgen.render.yamltext import dump, generated_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dashgen.rules.model import Alert, Case, Firing

DEFAULT_INTERVAL = "1m"
RULE_FILES = ("../rules/recording.yml", "../rules/alerts.yml")

_REPEATED = re.compile(r"(.*\S)x(\d+)")


def rule_tests(
    alert: Alert,
    *,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    groups: Sequence[str],
) -> dict[str, str]:
    """Render the tests of an alert: a file for each interval at which its cases evaluate.

    ``labels`` are those that the rule adds, ``annotations`` its templates. ``groups`` are all
    rule groups, in the order in which one reads what another one made: promtool would take
    them in any order.
    """
    found = {}
    for interval, cases in groupby(sorted(alert.cases, key=_interval), key=_interval):
        name = alert.name if interval == DEFAULT_INTERVAL else f"{alert.name}_{interval}"
        data = {
            "rule_files": list(RULE_FILES),
            "evaluation_interval": interval,
            "group_eval_order": list(groups),
            "tests": [_test(alert, case, labels, annotations) for case in cases],
        }
        found[f"{name}.yml"] = dump(data, generated_from([alert.place]))
    return found


_interval = attrgetter("interval")


def _test(alert: Alert, case: Case, labels: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, Any]:
    step, first, held = _timing(alert, case)
    expected = [_expected(firing, labels, annotations, held) for firing in case.fires]
    before = first + held - step if case.fires else first
    looks = {before: [], first + held: expected}
    series = {name: lengthened(values, held // step) for name, values in case.series.items()}
    kept = _in_steps(alert.keep_firing_for, step)
    if kept and case.fires:
        gap = first + held + step
        looks |= {gap: expected, gap + kept: []}
        series = {name: ended(values, gap // step) for name, values in series.items()}
    return {
        "name": f"{alert.name}: {case.name}",
        "interval": case.interval,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": durations.text(at), "alertname": alert.name, "exp_alerts": alerts}
            for at, alerts in looks.items()
            if at >= 0
        ],
    }


def _timing(alert: Alert, case: Case) -> tuple[int, int, int]:
    """Return a case's step, its first moment, and the hold in whole steps, all in seconds."""
    step = durations.parse(case.interval)
    return step, durations.parse(case.at), _in_steps(alert.hold, step)


def _in_steps(duration: str, step: int) -> int:
    """Return the seconds of a duration, rounded up to whole steps."""
    return -(-durations.parse(duration) // step) * step


def _expected(firing: Firing, labels: Mapping[str, str], annotations: Mapping[str, str], held: int) -> dict[str, Any]:
    value = firing.value + (held if firing.grows else 0)
    # Prometheus expands templates with the labels of the series, before the rule's are added.
    return {
        "exp_labels": {**firing.labels, **labels},
        "exp_annotations": {name: expand(template, firing.labels, value) for name, template in annotations.items()},
    }


def lengthened(values: str, steps: int) -> str:
    """Repeat the last value of a series, in promtool's notation, for some steps more."""
    if not steps or values.endswith(("_", "stale")):
        return values
    repeated = _REPEATED.fullmatch(values)
    if repeated:
        return f"{repeated[1]}x{int(repeated[2]) + steps}"
    return f"{values}x{steps}"


def ended(values: str, steps: int) -> str:
    """End a series, in promtool's notation, that many steps after its start or where it ends later."""
    missing = steps - sum(map(_count, values.split()))
    return f"{values} _x{missing} stale" if missing > 0 else f"{values} stale"


def _count(item: str) -> int:
    """Return how many values one item of promtool's notation stands for."""
    repeated = _REPEATED.fullmatch(item)
    if not repeated:
        return 1
    # What is repeated stands there once already; a gap of that length does not.
    return int(repeated[2]) + (repeated[1] != "_")


def malformed(alert: Alert) -> Iterator[str]:
    """Say what in an alert's hold and cases is no duration, so that no test can be made."""
    yield from _malformed("its hold", alert.hold, at_least=0)
    yield from _malformed("its keep_firing_for", alert.keep_firing_for, at_least=0)
    for case in alert.cases:
        yield from _malformed(f'case "{case.name}": at', case.at, at_least=0)
        yield from _malformed(f'case "{case.name}": interval', case.interval, at_least=1)


def _malformed(what: str, text: str, *, at_least: int) -> Iterator[str]:
    try:
        if durations.parse(text) < at_least:
            yield f"{what}: must be longer than 0"
    except ValueError as error:
        yield f"{what}: {error}"
