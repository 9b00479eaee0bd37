"""``dashgen doctor`` where Airflow runs: the built package in both Airflows, against a real gateway."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from dashgen_plugin import environment
from tests import servers
from tests.environments import install, run
from tests.programs import TOOLS, MissingProgramError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Doctor = Callable[[Mapping[str, str]], tuple[int, dict[str, tuple[str, str]]]]

OURS = environment.DEFAULTS.keys()
CATALOG = """
from dashgen.catalog import Gauge, Source
from dashgen.catalog.labels import TASK_JOBS

METRICS = [Gauge("rows_loaded", help="x", read="x", source=Source.CUSTOM, owner="x", jobs=TASK_JOBS)]
"""


@pytest.fixture(scope="module", params=["3.3.2", "2.11.2"])
def airflow(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of an Airflow's environment, with the package installed."""
    made = TOOLS / f"airflow-{request.param}"
    if not (made / ".installed").exists():
        raise MissingProgramError(f"there is no Airflow {request.param} in {made}: `make test` installs it")
    copy = tmp_path_factory.mktemp("environment") / f"airflow-{request.param}"
    shutil.copytree(made, copy, symlinks=True)
    install(wheel, copy)
    return copy


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return Airflow's home."""
    folder = tmp_path / "home"
    for name in ("dags", "plugins"):
        (folder / name).mkdir(parents=True)
    return folder


@pytest.fixture
def doctor(airflow: Path, home: Path, tmp_path: Path) -> Doctor:
    """Return a function from our variables to the exit code and the checks: name to status and message."""

    def examined(variables: Mapping[str, str]) -> tuple[int, dict[str, tuple[str, str]]]:
        others = {name: value for name, value in os.environ.items() if name not in OURS and name[:6] != "PYTHON"}
        done = subprocess.run(
            (airflow / "bin/dashgen", "doctor", "--format", "json"),
            cwd=tmp_path,
            env={**others, "AIRFLOW_HOME": str(home), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        checks: list[dict[str, Any]] = json.loads(done.stdout)["checks"]
        return done.returncode, {check["name"]: (check["status"], check["message"]) for check in checks}

    return examined


def groups(gateway: servers.Pushgateway) -> list[Any]:
    """Return the groups that a gateway holds."""
    found: list[Any] = gateway.get_json("/api/v1/metrics")["data"]
    return found


def test_all_is_well(
    doctor: Doctor, airflow: Path, home: Path, tmp_path: Path, pushgateway: servers.Pushgateway
) -> None:
    """With what ``dashgen init --airflow`` writes, all is well, and the gateway is left as it was."""
    (home / "dags/mine.py").write_text(CATALOG)
    run(airflow / "bin/dashgen", "init", "--airflow", "deployment", cwd=tmp_path)
    lines = (tmp_path / "deployment/airflow.env").read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    variables[environment.URL] = pushgateway.url
    variables[environment.CATALOG] = "mine:METRICS"

    code, checks = doctor(variables)

    assert {name: status for name, (status, _) in checks.items() if status != "ok"} == {}
    assert code == 0
    assert checks["Airflow"][1] == airflow.name.removeprefix("airflow-")
    assert "airflow-dashgen" in checks["plugin"][1]
    assert checks[environment.CATALOG][1] == "mine:METRICS: 1 metric that a task can report"
    assert checks["test group"][1] == "arrived, and was removed again"
    assert groups(pushgateway) == []


def test_copy_in_the_plugins_folder(
    doctor: Doctor, airflow: Path, home: Path, pushgateway: servers.Pushgateway
) -> None:
    """A second copy, which Airflow loads first, is found."""
    (installed,) = airflow.glob("lib/python*/site-packages/dashgen_plugin")
    shutil.copytree(installed, home / "plugins/dashgen_plugin")

    code, checks = doctor({environment.URL: pushgateway.url})

    status, message = checks["plugin"]
    assert (code, status) == (0, "warning")
    assert str(home / "plugins/dashgen_plugin") in message
    assert "$PLUGINS_FOLDER/dashgen_plugin/plugin.py" in message


def test_another_plugin_of_its_name(doctor: Doctor, home: Path, pushgateway: servers.Pushgateway) -> None:
    """Airflow loads one plugin of a name: where another one came first, ours is not there."""
    (home / "plugins/other.py").write_text(
        "from airflow.plugins_manager import AirflowPlugin\nclass Other(AirflowPlugin):\n    name = 'dashgen'\n"
    )
    code, checks = doctor({environment.URL: pushgateway.url})
    assert code == 1
    assert checks["plugin"] == ("failed", "Airflow's plugin manager does not list its listener")


def test_other_plugins(doctor: Doctor, home: Path, pushgateway: servers.Pushgateway) -> None:
    """Plugins that print or break are their own trouble."""
    (home / "plugins/broken.py").write_text("print('hello'); raise RuntimeError('broken')")
    code, checks = doctor({environment.URL: pushgateway.url})
    assert (code, checks["plugin"][0]) == (0, "ok")


def test_airflow_that_can_not_start(doctor: Doctor, pushgateway: servers.Pushgateway) -> None:
    """What keeps Airflow from loading is told in one line, without credentials; the rest is looked at all the same."""
    wrong = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "nothing://user:secret@db/airflow"}
    code, checks = doctor({environment.URL: pushgateway.url, **wrong})
    assert (code, checks["plugin"][0], checks["test group"][0]) == (1, "failed", "ok")
    assert "secret" not in str(checks)


def test_catalog_that_ends_the_process(doctor: Doctor, home: Path, pushgateway: servers.Pushgateway) -> None:
    """What the user's module does is not laid at the plugin's door."""
    (home / "dags/mine.py").write_text("import os; os._exit(7)")
    code, checks = doctor({environment.URL: pushgateway.url, environment.CATALOG: "mine:METRICS"})
    assert (code, checks["plugin"][0], checks["test group"][0]) == (2, "ok", "ok")
    assert checks[environment.CATALOG] == ("failed", "mine:METRICS can't be loaded: exit code 7")


def test_gateway_with_the_consistency_check(doctor: Doctor, tmp_path: Path) -> None:
    """Values arrive, slower with each group: a warning."""
    with servers.pushgateway(tmp_path, consistency_check=True) as gateway:
        code, checks = doctor({environment.URL: gateway.url})
    assert code == 0
    assert checks["gateway's flags"] == (
        "warning",
        "Pushgateway 1.5.1 runs without --push.disable-consistency-check",
    )
    assert checks["test group"][0] == "ok"


def test_no_gateway(doctor: Doctor) -> None:
    """A gateway that refuses connections is named with its own exit code."""
    url = f"http://user:secret@{servers.HOST}:{servers.free_port()}"
    code, checks = doctor({environment.URL: url})
    assert code == 3
    assert checks["gateway"][0] == "failed"
    assert "test group" not in checks
    assert "secret" not in str(checks)


def test_path_prefix(doctor: Doctor, tmp_path: Path) -> None:
    """A gateway below a prefix is found there, and only there."""
    with servers.pushgateway(tmp_path, "--web.route-prefix=/gateway") as gateway:
        good, wrong = doctor({environment.URL: f"{gateway.url}/gateway/"}), doctor({environment.URL: gateway.url})
    assert (good[0], good[1]["test group"][0]) == (0, "ok")
    assert (wrong[0], wrong[1]["test group"][0]) == (1, "failed")
