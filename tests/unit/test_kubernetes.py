"""What is rendered for Kubernetes: held against the schemas of those who read it."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dashgen import __version__
from dashgen.build import build
from dashgen.catalog.model import FLEET
from dashgen.cli import sweep
from dashgen.render.kubernetes import KUSTOMIZATION, LARGEST, SWEEPER
from dashgen.settings import StatsdSettings
from tests.kubernetes_schemas import refusals
from tests.programs import CHECKOUT
from tests.projects import built, builtin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = "kubernetes/"
V3 = "airflow_v3_low_cardinality"


def rendered(**settings: Any) -> dict[str, str]:  # noqa: ANN401  (the fields of Settings)
    """Return the files for Kubernetes of the built-in project, by path below their folder."""
    files = build(builtin(**settings)).files if settings else built()
    return {path.removeprefix(FOLDER): text for path, text in files.items() if path.startswith(FOLDER)}


FILES = rendered()
RESOURCES: dict[str, dict[str, Any]] = {
    path: yaml.safe_load(text) for path, text in FILES.items() if f"{FOLDER}{path}" != KUSTOMIZATION
}
ALERT_RULES = RESOURCES["alert-rules.yaml"]
CONFIG_MAP = RESOURCES[f"dashboards/{V3}.yaml"]
CRON_JOB = RESOURCES[SWEEPER.removeprefix(FOLDER)]
MANIFEST = RESOURCES[f"grafana/dashboards/{V3}.json"]


def pod(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pod of a CronJob."""
    spec: dict[str, Any] = resource["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("path", RESOURCES)
def test_resource_is_accepted(path: str) -> None:
    """Each resource is what the schema of its kind says."""
    assert refusals(RESOURCES[path]) == []


FAULTS: dict[str, tuple[dict[str, Any], Callable[[Any], object], str]] = {
    "unknown key of a job": (CRON_JOB, lambda job: job["spec"].update(schedul="1 * * * *"), "schedul"),
    "no schedule": (CRON_JOB, lambda job: job["spec"].pop("schedule"), "schedule"),
    "wrong policy": (CRON_JOB, lambda job: pod(job).update(securityContext={"runAsNonRoot": "yes"}), "yes"),
    "data that is no text": (CONFIG_MAP, lambda each: each.update(data={"x.json": {}}), "not of type"),
    "unknown kind": (CONFIG_MAP, lambda each: each.update(kind="ConfigMaps"), "Couldn't find schema"),
    "group without name": (ALERT_RULES, lambda rules: rules["spec"]["groups"][0].pop("name"), "name"),
    "for that is no duration": (
        ALERT_RULES,
        lambda rules: rules["spec"]["groups"][0]["rules"][0].update({"for": "5 minutes"}),
        "5 minutes",
    ),
    "unknown key of a rule": (
        ALERT_RULES,
        lambda rules: rules["spec"]["groups"][0]["rules"][0].update(hold="5m"),
        "hold",
    ),
    "label that is no text": (
        ALERT_RULES,
        lambda rules: rules["spec"]["groups"][0]["rules"][0]["labels"].update(severity=1),
        "1 is not",
    ),
    "another name than the uid": (MANIFEST, lambda each: each["metadata"].update(name="v3"), "not the uid"),
    "an option unknown to Grafana": (MANIFEST, lambda each: each["spec"].update(titel="x"), "titel"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_refused(fault: str) -> None:
    """Each fault is found, so that the checks can be trusted."""
    sound, plant, named = FAULTS[fault]
    broken = deepcopy(sound)
    plant(broken)
    assert named in " ".join(refusals(broken))


def test_kustomization_lists_every_resource() -> None:
    """What kubectl takes is all there but Grafana's own resources, which it does not know."""
    kustomization = yaml.safe_load(FILES[KUSTOMIZATION.removeprefix(FOLDER)])
    assert kustomization["kind"] == "Kustomization"
    assert set(kustomization["resources"]) == {path for path in RESOURCES if not path.startswith("grafana/")}


def test_names_do_not_collide() -> None:
    """No two resources of a kind share a name, and Kubernetes takes each."""
    names = [(each["kind"], each["metadata"]["name"]) for each in RESOURCES.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name) for _, name in names)


def test_config_map_is_for_the_sidecar() -> None:
    """A ConfigMap holds the dashboard as it is, with the label and the folder that the sidecar looks for."""
    metadata = CONFIG_MAP["metadata"]
    (text,) = CONFIG_MAP["data"].values()
    assert metadata["labels"]["grafana_dashboard"] == "1"
    assert metadata["annotations"] == {"k8s-sidecar-target-directory": "Airflow", "grafana_folder": "Airflow"}
    assert json.loads(text) == json.loads(built()[f"grafana/dashboards/{V3}.json"])


@pytest.mark.parametrize("uid", ["Has_Capitals", "has-capitals", "_", "x--y"])
def test_any_uid_becomes_a_name(uid: str) -> None:
    """Whatever uid Grafana takes, the ConfigMap has a name of its own that Kubernetes takes."""
    project = builtin()
    changed = replace(project, dashboards=(replace(project.dashboards[0], uid=uid), *project.dashboards[1:]))
    found = yaml.safe_load(build(changed).files[f"kubernetes/dashboards/{V3}.yaml"])
    name = found["metadata"]["name"]
    assert refusals(found) == []
    assert re.fullmatch(r"grafana-dashboard-[a-z0-9]+(-+[a-z0-9]+)*", name)
    assert (name == "grafana-dashboard-has-capitals") == (uid == "has-capitals")


def test_dashboard_too_large_for_a_config_map() -> None:
    """A dashboard that no ConfigMap can hold is a problem at its definition."""
    project = builtin()
    board = project.dashboards[0]
    room = LARGEST - len(CONFIG_MAP["data"][board.file].encode())
    fits = replace(board, description=board.description + "é" * (room // 2) + "x" * (room % 2))
    problems = [
        build(replace(project, dashboards=(large, *project.dashboards[1:]))).problems
        for large in (fits, replace(fits, description=fits.description + "é"))
    ]
    assert problems[0] == ()
    (problem,) = problems[1]
    assert (problem.place.file, problem.place.line) == (board.place.file, board.place.line)
    assert "ConfigMap" in problem.message
    assert problem.hint


def test_rules_are_those_of_prometheus() -> None:
    """A PrometheusRule holds the groups of the rule file, unchanged."""
    files = built()
    for name, path in (("alert-rules", "alerts"), ("recording-rules", "recording")):
        assert RESOURCES[f"{name}.yaml"]["spec"] == yaml.safe_load(files[f"prometheus/rules/{path}.yml"])


def test_sweeper_is_harmless() -> None:
    """The sweeper runs alone, not as root, with nothing that it does not need, within limits."""
    (container,) = pod(CRON_JOB)["containers"]
    assert CRON_JOB["spec"]["concurrencyPolicy"] == "Forbid"
    assert pod(CRON_JOB)["automountServiceAccountToken"] is False
    assert pod(CRON_JOB)["securityContext"]["runAsNonRoot"] is True
    assert pod(CRON_JOB)["securityContext"]["runAsUser"] > 0
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"].keys() == {"requests", "limits"}
    assert container["image"].endswith(f":{__version__}")


def test_sweeper_runs_a_command() -> None:
    """The container's command is one that dashgen takes; the gateway's address is in a Secret."""
    (container,) = pod(CRON_JOB)["containers"]
    program, name, *arguments = container["command"]
    assert (program, name) == ("dashgen", sweep.name)
    sweep.make_context(name, arguments)
    assert container["envFrom"] == [{"secretRef": {"name": "pushgateway-sweeper"}}]


def test_without_per_run_there_is_nothing_to_sweep() -> None:
    """Without V2 there is neither its dashboard nor the sweeper."""
    only_fleet = rendered(generations=(FLEET,))
    assert FILES.keys() - only_fleet.keys() == {
        "sweeper.yaml",
        "dashboards/airflow_v2_per_run.yaml",
        "grafana/dashboards/airflow_v2_per_run.json",
    }
    assert "sweeper" not in only_fleet["kustomization.yaml"].rpartition("resources:")[2]


def test_exporter_gets_its_mapping() -> None:
    """A ConfigMap holds the mapping as it is; where StatsD is off, there is none."""
    mapping = built()["statsd/statsd_mapping.yml"]
    assert RESOURCES["statsd-mapping.yaml"]["data"] == {"statsd_mapping.yml": mapping}
    assert "statsd-mapping.yaml" not in rendered(statsd=StatsdSettings(enabled=False))


def test_manifests_are_in_the_folder() -> None:
    """Grafana's own resources name the folder, which is one of them, as the provisioning does."""
    folder = RESOURCES["grafana/folder.json"]
    provisioned = yaml.safe_load(built()["grafana/provisioning/dashboards/airflow.yaml"])["providers"]
    assert MANIFEST["metadata"]["annotations"] == {"grafana.app/folder": folder["metadata"]["name"]}
    assert (folder["metadata"]["name"], folder["spec"]["title"]) == (
        provisioned[0]["folderUid"],
        provisioned[0]["folder"],
    )


def test_page_tells_the_config_map() -> None:
    """The page on deploying names the ConfigMap that statsd_exporter is to mount, and its file."""
    page = (CHECKOUT / "docs" / "deploy.md").read_text(encoding="utf-8")
    mapping = RESOURCES["statsd-mapping.yaml"]
    assert f"`{mapping['metadata']['name']}`" in page
    assert all(f"/{file} " in page for file in mapping["data"])


def test_page_tells_the_secret() -> None:
    """The page on deploying makes the Secret that the CronJob reads."""
    page = (CHECKOUT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert "kubectl create secret generic pushgateway-sweeper --from-env-file" in page
