"""The commands about definitions and what is made from them."""

from __future__ import annotations

from pathlib import Path

import click

from dashgen.cli.base import FILE, cli, config_option, format_option, leave


@cli.command(
    epilog="""\b
Examples:
  dashgen build
  dashgen build --out /tmp/preview
  dashgen build --check                   in CI: exit code 1 and a diff where out/ is stale
  dashgen build --accept-breaking         a metric was removed on purpose"""
)
@click.option("--out", metavar="DIR", type=FILE, help="Output folder, instead of the settings'.")
@config_option
@click.option("--check", is_flag=True, help="Write nothing; show how the folder differs.")
@click.option(
    "--accept-breaking",
    is_flag=True,
    help="Let metrics, labels, types and codes go that others may use.",
)
@format_option("text", "json")
def build(out: Path | None, config: Path | None, style: str, *, check: bool, accept_breaking: bool) -> None:
    """Write the output folder from the catalog and the definitions.

    Only what changed is written, and all of it or nothing. Files that are no longer made are
    removed; files that dashgen did not make are left alone.
    """

    def work() -> int:
        from dashgen.commands.build import run  # noqa: PLC0415  (so that --help is fast)

        return run(config, out, check=check, accept_breaking=accept_breaking, style=style)

    leave(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen diff                            since the last commit
  dashgen diff origin/main > change.md    what a pull request does, as its description
  dashgen diff ../other/out               against another folder
  dashgen diff v1.2.0 --format json"""
)
@click.argument("since", metavar="[GIT-REF|DIR]", default="HEAD")
@click.option("--out", metavar="DIR", type=FILE, help="Output folder, instead of the settings'.")
@config_option
@format_option("markdown", "json")
def diff(since: str, out: Path | None, config: Path | None, style: str) -> None:
    """Say what a change of the definitions means, as Markdown for a pull request.

    Compares what the definitions make now with the output folder at a commit, or with another
    folder: metrics, dashboards with their panels and queries, alerts and recording rules. Exit
    code: 0 nothing breaks, 1 queries written elsewhere would, as for build --accept-breaking,
    2 wrong usage, 3 git or a file can't be reached.
    """

    def work() -> int:
        from dashgen.commands.diff import run  # noqa: PLC0415  (so that --help is fast)

        return run(since, config, out, style)

    leave(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen lint                                   the project's own output
  dashgen lint grafana/*.json rules/             dashboards and rules written by hand
  dashgen lint --dags dags/                      the metrics that DAG files report
  dashgen lint --airflow /opt/airflow/.venv      what an installed Airflow says that it sends
  dashgen lint --format github                   as annotations of a GitHub workflow"""
)
@click.argument("paths", metavar="[FILE|DIR]...", nargs=-1, type=FILE)
@click.option(
    "--dags", metavar="DIR", multiple=True, type=FILE, help="Check what DAG files report; may be given again."
)
@click.option(
    "--airflow", metavar="PATH", type=FILE, help="Compare its registry of metrics: a Python, an environment, a file."
)
@config_option
@format_option("text", "json", "github")
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

    leave(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen explain billing_open_invoices          a metric
  dashgen explain AirflowTaskFailed              an alert
  dashgen explain v3/attention                   a panel, by dashboard and key
  dashgen explain "Tasks failed"                 a panel, by its title"""
)
@click.argument("name")
@config_option
@format_option("text", "json")
def explain(name: str, config: Path | None, style: str) -> None:
    """Say what a metric, an alert or a panel is.

    Who emits it on which event, what it is made of, and where it is used.
    """

    def work() -> int:
        from dashgen.commands.explain import run  # noqa: PLC0415  (so that --help is fast)

        return run(name, config, style)

    leave(work, style)


@cli.command(
    epilog="""\b
Examples:
  dashgen init my-project
  cd my-project && dashgen build && pytest
  dashgen init --airflow deployment       what Airflow needs to push"""
)
@click.argument("folder", metavar="[DIR]", type=FILE, default=Path())
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

    leave(work, "text")


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
