"""Asking a Pushgateway how it runs and what it holds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dashgen.doctor import gateway as doctor
from dashgen.doctor.check import Status
from dashgen.livecheck.finding import error, warning
from dashgen.livecheck.seen import Seen
from dashgen_sweeper import listing

if TYPE_CHECKING:
    from dashgen.catalog.model import Catalog
    from dashgen.livecheck.finding import Finding
    from dashgen.pushgateway.connection import Answer, Connection

FLAGS = "gateway-flags"
CONTRADICTION = "contradiction"

_WHERE = "the gateway"
_METRICS, _API = "/metrics", "/api/v1/metrics"


def read(connection: Connection, catalog: Catalog, timeout: float) -> tuple[Seen, list[Finding]]:
    """Return what the gateway holds, and what is wrong with the gateway itself.

    By its metrics page, as Prometheus sees it. Where that fails, by its JSON API, which takes
    the gateway more memory and can tell which groups contradict each other. ``timeout`` is for
    each request, in seconds.

    Raises:
        ListingError: it is no gateway.
        OSError, http.client.HTTPException: it can't be reached.

    """

    def get(path: str) -> Answer:
        return connection.request("GET", path, deadline=time.monotonic() + timeout)

    flags, check = doctor.runs(get, timeout)
    findings = [] if check.status is Status.OK else [warning(FLAGS, _WHERE, check.message, check.hint)]
    page = flags.get(doctor.TELEMETRY_PATH) or _METRICS
    seen = Seen(catalog)
    try:
        with connection.stream(page, deadline=time.monotonic() + timeout) as response:
            seen.take_lines(listing.lines(response))
    except listing.InconsistentError as failure:
        message = f"its groups contradict each other, so that Prometheus gets nothing: {failure}"
        findings.append(error(CONTRADICTION, _WHERE, message, "Delete the groups that have the wrong type or labels."))
    except listing.ListingError:
        pass  # An empty gateway, or none at all: the API tells which.
    else:
        return seen, findings
    seen = Seen(catalog)
    with connection.stream(_API, deadline=time.monotonic() + timeout) as response:
        for group in listing.groups(response):
            seen.take_group(group)
    return seen, findings
