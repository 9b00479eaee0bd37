"""A metric that the catalog does not have.

Nothing that the catalog knows of emits it, so the panel stays empty or the alert silent: the
name is mistyped, or was changed on one side only.

Bad::

    queue_lenght{job="workers"}

Good::

    queue_length{job="workers"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.context import did_you_mean, is_variable, series
from dashgen.checks.document import Finding, shown
from dashgen.promql import NAME_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context
    from dashgen.promql import Selector

NAME = "unknown-metric"


def check(context: Context) -> Iterator[Finding]:
    """Look up every name that a selector says, and every pattern of names."""
    renamed = {
        old: new
        for metric in context.catalog
        if metric.renamed_from
        for old, new in zip(series(metric, metric.renamed_from), series(metric), strict=True)
    }
    known = tuple(name for metric in context.catalog for name in series(metric))
    for element, selector in context.selectors():
        for name in context.names(selector):
            if context.metric(name) is None:
                new = renamed.get(name)
                hint = f"It is now {new}." if new else did_you_mean(name, known)
                message = f"metric {shown(name)} is not in the catalog"
                yield Finding(element, message, hint or "Define it, or mend its name.")
        for pattern in _patterns(selector):
            if not context.names(selector):
                yield Finding(element, f"no metric of the catalog is named like {shown(pattern)}")


def _patterns(selector: Selector) -> Iterator[str]:
    if selector.name:
        return
    for matcher in selector.matchers:
        if matcher.label == NAME_LABEL and matcher.op == "=~" and not is_variable(matcher.value):
            yield matcher.value
