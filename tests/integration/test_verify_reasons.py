"""Why a query returns nothing, on a real Prometheus that holds a few series of now and of yesterday."""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dashgen.catalog.model import Catalog
from dashgen.pushgateway.address import Address
from dashgen.verify.client import Access, Client
from dashgen.verify.diagnose import Diagnosis
from dashgen.verify.facts import Facts
from tests import servers
from tests.programs import promtool
from tests.projects import builtin

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 86400
SERIES = {
    'rows{job="load",table="a",code="2.."}': 5,
    'rows{job="load",table="b",code="4.."}': 7,
    'rows{job="dump",table="c"}': 9,
    'lag{job="load",exported_team="x"}': 1,
    'size{job="load",table="a"}': 3,
    'files{path="C:\\\\dir"}': 1,
    'airflow_executor_open_slots{job="statsd_exporter",executor_class_name="LocalExecutor"}': 4,
}
RULES = {"rows:sum": "sum(rows)", "rows:large": "rows > 100", "rows:deep": "rows:large > 200", "loop:a": "loop:a + 1"}
LOADED = frozenset({"size:sum"})


def blocks(now: float) -> str:
    """Write what is in Prometheus' store: some series until now, some until yesterday."""
    lines = [f"{series} {value} {now - back:.0f}\n" for series, value in SERIES.items() for back in (120, 60, 0)]
    gone = [f'gone{{job="load"}} 1 {now - DAY - back:.0f}\n' for back in (120, 60, 0)]
    left = [f'rows{{job="old",table="z"}} 1 {now - DAY - back:.0f}\n' for back in (120, 60, 0)]
    single = [f"single 1 {now - 30:.0f}\n"]
    return "".join([*left, *lines, *gone, *single, "# EOF\n"])


@pytest.fixture(scope="module")
def diagnosis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Diagnosis]:
    """Return what finds reasons on that store."""
    folder = tmp_path_factory.mktemp("store")
    now = float(int(time.time()) - 60)
    (folder / "series").write_text(blocks(now), encoding="utf-8")
    command = (promtool(), "tsdb", "create-blocks-from", "openmetrics", "series", "data")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with ExitStack() as stack:
        server = stack.enter_context(servers.prometheus(folder, "global: {}", "--storage.tsdb.retention.time=10d"))
        client = Client(Access(Address.parse(server.url)), 30)
        stack.callback(client.close)
        recorded = {**RULES, "size:sum": "sum(size)"}
        yield Diagnosis(Facts(client, now), Catalog(()), recorded, LOADED)


# Expression, cause, a part of the message, a part of the hint, whether it is drift.
REASONS = [
    ("rowz", "metric never seen", "metric rowz has never been seen here", "Did you mean rows?", True),
    ("sum by (x) (rate(rowz[5m]))", "metric never seen", "rowz", "rows", True),
    ('gone{job="load"}', "seen until", 'gone{job="load"} was seen until 20', "", False),
    ("sum(gone) + 1", "seen until", "gone was seen until 20", "", False),
    ('rows{job="old"}', "seen until", 'rows{job="old"} was seen until 20', "", False),
    ('rows{team="x"}', "label missing", "no series of rows has the label team", "It has code, job, table.", True),
    ('lag{team="x"}', "label was renamed by the scrape", "lag has exported_team, not team", "scrape job load", True),
    ('rows{job="lod"}', "no series with that label value", 'rows has job="lod"', "There job is load, dump", True),
    ('rows{table="x"}', "no series with that label value", 'rows has table="x"', "There table is a, b, c", False),
    ('rows{table!~"a|b|c|z"}', "no series with that label value", 'rows has table!~"a|b|c|z"', "", False),
    (
        'rows{job="load",table="c"}',
        "no series with that label value",
        "at once",
        'With {job="load"}, table is a, b.',
        False,
    ),
    ('{job="lod"}', "no series with that label value", 'any metric has job="lod"', "", True),
    ('files{path="C:\\\\dirs"}', "no series with that label value", 'path="C:\\\\dirs"', "", False),
    ('files{path=~"C:\\\\\\\\d.*"} > 3', "filtered", "holds for none of 1 value", "", False),
    ("rows > 100", "filtered", "`rows > 100` holds for none of 3 values", "", False),
    ("100 < rows", "filtered", "holds for none of 3 values", "", False),
    ("sum(rows) by (job) > 100 and rowz", "metric never seen", "rowz", "", True),
    ("rows > 100 or rowz", "metric never seen", "rowz", "", True),
    ("rowz or gone", "metric never seen", "rowz", "", True),
    ("rows * size", "no match between the two sides", "`*` finds no two series that match", "", False),
    ("rows and on (table, job) lag", "no match between the two sides", "`and` finds no two", "", False),
    ('size > on (table) rows{code="2.."}', "filtered", "`size > on (table)", "", False),
    ("rows unless on (job) rows", "filtered", "`unless` leaves nothing of rows", "", False),
    ("absent(rows)", "filtered", "absent(): the series is there", "", False),
    ("rate(single[5m])", "too few samples", "rate() needs two samples in single[5m]", "--scrape-interval", False),
    ("rows offset 2h", "no samples at that time", "rows offset 2h has no samples", "", False),
    ("max_over_time(rows[1m] offset 1h)", "no samples at that time", "rows[1m] offset 1h", "", False),
    ("histogram_quantile(0.9, rows)", "filtered", "histogram_quantile() makes nothing of its series", "", False),
    ("max_over_time((rows > 100)[5m:1m])", "filtered", "`rows > 100` holds for none", "", False),
    (
        "rows:sum",
        "not recorded",
        "rows:sum is not recorded, though its rule returns 1 series",
        "rule file loaded",
        True,
    ),
    ("size:sum", "not recorded", "size:sum is not recorded", "wait for its next evaluation", True),
    ("rows:large", "filtered", "rows:large has nothing to record: `rows > 100` holds for none", "", False),
    (
        "rows:deep",
        "filtered",
        "rows:deep has nothing to record: rows:large has nothing to record: `rows > 100`",
        "",
        False,
    ),
    ("loop:a", "metric never seen", "loop:a", "", True),
]


