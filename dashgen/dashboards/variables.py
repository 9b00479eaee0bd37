"""The dashboards' variables and the links that carry them from one page to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grafanalib import core

from dashgen.dashboards.queries import DATASOURCE, DATASOURCE_VARIABLE, Link, field, link

if TYPE_CHECKING:
    from dashgen.catalog.terms import Label
    from dashgen.settings import Settings

AIRFLOW_URL = "airflow_url"

# All values of a variable, in a ``=~`` matcher. The first half matches the empty text, as no chosen value does,
# and with anything before it the second half still matches every value: so a query can tell All from a choice.
ALL = "|.+"

_SORT_DISABLED = 0
_SORT_ALPHABETICAL = 1


class _Unseen(core.Template):  # type: ignore[misc]  # grafanalib has no types
    """A variable that nobody chooses: neither on the page nor, which grafanalib can't say, in its address."""

    def to_json_data(self) -> dict[str, Any]:
        """Return the variable as Grafana saves it."""
        return {**super().to_json_data(), "hide": core.HIDE_VARIABLE, "skipUrlSync": True}


def chosen(label: Label) -> str:
    """Return the variable that holds the chosen values of ``label``, for a ``=~`` matcher."""
    return f"${label}"


def datasource(settings: Settings) -> core.Template:
    """Choose the data source; the default is the one of the settings."""
    return core.Template(
        name=DATASOURCE_VARIABLE,
        label="Data source",
        type="datasource",
        query="prometheus",
        default=settings.datasource_uid,
        refresh=1,
        sort=_SORT_DISABLED,
    )


def values(label: Label, selector: str, *, multi: bool = True, name: str = "") -> core.Template:
    """Choose values of ``label`` among the series of ``selector``; with ``multi`` several, or all: ``ALL``.

    The variable is called as the label is, or ``name`` where other dashboards mean something else by that.
    """
    return core.Template(
        name=name or str(label),
        label=name or str(label),
        dataSource=DATASOURCE,
        query=f"label_values({selector}, {label})",
        includeAll=multi,
        multi=multi,
        allValue=ALL if multi else None,
        refresh=2,
        sort=_SORT_ALPHABETICAL,
    )


def listed(name: str, label: Label, expr: str) -> core.Template:
    """Hold the values of ``label`` in the result of ``expr``, for a ``=~`` matcher: a variable that nobody sees.

    Grafana puts in all of them. What lists a few series need not read the whole fleet when it selects by it.
    """
    # Sorted, so that the queries read the same as long as they find the same: caches go by the text.
    return _Unseen(**_in_result(name, label, expr), includeAll=True, multi=True, sort=_SORT_ALPHABETICAL)


def newest_first(label: Label, expr: str) -> core.Template:
    """Choose one value of ``label`` in the order in which ``expr`` returns its series."""
    return core.Template(**_in_result(str(label), label, expr), sort=_SORT_DISABLED)


def _in_result(name: str, label: Label, expr: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name,
        "dataSource": DATASOURCE,
        "query": f"query_result({expr})",
        "regex": f'/{label}="([^"]+)"/',
        "refresh": 2,
    }


def airflow_url(settings: Settings) -> core.Template:
    """Hold Airflow's address, since one dashboard serves many deployments."""
    return core.Template(
        name=AIRFLOW_URL,
        label="Airflow's URL",
        type="textbox",
        query=settings.airflow_url,
        default=settings.airflow_url,
        refresh=0,
        sort=_SORT_DISABLED,
    )


def to_dashboard(title: str, uid: str) -> core.DashboardLink:
    """Link a dashboard to another, keeping the time range and the variables."""
    return core.DashboardLink(
        title=title, type="link", uri=f"/d/{uid}", icon="dashboard", keepTime=True, includeVars=True
    )


def page(uid: str) -> str:
    """Return the address of a dashboard for a link in a text, keeping time range and variables."""
    return f"/d/{uid}?${{__url_time_range}}&${{__all_variables}}"


def to_source(url: str) -> core.DashboardLink:
    """Link a dashboard to where its definition is kept."""
    return core.DashboardLink(title="Source", type="link", uri=url, icon="doc", keepTime=False, targetBlank=True)


def row_to_dashboard(title: str, uid: str, *labels: Label) -> Link:
    """Link a table's row to a dashboard, with the row's labels chosen and the time range kept."""
    chosen_here = "&".join(f"var-{label}={field(label)}" for label in labels)
    kept = f"${{__url_time_range}}&${{{DATASOURCE_VARIABLE}:queryparam}}&${{{AIRFLOW_URL}:queryparam}}"
    return link(title, f"/d/{uid}?{chosen_here}&{kept}")


def row_to_airflow_dag(dag: Label) -> Link:
    """Link a table's row to Airflow's page of the DAG."""
    return link("Airflow: the DAG", f"${{{AIRFLOW_URL}:raw}}/dags/{field(dag)}")


def row_to_chosen(title: str, uid: str, kept: tuple[Label, ...], label: Label) -> Link:
    """Link a table's row to a dashboard, keeping the chosen values of ``kept`` and choosing the row's ``label``."""
    variables = "&".join(f"${{{name}:queryparam}}" for name in (DATASOURCE_VARIABLE, AIRFLOW_URL, *kept))
    return link(title, f"/d/{uid}?var-{label}={field(label)}&{variables}&${{__url_time_range}}")


def _airflow_run(settings: Settings, dag: str, run: str) -> Link:
    # Airflow 2.11 shows a run in the DAG's grid, Airflow 3 on a page of its own.
    page = f"grid?dag_run_id={run}" if settings.airflow_version.startswith("2") else f"runs/{run}"
    return link("Airflow: the run", f"${{{AIRFLOW_URL}:raw}}/dags/{dag}/{page}")


def row_to_airflow_run(settings: Settings, dag: Label, run: Label) -> Link:
    """Link a table's row, with the run in it, to Airflow's page of that run of the chosen DAG."""
    return _airflow_run(settings, _chosen_in_url(dag), field(run))


def chosen_run_in_airflow(settings: Settings, dag: Label, run: Label) -> Link:
    """Link to Airflow's page of the chosen run."""
    return _airflow_run(settings, _chosen_in_url(dag), _chosen_in_url(run))


def _chosen_in_url(label: Label) -> str:
    return f"${{{label}:percentencode}}"
