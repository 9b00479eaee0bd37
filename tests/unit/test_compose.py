"""The Compose file: held against the specification's schema, and against the files beside it."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml

from dashgen.render.compose import PATH, files
from dashgen.render.statsd import READ_BUFFER
from dashgen.schema import GRAFANA_VERSIONS
from dashgen.settings import Settings, StatsdSettings
from tests.composed import refusals, services
from tests.programs import CHECKOUT
from tests.projects import built

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = built()
DATA: dict[str, Any] = yaml.safe_load(FILES[PATH])
SERVICES = services(FILES[PATH])


def test_file_is_accepted() -> None:
    """The file is what the specification says."""
    assert refusals(DATA) == []


@pytest.mark.parametrize(
    "plant",
    [
        lambda data: data.update(service={}),
        lambda data: data["services"]["grafana"].update(image=13),
        lambda data: data["services"]["grafana"].update(port=["3000:3000"]),
        lambda data: data["services"]["prometheus"]["healthcheck"].update(retries=[]),
    ],
)
def test_planted_fault_is_refused(plant: Callable[[Any], object]) -> None:
    """Each fault is found, so that the check can be trusted."""
    broken = deepcopy(DATA)
    plant(broken)
    assert refusals(broken)


@pytest.mark.parametrize("name", SERVICES)
def test_image_is_pinned(name: str) -> None:
    """Each image has a full version."""
    assert re.fullmatch(r"[a-z]+/[a-z_-]+:v?\d+\.\d+\.\d+", SERVICES[name].data["image"])


def test_grafana_is_one_that_dashboards_are_checked_for() -> None:
    """Grafana's version is the newest that there is a schema of."""
    assert SERVICES["grafana"].data["image"].partition(":")[2].startswith(f"{GRAFANA_VERSIONS[-1]}.")


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_reached_from_here_only(name: str) -> None:
    """Each port is open on loopback alone, the same inside and outside, and is what the health check asks."""
    asked, *others = SERVICES[name].data["ports"]
    for port in (asked, *others):
        host, outside, inside = port.removesuffix("/udp").split(":")
        assert (host, outside) == ("127.0.0.1", inside)
    assert urlsplit(SERVICES[name].health_url).netloc == f"127.0.0.1:{asked.rpartition(':')[2]}"
    assert all(port.endswith("/udp") for port in others)
    assert "network_mode" not in SERVICES[name].data


def test_grafana_has_no_default_password() -> None:
    """Without a password of the user's own, Compose refuses to start."""
    password = SERVICES["grafana"].data["environment"]["GF_SECURITY_ADMIN_PASSWORD"]
    assert re.fullmatch(r"\$\{GRAFANA_ADMIN_PASSWORD:\?[^}]+\}", password)


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    """Each mount is a volume that is declared, or a folder of generated files, which is read-only."""
    folders = {str(parent) for path in FILES for parent in PurePosixPath(path).parents}
    for mount in SERVICES[name].data["volumes"]:
        outside, _, *mode = mount.split(":")
        if outside.startswith("."):
            assert outside.removeprefix("../") in folders
            assert mode == ["ro"]
        else:
            assert outside in DATA["volumes"]
    assert DATA["volumes"].keys() <= {outside for each in SERVICES.values() for outside in each.mounts.values()}


def test_dashboards_are_where_grafana_looks() -> None:
    """The dashboards are mounted where the provisioning reads them from."""
    (provider,) = yaml.safe_load(FILES["grafana/provisioning/dashboards/airflow.yaml"])["providers"]
    assert SERVICES["grafana"].mounts[provider["options"]["path"]] == "../grafana/dashboards"


def test_services_are_what_the_default_settings_ask() -> None:
    """The hosts of the default settings are services, on their ports."""
    settings = Settings()
    addresses = {
        *settings.pushgateway_targets,
        *settings.alertmanager_targets,
        *settings.statsd.targets,
        urlsplit(settings.prometheus_url).netloc,
    }
    listening = {f"{name}:{service.data['ports'][0].rpartition(':')[2]}" for name, service in SERVICES.items()}
    assert addresses <= listening


def test_exporter_reads_a_burst() -> None:
    """The exporter runs on the generated mapping, with the room for a burst that the pages tell of."""
    exporter = SERVICES["statsd-exporter"]
    (folder,) = (inside for inside, outside in exporter.mounts.items() if outside == "../statsd")
    assert exporter.data["command"] == [
        f"--statsd.mapping-config={folder}/statsd_mapping.yml",
        f"--statsd.read-buffer={READ_BUFFER}",
    ]
    for page in ("deploy.md", "statsd.md"):
        assert f"--statsd.read-buffer={READ_BUFFER}" in (CHECKOUT / "docs" / page).read_text(encoding="utf-8")


def test_page_tells_every_port() -> None:
    """The page on deploying names each port of a service."""
    page = (CHECKOUT / "docs" / "deploy.md").read_text(encoding="utf-8")
    section = page.partition("## Docker Compose")[2].partition("## Kubernetes")[0]
    ports = {port.rpartition(":")[2] for service in SERVICES.values() for port in service.data["ports"]}
    assert ports == set(re.findall(r"\b\d{4}(?:/udp)?\b", section.rpartition("All ports are on")[2]))


def test_no_exporter_without_statsd() -> None:
    """Where StatsD is off, nothing runs for it."""
    (off,) = files(Settings(statsd=StatsdSettings(enabled=False))).values()
    assert SERVICES.keys() - services(off).keys() == {"statsd-exporter"}
