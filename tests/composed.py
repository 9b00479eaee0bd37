"""The generated Compose file: what its services run, and how that runs here without containers."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator

from dashgen.render.compose import PATH
from tests import servers
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The programs that can be had here, by the image that a service runs.
PROGRAMS = {
    "prom/prometheus": "prometheus",
    "prom/pushgateway": "prometheus-pushgateway",
    "prom/alertmanager": "prometheus-alertmanager",
    "prom/statsd-exporter": "statsd_exporter",
}


@dataclass(frozen=True)
class Service:
    """A service of the Compose file."""

    name: str
    data: Mapping[str, Any]

    @property
    def image(self) -> str:
        """The image, without its version."""
        return str(self.data["image"]).partition(":")[0]

    @property
    def mounts(self) -> dict[str, str]:
        """What is mounted, by the path in the container: a folder beside the file, or a volume's name."""
        split = (str(each).split(":") for each in self.data["volumes"])
        return {inside: outside for outside, inside, *_ in split}

    @property
    def health_url(self) -> str:
        """The address that the health check asks."""
        return str(self.data["healthcheck"]["test"][-1])

    @property
    def ports(self) -> dict[str, int]:
        """The ports that are published on this machine, by protocol."""
        published = (str(each).rpartition(":")[2].partition("/") for each in self.data["ports"])
        return {protocol or "tcp": int(port) for port, _, protocol in published}

    def arguments(self, out: Path, volumes: Path) -> list[str]:
        """Return the command, with paths in the container as paths below ``out`` and ``volumes``."""
        return [self._outside(str(each), out, volumes) for each in self.data.get("command", ())]

    def _outside(self, argument: str, out: Path, volumes: Path) -> str:
        flag, equals, value = argument.partition("=")
        for inside, outside in self.mounts.items():
            if PurePosixPath(value).is_relative_to(inside):
                place = (out / PATH).parent / outside if outside.startswith(".") else volumes / outside
                return f"{flag}{equals}{place.resolve() / PurePosixPath(value).relative_to(inside)}"
        return argument


def services(text: str) -> dict[str, Service]:
    """Return the services of a Compose file, by name."""
    return {name: Service(name, data) for name, data in yaml.safe_load(text)["services"].items()}


@contextmanager
def started(service: Service, folder: Path, out: Path, *flags: str, port: int = 0) -> Iterator[servers.Server]:
    """Run a service's program with its flags and more, on the files of ``out`` and volumes below ``folder``.

    Raises:
        ServerError: it does not start; the message holds its log.

    """
    arguments = service.arguments(out, folder)
    for outside in service.mounts.values():
        if not outside.startswith("."):
            (folder / outside).mkdir(exist_ok=True)
            # Debian's programs have places of their own by default, which nobody here may touch.
            assert any(str((folder / outside).resolve()) in each for each in arguments), f"nothing is kept in {outside}"
    with servers.running(PROGRAMS[service.image], (*arguments, *flags), folder, port=port) as server:
        assert server.request("GET", urlsplit(service.health_url).path)[0] == http.client.OK
        yield server


def refusals(data: object) -> list[str]:
    """Return why Docker Compose would refuse a file, by the schema of its specification."""
    schema = json.loads((CHECKOUT / "tests" / "schemas" / "compose-spec.json").read_text(encoding="utf-8"))
    return [error.message for error in Draft202012Validator(schema).iter_errors(data)]
