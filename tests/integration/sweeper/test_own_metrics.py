"""What the sweeper says of its last run is what the catalog says it says."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dashgen.catalog import pipeline
from dashgen.catalog.labels import PUSHGATEWAY_SWEEPER, RESULT
from dashgen_sweeper import run
from dashgen_sweeper.listing import ListingError
from dashgen_sweeper.sweep import Result
from tests import servers
from tests.integration.sweeper import gateways
from tests.integration.sweeper.gateways import EXPIRED, STAYING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from prometheus_client.metrics_core import Metric

    from tests.servers import Pushgateway
    from tests.wire import Request

    Then = Callable[[Request], bytes | None]

RUN, SUCCESS, DURATION, OLDEST, GROUPS = (
    metric.name
    for metric in (
        pipeline.SWEEPER_LAST_RUN,
        pipeline.SWEEPER_LAST_SUCCESS,
        pipeline.SWEEPER_DURATION,
        pipeline.SWEEPER_OLDEST_AGE,
        pipeline.SWEEPER_GROUPS,
    )
)


def told(gateway: Pushgateway) -> dict[str, Metric]:
    """Return the sweeper's own metrics on a gateway; it has them a moment after they were pushed."""
    time.sleep(0.1)
    page = gateway.request("GET", "/metrics")[1].decode()
    own = (family for family in text_string_to_metric_families(page) if family.name.startswith("pushgateway_sweeper"))
    return {family.name: family for family in own}


def value(families: dict[str, Metric], name: str) -> float:
    """Return the value of a metric of one sample."""
    (sample,) = families[name].samples
    return sample.value


def ran(url: str, **more: Any) -> Result:  # noqa: ANN401  (as options)
    """Sweep as the command does."""
    result = Result()
    run.run(gateways.options(url, **more), "prod-eu", result)
    return result


def test_metrics_are_the_catalogs(gateway: Pushgateway, aged_store: Path) -> None:
    """Names, types, help and labels match the catalog, and the numbers what was done."""
    began = time.time()
    result = ran(gateway.url)
    families = told(gateway)

    assert families.keys() == {metric.name for metric in pipeline.SWEEPER_METRICS}
    common = {"job": PUSHGATEWAY_SWEEPER.name, "instance": "prod-eu"}
    for metric in pipeline.SWEEPER_METRICS:
        family = families[metric.name]
        assert (family.type, family.documentation) == ("gauge", metric.help)
        own = {label.name for label in metric.labels}
        for sample in family.samples:
            assert {name: text for name, text in sample.labels.items() if name not in own} == common
            assert sample.labels.keys() - common.keys() == own
    groups = {sample.labels[RESULT.name]: sample.value for sample in families[GROUPS].samples}
    assert groups == result.counts
    assert groups["deleted"] == len(EXPIRED)
    assert began <= value(families, RUN) == value(families, SUCCESS) <= time.time()
    assert value(families, DURATION) == pytest.approx(result.duration)
    # The groups have aged further since the store was made.
    assert value(families, OLDEST) == pytest.approx(2 * gateways.DAY + began - aged_store.stat().st_mtime, abs=300)


def listing_breaks(number: int, what: bytes) -> Then:
    """Make a front whose listings break from this one on."""
    seen: list[Request] = []

    def then(request: Request) -> bytes | None:
        if request.method != "GET":
            return None
        seen.append(request)
        return what if len(seen) > number else None

    return then


@pytest.mark.parametrize(
    ("then", "finished"),
    [
        (gateways.refusing(), True),
        (listing_breaks(0, b""), False),
        # Deleted, and nobody has seen that it is gone.
        (listing_breaks(1, b"HTTP/1.1 200 OK\r\nContent-Length: 9"), False),
        (listing_breaks(1, b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), False),
    ],
)
def test_failed_sweep_leaves_the_last_success(gateway: Pushgateway, then: Then, *, finished: bool) -> None:
    """A failed sweep is a run, and no success: that stays as it was."""
    ran(gateway.url, limit=0)
    before = told(gateway)
    with gateways.front(gateway.port, then) as server:
        if finished:
            assert not ran(server.url).clean
        else:
            with pytest.raises((ListingError, OSError)):
                ran(server.url)
    after = told(gateway)

    assert value(after, RUN) > value(before, RUN)
    assert value(after, SUCCESS) == value(before, SUCCESS)
    groups = {sample.labels[RESULT.name]: sample.value for sample in after[GROUPS].samples}
    assert groups["failed"] == (len(EXPIRED) if finished else 0)


def test_first_sweep_that_fails_tells_of_itself(pushgateway: Pushgateway) -> None:
    """Also the first sweep tells that it ran, though it found out nothing."""
    with (
        gateways.front(pushgateway.port, listing_breaks(0, b"")) as server,
        pytest.raises((ListingError, OSError)),
    ):
        ran(server.url)
    assert told(pushgateway).keys() == {RUN, DURATION}


def test_dry_run_tells_nothing(gateway: Pushgateway) -> None:
    """A dry run pushes nothing."""
    ran(gateway.url, dry_run=True)
    assert told(gateway) == {}


def test_metrics_that_do_not_arrive_are_said(gateway: Pushgateway) -> None:
    """A gateway that refuses the sweeper's metrics is swept all the same, and it is said."""

    def then(request: Request) -> bytes | None:
        return b"HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nnope" if request.method == "POST" else None

    with gateways.front(gateway.port, then) as server:
        result = ran(server.url)
    assert result.clean
    assert result.untold == "403 nope"
    assert len(gateways.held(gateway)) == len(STAYING)
    assert servers.HOST not in result.untold
