"""Alerts on the sweeper, without which per-run groups grow for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import AIRFLOW_TASK_RUNS, INSTANCE, PUSHGATEWAY_SWEEPER, RESULT, RUN_ID
from dashgen.catalog.pipeline import (
    PUSH_TIME,
    SWEEPER_GROUPS,
    SWEEPER_LAST_RUN,
    SWEEPER_LAST_SUCCESS,
    SWEEPER_LATE,
)
from dashgen.catalog.recorded import OLDEST_PER_RUN_PUSH, PER_RUN_GROUPS
from dashgen.rules.model import Alert, Case, Firing, Runbook
from dashgen.rules.phrases import DAG, GAP, LOAD, PROD, STAGE, TASK, WARNING, labels_of, number, through_gap

if TYPE_CHECKING:
    from dashgen.settings import Settings

_PUSHED = PUSH_TIME.select(RUN_ID.is_("manual__1"), *LOAD, jobs=(AIRFLOW_TASK_RUNS,))
_LAST_RUN = SWEEPER_LAST_RUN.select(*PROD)
_LAST_SUCCESS = SWEEPER_LAST_SUCCESS.select(*PROD)


def sweeper_alerts(settings: Settings) -> tuple[Alert, ...]:
    """Define the alerts on the sweeper."""
    return (_missing(settings.limit(SWEEPER_LATE)), _failing())


def _missing(limit: float) -> Alert:
    at_the_limit = f"{number(-limit)}x1"
    return Alert(
        "PushgatewaySweeperMissing",
        # One sweeper serves all deployments that push to a gateway, whichever of them runs it.
        expr=(
            f"sum({through_gap(str(PER_RUN_GROUPS))}) > 0\n"
            f"unless time() - max({through_gap(SWEEPER_LAST_RUN.select())}) <= {number(limit)}"
        ),
        hold="1h",
        severity=WARNING,
        owner=SWEEPER_LAST_RUN.owner,
        summary="Nothing sweeps the Pushgateway's per-run groups",
        description=(
            "The Pushgateway holds {{ $value | humanize }} per-run groups, and its sweeper is late or has never run."
        ),
        panel="v2/sweeper",
        runbook=Runbook(
            "sweeper-missing",
            "The sweeper does not run",
            meaning=(
                "There are per-run groups in the Pushgateway, and no sweeper has run for longer than "
                "the limit, or ever. One sweeper cleans a whole gateway, for every deployment that "
                "pushes to it."
            ),
            impact=(
                "Every run adds groups that nothing removes: the gateway's memory, the duration of "
                "scrapes and the series in Prometheus grow without bound."
            ),
            diagnosis=(
                "1. When did it run last, and in which deployment?\n\n"
                f"   `time() - {SWEEPER_LAST_RUN.select()}`\n"
                "2. Never: is the sweeper's DAG in Airflow, and is it unpaused? A new DAG starts "
                "paused.\n"
                "3. It runs, but its metrics do not arrive: read its log, and look which gateway it "
                "is told to sweep.\n"
                "4. How old is the oldest group of each deployment?\n\n"
                f"   `time() - {OLDEST_PER_RUN_PUSH}`"
            ),
            mitigation=(
                "Trigger the sweeper's DAG once, or run the sweeper from the command line. If nobody "
                "reads single runs, switch the per-run generation off. The threshold is "
                f"`{SWEEPER_LATE.name}`."
            ),
        ),
        cases=(
            Case(
                "groups that no sweeper has ever seen fire",
                {_PUSHED: "_ 60"},
                fires=(Firing(),),
            ),
            Case(
                "a sweeper that is late fires",
                {_PUSHED: "60x1", _LAST_RUN: at_the_limit},
                fires=(Firing(),),
            ),
            Case(
                "a missed scrape does not begin the hold anew",
                {_PUSHED: "0 stale 0"},
                at="0m",
                fires=(Firing(),),
            ),
            Case(
                "one deployment's sweeper sweeps for all",
                {
                    _PUSHED: "60x1",
                    PUSH_TIME.select(RUN_ID.is_("manual__1"), DAG, TASK, STAGE, jobs=(AIRFLOW_TASK_RUNS,)): "60x1",
                    SWEEPER_LAST_RUN.select(STAGE): "60x1",
                    _LAST_RUN: at_the_limit,
                },
            ),
            Case("a sweeper that runs in time is silent", {_PUSHED: "60x1", _LAST_RUN: f"{number(-limit)} 60"}),
            Case("no groups, no need of a sweeper", {PUSH_TIME.select(*PROD, jobs=(PUSHGATEWAY_SWEEPER,)): "60x1"}),
        ),
    )


def _failing() -> Alert:
    last_run, last_success = SWEEPER_LAST_RUN.select(), SWEEPER_LAST_SUCCESS.select()
    return Alert(
        "PushgatewaySweeperFailing",
        # A sweeper that never succeeded has no last success: take that as 0.
        expr=f"{last_run} > ({last_success} or 0 * {last_run})",
        keep_firing_for=GAP,
        severity=WARNING,
        owner=SWEEPER_LAST_RUN.owner,
        summary=f"The sweeper of {INSTANCE.annotation} failed",
        description=f"The last run of the sweeper of {INSTANCE.annotation} did not succeed.",
        panel="v2/sweeper-success",
        about=(INSTANCE,),
        runbook=Runbook(
            "sweeper-failing",
            "The sweeper fails",
            meaning="The sweeper's last run ended, and something in it failed.",
            impact="Groups that it should have removed are still there, and more come with each run.",
            diagnosis=(
                "1. How many groups could it not delete?\n\n"
                f"   `{SWEEPER_GROUPS.select(RESULT.is_('failed'))}`\n"
                "2. None: it could not list them. Read the log of its last run: it names the gateway's "
                "address and the answer.\n"
                "3. Is the gateway itself well? `curl -sS GATEWAY/-/ready`, and its alerts."
            ),
            mitigation="Mend what the log names and trigger the sweeper's DAG: one good run ends the alert.",
        ),
        cases=(
            Case(
                "a last run that failed fires",
                {_LAST_RUN: "30 60", _LAST_SUCCESS: "30 30"},
                fires=(Firing(labels_of(PUSHGATEWAY_SWEEPER, *PROD), 60),),
            ),
            Case(
                "a sweeper that never succeeded fires",
                {_LAST_RUN: "_ 60"},
                fires=(Firing(labels_of(PUSHGATEWAY_SWEEPER, *PROD), 60),),
            ),
            Case("a last run that succeeded is silent", {_LAST_RUN: "60x1", _LAST_SUCCESS: "60x1"}),
        ),
    )
