"""The page in Chromium, on a day of data: the built-in dashboards, planted faults, hostile values."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests import grafana
from tests.preview.browser.planted import FAILING, FAULTY, HOSTILE, LONG, MISTYPED, OTHERS
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.preview.browser.conftest import Preview
    from tests.preview.browser.driver import Browser, Shown

BOARDS: dict[str, dict[str, Any]] = {
    board["uid"]: board
    for file in sorted(Path(CHECKOUT / "out" / "grafana" / "dashboards").glob("*.json"))
    for board in (json.loads(file.read_text(encoding="utf-8")),)
}
V2, V3 = "airflow-observability", "airflow-observability-v3"
# Of each of two dashboards.
LOADS = 25


def panels_of(uid: str) -> list[dict[str, Any]]:
    """Return a dashboard's panels, those in rows too."""
    both = [each for panel in BOARDS[uid]["panels"] for each in (panel, *panel.get("panels", ()))]
    return [panel for panel in both if panel["type"] != "row"]


def definition(uid: str, title: str) -> dict[str, Any]:
    """Return the definition of the panel with a title."""
    (found,) = (panel for panel in panels_of(uid) if panel["title"] == title)
    return found


def variable(uid: str, number: int) -> dict[str, Any]:
    """Return the definition of a dashboard's variable."""
    found: dict[str, Any] = BOARDS[uid]["templating"]["list"][number]
    return found


