"""Alerts on statsd_exporter itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import ALERTNAME, INSTANCE, STATSD_EXPORTER
from dashgen.catalog.pipeline import UP
from dashgen.catalog.recorded_statsd import EXPORTER_DROP_SHARE
from dashgen.catalog.statsd.exporter import (
    STATSD_CONFIG_RELOADS,
    STATSD_EVENTS_ACTIONS,
    STATSD_EVENTS_UNMAPPED,
    STATSD_LINES,
    STATSD_LOADED_MAPPINGS,
)
from dashgen.catalog.statsd.labels import ACTION
from dashgen.catalog.statsd.thresholds import STATSD_DROP_SHARE
from dashgen.rules.alerts_platform import DAG_PROCESSOR_STOPPED, SCHEDULER_STOPPED, TRIGGERER_STOPPED
from dashgen.rules.model import Alert, Case, Firing, Inhibition, Runbook
from dashgen.rules.phrases import CRITICAL, WARNING, labels_of, number
from dashgen.rules.phrases_statsd import EXPORTER_TARGET, EXPORTER_UP, LASTING
from dashgen.statsd_queries import total

if TYPE_CHECKING:
    from dashgen.settings import Settings

RECEIVES_NOTHING = "StatsdExporterReceivesNothing"

_HERE = labels_of(None, *EXPORTER_TARGET)
_DOWN = labels_of(STATSD_EXPORTER, *EXPORTER_TARGET)


def exporter_alerts(settings: Settings) -> tuple[Alert, ...]:
    """Define the alerts on statsd_exporter."""
    return (
        _down(),
        _receives_nothing(),
        _drops_more(settings.limit(STATSD_DROP_SHARE)),
        _unmapped(),
    )


def _down() -> Alert:
    up = UP.select(jobs=(STATSD_EXPORTER,))
    # What stopped before it went down would go on firing.
    superfluous = ALERTNAME % f"{SCHEDULER_STOPPED}|{TRIGGERER_STOPPED}|{DAG_PROCESSOR_STOPPED}|{RECEIVES_NOTHING}"
    return Alert(
        "StatsdExporterDown",
        expr=f"{up} == 0\nor\nabsent({up})",
        hold="5m",
        severity=CRITICAL,
        owner=UP.owner,
        summary=f"statsd_exporter {INSTANCE.annotation} does not answer Prometheus",
        description=(
            f"Prometheus can't scrape statsd_exporter {INSTANCE.annotation}; if none is named, it has none as a target "
            "at all. Nothing that Airflow sends there is seen."
        ),
        panel="platform/exporter-up",
        inhibits=Inhibition((superfluous,), equal=(INSTANCE,)),
        runbook=Runbook(
            "statsd-exporter-down",
            "statsd_exporter is down",
            meaning=(
                "The scrape of statsd_exporter fails, or its target is missing from Prometheus' configuration. It "
                "silences the alerts on heartbeats and lines that stopped at the same exporter."
            ),
            impact=(
                "The platform's dashboards are empty and no alert on the scheduler can fire. Airflow goes on: it sends "
                "over UDP and notices nothing. What it sends meanwhile is lost."
            ),
            diagnosis=(
                "1. What does the scrape say? The error stands on Prometheus' page `/targets`.\n"
                "2. Connection refused: the process is down. A mapping that it can't read ends it at its start; its "
                "log names the line.\n"
                "3. Deadline exceeded, or it was killed for its memory: too many series. Is the generated mapping the "
                "one that it loads?\n\n"
                f"   `{STATSD_LOADED_MAPPINGS.select()}`\n"
                "4. No such target: compare Prometheus' configuration with the generated one, and `targets` under "
                "`[statsd]` with where it listens."
            ),
            mitigation=(
                "Restart it with the generated mapping. All its counters begin at 0 again, which the rules bear. Where "
                "there is no exporter, set `enabled = false` under `[statsd]`."
            ),
        ),
        cases=(
            Case("an exporter that no longer answers fires", {EXPORTER_UP: "1 0"}, fires=(Firing(_DOWN, 0),)),
            Case("a missing target fires", {}, at="0m", fires=(Firing(labels_of(STATSD_EXPORTER)),)),
            Case("an exporter that answers again is silent", {EXPORTER_UP: "1 0 1"}, at="2m"),
        ),
    )


def _receives_nothing() -> Alert:
    lines = STATSD_LINES.select(*EXPORTER_TARGET)
    return Alert(
        RECEIVES_NOTHING,
        expr=f"{total(f'increase({STATSD_LINES.select()}[10m])', INSTANCE)} == 0",
        hold=LASTING,
        severity=WARNING,
        owner=STATSD_LINES.owner,
        summary=f"statsd_exporter {INSTANCE.annotation} receives nothing",
        description=(
            f"statsd_exporter {INSTANCE.annotation} answers Prometheus and has received no line for at least ten "
            "minutes."
        ),
        panel="platform/exporter-lines",
        about=(INSTANCE,),
        runbook=Runbook(
            "statsd-exporter-receives-nothing",
            "statsd_exporter receives nothing",
            meaning=(
                "No line at all arrives. A scheduler alone sends several each second, so either nothing sends to this "
                "exporter or nothing gets there. Where it serves nothing but workers, idle ones are no fault."
            ),
            impact=(
                "The panels show the last values as if they were new, and the alerts on the platform can't tell an "
                "Airflow that is well from one that is gone."
            ),
            diagnosis=(
                "1. Does Airflow run? `airflow jobs check --job-type SchedulerJob`.\n"
                "2. Is it on? `airflow config get-value metrics statsd_on`, and `statsd_host` and `statsd_port` beside "
                "it, in the scheduler's own environment. The StatsD client of Airflow must be installed: its log says "
                "when it is not.\n"
                "3. Does a line arrive? From the scheduler's host: `echo 'airflow.scheduler_heartbeat:1|c' | nc -u -w1 "
                "HOST PORT`, and look at the exporter's `/metrics`.\n"
                "4. UDP is lost without a word: look at network policies, and at an address that was resolved before "
                "the exporter moved. Airflow looks it up once, when it starts."
            ),
            mitigation="Mend the way there; after a new address of the exporter restart Airflow's components.",
        ),
        cases=(
            Case("an exporter whose count of lines stands still fires", {lines: "7x1"}, fires=(Firing(_HERE, 0),)),
            Case("a restarted exporter that hears nothing fires", {lines: "0x1"}, fires=(Firing(_HERE, 0),)),
            Case("an exporter that hears something is silent", {lines: "0+1x1"}),
            Case("an exporter that is down is silent", {lines: "7 _", EXPORTER_UP: "1 0"}),
        ),
    )


def _drops_more(limit: float) -> Alert:
    share = EXPORTER_DROP_SHARE.select()
    # A day without DAGs has another share than one with them: a week has both. Where Airflow is known for
    # less than four days, these may all have been quiet.
    before = f"max_over_time({share}[7d] offset 1d)"
    known = f"last_over_time({share}[4d] offset 4d)"
    dropped, mapped = (STATSD_EVENTS_ACTIONS.select(ACTION.is_(action), *EXPORTER_TARGET) for action in ("drop", "map"))
    within = round(100 * limit)
    return Alert(
        "StatsdExporterDropsMore",
        expr=f"{share} - {before} > {number(limit)}\nand {known}",
        hold=LASTING,
        severity=WARNING,
        owner=STATSD_EVENTS_ACTIONS.owner,
        summary=f"statsd_exporter {INSTANCE.annotation} drops more than it used to",
        description=(
            f"The mapping of statsd_exporter {INSTANCE.annotation} drops a greater share of events than at any time of "
            "the week before the last day."
        ),
        panel="platform/exporter-dropped",
        about=(INSTANCE,),
        runbook=Runbook(
            "statsd-exporter-drops-more",
            "statsd_exporter drops more than it used to",
            meaning=(
                "The mapping drops what it does not know, and the names that would count twice. That share depends on "
                f"how busy Airflow is. In the last hour it was more than {number(limit)} above the highest of the "
                "seven days before the last day. The alert needs to know four days, and ends a day after the change, "
                "mended or not: then the panel alone shows it. After more than a week without DAGs their first day "
                "may fire."
            ),
            impact=(
                "Airflow sends something that no panel shows. Where it is a known metric under a new name, its panels "
                "are empty and its alerts blind."
            ),
            diagnosis=(
                "1. What changed: Airflow's version, a provider, the prefix, tags, the mapping? All show here at "
                "once.\n"
                "2. The prefix or tags: with `statsd_influxdb_enabled` the prefix must end in `.tagged`, without it it "
                "must not.\n"
                "3. Airflow's version: `dashgen lint --airflow PATH` lists what its registry adds and renames.\n"
                "4. Someone else sends to this exporter: `--log.level=debug` makes it write each line."
            ),
            mitigation=(
                "Set `airflow_version` and `prefix` to what runs, build anew and load the new mapping. What is new and "
                f"harmless needs nothing. The threshold is `{STATSD_DROP_SHARE.name}`."
            ),
        ),
        cases=(
            Case(
                "events that are dropped where all were mapped fire",
                {dropped: "0x200 100+100x1", mapped: "0+100x200 20000x1"},
                at="100h30m",
                interval="30m",
                fires=(Firing(_HERE),),
            ),
            Case(
                "a share that rose hours ago fires",
                {dropped: "0x200 100+100x6 _x6 800+100x1", mapped: "0+100x200 20000x6 _x6 20000x1"},
                at="107h30m",
                interval="30m",
                fires=(Firing(_HERE),),
            ),
            Case(
                "a share that rises by less than the limit is silent",
                {
                    dropped: f"0x200 {within}+{within}x1",
                    mapped: f"0+100x200 {20_100 - within}+{100 - within}x1",
                },
                at="100h30m",
                interval="30m",
            ),
            Case(
                "a share that is high and always was is silent",
                {dropped: "0+100x201", mapped: "0+10x201"},
                at="100h30m",
                interval="30m",
            ),
            Case(
                "a share that was as high before quiet days is silent",
                {dropped: "0+100x48 4800x151 4900+100x1", mapped: "0+100x201"},
                at="100h30m",
                interval="30m",
            ),
            Case(
                "a share that rises when quiet days are all that is known is silent",
                {dropped: "0x180 100+100x1", mapped: "0+100x181"},
                at="90h30m",
                interval="30m",
            ),
        ),
    )


def _unmapped() -> Alert:
    unmapped = STATSD_EVENTS_UNMAPPED.select(*EXPORTER_TARGET)
    return Alert(
        "StatsdExporterUnmapped",
        expr=f"{total(f'increase({STATSD_EVENTS_UNMAPPED.select()}[10m])', INSTANCE)} > 0",
        hold=LASTING,
        severity=WARNING,
        owner=STATSD_EVENTS_UNMAPPED.owner,
        summary=f"statsd_exporter {INSTANCE.annotation} runs without the generated mapping",
        description=(
            f"statsd_exporter {INSTANCE.annotation} lets events through that no rule of its mapping fits; the "
            "generated mapping has one for every name."
        ),
        panel="platform/exporter-dropped",
        about=(INSTANCE,),
        runbook=Runbook(
            "statsd-exporter-unmapped",
            "statsd_exporter runs without the generated mapping",
            meaning=(
                "Events come through under names that nobody chose. The last rule of the generated mapping takes all "
                "that no other one takes, so another mapping is loaded, or none."
            ),
            impact=(
                "The catalogued series are missing, and names with task and run ids in them become metrics of their "
                "own: the exporter's memory and Prometheus' series grow with every run."
            ),
            diagnosis=(
                "1. How many rules are loaded? 0: it was started without `--statsd.mapping-config`.\n\n"
                f"   `{STATSD_LOADED_MAPPINGS.select()}`\n"
                "2. Did a reload fail, so that it goes on with an older one?\n\n"
                f"   `increase({STATSD_CONFIG_RELOADS.select()}[1d])`\n"
                "3. Compare the file that it was given with the generated `statsd/statsd_mapping.yml`."
            ),
            mitigation="Start it with the generated mapping: a reload alone would keep the series that it has made.",
        ),
        cases=(
            Case("one event that no rule fits fires", {unmapped: "0+1x1"}, fires=(Firing(_HERE),)),
            Case("a mapping that fits every event is silent", {unmapped: "0x1"}),
            Case("events of long ago are silent", {unmapped: "7x1"}),
        ),
    )
