"""Rule grafana-schema."""

from __future__ import annotations

from dashgen.checks import LINT_ONLY
from tests.unit.checks.examples import alert, messages, on_panel, rules


def test_what_grafana_knows_passes() -> None:
    """Dashboards without an unknown option pass, and rule files are none."""
    sound = on_panel(options={"colorMode": "background"})
    known = [each for each in messages("grafana-schema", sound) if "colorMode" in each]
    assert known == []
    assert messages("grafana-schema", rules(alert())) == []


def test_what_grafana_ignores_is_told_with_its_versions() -> None:
    """A mistyped option is found, with the panel and the versions of Grafana."""
    broken = on_panel(options={"colorMode": "backgroundd"})
    (message,) = [each for each in messages("grafana-schema", broken) if "colorMode" in each]
    assert 'panels[0] "Tasks"' in message
    assert "Grafana 11.6, 12.4, 13.2" in message


def test_builds_leave_it_out() -> None:
    """It takes longer than a build."""
    assert "grafana-schema" in LINT_ONLY
