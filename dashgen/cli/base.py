"""The command's group, and what its commands have in common: options, and how they end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashgen import __version__
from dashgen.problems import DashgenError

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = click.Path(path_type=Path)
config_option = click.option("--config", metavar="FILE", type=FILE, help="Settings: a TOML file.")


def format_option(*styles: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add ``--format`` with these styles, the first the default; the command gets it as ``style``."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(styles),
        default=styles[0],
        show_default=True,
        help="How to print the result.",
    )


_WHO = ("cert", "key", "bearer_token_file")
REACH = ("timeout", "ca_file", *_WHO)
OF_PROMETHEUS = tuple(f"prometheus_{name}" for name in (*_WHO, "headers"))


def access(*urls: tuple[str, str, bool]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options by which servers are reached; of each URL its option, its help and whether it must be given."""
    options = [
        *(click.option(name, metavar="URL", required=required, help=text) for name, text, required in urls),
        click.option("--timeout", metavar="DURATION", default="30s", show_default=True, help="For each request."),
        click.option("--ca-file", default="", help="Authorities to trust, as PEM."),
        *_who("--"),
    ]
    return _all(options)


def access_to_prometheus() -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options that say who asks the Prometheus, where :func:`access` is about another server, too."""
    header = click.option(
        "--prometheus-header",
        "prometheus_headers",
        metavar="NAME: VALUE",
        multiple=True,
        help="A header to send to Prometheus; may be repeated.",
    )
    return _all([*_who("--prometheus-", " For Prometheus."), header])


def _who(prefix: str, whom: str = "") -> list[Callable[..., Any]]:
    return [
        click.option(f"{prefix}cert", default="", help=f"The client's certificate, as PEM.{whom}"),
        click.option(f"{prefix}key", default="", help="Its key, where it is in another file."),
        click.option(f"{prefix}bearer-token-file", default="", help=f"A file that holds a bearer token.{whom}"),
    ]


def _all(options: list[Callable[..., Any]]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def added(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return added


def leave(work: Callable[[], int], style: str) -> None:
    """Do the work of a command and leave with its exit code; print what stopped it."""
    try:
        code = work()
    except DashgenError as error:
        from dashgen import report  # noqa: PLC0415  (only where there are problems)

        click.echo(report.FORMATS.get(style, report.text)(error.problems), err=style in {"text", "markdown"})
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
