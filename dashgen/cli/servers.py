"""The commands that ask or change a running server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dashgen.cli.base import (
    FILE,
    OF_PROMETHEUS,
    REACH,
    access,
    access_to_prometheus,
    cli,
    config_option,
    format_option,
    leave,
)

if TYPE_CHECKING:
    from pathlib import Path


@cli.command(
    epilog="""\b
Examples:
  dashgen doctor                          where Airflow runs, with its environment
  dashgen doctor --format json"""
)
@format_option("text", "json")
def doctor(style: str) -> None:
    """Say whether what Airflow's tasks push can arrive, and what to do where not.

    Is the plugin registered, which settings hold, does the Pushgateway answer and run as it
    should, does a test group arrive; the group is removed again. Exit code: 0 all is well or
    only warned of, 1 a check failed, 2 wrong settings, 3 the gateway can't be reached.
    """

    def work() -> int:
        from dashgen.commands.doctor import run  # noqa: PLC0415  (so that --help is fast)

        return run(style)

    leave(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen sweep --dry-run                          what would go
  dashgen sweep --url http://gateway:9091 --max-age 12h
  dashgen sweep --fleet-max-age 90d                tasks and DAGs that are no more, too
  dashgen sweep --job 'backup_.*' --match 'instance=old-.*' --max-age 30d"""
)
@click.option("--url", default="", help="The Pushgateway; the plugin's variable otherwise.")
@click.option("--max-age", metavar="DURATION", default="24h", show_default=True, help="90m, 24h, 7d.")
@click.option("--job", "jobs", metavar="REGEX", multiple=True, help="These jobs instead of the per-run ones.")
@click.option("--match", metavar="LABEL=REGEX", multiple=True, help="Only groups that match, whole value.")
@click.option("--fleet-max-age", metavar="DURATION", default="", help="Fleet groups not pushed to for so long, too.")
@click.option("--dry-run", is_flag=True, help="Delete nothing; print the groups that would go.")
@click.option("--limit", metavar="N", type=click.IntRange(min=0), help="Delete at most so many, the oldest first.")
@click.option("--heal", is_flag=True, help="Delete the failed one of two groups that collide.")
@click.option("--yes", is_flag=True, help="Go on though the gateway's clock and this one differ.")
@click.option("--pipeline/--no-pipeline", default=True, help="Send on while answers are under way.")
@click.option("--timeout", metavar="DURATION", default="120s", show_default=True, help="For each request.")
@click.option("--ca-file", default="", help="Authorities to trust, as PEM.")
@click.option("--cert", default="", help="The client's certificate, as PEM.")
@click.option("--key", default="", help="Its key, where it is in another file.")
@click.option("--bearer-token-file", default="", help="A file that holds a bearer token.")
@format_option("text", "json")
def sweep(style: str, **asked: Any) -> None:  # noqa: ANN401  (click checked the types of what Asked holds)
    """Remove the groups of a Pushgateway whose time is up, and only those.

    Without --job only per-run groups of Airflow (V2), 24 hours after their last push; a run that
    says it is running stays seven times as long. Ages are by the gateway's clock. Exit code: 0
    done, 1 something stayed, 2 wrong usage or refused, 3 the gateway can't be reached.
    """

    def work() -> int:
        from dashgen.commands.sweep import Asked, run  # noqa: PLC0415  (so that --help is fast)

        return run(Asked(**asked), style)

    leave(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen emit --pushgateway-url http://localhost:9091
  dashgen emit --pushgateway-url http://localhost:9091 --dags 1000 --tasks 20 --runs 0
  dashgen emit --pushgateway-url http://localhost:9091 --failing 30 --follow
  dashgen emit --pushgateway-url http://localhost:9091 --clean"""
)
@access(("--pushgateway-url", "The Pushgateway to fill.", True))
@click.option(
    "--dags", metavar="N", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many DAGs."
)
@click.option("--tasks", metavar="M", type=click.IntRange(1, 1000), default=10, show_default=True, help="Of each DAG.")
@click.option("--runs", metavar="R", type=click.IntRange(0, 10_000), help="Runs of each DAG in per-run groups (V2): 3.")
@click.option(
    "--failing", metavar="P", type=click.FloatRange(0, 100), default=10, show_default=True, help="Percent of the runs."
)
@click.option("--seed", metavar="N", type=int, default=1, show_default=True, help="Another one, another fleet.")
@click.option("--instance", default="dashgen-emit", show_default=True, help="Its mark; must begin so.")
@click.option("--follow", is_flag=True, help="Go on: runs start and end, until Ctrl-C.")
@click.option("--clean", is_flag=True, help="Remove what was emitted under the instance instead.")
@config_option
@format_option("text", "json")
def emit(pushgateway_url: str, config: Path | None, style: str, *, clean: bool, **asked: Any) -> None:  # noqa: ANN401  (as sweep)
    """Fill a Pushgateway with a believable fleet made from the catalog.

    For trying dashboards and for load tests. What is pushed is what the plugin would push if
    Airflow ran these DAGs: tasks and DAGs (V3), their runs (V2), your own metrics, the sweeper's.
    The same seed makes the same fleet. Its instance marks it: --clean removes that and nothing
    else. Exit code: 0 done, 1 something stayed, 2 wrong usage, 3 the gateway can't be reached.
    """

    def work() -> int:
        from dashgen.commands import emit  # noqa: PLC0415  (so that --help is fast)
        from dashgen.commands.access import Access  # noqa: PLC0415  (the same)

        reach = Access(pushgateway_url, **{name: asked.pop(name) for name in REACH})
        return (
            emit.clean(asked["instance"], reach, style)
            if clean
            else emit.run(emit.Asked(**asked), reach, config, style)
        )

    leave(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen live-check --pushgateway-url http://localhost:9091
  dashgen live-check --pushgateway-url http://gateway:9091 --prometheus-url http://prometheus:9090
  dashgen live-check --pushgateway-url http://localhost:9091 --format json
  dashgen live-check --pushgateway-url http://gateway:9091 \\
    --prometheus-url https://mimir/prometheus --prometheus-header 'X-Scope-OrgID: 1'"""
)
@access(
    ("--pushgateway-url", "The Pushgateway to look at.", True),
    ("--prometheus-url", "The Prometheus that scrapes it, to look at as well.", False),
)
@access_to_prometheus()
@config_option
@format_option("text", "json")
def live_check(pushgateway_url: str, prometheus_url: str | None, config: Path | None, style: str, **how: Any) -> None:  # noqa: ANN401  (as sweep)
    """Hold what is really emitted against the catalog.

    Names, labels, types, help texts and state codes of what the Pushgateway holds, and how it
    runs; with --prometheus-url also how it is scraped, what arrives, and whether the rules are
    loaded. Jobs that the catalog does not have are left alone. Exit code: 0 all is well or only
    worth knowing, 1 errors or warnings, 2 wrong usage, 3 a server can't be reached.
    """

    def work() -> int:
        from dashgen.commands.access import Access  # noqa: PLC0415  (so that --help is fast)
        from dashgen.commands.live_check import run  # noqa: PLC0415  (the same)

        prefix = "prometheus_"
        who = {name.removeprefix(prefix): how.pop(name) for name in OF_PROMETHEUS}
        if not prometheus_url and any(who.values()):
            raise click.UsageError("options that begin with --prometheus- need --prometheus-url")
        both = how["timeout"], how["ca_file"]
        prometheus = Access(prometheus_url, *both, **who, prefix="--prometheus-") if prometheus_url else None
        return run(Access(pushgateway_url, **how), prometheus, config, style)

    leave(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen verify --prometheus-url http://prometheus:9090     the project's own output
  dashgen verify --prometheus-url http://localhost:9090 board.json rules/
  dashgen verify --prometheus-url https://mimir/prometheus --header 'X-Scope-OrgID: 1'
  dashgen verify --var team=data --quiet                     with this chosen; only what is wrong"""
)
@click.argument("paths", metavar="[DASHBOARD|RULES|DIR]...", nargs=-1, type=FILE)
@click.option("--prometheus-url", "url", metavar="URL", default="", help="The server; the settings' otherwise.")
@click.option(
    "--rules-url", metavar="URL", default="", help="Where rules are evaluated, if not there: a ruler, vmalert."
)
@click.option(
    "--var", "choices", metavar="NAME=VALUE", multiple=True, help="Choose a variable's value; may be repeated."
)
@click.option(
    "--scrape-interval", metavar="DURATION", default="30s", show_default=True, help="As the data source says."
)
@click.option("--timeout", metavar="DURATION", default="30s", show_default=True, help="For each query.")
@click.option("--header", "headers", metavar="NAME: VALUE", multiple=True, help="A header to send; may be repeated.")
@click.option("--ca-file", default="", help="Authorities to trust, as PEM.")
@click.option("--cert", default="", help="The client's certificate, as PEM.")
@click.option("--key", default="", help="Its key, where it is in another file.")
@click.option("--bearer-token-file", default="", help="A file that holds a bearer token.")
@click.option("-q", "--quiet", is_flag=True, help="Print only findings, and the closing line.")
@config_option
@format_option("text", "json")
def verify(style: str, **asked: Any) -> None:  # noqa: ANN401  (click checked the types of what Asked holds)
    """Ask a running Prometheus every query of dashboards and rules, and say which return nothing, and why.

    Variables get the values that Grafana would give them. Works with any dashboard and rule
    file, and with Mimir, Thanos and VictoriaMetrics. Exit code: 0 all is well, or empty where
    it may be, 1 findings, 2 wrong usage, 3 the server can't be reached.
    """

    def work() -> int:
        from dashgen.commands.verify import Asked, run  # noqa: PLC0415  (so that --help is fast)

        return run(Asked(**asked), style)

    leave(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen preview --sample --open                     no server at all: series made from the catalog
  dashgen preview --prometheus-url http://localhost:9090
  dashgen preview --sample --watch                    redraws as the definitions change
  dashgen preview --sample --png pictures             a picture of each dashboard, light and dark
  dashgen preview --sample --png pictures airflow-observability-v3"""
)
@click.argument("named", metavar="[DASHBOARD|DIR]...", nargs=-1)
@access(("--prometheus-url", "The server to ask; the settings' otherwise.", False))
@click.option("--header", "headers", metavar="NAME: VALUE", multiple=True, help="A header to send; may be repeated.")
@click.option("--sample", is_flag=True, help="Ask a Prometheus of its own, filled with a day made from the catalog.")
@click.option(
    "--scrape-interval", metavar="DURATION", default="30s", show_default=True, help="As the data source says."
)
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), help="Listen there; a free one near 3001.")
@click.option("--open", "browse", is_flag=True, help="Open the page in the browser.")
@click.option("--watch", is_flag=True, help="Draw anew when a definition, a setting or a named file changes.")
@click.option("--png", metavar="DIR", type=FILE, help="Write a picture of each dashboard by Chromium, and leave.")
@click.option("--out", metavar="DIR", type=FILE, help="Output folder, instead of the settings'.")
@config_option
def preview(prometheus_url: str | None, **asked: Any) -> None:  # noqa: ANN401  (as sweep)
    """Look at dashboards, drawn by Grafana's own components, without a Grafana.

    The project's, as build would make them now, and the files that are named. It is a preview
    with Grafana's UI components, not Grafana. The page is served on loopback, and asks a
    Prometheus, which is only read. With --png, only the dashboards that are named, by file or
    uid, or all. Exit code: 0 done, 1 a panel failed, 2 wrong usage, 3 something can't be reached.
    """

    def work() -> int:
        from dashgen.commands.access import Access  # noqa: PLC0415  (so that --help is fast)
        from dashgen.commands.preview import Asked, run  # noqa: PLC0415  (the same)

        reach = Access(prometheus_url or "", **{name: asked.pop(name) for name in (*REACH, "headers")})
        return run(Asked(reach=reach, **asked))

    leave(work, "text")
