"""The address of a Pushgateway or a proxy, with its credentials kept out of what is printed."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from dashgen.redaction import redacted

_PORTS = {"http": 80, "https": 443}


class AddressError(ValueError):
    """A text that is no address of an HTTP server; the message never holds credentials."""


@dataclass(frozen=True)
class Address:
    """Where an HTTP server is: ``prefix`` is the path before its own, without a slash at the end.

    ``authorization`` is the value of the Authorization header that its user and password make,
    empty without them; it is not part of what is printed.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""
    authorization: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``[http[s]://][USER:PASSWORD@]HOST[:PORT][/PREFIX]``.

        Raises:
            AddressError: it is something else.

        """
        written = text.strip()
        try:
            parts = urlsplit(written if "://" in written else f"http://{written}")
            host, port = parts.hostname, parts.port
        except ValueError:
            raise AddressError(f"{redacted(written)!r} is no address") from None
        if parts.scheme not in _PORTS:
            raise AddressError(f"{redacted(written)!r} is no http or https address")
        if not host or any(character.isspace() for character in written):
            raise AddressError(f"{redacted(written)!r} names no host")
        if "@" in parts.path:
            raise AddressError(f"{redacted(written)!r} has an @ in its path, as if that held credentials")
        if parts.query or parts.fragment:
            raise AddressError(f"{redacted(written)!r} has a query or fragment, which a gateway's address never has")
        if port == 0:
            raise AddressError(f"{redacted(written)!r} has the port 0, at which no server is")
        return cls(parts.scheme, host, port or _PORTS[parts.scheme], parts.path.rstrip("/"), _basic(parts.netloc))

    @property
    def netloc(self) -> str:
        """Host and port as a URL has them: an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """Read as the URL, credentials hidden."""
        return f"{self.scheme}://{'***@' if self.authorization else ''}{self.netloc}{self.prefix}"


def _basic(netloc: str) -> str:
    user_info, at, _ = netloc.rpartition("@")
    if not at:
        return ""
    user, _, password = user_info.partition(":")
    return "Basic " + base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