@pytest.fixture
def window(preview: Preview) -> grafana.Window:
    """Return six hours that are over, so that what the page and the test ask is the same."""
    (now,) = preview.prometheus.query("time()")
    return grafana.Window(now.value // 60 * 60 - 300)


@pytest.fixture
def window_of_states(preview: Preview, window: grafana.Window) -> grafana.Window:
    """Return the latest such window at whose end the latest runs of DAGs are in different states.

    Which ones fail follows from the time, and now and then none does. Of the day, 17 hours have six before them.
    """
    differs = 'count(count_values("state", dag_run_status{job="airflow_dags"})) > 1'
    (end,) = preview.prometheus.query(f"max_over_time(timestamp({differs})[17h:1m])", at=window.end)
    return grafana.Window(end.value)


def at(window: grafana.Window) -> str:
    """Return the part of an address that says the time range."""
    return f"from={int(window.end - window.seconds) * 1000}&to={int(window.end) * 1000}"


def since(window: grafana.Window) -> str:
    """Return how an address that the page has made says where the time range begins."""
    return f"from={datetime.fromtimestamp(window.end - window.seconds, timezone.utc):%Y-%m-%dT%H:%M:%S.000Z}"


def asked(
    uid: str, title: str, preview: Preview, window: grafana.Window, **chosen: str
) -> list[tuple[Mapping[str, str], float]]:
    """Return what Prometheus answers to a panel's first query: labels and values."""
    target = definition(uid, title)["targets"][0]
    values = grafana.chosen(BOARDS[uid], window, preview.prometheus, **chosen)
    found = preview.prometheus.query(grafana.interpolated(target["expr"], values, window), at=window.end)
    return [(sample.labels, sample.value) for sample in found]


def fine(shown: Shown) -> None:
    """Hold that all that is on a page is finished, and nothing is wrong."""
    assert shown.errors == ()
    assert [panel["title"] for panel in shown.panels if not panel["finished"]] == []
    assert shown.problems == ()
    assert shown.ready


def finished_run(preview: Preview, window: grafana.Window) -> str:
    """Return the part of V2's address that chooses the newest run that has ended: one under way lacks its result."""
    run = variable(V2, 3)
    values = grafana.chosen(BOARDS[V2], window, preview.prometheus)
    for run_id in grafana.options(run, values, window, preview.prometheus):
        ((_, state),) = asked(V2, "State", preview, window, **{run["name"]: run_id})
        if state:
            return f"&var-{run['name']}={quote(run_id)}"
    raise LookupError("no run has ended")


@pytest.mark.parametrize("uid", BOARDS)
def test_built_in_dashboard(uid: str, page: Browser, preview: Preview, window: grafana.Window) -> None:
    """Every panel is drawn, has data or says when it has none, and neither page nor console has an error."""
    shown = page.open(f"/d/{uid}?expand&kiosk&{at(window)}{finished_run(preview, window) if uid == V2 else ''}")
    fine(shown)
    assert {panel["id"] for panel in shown.panels} == {panel["id"] for panel in panels_of(uid)}
    for panel in shown.panels:
        assert panel["rows"] or panel["mayBeEmpty"], panel["title"]
        assert panel["text"].startswith(panel["title"])
        assert panel["errors"] == []


def test_says_what_it_is(page: Browser) -> None:
    """It says that it is not Grafana, and the index leads to every dashboard."""
    page.open("/")
    assert "Preview with Grafana's UI components; this is not Grafana" in page.evaluate("document.body.innerText")
    links = {link["href"] for link in page.find("main a") if link["href"]}
    assert {f"/d/{uid}" for uid in BOARDS} <= links


def test_stat_value(page: Browser, preview: Preview, window: grafana.Window) -> None:
    """A stat shows what Prometheus answers."""
    title = "Tasks succeeded"
    ((_, value),) = asked(V3, title, preview, window)
    assert value > 0
    assert page.open(f"/d/{V3}?{at(window)}").panel(title)["text"].splitlines() == [title, f"{value:.0f}"]


def test_bar_gauge_values(page: Browser, preview: Preview, window: grafana.Window) -> None:
    """A bar gauge shows each series, by its legend, with its value."""
    title = "Groups of the last sweep"
    answer = asked(V2, title, preview, window)
    legend = definition(V2, title)["targets"][0]["legendFormat"].strip("{}")
    expected = [text for labels, value in answer for text in (labels[legend], f"{value:.0f}")]
    assert len(answer) > 1
    shown = page.open(f"/d/{V2}?expand&{at(window)}").panel(title)["text"].splitlines()
    assert sorted(shown[1:]) == sorted(expected)


def cells(page: Browser, title: str) -> list[list[str]]:
    """Return the texts of a table's cells, row by row."""
    table = json.dumps(f'[data-testid="data-testid Panel header {title}"] [role=row]')
    rows: list[list[str]] = page.evaluate(
        f"[...document.querySelectorAll({table})].map((row) =>"
        " [...row.querySelectorAll('[role=gridcell]')].map((cell) => cell.innerText.trim()))"
    )
    return [row for row in rows if row]


def test_mapped_code_in_a_table(page: Browser, preview: Preview, window_of_states: grafana.Window) -> None:
    """A cell shows the text of the code that Prometheus has, and the worst state comes first."""
    title = "Latest run of every DAG (failing first, 500)"
    (codes,) = (
        prop["value"][0]["options"]
        for override in definition(V3, title)["fieldConfig"]["overrides"]
        for prop in override["properties"]
        if prop["id"] == "mappings"
    )
    dag = variable(V3, 2)["name"]
    answer = asked(V3, title, preview, window_of_states)
    expected = {(labels[dag], codes[f"{value:.0f}"]["text"]) for labels, value in answer}
    page.open(f"/d/{V3}?expand&{at(window_of_states)}")
    shown = [(row[1], row[2]) for row in cells(page, title)]
    assert len({state for _, state in expected}) > 1
    assert set(shown) == expected
    worst_first = sorted(value for _, value in answer)
    assert [state for _, state in shown] == [codes[f"{value:.0f}"]["text"] for value in worst_first]


def test_variable_changes_panels(page: Browser, preview: Preview, window: grafana.Window) -> None:
    """What is chosen of a variable is what the panels show, and the address says it."""
    title = "Tasks succeeded"
    before = page.open(f"/d/{V3}?{at(window)}")
    dag = variable(V3, 2)
    values = grafana.chosen(BOARDS[V3], window, preview.prometheus)
    option = grafana.options(dag, values, window, preview.prometheus)[0]
    shown = page.choose(dag["label"], option)
    fine(shown)
    ((_, value),) = asked(V3, title, preview, window, **{dag["name"]: option})
    assert shown.panel(title)["text"].splitlines()[1] == f"{value:.0f}"
    assert shown.panel(title)["text"] != before.panel(title)["text"]
    assert f"var-{dag['name']}={option}" in shown.url


def test_newest_run_is_first(page: Browser, preview: Preview, window: grafana.Window) -> None:
    """V2 offers a DAG's runs newest first, and opens with the newest."""
    run = variable(V2, 3)
    values = grafana.chosen(BOARDS[V2], window, preview.prometheus)
    runs = grafana.options(run, values, window, preview.prometheus)
    page.open(f"/d/{V2}?{at(window)}")
    assert cells(page, "Runs side by side (newest 50)")[0][0] == runs[0]
    page.click(f'xpath=//label[.="{run["label"]}"]/..//input')
    offered = [option["text"] for option in page.find("[role=option]")]
    assert len(offered) > 1
    assert offered == runs[: len(offered)]
    assert offered == sorted(offered, key=lambda run_id: run_id.partition("__")[2], reverse=True)


def test_link_from_the_fleet_to_a_run(page: Browser, window: grafana.Window) -> None:
    """A DAG in a table of V3 leads to V2 with that DAG chosen, and the same time range."""
    title = "Latest run of every DAG (failing first, 500)"
    page.open(f"/d/{V3}?expand&{at(window)}")
    (_, dag, *_), *_ = cells(page, title)
    page.click(f'[data-testid="data-testid Panel header {title}"] [role=gridcell] >> text="{dag}"')
    shown = page.follow('a:has-text("V2: its runs")')
    assert shown.errors == ()
    assert shown.ready
    assert f"/d/{V2}?" in shown.url
    assert f"var-{variable(V2, 2)['name']}={dag}" in shown.url
    assert since(window) in shown.url
    assert dag in page.evaluate("document.querySelector('main').innerText")


def test_dashboard_link_takes_the_time_range_along(page: Browser, window: grafana.Window) -> None:
    """A link of the dashboard carries time range and variables."""
    page.open(f"/d/{V3}?{at(window)}")
    (link,) = (each["href"] for each in page.find("header a") if each["href"].startswith(f"/d/{V2}"))
    assert since(window) in link
    assert "var-datasource=prometheus" in link


def test_collapsed_row_opens(page: Browser, preview: Preview, window: grafana.Window) -> None:
    """A click on a collapsed row shows its panels."""
    (row,) = (panel for panel in BOARDS[V2]["panels"] if panel.get("collapsed"))
    inside = {panel["id"] for panel in row["panels"]}
    before = page.open(f"/d/{V2}?kiosk&{at(window)}{finished_run(preview, window)}")
    after = page.click(f'button[data-testid="data-testid dashboard-row-title-{row["title"]}"]')
    fine(after)
    assert not inside & {panel["id"] for panel in before.panels}
    assert inside <= {panel["id"] for panel in after.panels}


def test_planted_faults_are_shown(page: Browser) -> None:
    """Each is on the page, by its panel, and in what checks read; what is right is not."""
    shown = page.open(f"/d/{FAULTY['uid']}?kiosk")
    text = page.evaluate("document.querySelector('[data-testid=problems]').innerText")
    for title, reason in {name: reason for name, (_, reason) in (*FAILING.items(), *MISTYPED.items())}.items():
        assert reason in shown.of(title), title
        assert f"{title}: " in text
        assert reason in text
    assert len(shown.problems) == len(FAILING) + len(MISTYPED)
    assert shown.ready
    assert shown.panel("bad PromQL")["state"] == "Error"
    assert shown.panel("unknown panel type")["errors"]
    assert shown.panel("nothing wrong")["text"].splitlines() == ["nothing wrong", "1"]


def test_hostile_values_are_text(page: Browser) -> None:
    """Values of labels with markup, scripts, quotes and 5,000 characters are shown as they are, in every panel."""
    shown = page.open("/d/hostile-values?kiosk")
    fine(shown)
    assert page.evaluate("window.hacked === undefined")
    assert page.find("img, main script, a[href^='javascript']") == []
    for title in ("in a table", "in a stat", "in a bar gauge", "in a legend", "in a gauge", "in a pie"):
        assert HOSTILE in shown.panel(title)["text"], title
    assert LONG in shown.panel("in a table")["text"]
    assert f"chosen: {HOSTILE}" in shown.panel("in a text")["text"]
    assert f"of {HOSTILE}" in {panel["title"] for panel in shown.panels}


def test_other_panels(page: Browser) -> None:
    """Gauge, pie chart, status history, repeated panels and rows, and links by tags work as well."""
    shown = page.open("/d/other-panels?kiosk")
    fine(shown)
    titles = [panel["title"] for panel in shown.panels]
    assert "42%" in shown.panel("a gauge")["text"]
    assert "100%" in shown.panel("a pie")["text"]
    assert "running well" in shown.panel("a history")["text"]
    for colour in ("red", "green", "blue"):
        assert titles.count(f"repeated for {colour}") == 1
        assert titles.count(f"in the row of {colour}") == 1
    (link,) = (each for each in page.find("header a") if "linked-by-tag" in each["href"])
    assert link["text"].strip() == "linked-by-tag"


@pytest.mark.parametrize("uid", [V2, OTHERS["uid"]])
def test_many_loads(uid: str, page: Browser) -> None:
    """However often it is loaded, no panel is left unfinished."""
    assert page.repeat(f"/d/{uid}?expand&kiosk", LOADS) == []
