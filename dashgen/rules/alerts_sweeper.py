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
from dashgen.rules.phrases import LOAD, PROD, STAGE, WARNING, labels_of, number, on

if TYPE_CHECKING:
    from dashgen.settings import Settings

_PROD = labels_of(None, *PROD)
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
        expr=(f"{PER_RUN_GROUPS} > 0\nunless {on(INSTANCE)}\ntime() - {SWEEPER_LAST_RUN.select()} <= {number(limit)}"),
        hold="1h",
        severity=WARNING,
        owner=SWEEPER_LAST_RUN.owner,
        summary=f"Nothing sweeps the per-run groups of {INSTANCE.annotation}",
        description=(
            f"The Pushgateway holds {{{{ $value | humanize }}}} per-run groups of {INSTANCE.annotation}, "
            "and its sweeper is late or has never run."
        ),
        panel="v2/sweeper",
        about=(INSTANCE,),
        runbook=Runbook(
            "sweeper-missing",
            "The sweeper does not run",
            meaning=(
                "The deployment has per-run groups in the Pushgateway, and its sweeper has not run "
                "for longer than the limit, or never."
            ),
            impact=(
                "Every run adds groups that nothing removes: the gateway's memory, the duration of "
                "scrapes and the series in Prometheus grow without bound."
            ),
            diagnosis=(
                "1. When did it run last, and for which deployment?\n\n"
                f"   `time() - {SWEEPER_LAST_RUN.select()}`\n"
                "2. Never: is the sweeper's DAG in Airflow, and is it unpaused? A new DAG starts "
                "paused.\n"
                "3. It runs under another name: the sweeper must push with the same "
                f"`{INSTANCE}` as the listener.\n"
                "4. It runs, but its metrics do not arrive: read its log.\n"
                "5. How old is the oldest group?\n\n"
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
                fires=(Firing(_PROD),),
            ),
            Case(
                "a sweeper that is late fires",
                {_PUSHED: "60x1", _LAST_RUN: at_the_limit},
                fires=(Firing(_PROD),),
            ),
            Case(
                "another deployment's sweeper does not count",
                {_PUSHED: "_ 60", SWEEPER_LAST_RUN.select(STAGE): "60x1"},
                fires=(Firing(_PROD),),
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
        severity=WARNING,
        owner=SWEEPER_LAST_RUN.owner,
        summary=f"The sweeper of {INSTANCE.annotation} failed",
        description=f"The last run of the sweeper of {INSTANCE.annotation} did not succeed.",
        panel="v2/sweeper",
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
