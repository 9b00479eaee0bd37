"""The rules by which statsd_exporter makes series of what Airflow sends, from the catalog's lines.

Two kinds of senders are told apart by the prefix: without tags the labels are in the legacy name,
and the bare name of the same metric would count twice; with tags (``PREFIX.tagged``) they are in the
tags of the bare name, and the legacy name would count twice.

The exporter finds a glob component by component, a literal before a star, and never goes back
(``glob_disable_ordering``), and asks the regular expressions only where no glob matches. So no two
globs may overlap, and a name in which a label stands where others have a literal is a regular expression.
https://github.com/prometheus/statsd_exporter/blob/v0.31.0/pkg/mapper/fsm/fsm.go
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID, TASK_ID
from dashgen.catalog.statsd.labels import DAG_FILE, FILE_NAME, HOSTNAME, POOL_NAME, WORKER_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.catalog.model import Metric
    from dashgen.catalog.statsd.sent import Line, StatsdType
    from dashgen.settings import Settings

# The labels whose values may hold dots: the first of them that a name has takes all components that
# the others leave. A task in a group has its dots far more often than a DAG has any.
_DOTTED = (TASK_ID, DAG_ID, FILE_NAME, DAG_FILE, HOSTNAME, WORKER_NAME, POOL_NAME)
# So many components at most; a host in Kubernetes has six.
DEPTH = 8

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Rule:
    """What a line's name and type must be, and the series it becomes; without a metric it is dropped.

    ``match`` is a glob, or a regular expression of Go's. ``labels`` are those that the rule sets, their
    values in the notation of the exporter (``$1`` is the first star). With ``honor_labels`` a tag of the
    line goes before them.
    """

    match: str
    type: StatsdType
    metric: Metric | None = None
    labels: tuple[tuple[str, str], ...] = ()
    scale: float = 1
    regex: bool = False
    honor_labels: bool = False

    @cached_property
    def components(self) -> tuple[str, ...]:
        """A glob's components."""
        return tuple(self.match.split("."))


def tagged(prefix: str) -> str:
    """Return the prefix under which a sender with tags sends."""
    return f"{prefix}.tagged"


def rules(metrics: Iterable[Metric], settings: Settings) -> tuple[Rule, ...]:
    """Return the rules: globs by name, so that each comes before those it begins, then regular expressions.

    Where the versions of Airflow disagree about a name, the one of the settings wins.
    """
    found: dict[tuple[str, StatsdType], Rule] = {}
    for rule in candidates(metrics, settings):
        found.setdefault((rule.match, rule.type), rule)
    globs = [rule for rule in found.values() if not rule.regex]
    for rule in list(globs):
        rest = _rest(rule)
        if rest and (rest.match, rest.type) not in found:
            found[rest.match, rest.type] = rest
            globs.append(rest)
    return (
        *sorted(globs, key=lambda rule: (rule.components, rule.type.value)),
        *(rule for rule in found.values() if rule.regex),
    )


def candidates(metrics: Iterable[Metric], settings: Settings) -> tuple[Rule, ...]:
    """Return a rule for each way in which each line can arrive; the first of those that say the same holds."""
    version = settings.airflow_version
    lines = [(metric, line) for metric in metrics for line in metric.statsd]
    lines.sort(key=lambda pair: version not in pair[1].versions)
    forms = {(line.type, form) for _, line in lines for form in (line.name, line.legacy) if form}
    # A legacy name of this version that the other one sends as a bare name.
    twice = {(line.type, line.legacy) for _, line in lines if version in line.versions and version in line.bare_in}
    found: list[Rule] = []
    for metric, line in lines:
        contested = _contested(line, forms)
        rule = _target(metric, line, version)
        found += _without_tags(rule, line, settings.statsd.prefix, contested=contested)
        if (line.type, line.name) not in twice:
            found += _with_tags(rule, line, settings, contested=contested)
    return tuple(found)


