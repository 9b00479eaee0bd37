"""The environment variables: what holds, and what is wrong with them."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

from dashgen.catalog.model import FLEET, LAB
from dashgen.doctor.check import Check, Status, failed, ok, shown, warning
from dashgen.problems import EXIT_USAGE
from dashgen.pushgateway.address import Address, AddressError
from dashgen.redaction import redacted
from dashgen_plugin import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.doctor.installation import Found
    from dashgen_plugin.environment import Environment

_EVERYWHERE = "in the environment of every Airflow component"


def checks(settings: Environment, found: Found) -> Iterator[Check]:
    """Say of each variable what holds, without credentials."""
    special = {
        environment.URL: lambda: _url(settings),
        environment.ENABLED: lambda: _enabled(settings),
        environment.FLEET_ON: lambda: _fleet(settings),
        environment.LAB_ON: lambda: _lab(settings),
        environment.CA_FILE: lambda: _ca_file(settings),
        environment.CATALOG: lambda: _catalog(settings, found),
    }
    for name in environment.DEFAULTS:
        wrong = [sentence for sentence in settings.wrong if sentence.startswith(f"{name} ")]
        if wrong:
            yield warning(name, wrong[0].removeprefix(f"{name} is "), "Correct it, or take it out.")
        else:
            noted = special[name]() if name in special else None
            yield noted or ok(name, _value(name))


def address(settings: Environment) -> Address | None:
    """Return the gateway's address, None where none can be used."""
    try:
        return Address.parse(settings.target.url) if settings.target.url else None
    except AddressError:
        return None


def _value(name: str) -> str:
    written = os.environ.get(name, "").strip()
    if written:
        return shown(redacted(written))
    return f"{environment.DEFAULTS[name] or 'not set'} (default)"


def _url(settings: Environment) -> Check | None:
    name, url = environment.URL, settings.target.url
    hint = f"Set {name}=http://HOST:9091 {_EVERYWHERE}."
    if not url:
        status = Status.FAILED if settings.enabled else Status.WARNING
        return Check(name, status, "not set: nothing is pushed", hint, EXIT_USAGE)
    try:
        return ok(name, shown(str(Address.parse(url))))
    except AddressError as error:
        return failed(name, shown(str(error)), hint, EXIT_USAGE)


def _enabled(settings: Environment) -> Check | None:
    if settings.enabled:
        return None
    name = environment.ENABLED
    return warning(name, f"{_value(name)}: nothing is pushed", f"Set {name}=true {_EVERYWHERE}.")


def _fleet(settings: Environment) -> Check | None:
    name = environment.FLEET_ON
    if not settings.generations:
        return warning(name, "no generation is on: nothing is pushed", f"Set {name}=true {_EVERYWHERE}.")
    if FLEET not in settings.generations:
        message = f"{_value(name)}: no dashboard, alert or rule on the fleet has data"
        return warning(name, message, f"Set {name}=true {_EVERYWHERE}.")
    return None


def _lab(settings: Environment) -> Check | None:
    if LAB not in settings.generations:
        return None
    name = environment.LAB_ON
    message = f"{_value(name)}: its Counters are wrong by design, and only for showing that"
    return warning(name, message, f"Set {name}=false, or take it out.")


def _ca_file(settings: Environment) -> Check | None:
    name, file = environment.CA_FILE, settings.target.ca_file
    if not file:
        return ok(name, "not set: the system's authorities are trusted")
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        hint = "Name a PEM file that every Airflow component can read."
        return failed(name, f"{_value(name)} can't be used: {error.strerror or error}", hint, EXIT_USAGE)
    return None


def _catalog(settings: Environment, found: Found) -> Check | None:
    name, findings = environment.CATALOG, found.findings
    if not settings.catalog:
        return None
    if "metrics" in findings:
        number = findings["metrics"]
        return ok(name, f"{_value(name)}: {number} {'metric' if number == 1 else 'metrics'} that a task can report")
    error = findings.get("catalog") or found.error
    hint = "Write module:object; put the module beside the DAG files, or its folder on PYTHONPATH."
    return failed(name, f"{_value(name)} can't be loaded: {shown(redacted(error))}", hint, EXIT_USAGE)
