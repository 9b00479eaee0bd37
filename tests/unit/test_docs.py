"""The documentation by hand says what is true."""

from __future__ import annotations

import re
from pathlib import Path

from dashgen.catalog import statsd
from dashgen.render.docs import files
from dashgen.settings import StatsdSettings
from tests.projects import builtin

ROOT = Path(__file__).parents[2]


def test_every_relative_link_leads_somewhere() -> None:
    """No Markdown file, generated ones included, links to a file that is not there."""
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "out/docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not target.startswith("/d/"):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_generated_table_stands_alone() -> None:
    """A table has a blank line before its header, since Markdown joins it to what stands above."""
    headers = 0
    for page in (ROOT / "out/docs").rglob("*.md"):
        lines = page.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if re.fullmatch(r"\|(?:---\|)+", line):
                headers += 1
                assert lines[number - 2] == "", f"{page.name}:{number}"
    assert headers


def test_the_page_of_statsd_says_every_name() -> None:
    """Each metric stands with the names that Airflow sends it by, and with the Helm chart's; the others elsewhere."""
    rendered = files(builtin(), {})
    page, others = rendered["docs/statsd_metrics.md"], rendered["docs/metrics.md"]
    for metric in statsd.METRICS:
        section = page.partition(f"\n## `{metric.name}`\n")[2].partition("\n## ")[0]
        assert f"{metric.help}. {metric.read}" in section
        for line in metric.statsd:
            said = (line.name, line.registered_legacy, line.chart_name)
            assert [name for name in said if name and f"`{name}`" not in section] == []
        assert f"\n## `{metric.name}`\n" not in others
    assert all(f"| `{name}` |" in page for name in statsd.EXCLUDED)
    assert "(statsd_metrics.md)" in others


def test_without_statsd_there_is_no_page_of_it() -> None:
    """Whoever turns StatsD off reads nothing of it."""
    rendered = files(builtin(statsd=StatsdSettings(enabled=False)), {})
    assert "docs/statsd_metrics.md" not in rendered
    assert "statsd_metrics.md" not in rendered["docs/metrics.md"]
