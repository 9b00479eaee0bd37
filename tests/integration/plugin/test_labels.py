"""Any text as a label's value survives the trip to a real Pushgateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from dashgen_plugin import environment
from tests import hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest

    from dashgen_plugin.listener import Listener
    from tests import servers

ODD = [
    *("", "=", "/", "//", "a/b", "/a", "a/", ".", "..", "...", "./", "../..", "a/../b", "@", "@base64", "=="),
    *("+", "a+b", "%", "%2F", "%2e%2e", "#", "?", "a?b=c&d", ";", ":", " ", " a b ", "\t", "\n", "a\nb", "\r\n"),
    *("\x00", '"', "'", "\\", "\\n", "{}", "ünï/cödé", "名前", "🙂", "\u2028", "\ufeff", "\uffff"),
    *("x" * 5_000, "/" * 5_000, "manual__2026-11-22T09:03:59.154309+00:00"),
]


def survive(plugin: Listener, gateway: servers.Pushgateway, texts: Iterable[str]) -> bool:
    """Push a DAG's state under each text; return whether each is read back, perhaps in a moment."""
    wanted = set(texts)
    for text in wanted:
        plugin.on_dag_run_success(hooks.run(text, run_id=text))
    plugin.before_stopping()

    def held() -> bool:
        labels = [dict(labels) for _, labels in hooks.groups(gateway)]
        runs = {(each["dag_id"], each.get("run_id")) for each in labels}
        return runs >= {(text, run) for text in wanted for run in (text, None)}

    return hooks.eventually(held, 5)


def test_odd_values(
    plugin: Listener,
    lines: Callable[[], list[str]],
    settings: Callable[..., None],
    pushgateway: servers.Pushgateway,
) -> None:
    """What could be taken for a part of the path, or is no plain text, arrives as it is, and nothing else does."""
    settings(pushgateway.url, 20)
    assert survive(plugin, pushgateway, ODD)
    assert len(hooks.groups(pushgateway)) == 2 * len(ODD)
    assert lines() == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=10))
@hypothesis(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value(
    plugin: Listener, monkeypatch: pytest.MonkeyPatch, pushgateway: servers.Pushgateway, texts: list[str]
) -> None:
    """Any Unicode text arrives as it is."""
    monkeypatch.setenv(environment.URL, pushgateway.url)
    monkeypatch.setenv(environment.PER_RUN_ON, "true")
    assert survive(plugin, pushgateway, texts)


def test_no_text(
    plugin: Listener,
    lines: Callable[[], list[str]],
    settings: Callable[..., None],
    pushgateway: servers.Pushgateway,
) -> None:
    """A value that is no valid Unicode is told once for each of its groups; other groups arrive."""
    settings(pushgateway.url)
    plugin.on_dag_run_success(hooks.run("broken\udc80"))
    plugin.on_dag_run_success(hooks.run("whole"))
    plugin.before_stopping()
    assert hooks.eventually(lambda: len(hooks.groups(pushgateway)) == 2)
    assert hooks.statuses(pushgateway, "whole") == {"": 1}
    fleet, per_run = lines()
    assert "lost airflow_dags dag_id='broken\\udc80'" in fleet
    assert "lost airflow_dag_runs dag_id='broken\\udc80'" in per_run
