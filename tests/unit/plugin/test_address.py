"""The address of a gateway: what is understood, and that no credential is ever shown."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgen.pushgateway.address import Address, AddressError

SECRET = "s3cr3t"  # noqa: S105  (no secret: what must not be shown)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://gateway", Address("http", "gateway", 80)),
        ("https://gateway", Address("https", "gateway", 443)),
        ("http://gateway:9091", Address("http", "gateway", 9091)),
        ("gateway:9091", Address("http", "gateway", 9091)),
        ("gateway", Address("http", "gateway", 80)),
        ("  http://gateway:9091/ \n", Address("http", "gateway", 9091)),
        ("HTTP://Gateway:9091", Address("http", "gateway", 9091)),
        ("http://[::1]:9091", Address("http", "::1", 9091)),
        ("http://gateway/a/b/", Address("http", "gateway", 80, "/a/b")),
        ("gateway:9091/a", Address("http", "gateway", 9091, "/a")),
    ],
)
def test_understood(text: str, address: Address) -> None:
    """Scheme, port and path may be left out."""
    assert Address.parse(text) == address


@pytest.mark.parametrize(
    ("user_info", "credentials"),
    [
        ("me:word", "me:word"),
        ("me", "me:"),
        (":word", ":word"),
        ("me:a:b", "me:a:b"),
        ("me:p%40ss%2Fw%3Ard", "me:p@ss/w:rd"),
        ("m@e:word", "m@e:word"),
        ("mé:wörd", "mé:wörd"),
    ],
)
def test_credentials(user_info: str, credentials: str) -> None:
    """User and password make the Authorization header, percent-encoding undone."""
    address = Address.parse(f"http://{user_info}@gateway:9091/a")
    assert address.authorization == "Basic " + base64.b64encode(credentials.encode()).decode()
    assert (address.host, address.port, address.prefix) == ("gateway", 9091, "/a")
    assert str(address) == "http://***@gateway:9091/a"
    assert address.authorization not in repr(address)


@pytest.mark.parametrize(
    ("text", "shown", "netloc"),
    [
        ("gateway", "http://gateway", "gateway"),
        ("https://gateway:443/", "https://gateway", "gateway"),
        ("http://gateway:443", "http://gateway:443", "gateway:443"),
        ("http://[::1]", "http://[::1]", "[::1]"),
        ("http://[::1]:9091/a", "http://[::1]:9091/a", "[::1]:9091"),
    ],
)
def test_shown(text: str, shown: str, netloc: str) -> None:
    """An address reads as the URL that means the same."""
    assert str(Address.parse(text)) == shown
    assert Address.parse(text).netloc == netloc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "http:///metrics",
        "ftp://gateway",
        "file:///etc/passwd",
        "http://gateway:port",
        "http://gateway:99999",
        "http://gateway:-1",
        "http://[::1",
        "http://gate way",
        "http://gateway\n.example",
        "http://gateway/?a=b",
        "http://gateway/#a",
        f"http:/me:{SECRET}@gateway",
        f"http://gateway/me:{SECRET}@",
    ],
)
def test_not_understood(text: str) -> None:
    """Anything else is an error that shows no credentials."""
    with pytest.raises(AddressError) as error:
        Address.parse(text)
    assert SECRET not in str(error.value)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_breaks_it(before: str, after: str) -> None:
    """Any text is an address or an error, and neither shows a password."""
    text = f"{before}//user:{SECRET}@{after}"
    try:
        shown = str(Address.parse(text))
    except AddressError as error:
        shown = str(error)
    assert SECRET not in shown
