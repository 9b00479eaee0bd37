"""What a real gateway writes, whole and cut."""

from __future__ import annotations

import http.client
import math
import socket
from typing import TYPE_CHECKING

import pytest

from dashgen_sweeper import listing, series
from tests import servers
from tests.integration.sweeper import gateways
from tests.unit.sweeper.listings import recorded

if TYPE_CHECKING:
    from tests.integration.sweeper.gateways import Held
    from tests.servers import Pushgateway

REFUSALS = (listing.ListingError, OSError, http.client.HTTPException)


def raw(gateway: Pushgateway, target: str, *headers: str) -> bytes:
    """Return a gateway's whole answer, as it is on the wire."""
    with socket.create_connection((servers.HOST, gateway.port)) as connection:
        lines = (f"GET {target} HTTP/1.1", "Host: x", "Connection: close", *headers)
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


@pytest.mark.parametrize("target", ["/metrics", "/metrics zipped", "/api/v1/metrics"])
def test_no_cut_answer_is_accepted(gateway: Pushgateway, before: Held, target: str) -> None:
    """A real answer that ends early, at the end of a chunk or anywhere else, is an error."""
    path, _, zipped = target.partition(" ")
    content = raw(gateway, path, *(["Accept-Encoding: gzip"] if zipped else []))
    by = listing.by_api if "api" in path else listing.by_scrape
    more = {} if "api" in path else {"zipped": bool(zipped)}

    def read(part: bytes) -> listing.Listing:
        return by(recorded(part), lambda _: True, deadline=math.inf, **more)

    whole = read(content)
    assert len(whole.pushed) == len(before)
    assert (b"\r\nContent-Encoding: gzip\r\n" in content) == bool(zipped)
    ends = [at for at in range(len(content)) if content[at - 1 : at] == b"\n"]
    cuts = sorted({*range(0, len(content), 61), *range(len(content) - 200, len(content)), *ends})
    for cut in cuts:
        try:
            found = read(content[:cut])
        except REFUSALS:
            continue
        assert found == whole
        assert cut >= len(content) - 4


def test_all_ways_tell_the_same(gateway: Pushgateway) -> None:
    """The scrape, plain and zipped, and the API tell of the same groups, times and states."""
    connection = gateways.connection(gateway.url)
    found = [
        listing.by_scrape(connection, lambda _: True, deadline=gateways.soon(), zipped=zipped)
        for zipped in (False, True)
    ]
    found.append(listing.by_api(connection, lambda _: True, deadline=gateways.soon()))
    connection.close()
    told = [
        {series.with_instance(labels): (time, labels in each.running) for labels, time in each.pushed.items()}
        for each in found
    ]
    assert told[0] == told[1] == told[2]
    assert len(told[0]) == len((*gateways.EXPIRED, *gateways.STAYING))
    assert sum(running for _, running in told[0].values()) == 3
