"""The listener in this process, with settings and a delivery of the test's own."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest

from dashgen_plugin import delivery, environment, listener, own_metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
THREAD_ENDS_SECONDS = 10.0


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[listener.Listener]:
    """Return a listener whose delivery has done nothing yet; its thread has ended afterwards."""
    for name in (*environment.DEFAULTS, *PROXIES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(delivery, "_workers", {})
    monkeypatch.setattr(delivery, "IDLE_SECONDS", 0.02)
    monkeypatch.setattr(listener, "_said", set())
    yield listener.Listener()
    own_metrics.leave()
    delivery.flush(0)
    for thread in threading.enumerate():
        if thread.name == "dashgen":
            thread.join(THREAD_ENDS_SECONDS)
            assert not thread.is_alive()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return a function to what the plugin has logged as warnings; there is never a traceback."""
    caplog.set_level(logging.WARNING)

    def told() -> list[str]:
        records = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert all(record.exc_info is None and record.levelno == logging.WARNING for record in records)
        messages = [record.getMessage() for record in records]
        assert all("\n" not in message for message in messages)
        return messages

    return told


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets the plugin's address and deadline (seconds), both generations on."""

    def use(url: str, timeout: float = 2) -> None:
        monkeypatch.setenv(environment.URL, url)
        monkeypatch.setenv(environment.TIMEOUT, str(timeout))
        monkeypatch.setenv(environment.PER_RUN_ON, "true")

    return use
