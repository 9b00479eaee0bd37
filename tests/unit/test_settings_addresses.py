"""Addresses in the settings: their form, and that no secret in them is ever repeated."""

from __future__ import annotations

import json
import tempfile
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashgen import report
from dashgen.problems import DashgenError
from dashgen.settings import Settings
from dashgen.settings_file import load

ADDRESSES = ("grafana_url", "prometheus_url", "airflow_url", "runbook_base_url", "source_url")
TARGETS = ("pushgateway_targets", "alertmanager_targets")
OTHERS = tuple(field.name for field in fields(Settings) if field.name not in (*ADDRESSES, *TARGETS))
SECRET = "sesame"  # noqa: S105  (what the tests look for)


def told(text: str) -> str:
    """Return all that is said of wrong settings, in every format; nothing of right ones."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "dashgen.toml"
        file.write_text(text, encoding="utf-8")
        try:
            load(file, file.parent)
        except DashgenError as error:
            return "\n".join([str(error), *(style(error.problems) for style in report.FORMATS.values())])
    return ""


def basic_string(value: str) -> str:
    """Write a TOML string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def written(name: str, value: str) -> str:
    """Write a setting of an address, or a list of one target."""
    return f"{name} = [{value}]\n" if name in TARGETS else f"{name} = {value}\n"


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """Draw addresses with a password that holds the secret among anything else, escaped or not."""
    noise = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    password = draw(noise) + SECRET + draw(noise)
    form = draw(
        st.sampled_from(
            [
                "http://admin:{}@prom:9090",
                "HTTPS://admin:{}@prom/path?x=1",
                "admin:{}@prom:9090",
                "http://{}@prom",
                "http://admin: {}@",
                "//admin:{}@[::1",
                "http://prom:9090/?token={}",
            ]
        )
    )
    return form.format(password)


@given(address=addresses(), name=st.sampled_from([*ADDRESSES, *TARGETS]))
def test_no_secret_is_accepted_or_repeated(address: str, name: str) -> None:
    """An address with a secret is refused, and the secret is in no message, whatever the format."""
    said = told(written(name, basic_string(address)))
    assert said
    assert SECRET not in said


@settings(deadline=None)  # the first one imports the rules
@given(address=addresses(), name=st.sampled_from([*ADDRESSES, *TARGETS, *OTHERS]))
def test_no_secret_is_repeated_from_elsewhere(address: str, name: str) -> None:
    """Nor is it repeated as the value of another setting, as a key, or out of broken TOML."""
    value = basic_string(address)
    texts = [
        f"{name} = {value}",
        f"{name} = [{value}]",
        f"{name} = {address}",
        f'{name} = "{address}"',
        f"{name}.{value} = {value}",
        f"{value} = {{ x = {value} }}",
        f"[{value}]\n[{value}]",
        f"[[lint.ignore]]\nrule = {value}\nreason = {value}",
        f"[[success_age]]\ndag_id = {value}\nage = {value}",
        f"[statsd]\nprefix = {value}\ntimers = {value}\nbuckets = [{value}]\ntargets = [{value}]",
        f"[alerts.A]\nfor = {value}\nseverity = {value}\nenabled = {value}",
    ]
    for text in texts:
        assert SECRET not in told(text)


@pytest.mark.parametrize(
    ("text", "shown", "hint"),
    [
        ("prometheus_url = 'http://a:s3 cret@prom:9090'", "'http://***@prom:9090'", "secureJsonData"),
        ("prometheus_url = 'a:secret@prom:9090'", "'***@prom:9090'", "secureJsonData"),
        ("pushgateway_targets = ['http://u:secret@pgw:9091']", "'http://***@pgw:9091'", "basic_auth"),
        ("airflow_url = 'http://a:1/secret@air'", "'http://***@air'", "signs in"),
    ],
)
def test_credentials_are_told_their_place(text: str, shown: str, hint: str) -> None:
    """The message shows the address without the credentials, and says where they belong."""
    said = told(text)
    assert f"{shown} has credentials" in said
    assert hint in said


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("end", ["?", "?x=1", "#", "#top", "/#/login"])
def test_what_paths_cannot_follow(name: str, end: str) -> None:
    """An address that paths are appended to ends before a query or a fragment."""
    assert "has a query or a fragment" in told(f"{name} = 'https://example.com{end}'")


@pytest.mark.parametrize("name", ADDRESSES)
def test_slash_at_the_end(name: str, tmp_path: Path) -> None:
    """A slash at the end of an address makes no difference."""
    file = tmp_path / "dashgen.toml"
    file.write_text(f"{name} = 'https://example.com/base//'\n")
    assert getattr(load(file, tmp_path), name) == "https://example.com/base"


def test_no_alertmanager(tmp_path: Path) -> None:
    """Prometheus may send its alerts nowhere."""
    file = tmp_path / "dashgen.toml"
    file.write_text("alertmanager_targets = []\n")
    assert load(file, tmp_path).alertmanager_targets == ()
