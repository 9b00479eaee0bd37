"""The options by which commands reach a server, as they were written, and what is wrong with them."""

from __future__ import annotations

import http.client
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dashgen import durations
from dashgen.problems import EXIT_UNREACHABLE, EXIT_USAGE, DashgenError, Place, Problem
from dashgen.pushgateway.address import Address, AddressError
from dashgen.pushgateway.connection import AccessError, Connection
from dashgen.redaction import redacted
from dashgen.verify.client import Access as Reached
from dashgen_plugin.gateway import reason
from dashgen_sweeper.listing import ListingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST_TIMEOUT_SECONDS = 24 * 3600
BEARER = "Bearer "
CREDENTIALS = "Give credentials: USER:PASSWORD@ in the URL or --bearer-token-file; and check them."


@dataclass(frozen=True)
class Access:
    """The command line's options of one server, as they were written; ``headers`` as ``NAME: VALUE``.

    ``prefix`` is what the names of those options begin with that say who asks.
    """

    url: str
    timeout: str
    ca_file: str = ""
    cert: str = ""
    key: str = ""
    bearer_token_file: str = ""
    headers: Sequence[str] = ()
    prefix: str = "--"


@dataclass(frozen=True)
class Server:
    """A server that can be asked; ``timeout`` is in seconds for each request."""

    address: Address
    timeout: int
    ca_file: str = ""
    client_cert: tuple[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def connection(self) -> Connection:
        """Make a connection, not yet connected; AddressError where the proxy has no valid address."""
        return Connection(self.address, self.ca_file, self.client_cert)


def server(access: Access, command: str) -> Server:
    """Make sense of the options.

    Raises:
        DashgenError: one of them can't be used.

    """
    try:
        timeout = seconds("--timeout", access.timeout)
    except ValueError as error:
        raise problem(f"dashgen {command}", command, str(error), f"See dashgen {command} --help.", EXIT_USAGE) from None
    found = prometheus(access, command)
    return Server(found.address, timeout, found.ca_file, found.client_cert, found.headers)


def prometheus(access: Access, command: str, *, tls: bool = False) -> Reached:
    """Make sense of the options of a server whose API is asked.

    ``tls`` says that the command reaches another server by TLS, with the same certificate.

    Raises:
        DashgenError: one of them can't be used.

    """
    where, rule = f"dashgen {command}", command
    try:
        address = Address.parse(access.url)
    except AddressError as error:
        raise problem(where, rule, str(error), f"See dashgen {command} --help.", EXIT_USAGE) from None
    tls = tls or address.scheme == "https"
    cert = client_cert(access.cert, access.key, command, tls=tls, prefix=access.prefix)
    if access.bearer_token_file:
        address = replace(address, authorization=f"{BEARER}{token(access.bearer_token_file, rule)}")
    return Reached(
        address, access.ca_file, cert, dict(_header(each, command, access.prefix) for each in access.headers)
    )


def client_cert(cert: str, key: str, command: str, *, tls: bool, prefix: str = "--") -> tuple[str, str] | None:
    """Return the files of the client's certificate, if one was given; ``tls`` says that it can be used.

    ``prefix`` is the beginning of its options' names.

    Raises:
        DashgenError: the server would never see it.

    """
    where = f"dashgen {command}"
    if key and not cert:
        message = f"{prefix}key without {prefix}cert"
        raise problem(where, command, message, "Say which certificate it belongs to.", EXIT_USAGE)
    if cert and not tls:
        message = f"{prefix}cert for an address without TLS: the server would never see it"
        raise problem(where, command, message, f"Give an https:// address, or leave {prefix}cert out.", EXIT_USAGE)
    return (cert, key) if cert else None


def _header(written: str, command: str, prefix: str) -> tuple[str, str]:
    name, colon, value = written.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not name or not written.isprintable() or not written.isascii() or " " in name:
        # What it holds may be a secret.
        message, hint = f"a {prefix}header that is not NAME: VALUE", f"See dashgen {command} --help."
        raise problem(f"dashgen {command}", command, message, hint, EXIT_USAGE)
    return name, value


@contextmanager
def reaching(asked: Server, rule: str, hint: str, credentials: str = CREDENTIALS) -> Iterator[None]:
    """Turn what keeps a server from being asked into a problem that names it.

    ``hint`` is what to do, ``credentials`` where the server refuses access.
    """
    where = str(asked.address)
    try:
        yield
    except AccessError as error:
        raise problem(where, rule, str(error), credentials, EXIT_UNREACHABLE) from None
    except ListingError as error:
        raise problem(where, rule, f"no listing of its groups: {error}", hint, EXIT_UNREACHABLE) from None
    except AddressError as error:
        raise problem(where, rule, str(error), "", EXIT_USAGE) from None
    except (OSError, http.client.HTTPException) as error:
        why = redacted(reason(error, asked.timeout))
        raise problem(where, rule, f"can't be reached: {why}", hint, EXIT_UNREACHABLE) from None


def seconds(option: str, written: str) -> int:
    """Read a timeout such as ``90s``.

    Raises:
        ValueError: it is none between a second and a day.

    """
    try:
        number = durations.parse(written)
    except ValueError:
        raise ValueError(f"{option} {written!r} is no duration such as 90s or 5m") from None
    if not 0 < number <= MOST_TIMEOUT_SECONDS:
        raise ValueError(f"{option} {written!r} is not between 1s and 1d")
    return number


def token(file: str, rule: str) -> str:
    """Read a bearer token from a file.

    Raises:
        DashgenError: there is none.

    """
    try:
        found = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is no text"
        raise problem(file, rule, f"the token can't be read: {why}", "", EXIT_USAGE) from None
    if not found or not found.isascii() or any(character.isspace() for character in found):
        raise problem(file, rule, "holds no bearer token", "Write the token alone into the file.", EXIT_USAGE)
    return found


def problem(where: str, rule: str, message: str, hint: str, code: int) -> DashgenError:
    """Make the one problem that stops a command."""
    return DashgenError([Problem(Place(where), rule, message, hint)], code)
