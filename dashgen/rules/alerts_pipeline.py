"""Alerts on the way from Airflow to Prometheus: what is pushed, and whether alerts arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen import durations
from dashgen.catalog.labels import (
    AIRFLOW_TASKS,
    CODE,
    DAG_ID,
    HANDLER,
    INSTANCE,
    METHOD,
    PUSHGATEWAY,
)
from dashgen.catalog.pipeline import (
    GATEWAY_REQUESTS,
    NO_PUSH,
    PUSH_FAILURE_TIME,
    PUSH_TIME,
    UP,
)
from dashgen.catalog.recorded import LAST_PUSH, REFUSED_GROUPS
from dashgen.rules.model import Alert, Case, Firing, Runbook
from dashgen.rules.phrases import (
    CRITICAL,
    GATEWAY_TARGET,
    LOAD,
    NONE,
    PROD,
    WARNING,
    by,
    delete,
    labels_of,
    on,
    pushed_jobs,
    through_gap,
)

if TYPE_CHECKING:
    from dashgen.catalog.model import Job
    from dashgen.settings import Settings

NOT_PUSHING = "AirflowNotPushing"

_HOUR = 3600
_DAY = 24 * _HOUR

_PUSHED = PUSH_TIME.select(*LOAD, jobs=(AIRFLOW_TASKS,))
_GATEWAY_UP = UP.select(*GATEWAY_TARGET, jobs=(PUSHGATEWAY,))
_REFUSED = PUSH_FAILURE_TIME.select(*LOAD, jobs=(AIRFLOW_TASKS,))


def pipeline_alerts(settings: Settings) -> tuple[Alert, ...]:
    """Define the alerts on pushes."""
    return (_not_pushing(settings), _pushes_failing(pushed_jobs(settings)))


def _not_pushing(settings: Settings) -> Alert:
    limit = round(settings.limit(NO_PUSH))
    heartbeat = (
        "The sweeper's DAG, which runs each day, is its heartbeat: a healthy deployment pushes at least once a day."
        if settings.per_run
        else "A deployment that may be idle for longer needs a heartbeat: schedule a DAG of one "
        f"empty task each day, or raise `{NO_PUSH.name}`."
    )
    # A gateway that forgets the deployment must not end the alert: remember for a day more.
    remembered = durations.text(limit + _DAY)
    step = durations.text(limit if limit % _HOUR else _HOUR)
    return Alert(
        NOT_PUSHING,
        expr=f"time() - max_over_time({LAST_PUSH.select()}[{remembered}]) > {limit}",
        severity=CRITICAL,
        owner=LAST_PUSH.owner,
        summary=f"Airflow deployment {INSTANCE.annotation} pushes nothing",
        description=(
            f"The last push of Airflow deployment {INSTANCE.annotation} arrived "
            "{{ $value | humanizeDuration }} ago. All its states on the dashboards are that old."
        ),
        panel="v3/last-push",
        about=(INSTANCE,),
        runbook=Runbook(
            "not-pushing",
            "An Airflow deployment pushes nothing",
            meaning=(
                "Nothing of this deployment has reached the Pushgateway for longer than the limit. "
                f"{heartbeat} The alert ends with the next push, or a day after the "
                "limit once the gateway no longer knows the deployment."
            ),
            impact=(
                "You are blind: tasks may fail and no alert will say so. The panels show the last "
                "states that arrived, as if they were new."
            ),
            diagnosis=(
                "1. Does Airflow run at all? `airflow jobs check --job-type SchedulerJob`, and has "
                "any DAG run ended today?\n"
                "2. Is the plugin loaded? `airflow plugins` must list it; the scheduler's and the "
                "tasks' logs name a push that failed.\n"
                "3. Can a worker reach the gateway? From there: `curl -sS GATEWAY/-/ready`. Look at "
                "proxies, DNS, network policies, and at the gateway's address in the environment of "
                "scheduler and workers.\n"
                "4. Which deployments still push?\n\n"
                f"   `time() - {LAST_PUSH.select()}`"
            ),
            mitigation=(
                "Restore the way to the gateway and trigger any DAG: one push ends the alert. A "
                "deployment that is gone for good: delete its groups from the gateway and silence "
                f"the alert for two days. The threshold is `{NO_PUSH.name}`."
            ),
        ),
        cases=(
            Case(
                "a deployment whose last push is older than the limit fires",
                {_PUSHED: f"{-limit}x1"},
                fires=(Firing(labels_of(None, *PROD), limit + 60, grows=True),),
            ),
            Case(
                "a deployment that the gateway forgot fires all the same",
                {_PUSHED: "-1 _"},
                at=durations.text(limit),
                interval=step,
                fires=(Firing(labels_of(None, *PROD), limit + 1, grows=True),),
            ),
            Case(
                "one task that pushed lately speaks for its deployment",
                {_PUSHED: f"{-limit}x1", PUSH_TIME.select(DAG_ID.is_("other"), *PROD, jobs=(AIRFLOW_TASKS,)): "1x1"},
            ),
        ),
    )


def _pushes_failing(jobs: tuple[Job, ...]) -> Alert:
    push = HANDLER.is_("push")
    errors = GATEWAY_REQUESTS.select(push, CODE.not_matching("2.."))
    bad = f"increase({errors}[10m])"
    # The first errors make the series, and that is no increase: a new one is a sign by itself, where
    # the gateway was scraped before and no gap explains it.
    first = (
        f"  {errors}\n"
        f"  unless last_over_time({errors}[1h] offset 10m)\n"
        f"  and {on(INSTANCE)} {UP.select(jobs=(PUSHGATEWAY,))} offset 10m"
    )

    def requests(code: str) -> str:
        return GATEWAY_REQUESTS.select(push, METHOD.is_("post"), CODE.is_(code), *GATEWAY_TARGET)

    return Alert(
        "PushgatewayPushesFailing",
        expr=(
            f"{through_gap(str(REFUSED_GROUPS))} > 0\nor\n"
            f"sum {by(INSTANCE)} ({bad}) > 0\nor\n"
            f"count {by(INSTANCE)} (\n{first}\n) > 0"
        ),
        hold="5m",
        severity=WARNING,
        owner=REFUSED_GROUPS.owner,
        summary=f"Pushes of or to {INSTANCE.annotation} are refused",
        description=(
            f"The Pushgateway refuses pushes: {INSTANCE.annotation} is the Airflow deployment whose "
            "groups it refused last, or the gateway that answers with an error."
        ),
        panel="v3/refused-pushes",
        runbook=Runbook(
            "pushes-failing",
            "The Pushgateway refuses pushes",
            meaning=(
                "The gateway has answered pushes with another status than 2xx in the last ten "
                "minutes, or it has marked the last push to at least one group as failed. It never "
                "sees a push that could not reach the gateway: that is the alert on deployments that "
                "push nothing. And a gateway without the consistency check accepts what contradicts "
                "another group: then its scrape fails, and it counts as down."
            ),
            impact="The refused tasks and DAGs show an older state than they have.",
            diagnosis=(
                "1. Which groups?\n\n"
                f"   `{PUSH_FAILURE_TIME.select(jobs=jobs)} > {PUSH_TIME.select(jobs=jobs)}`\n"
                "   None: the gateway could not even read the push, or something in between "
                "answered.\n"
                "2. Which answers?\n\n"
                f"   `sum {by(INSTANCE, CODE)} ({bad})`\n"
                "3. 400: the gateway can't read the push or, with the consistency check, a metric has "
                "another type or the same labels in another group; its log has the reason. Two "
                "versions of the plugin may be running. 202 and yet marked as failed: the samples "
                "carry timestamps.\n"
                "4. 401 or 403: the credentials in the gateway's address are wrong.\n"
                "5. 413 or 5xx: a proxy in between; look there."
            ),
            mitigation=(
                "Run the gateway with `--push.disable-consistency-check`, and one version of the "
                "plugin everywhere. A group that nobody pushes to any more stays refused for ever: "
                f"delete it, {delete(AIRFLOW_TASKS)}."
            ),
        ),
        cases=(
            Case(
                "a group whose last push was refused fires",
                {_PUSHED: "30x1", _REFUSED: "0 60"},
                fires=(Firing(labels_of(None, *PROD)),),
            ),
            Case(
                "pushes that are answered with an error fire",
                {requests("400"): "0+1x1"},
                fires=(Firing(labels_of(None, *GATEWAY_TARGET)),),
            ),
            Case(
                "errors that are all there when their counter is first seen fire",
                {requests("400"): "_x11 7+1x0", _GATEWAY_UP: "1x11"},
                at="11m",
                fires=(Firing(labels_of(None, *GATEWAY_TARGET)),),
            ),
            Case(
                "a missed scrape does not begin the hold anew",
                {_PUSHED: "30 stale 30", _REFUSED: "60 stale 60"},
                at="0m",
                fires=(Firing(labels_of(None, *PROD)),),
            ),
            Case(
                "old errors are silent after a gap",
                {requests("400"): "7 _x11 7", _GATEWAY_UP: "1x12"},
                at="12m",
            ),
            Case("old errors of a gateway that is new to Prometheus are silent", {requests("400"): "_ 7"}),
            Case("a group that was accepted since is silent", {_PUSHED: "30 90", _REFUSED: "60x1"}),
            Case("pushes that are accepted are silent", {requests("200"): "0+1x1", requests("202"): "0+1x1"}),
        ),
    )


def watchdog() -> Alert:
    """Define the alert that always fires, to prove that alerts arrive."""
    return Alert(
        "Watchdog",
        expr="vector(1)",
        severity=NONE,
        owner=UP.owner,
        summary="Alerts arrive",
        description="It always fires. Its absence means that Prometheus or Alertmanager is not working.",
        panel="v3/firing-alerts",
        heartbeat=True,
        runbook=Runbook(
            "watchdog",
            "The watchdog",
            meaning=(
                "It fires for ever, through the same way as all alerts. Send its receiver to a "
                "service that raises the alarm when the message stops (a dead man's switch)."
            ),
            impact="While it is missing, no alert reaches anyone.",
            diagnosis=(
                "1. Does Prometheus run, and does its page `/alerts` show this one firing?\n"
                "2. Does Prometheus reach Alertmanager? Its page `/status` lists the Alertmanagers it "
                "sends to; its log names errors.\n"
                "3. Does `amtool alert query --alertmanager.url=ALERTMANAGER {ALERTNAME}=Watchdog` show "
                "it? Then the receiver fails: see Alertmanager's log."
            ),
            mitigation="Restart or reconnect what is broken. Never silence this alert.",
        ),
        cases=(Case("it fires at once", {}, at="0m", fires=(Firing(),)),),
    )
