"""The command of the built package, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.environments import UV, install, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Prometheus

Queries = list[dict[str, Any]]


@dataclass(frozen=True)
class Command:
    """The installed command, in the folder of a build, with its settings."""

    dashgen: Path
    folder: Path

    def json(self, *arguments: str | Path) -> Any:  # noqa: ANN401  (JSON)
        """Return what a subcommand prints, whether it has findings or not."""
        words = [self.dashgen, *arguments, "--config", self.folder / "dashgen.toml", "--format", "json"]
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1}, f"{words}: {done.returncode}\n{done.stderr}"
        return json.loads(done.stdout)

    def verify(
        self, prometheus: Prometheus, *files: Path, rules: Prometheus | None = None, choose: str = ""
    ) -> Queries:
        """Return every query of files and what came of it, with a variable's value as NAME=VALUE."""
        more = (*(("--rules-url", rules.url) if rules else ()), *(("--var", choose) if choose else ()))
        found: Queries = self.json("verify", "--prometheus-url", prometheus.url, *more, *files)["queries"]
        return found

    def drawing(self, prometheus: Prometheus, pictures: Path) -> subprocess.Popen[str]:
        """Start to draw all dashboards of the build in a browser, light and dark; it ends by itself."""
        words = (
            *(self.dashgen, "preview", "--prometheus-url", prometheus.url, "--png", pictures),
            *("--config", self.folder / "dashgen.toml"),
        )
        return subprocess.Popen(words, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def findings(queries: Queries) -> Queries:
    """Return the queries about which somebody has to do something."""
    return [each for each in queries if each["status"] not in {"ok", "may be empty"}]


def installed(environment: Path, wheel: Path) -> Path:
    """Install the package into an environment of its own."""
    run(UV, "venv", "--quiet", environment)
    install(wheel, environment)
    return environment / "bin" / "dashgen"