@pytest.mark.parametrize("row", REASONS, ids=[each[0] for each in REASONS])
def test_reason(row: tuple[str, str, str, str, bool], diagnosis: Diagnosis) -> None:
    """An expression that returns nothing has this reason."""
    expr, cause, message, hint, drift = row
    assert diagnosis.facts.count(expr) == 0
    reason = diagnosis.why(expr)
    assert (reason.cause.value, reason.drift) == (cause, drift), reason
    assert message in reason.message
    assert hint in reason.hint


@pytest.mark.parametrize(
    ("expr", "label"),
    [
        ("sum by (table) (rows)", ""),
        ("sum by (team) (rows)", "`by` names team"),
        ("sum by (exported_team) (lag)", ""),
        ("sum by (team) (lag)", "`by` names team"),
        ("rows * on (table, team) size", "`on` names team"),
        ("rows * on (table) group_left (team) size", "`group_left` names team"),
        ("sum without (team) (rows)", ""),
        ('rows{team=~".*"}', "it filters by team"),
        ('rows{team!="x"}', ""),
        ('sum by (new) (label_replace(rows, "new", "$1", "table", "(.*)"))', ""),
        ("sum by (team) (rowz)", ""),
    ],
)
def test_label_that_is_missing_though_something_returns(expr: str, label: str, diagnosis: Diagnosis) -> None:
    """A clause or a filter that names a label which no series has is found."""
    reason = diagnosis.labels_missing(expr)
    assert (reason.message if reason else "").startswith(label)
    assert bool(reason) == bool(label)


def test_hint_for_a_label_that_the_scrape_renamed(diagnosis: Diagnosis) -> None:
    """It is honor_labels that is missing, and not the label."""
    reason = diagnosis.labels_missing("sum by (team) (lag)")
    assert reason is not None
    assert "honor_labels" in reason.hint


@pytest.mark.parametrize(
    ("metric", "drift"),
    [
        ("airflow_connection_test_failed_total", False),
        ("airflow_task_duration_seconds_sum", False),
        ("statsd_exporter_sample_errors_total", False),
        ("airflow_pool_open_slots", True),
        ("dag_run_status", True),
        ("airflow_connection_test_failed_sum", True),
    ],
)
def test_what_counts_events_comes_with_the_first(metric: str, drift: bool, diagnosis: Diagnosis) -> None:  # noqa: FBT001
    """A counter or timer of StatsD that was never seen has counted nothing yet; anything else is missing."""
    reason = replace(diagnosis, catalog=builtin().catalog).why(f'increase({metric}{{job="statsd_exporter"}}[5m])')
    assert (reason.cause.value, reason.drift) == ("metric never seen", drift)


@pytest.mark.parametrize(("label", "told"), [("name", False), ("pool_name", True)])
def test_tags_are_on_tagged_lines_alone(label: str, told: bool, diagnosis: Diagnosis) -> None:  # noqa: FBT001
    """A label that the catalog knows as a tag of the metric may be missing; another one may not."""
    known = replace(diagnosis, catalog=builtin().catalog)
    assert bool(known.labels_missing(f"max by ({label}) (airflow_executor_open_slots)")) == told
