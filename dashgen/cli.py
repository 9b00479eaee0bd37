"""The command ``dashgen``: options, help and exit codes; :mod:`dashgen.commands` does the work.

Exit codes: 0 all is well, 1 findings, 2 wrong usage or configuration, 3 a file or a server
that can't be reached, 130 interrupted. Results go to stdout, diagnostics to stderr.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashgen import __version__
from dashgen.problems import DashgenError

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_INTERRUPTED = 130

_FILE = click.Path(path_type=Path)
_config = click.option("--config", metavar="FILE", type=_FILE, help="Settings: a TOML file.")


def _format(*styles: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--format",
        "style",
        type=click.Choice(styles),
        default=styles[0],
        show_default=True,
        help="How to print the result.",
    )


def main() -> None:
    """Run the command line; never a traceback for wrong input, Ctrl-C or a closed pipe."""
    try:
        code = cli.main(prog_name="dashgen", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPTED
    sys.exit(code)


def _exit(work: Callable[[], int], style: str) -> None:
    """Do the work of a command and leave with its exit code; print what stopped it."""
    try:
        code = work()
    except DashgenError as error:
        from dashgen import report  # noqa: PLC0415  (only where there are problems)

        click.echo(report.FORMATS[style](error.problems), err=style == "text")
        code = error.exit_code
    raise click.exceptions.Exit(code)


# \b keeps click from filling the lines that follow it.
@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  dashgen init my-project     start a project of your own
  dashgen build               write out/: dashboards, rules, provisioning, documentation
  dashgen build --check       fail where out/ is not what the definitions make""",
)
@click.version_option(__version__)
def cli() -> None:
    """Build Grafana dashboards, Prometheus rules and provisioning from one metric catalog."""


@cli.command(
    epilog="""\b
Examples:
  dashgen build
  dashgen build --out /tmp/preview
  dashgen build --check                   in CI: exit code 1 and a diff where out/ is stale
  dashgen build --accept-breaking         a metric was removed on purpose"""
)
@click.option("--out", metavar="DIR", type=_FILE, help="Output folder, instead of the settings'.")
@_config
@click.option("--check", is_flag=True, help="Write nothing; show how the folder differs.")
@click.option(
    "--accept-breaking",
    is_flag=True,
    help="Let metrics, labels, types and codes go that others may use.",
)
@_format("text", "json")
def build(out: Path | None, config: Path | None, style: str, *, check: bool, accept_breaking: bool) -> None:
    """Write the output folder from the catalog and the definitions.

    Only what changed is written, and all of it or nothing. Files that are no longer made are
    removed; files that dashgen did not make are left alone.
    """

    def work() -> int:
        from dashgen.commands.build import run  # noqa: PLC0415  (so that --help is fast)

        return run(config, out, check=check, accept_breaking=accept_breaking, style=style)

    _exit(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen lint                                   the project's own output
  dashgen lint grafana/*.json rules/             dashboards and rules written by hand
  dashgen lint --dags dags/                      the metrics that DAG files report
  dashgen lint --airflow /opt/airflow/.venv      what an installed Airflow says that it sends
  dashgen lint --format github                   as annotations of a GitHub workflow"""
)
@click.argument("paths", metavar="[FILE|DIR]...", nargs=-1, type=_FILE)
@click.option(
    "--dags", metavar="DIR", multiple=True, type=_FILE, help="Check what DAG files report; may be given again."
)
@click.option(
    "--airflow", metavar="PATH", type=_FILE, help="Compare its registry of metrics: a Python, an environment, a file."
)
@_config
@_format("text", "json", "github")
def lint(
    paths: tuple[Path, ...], dags: tuple[Path, ...], airflow: Path | None, config: Path | None, style: str
) -> None:
    """Check dashboards, rule files, DAG files and Airflow's own metrics against the catalog.

    In folders, the JSON and YAML files that are dashboards or rules. Exceptions go into the
    settings as [[lint.ignore]], with a reason.

    With --dags, the Python files below DIR that call dashgen_plugin.report: each name must be
    a metric that a task may report. Names in report(**values) are known only at run time.

    With --airflow, what the registry of an Airflow from 3.2 on lists, and the catalog has not or
    otherwise: metrics added, dropped or changed. The project's own output is checked when
    nothing is named.
    """

    def work() -> int:
        from dashgen.commands.lint import Asked, run  # noqa: PLC0415  (so that --help is fast)

        return run(Asked(paths, dags, airflow), config, style)

    _exit(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen explain billing_open_invoices          a metric
  dashgen explain AirflowTaskFailed              an alert
  dashgen explain v3/attention                   a panel, by dashboard and key
  dashgen explain "Tasks failed"                 a panel, by its title"""
)
@click.argument("name")
@_config
@_format("text", "json")
def explain(name: str, config: Path | None, style: str) -> None:
    """Say what a metric, an alert or a panel is.

    Who emits it on which event, what it is made of, and where it is used.
    """

    def work() -> int:
        from dashgen.commands.explain import run  # noqa: PLC0415  (so that --help is fast)

        return run(name, config, style)

    _exit(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen init my-project
  cd my-project && dashgen build && pytest
  dashgen init --airflow deployment       what Airflow needs to push"""
)
@click.argument("folder", metavar="[DIR]", type=_FILE, default=Path())
@click.option("--airflow", is_flag=True, help="Write what an Airflow deployment needs instead.")
def init(folder: Path, *, airflow: bool) -> None:
    """Start a project of your own.

    A metric, a dashboard and an alert beside the built-in ones, with tests. With --airflow,
    the environment variables, the requirement and the sweeper's DAG file of an Airflow
    deployment, and the steps to take. Files that are there already are not overwritten.
    """

    def work() -> int:
        from dashgen.commands.init import run  # noqa: PLC0415  (so that --help is fast)

        return run(folder, airflow=airflow)

    _exit(work, "text")


@cli.command(
    epilog="""\b
Examples:
  dashgen doctor                          where Airflow runs, with its environment
  dashgen doctor --format json"""
)
@_format("text", "json")
def doctor(style: str) -> None:
    """Say whether what Airflow's tasks push can arrive, and what to do where not.

    Is the plugin registered, which settings hold, does the Pushgateway answer and run as it
    should, does a test group arrive; the group is removed again. Exit code: 0 all is well or
    only warned of, 1 a check failed, 2 wrong settings, 3 the gateway can't be reached.
    """

    def work() -> int:
        from dashgen.commands.doctor import run  # noqa: PLC0415  (so that --help is fast)

        return run(style)

    _exit(work, style)


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
@_format("text", "json")
def sweep(style: str, **asked: Any) -> None:  # noqa: ANN401  (click checked the types of what Asked holds)
    """Remove the groups of a Pushgateway whose time is up, and only those.

    Without --job only per-run groups of Airflow (V2), 24 hours after their last push; a run that
    says it is running stays seven times as long. Ages are by the gateway's clock. Exit code: 0
    done, 1 something stayed, 2 wrong usage or refused, 3 the gateway can't be reached.
    """

    def work() -> int:
        from dashgen.commands.sweep import Asked, run  # noqa: PLC0415  (so that --help is fast)

        return run(Asked(**asked), style)

    _exit(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen completion bash > ~/.local/share/bash-completion/completions/dashgen
  dashgen completion zsh > ~/.zfunc/_dashgen
  dashgen completion fish > ~/.config/fish/completions/dashgen.fish"""
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a shell's completion script."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415  (rarely needed)

    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(cli, {}, "dashgen", "_DASHGEN_COMPLETE").source())
