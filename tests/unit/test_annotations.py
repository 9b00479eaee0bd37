"""Prometheus' annotation templates, as the generated unit tests expect them."""

from __future__ import annotations

import pytest

from dashgen.render.annotations import expand, humanize, humanize1024, humanize_duration, unsupported


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1, "1"), (3.00333, "3.003"), (500_001, "500k"), (1_234_567, "1.235M"), (0.02, "20m"), (-2000, "-2k")],
)
def test_humanize(value: float, text: str) -> None:
    """A number has four digits and a decimal prefix."""
    assert humanize(value) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (1023, "1023"), (1024**3 + 1, "1Gi"), (1536, "1.5ki")])
def test_humanize1024(value: float, text: str) -> None:
    """A number has four digits and a binary prefix."""
    assert humanize1024(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.5, "59.5s"),
        (0.25, "250ms"),
        (60, "1m 0s"),
        (21660, "6h 1m 0s"),
        (93601, "1d 2h 0m 1s"),
        (-3600, "-1h 0m 0s"),
    ],
)
def test_humanize_duration(seconds: float, text: str) -> None:
    """Seconds read as days, hours, minutes and seconds."""
    assert humanize_duration(seconds) == text


def test_expand() -> None:
    """Labels and the value are filled in, once, and a missing label is empty."""
    template = "{{ $labels.dag_id }}/{{ $labels.gone }}?q={{ $labels.dag_id | urlquery }} {{ $value | humanize }}"
    assert expand(template, {"dag_id": "a b/ü&{{ $value | humanize }}"}, 2000) == (
        "a b/ü&{{ $value | humanize }}/?q=a+b%2F%C3%BC%26%7B%7B+%24value+%7C+humanize+%7D%7D 2k"
    )


@pytest.mark.parametrize("action", ["{{ $value }}", "{{ $value | printf }}", '{{ query "up" }}', "{{$labels.x}}"])
def test_unsupported(action: str) -> None:
    """What a unit test could not expect is found."""
    assert unsupported(f"{{{{ $labels.x }}}} {action}") == (action,)
