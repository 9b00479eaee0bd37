"""A difference as Markdown: what a reviewer reads."""

from __future__ import annotations

import pytest

from dashgen.diff.markdown import code, markdown
from dashgen.diff.model import Change, Detail, Difference

LONG = 'sum by (dag_id) (task_status{job="airflow_tasks"} == bool -1) / count by (dag_id) (up)'
EVERYTHING = Difference(
    metrics=(
        Change("added", "a", (Detail("type", new="gauge"),)),
        Change("renamed", "b", (Detail("name", "old_b", "b"),)),
        Change("changed", "c", (Detail("its label x is gone in job j", breaking=True),)),
        Change("removed", "d", (Detail("the metric is gone", breaking=True),)),
    ),
    dashboards=(
        Change(
            "changed",
            "Fleet",
            (Detail("refresh", "5m", "1m"), Detail("variable pool", "p", None)),
            (Change("changed", "Tasks failed", (Detail("query A", "up", LONG), Detail("its looks changed"))),),
        ),
    ),
    alerts=(Change("changed", "TooLong", (Detail("threshold", "3600", "21600"),)),),
    recording_rules=(Change("removed", "x:y:sum"),),
    files=(Change("changed", "docs/metrics.md"),),
)
EXPECTED = f"""\
## Changes of the generated output since `origin/main`

**This breaks what others rely on, in 2 metrics**: `c`, `d`. Queries and alerts written elsewhere go silent without an \
error. If it is meant: `dashgen build --accept-breaking`.

### Metrics

- added `a`
  - type: `gauge`
- renamed `b`
  - name: `old_b` → `b`
- changed `c` (**breaking**)
  - its label x is gone in job j
- removed `d` (**breaking**)
  - the metric is gone

### Dashboards

- changed `Fleet`
  - refresh: `5m` → `1m`
  - variable pool gone: `p`
  - changed panel `Tasks failed`
    - query A:
      ```diff
      - up
      + {LONG}
      ```
    - its looks changed

### Alerts

- changed `TooLong`
  - threshold: `3600` → `21600`

### Recording rules

- removed `x:y:sum`

### Other files

- changed `docs/metrics.md`"""


def test_everything() -> None:
    """Each section, each kind of change and each kind of detail."""
    assert markdown(EVERYTHING, "origin/main") == EXPECTED


def test_nothing() -> None:
    """No difference is said in one line."""
    assert markdown(Difference(), "HEAD").splitlines()[2:] == ["Nothing changes."]


def test_nothing_breaks() -> None:
    """A difference that breaks nothing says so."""
    assert "Nothing breaks" in markdown(Difference(alerts=EVERYTHING.alerts), "HEAD")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "`plain`"),
        ("a `b` c", "``a `b` c``"),
        ("`", "`` ` ``"),
        ("", "` `"),
        ("two\nlines", "`two lines`"),
        ("@someone <b>*", "`@someone <b>*`"),
    ],
)
def test_code(text: str, expected: str) -> None:
    """Whatever a title holds, it stays code on one line: it can't mention, format or break out."""
    assert code(text) == expected


def test_fence_is_longer_than_what_is_inside() -> None:
    """Backticks in a long text do not end its block."""
    change = Change("changed", "p", (Detail("query A", "```\n````", "x"),))
    assert markdown(Difference(alerts=(change,)), "HEAD").count("`````") == 2
