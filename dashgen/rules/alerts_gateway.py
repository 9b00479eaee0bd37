"""Alerts on the Pushgateway itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import (
    AIRFLOW_TASKS,
    ALERTNAME,
    INSTANCE,
    PUSHGATEWAY,
)
from dashgen.catalog.pipeline import (
    GATEWAY_MEMORY,
    GATEWAY_SAMPLES,
    PUSH_TIME,
    RESIDENT_MEMORY,
    SCRAPE_SAMPLES,
    UP,
)
from dashgen.catalog.recorded import GROUPS
from dashgen.catalog.terms import JOB_LABEL
from dashgen.rules.alerts_dags import NO_SUCCESS
from dashgen.rules.alerts_pipeline import NOT_PUSHING
from dashgen.rules.model import Alert, Case, Firing, Inhibition, Runbook
from dashgen.rules.phrases import (
    CRITICAL,
    GATEWAY_TARGET,
    WARNING,
    delete,
    labels_of,
    number,
)

if TYPE_CHECKING:
    from dashgen.settings import Settings

_GATEWAY = labels_of(PUSHGATEWAY, *GATEWAY_TARGET)
_GATEWAY_UP = UP.select(*GATEWAY_TARGET, jobs=(PUSHGATEWAY,))


def gateway_alerts(settings: Settings) -> tuple[Alert, ...]:
    """Define the alerts on the Pushgateway."""
    return (
        _down(),
        _too_many_samples(settings),
        _memory_high(settings),
    )


def _down() -> Alert:
    up = UP.select(jobs=(PUSHGATEWAY,))
    return Alert(
        "PushgatewayDown",
        expr=f"{up} == 0\nor\nabsent({up})",
        hold="5m",
        severity=CRITICAL,
        owner=UP.owner,
        summary=f"Pushgateway {INSTANCE.annotation} does not answer Prometheus",
        description=(
            f"Prometheus can't scrape Pushgateway {INSTANCE.annotation}; if none is named, it has no "
            "Pushgateway as a target at all. Nothing that Airflow pushes there is seen."
        ),
        panel="v3/gateway-up",
        inhibits=Inhibition((ALERTNAME % f"{NOT_PUSHING}|{NO_SUCCESS}",)),
        runbook=Runbook(
            "gateway-down",
            "The Pushgateway is down",
            meaning=(
                "The scrape of the Pushgateway fails, or its target is missing from Prometheus' "
                "configuration. It silences the alerts on missing pushes and missing successes, "
                "which can only repeat it."
            ),
            impact=(
                "All states of Airflow's tasks vanish from the dashboards and no alert on them can "
                "fire. Airflow itself goes on. What it pushes to a gateway that is down is lost."
            ),
            diagnosis=(
                "1. What does the scrape say? The error stands on Prometheus' page `/targets`.\n"
                "2. Connection refused: the process is down. Read its log; look for an out-of-memory "
                "kill.\n"
                "3. Status 500: two groups hold the same series, or one metric with two types. "
                "`curl -s GATEWAY/metrics` names the series; the gateway's own `/-/healthy` still "
                "says OK.\n"
                "4. Deadline exceeded: it holds too much for one scrape.\n\n"
                f"   `max_over_time({SCRAPE_SAMPLES.select(jobs=(PUSHGATEWAY,))}[1d])`\n"
                "5. No such target: compare Prometheus' configuration with the generated one."
            ),
            mitigation=(
                "Restart it with `--persistence.file`, so that the last states come back. For a "
                "status 500, delete the group that the message names: "
                f"{delete(AIRFLOW_TASKS)}."
            ),
        ),
        cases=(
            Case(
                "a gateway that no longer answers fires",
                {_GATEWAY_UP: "1 0"},
                fires=(Firing(_GATEWAY, 0),),
            ),
            Case("a missing target fires", {}, at="0m", fires=(Firing(labels_of(PUSHGATEWAY)),)),
            Case("a gateway that answers again is silent", {_GATEWAY_UP: "1 0 1"}, at="2m"),
        ),
    )


def _too_many_samples(settings: Settings) -> Alert:
    limit = settings.limit(GATEWAY_SAMPLES)
    samples = SCRAPE_SAMPLES.select(*GATEWAY_TARGET, jobs=(PUSHGATEWAY,))
    return Alert(
        "PushgatewayTooManySamples",
        expr=f"{SCRAPE_SAMPLES.select(jobs=(PUSHGATEWAY,))} > {number(limit)}",
        hold="15m",
        severity=WARNING,
        owner=SCRAPE_SAMPLES.owner,
        summary=f"Pushgateway {INSTANCE.annotation} holds too many samples",
        description=(f"Each scrape of Pushgateway {INSTANCE.annotation} returns {{{{ $value | humanize }}}} samples."),
        panel="v3/gateway-samples",
        runbook=Runbook(
            "gateway-too-many-samples",
            "The Pushgateway holds too many samples",
            meaning="A scrape of the gateway returns more samples than the limit.",
            impact=(
                "Scrapes grow slower until they miss their deadline, and Prometheus pays for each "
                "series. A gateway that checks consistency also pays for every group on every push."
            ),
            diagnosis=(
                "1. Which job holds them?\n\n"
                f"   `count by ({JOB_LABEL}, {INSTANCE}) ({PUSH_TIME})`\n"
                "2. A job that is not ours: someone else pushes to this gateway.\n"
                + (
                    "3. Jobs of runs that grow day by day: the sweeper does not run, or its greatest "
                    "age is too high. See its panels."
                    if settings.per_run
                    else "3. A job of single runs: some listener still has its per-run generation on."
                )
            ),
            mitigation=(
                (
                    "Run the sweeper. Switch the per-run generation off where nobody reads it, or "
                    "lower the sweeper's greatest age."
                    if settings.per_run
                    else f"Delete the groups of what is gone: {delete(AIRFLOW_TASKS)}. Split a large "
                    "fleet over several gateways."
                )
                + f" The threshold is `{GATEWAY_SAMPLES.name}`."
            ),
        ),
        cases=(
            Case(
                "one sample above the limit fires",
                {samples: f"{number(limit)} {number(limit + 1)}"},
                fires=(Firing(_GATEWAY, limit + 1),),
            ),
            Case("a short peak is silent", {samples: f"{number(limit + 1)} {number(limit)}"}),
        ),
    )


def _memory_high(settings: Settings) -> Alert:
    limit = settings.limit(GATEWAY_MEMORY)
    fewer = (
        "run the sweeper, or switch the per-run generation off"
        if settings.per_run
        else f"delete those of what is gone, {delete(AIRFLOW_TASKS)}"
    )
    memory = RESIDENT_MEMORY.select(*GATEWAY_TARGET, jobs=(PUSHGATEWAY,))
    return Alert(
        "PushgatewayMemoryHigh",
        expr=f"{RESIDENT_MEMORY.select(jobs=(PUSHGATEWAY,))} > {number(limit)}",
        hold="15m",
        severity=WARNING,
        owner=RESIDENT_MEMORY.owner,
        summary=f"Pushgateway {INSTANCE.annotation} uses too much memory",
        description=f"Pushgateway {INSTANCE.annotation} uses {{{{ $value | humanize1024 }}}}B of memory.",
        panel="v3/gateway-memory",
        runbook=Runbook(
            "gateway-memory-high",
            "The Pushgateway uses too much memory",
            meaning="The gateway's resident memory is above the limit.",
            impact=(
                "When the system or the container's limit ends it, everything that it did not yet "
                "save is forgotten, and pushes fail until it is back."
            ),
            diagnosis=(
                "1. Does it grow with the groups held, about 9 KiB each?\n\n"
                f"   `{GROUPS}` and `{RESIDENT_MEMORY.select(jobs=(PUSHGATEWAY,))}`\n"
                "2. It grows without them: something lists everything too often. A listing at "
                "`/api/v1/metrics` takes three times the memory of the groups, a scrape of "
                "`/metrics` a tenth."
            ),
            mitigation=(
                f"Fewer groups: {fewer}. Or give the gateway "
                f"more memory and raise the threshold `{GATEWAY_MEMORY.name}`."
            ),
        ),
        cases=(
            Case(
                "one byte above the limit fires",
                {memory: f"{number(limit)} {number(limit + 1)}"},
                fires=(Firing(_GATEWAY, limit + 1),),
            ),
            Case("a short peak is silent", {memory: f"{number(limit + 1)} {number(limit)}"}),
        ),
    )
