"""Alerts on the parsing of DAG files, as Airflow tells of it over StatsD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE
from dashgen.catalog.statsd.dag_processing import (
    DAG_PROCESSING_FILE_PATH_QUEUE_SIZE,
    DAG_PROCESSING_IMPORT_ERRORS,
    DAG_PROCESSING_LAST_DURATION,
    DAG_PROCESSING_PROCESSOR_TIMEOUTS,
    DAG_PROCESSING_TOTAL_PARSE_TIME,
    DAGBAG_SIZE,
)
from dashgen.catalog.statsd.labels import FILE_NAME
from dashgen.catalog.statsd.thresholds import DAG_PARSE_TIME
from dashgen.rules.model import Alert, Case, Firing, Runbook
from dashgen.rules.phrases import GAP, WARNING, by, labels_of, number
from dashgen.rules.phrases_statsd import BEATS, EXPORTER_TARGET, LASTING, mean, unless_stopped

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.settings import Settings

_HERE = labels_of(None, *EXPORTER_TARGET)
_ERRORS = DAG_PROCESSING_IMPORT_ERRORS.select(*EXPORTER_TARGET)
_TIME = DAG_PROCESSING_TOTAL_PARSE_TIME.select(*EXPORTER_TARGET)


def parsing_alerts(settings: Settings) -> tuple[Alert, ...]:
    """Define the alerts on the parsing of DAG files."""
    return (_import_errors(), _slow(settings.limit(DAG_PARSE_TIME)))


def _above(gauge: Metric, limit: float) -> str:
    # Several DAG processors overwrite each other's value: the greatest of the last minutes is the worst one's.
    return f"max {by(INSTANCE)} (max_over_time({gauge.select()}[{GAP}])) > {number(limit)}\n{unless_stopped()}"


def _import_errors() -> Alert:
    return Alert(
        "AirflowDagImportErrors",
        expr=_above(DAG_PROCESSING_IMPORT_ERRORS, 0),
        hold=LASTING,
        severity=WARNING,
        owner=DAG_PROCESSING_IMPORT_ERRORS.owner,
        summary=f"Airflow that sends to {INSTANCE.annotation} can't import DAG files",
        description=(
            f"Airflow that sends to statsd_exporter {INSTANCE.annotation} could not import "
            "{{ $value | humanize }} DAG files in its last scan."
        ),
        panel="platform/import-errors",
        about=(INSTANCE,),
        runbook=Runbook(
            "dag-import-errors",
            "DAG files can't be imported",
            meaning=(
                "For as long as the alert's hold at least one DAG file raised an error when it was imported. The "
                "number alone arrives here; Airflow knows the files. Several DAG processors overwrite each other's "
                "number, so the highest of the last five minutes counts."
            ),
            impact=(
                "A DAG that was there runs on as it was, without the change that broke it. A new one does not appear, "
                "and nothing else will say that it does not run."
            ),
            diagnosis=(
                "1. Which files, and why? `airflow dags list-import-errors`, or the banner on Airflow's page of DAGs.\n"
                "2. Many at once: a package is missing or has another version where the files are parsed. Was "
                "Airflow's image changed?\n"
                "3. None in the list: the file took too long and was given up.\n\n"
                f"   `increase({DAG_PROCESSING_PROCESSOR_TIMEOUTS.select()}[1h])`\n"
                "4. Did DAGs vanish?\n\n"
                f"   `{DAGBAG_SIZE.select()}`"
            ),
            mitigation=(
                "Mend the file or take back the change. Import all DAG files in the tests before they are delivered: "
                "`python FILE` shows the same error."
            ),
        ),
        cases=(
            Case("one file that can't be imported fires", {_ERRORS: "0 1"}, fires=(Firing(_HERE, 1),)),
            Case(
                "a missed scrape does not begin the hold anew",
                {_ERRORS: "2 stale 2"},
                at="0m",
                fires=(Firing(_HERE, 2),),
            ),
            Case(
                "one DAG processor of two, which overwrite each other, fires",
                {_ERRORS: "1 0 1 0 1 0 1 0 1"},
                at="0m",
                interval="2m",
                fires=(Firing(_HERE, 1),),
            ),
            Case("a file that was mended is silent", {_ERRORS: "1x20 0x5"}, at="26m"),
            Case("the last value of an Airflow that is gone is silent", {_ERRORS: "1x1", BEATS: "7x1"}),
        ),
    )


def _slow(limit: float) -> Alert:
    files = mean(DAG_PROCESSING_LAST_DURATION, INSTANCE, FILE_NAME, window="1h").replace("\n", " ")
    return Alert(
        "AirflowDagParsingSlow",
        expr=_above(DAG_PROCESSING_TOTAL_PARSE_TIME, limit),
        hold=LASTING,
        severity=WARNING,
        owner=DAG_PROCESSING_TOTAL_PARSE_TIME.owner,
        summary=f"Airflow that sends to {INSTANCE.annotation} parses DAG files slowly",
        description=(
            f"The last scan of all DAG files by Airflow that sends to statsd_exporter {INSTANCE.annotation} took "
            "{{ $value | humanizeDuration }}."
        ),
        panel="platform/parse-time",
        about=(INSTANCE,),
        runbook=Runbook(
            "dag-parsing-slow",
            "DAG files are parsed slowly",
            meaning=(
                "A scan of all DAG files takes longer than the limit, and has for as long as the alert's hold. Several "
                "DAG processors overwrite each other's time, so the longest of the last five minutes counts."
            ),
            impact=(
                "A change of a DAG arrives late, up to two scans. Parsing takes processor time from the scheduler "
                "where both share a machine."
            ),
            diagnosis=(
                "1. Which files take longest?\n\n"
                f"   `topk(10, {files})`\n"
                "   Seconds for one file: it reads a database, a web page or Airflow's variables outside of its "
                "tasks.\n"
                "2. All take a little: too many for the parsing processes.\n\n"
                f"   `{DAG_PROCESSING_FILE_PATH_QUEUE_SIZE.select()}`\n"
                "3. All became slow at once: the machine's processor or the folder's file system."
            ),
            mitigation=(
                "Move that work into tasks. More `parsing_processes`, or files that hold no DAG in `.airflowignore`. "
                f"The threshold is `{DAG_PARSE_TIME.name}`."
            ),
        ),
        cases=(
            Case(
                "a scan one second longer than the limit fires",
                {_TIME: f"{number(limit)} {number(limit + 1)}"},
                fires=(Firing(_HERE, limit + 1),),
            ),
            Case(
                "a missed scrape does not begin the hold anew",
                {_TIME: f"{number(limit + 1)} stale {number(limit + 1)}"},
                at="0m",
                fires=(Firing(_HERE, limit + 1),),
            ),
            Case(
                "one slow DAG processor of two, which overwrite each other, fires",
                {_TIME: " ".join([*(number(limit + 1), number(limit)) * 4, number(limit + 1)])},
                at="0m",
                interval="2m",
                fires=(Firing(_HERE, limit + 1),),
            ),
            Case("one long scan is silent", {_TIME: f"{number(limit)} {number(limit + 1)}x5 {number(limit)}"}),
            Case(
                "scans that are short again are silent",
                {_TIME: f"{number(limit + 1)}x20 {number(limit)}x5"},
                at="26m",
            ),
            Case(
                "the last value of an Airflow that is gone is silent", {_TIME: f"{number(limit + 1)}x1", BEATS: "7x1"}
            ),
        ),
    )