def _target(metric: Metric, line: Line, version: str) -> Rule:
    """Return what all rules of a line have in common."""
    fixed = tuple((label.name, value) for label, value in line.fixed)
    emptied = tuple((name, "") for name in line.dropped_tags)
    scale = line.scale_in(version if version in line.versions else line.versions[0])
    return Rule("", line.type, metric, (*fixed, *emptied), scale)


def _without_tags(rule: Rule, line: Line, prefix: str, *, contested: bool) -> Iterator[Rule]:
    if not line.legacy:
        yield from _spread(rule, prefix, line.name, contested=contested)
        return
    yield from _spread(replace(rule, honor_labels=not line.dropped_tags), prefix, line.legacy, contested=contested)
    if line.bare_in:
        yield Rule(f"{prefix}.{line.name}", line.type)


def _with_tags(rule: Rule, line: Line, settings: Settings, *, contested: bool) -> Iterator[Rule]:
    """Write the rules for the bare name; for the legacy name where the bare one is not sent with all labels.

    Never for both, or it would count twice: the version of the settings decides.
    """
    prefix, version = tagged(settings.statsd.prefix), settings.airflow_version
    if line.bare_in and (version in line.bare_in or version not in line.versions):
        yield from _spread(rule, prefix, line.name, contested=contested and not line.legacy)
    else:
        yield from _spread(replace(rule, honor_labels=not line.dropped_tags), prefix, line.legacy, contested=contested)


def _contested(line: Line, forms: Iterable[tuple[StatsdType, str]]) -> bool:
    """Whether another name of its type has a literal where this one's first label is."""
    parts = (line.legacy or line.name).split(".")
    first = next((index for index, part in enumerate(parts) if _PLACEHOLDER.search(part)), len(parts))
    others = (form.split(".") for kind, form in forms if kind is line.type and first < len(parts))
    return any(
        other[:first] == parts[:first] and len(other) > first and not _PLACEHOLDER.search(other[first])
        for other in others
    )


def _spread(rule: Rule, prefix: str, form: str, *, contested: bool) -> Iterator[Rule]:
    """Write the rules for a name with labels in it, one for each number of components that they can have."""
    parts = form.split(".")
    names = [found[1] for part in parts if (found := _PLACEHOLDER.fullmatch(part))]
    dotted = next((label.name for label in _DOTTED if label.name in names), "")
    if contested or any(_PLACEHOLDER.search(part) and not _PLACEHOLDER.fullmatch(part) for part in parts):
        yield _regex(rule, f"{prefix}.", form, dotted)
        return
    for depth in range(1, DEPTH + 1 if dotted else 2):
        glob, labels, stars = [prefix], [], 0
        for part in parts:
            found = _PLACEHOLDER.fullmatch(part)
            if not found:
                glob.append(part)
                continue
            width = depth if found[1] == dotted else 1
            labels.append((found[1], ".".join(f"${{{stars + 1 + index}}}" for index in range(width))))
            glob += ["*"] * width
            stars += width
        yield replace(rule, match=".".join(glob), labels=(*labels, *rule.labels))


def _regex(rule: Rule, prefix: str, form: str, dotted: str) -> Rule:
    labels = [(name, f"${{{index}}}") for index, name in enumerate(_PLACEHOLDER.findall(form), start=1)]
    pieces = _PLACEHOLDER.split(form)
    # Every second piece is a label's name.
    written = "".join(
        (r"(.+)" if piece == dotted else r"([^.]+)") if index % 2 else re.escape(piece)
        for index, piece in enumerate(pieces)
    )
    return replace(rule, match=f"^{re.escape(prefix)}{written}$", labels=(*labels, *rule.labels), regex=True)


def _rest(rule: Rule) -> Rule | None:
    """Return what takes the other names of a glob's form that has a literal behind a star.

    Nothing else would map them; but the exporter warns of globs that differ behind a star, and does
    not where one covers them all.
    """
    parts = rule.components
    first = next((index for index, part in enumerate(parts) if part == "*"), len(parts))
    if all(part == "*" for part in parts[first:]):
        return None
    return Rule(".".join((*parts[:first], *["*"] * len(parts[first:]))), rule.type)
