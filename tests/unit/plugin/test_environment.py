"""The plugin's settings: what each variable means, and what holds where it can't be used."""

from __future__ import annotations

import pytest

from dashgen.catalog.model import FLEET, LAB, PER_RUN
from dashgen_plugin import environment
from dashgen_plugin.environment import Environment, Target

URL = "http://gateway:9091"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of the machine be read."""
    for name in environment.DEFAULTS:
        monkeypatch.delenv(name, raising=False)


def _read(monkeypatch: pytest.MonkeyPatch, **values: str) -> Environment:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return environment.read()


def test_defaults() -> None:
    """Without any variable there is nowhere to push to, and nothing wrong."""
    settings = environment.read()
    assert settings == Environment(True, "airflow-local", (FLEET,), Target("", "", 2.0), "", ())  # noqa: FBT003  (the fields in order)
    assert not settings.pushes


def test_every_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable sets its own field, spaces around it aside."""
    settings = _read(
        monkeypatch,
        AIRFLOW_VAR_PUSHGATEWAY_URL=f" {URL} ",
        AIRFLOW_VAR_PROMETHEUS_INSTANCE_NAME=" prod ",
        AIRFLOW_VAR_PROMETHEUS_PUSH_TIMEOUT_SECONDS=" 0.5 ",
        AIRFLOW_VAR_ENABLE_V3_LOW_CARDINALITY=" no ",
        AIRFLOW_VAR_ENABLE_V2_GAUGES="True",
        AIRFLOW_VAR_ENABLE_V1_COUNTERS="1",
        AIRFLOW_VAR_PUSHGATEWAY_CA_FILE=" /ca.pem ",
        AIRFLOW_VAR_DASHGEN_CATALOG=" shop:CATALOG ",
    )
    assert settings == Environment(True, "prod", (PER_RUN, LAB), Target(URL, "/ca.pem", 0.5), "shop:CATALOG")  # noqa: FBT003  (as above)
    assert settings.pushes


def test_a_change_is_seen_at_the_next_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are those of the time of use."""
    assert [_read(monkeypatch, **{environment.INSTANCE_NAME: name}).instance for name in ("a", "b", "a")] == [*"aba"]


@pytest.mark.parametrize("name", [environment.ENABLED, environment.FLEET_ON])
@pytest.mark.parametrize("word", ["false", "FALSE", "0", "no", "off", "f", "n"])
def test_switched_off(name: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either switch keeps all from being pushed."""
    settings = _read(monkeypatch, **{environment.URL: URL, name: word})
    assert not settings.pushes
    assert settings.wrong == ()


@pytest.mark.parametrize("word", ["true", "TRUE", "1", "yes", "on", "t", "y"])
def test_switched_on(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each usual word for true is one."""
    assert _read(monkeypatch, **{environment.PER_RUN_ON: word}).generations == (FLEET, PER_RUN)


@pytest.mark.parametrize("name", environment.DEFAULTS)
@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_value_is_the_default(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that a deployment sets to nothing is not set."""
    default = environment.read()
    assert _read(monkeypatch, **{name: value}) == default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "maybe") for name in (environment.ENABLED, *environment.SWITCHES)),
        *((environment.TIMEOUT, value) for value in ("two", "0", "-1", "nan", "inf", "1e999")),
    ],
)
def test_a_value_that_can_not_be_used(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default holds, and one sentence says which variable, its value and what holds instead."""
    default = environment.read()
    settings = _read(monkeypatch, **{name: value})
    assert settings._replace(wrong=()) == default
    (sentence,) = settings.wrong
    assert all(said in sentence for said in (name, repr(value), f"taken as {environment.DEFAULTS[name]}"))


def test_all_that_is_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One bad value hides no other."""
    wrong = _read(monkeypatch, **{environment.ENABLED: "x", environment.TIMEOUT: "y", environment.LAB_ON: "z"}).wrong
    assert len(wrong) == 3


@pytest.mark.parametrize("name", [environment.ENABLED, environment.TIMEOUT])
def test_a_secret_in_the_wrong_variable_is_not_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who puts the address into another variable does not find its password in the log."""
    (sentence,) = _read(monkeypatch, **{name: "https://user:s3cret@gateway"}).wrong
    assert "s3cret" not in sentence
    assert "gateway" in sentence
