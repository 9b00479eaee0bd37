"""Reading the settings that are addresses.

All of them are written into files that are committed and shown to many: none may hold a secret.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from dashgen.strict_toml import Node, Parser, WrongValueError, quoted, string

_TARGET = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):[0-9]{1,5}")

_FOR_GRAFANA = (
    "They belong in secureJsonData of a data source in a provisioning file of your own; datasource_uid chooses it."
)
_FOR_PROMETHEUS = "They belong in basic_auth of a configuration of Prometheus of your own."
_FOR_NOBODY = "Write it without: whoever opens the link signs in there."


def data_source(node: Node) -> str:
    """Parse the address that Grafana queries."""
    return _address(node, _FOR_GRAFANA)


def page(node: Node) -> str:
    """Parse the address that links start with."""
    return _address(node, _FOR_NOBODY)


def optional(parser: Parser[str]) -> Parser[str]:
    """Make the parser that also takes the empty string."""
    return lambda node: "" if node.value == "" else parser(node)


def target(node: Node) -> str:
    """Parse a host and port that Prometheus connects to."""
    value = _without_credentials(node, _FOR_PROMETHEUS)
    if not _TARGET.fullmatch(value):
        raise WrongValueError(f"{quoted(value)} is not a target as host:port")
    return value


def _address(node: Node, place_of_credentials: str) -> str:
    """Parse an address that paths are appended to; leave out the slash at its end."""
    value = _without_credentials(node, place_of_credentials)
    try:
        url = urlsplit(value)
        sound = url.scheme in {"http", "https"} and url.hostname and (url.port is None or url.port)
    except ValueError:
        sound = False
    if not sound or re.search(r"\s", value):
        hint = "Write it with its scheme, as in https://grafana.example.com."
        raise WrongValueError(f"{quoted(value)} is no address", hint)
    if "?" in value or "#" in value:
        raise WrongValueError(f"{quoted(value)} has a query or a fragment", "Write it up to the path.")
    return value.rstrip("/")


def _without_credentials(node: Node, place_of_credentials: str) -> str:
    value = string(node)
    # Anywhere, not only where it is well-formed: a password may hold a slash that was not escaped.
    if "@" in value:
        message = f"{quoted(value)} has credentials, which would be written into files for all to read"
        raise WrongValueError(message, f"{place_of_credentials} An @ that is part of a path is written %40.")
    return value
