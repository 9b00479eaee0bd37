"""Provisioning files against what Grafana accepts."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from dashgen.schema import check_provisioning

Json = dict[str, Any]


def _datasources() -> Json:
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Prometheus",
                "type": "prometheus",
                "uid": "prometheus",
                "url": "http://prometheus:9090",
                "access": "proxy",
                "isDefault": True,
                "editable": False,
                "jsonData": {"httpMethod": "POST", "timeInterval": "30s"},
            }
        ],
    }


def _providers() -> Json:
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": "airflow",
                "type": "file",
                "folder": "Airflow",
                "folderUid": "airflow",
                "disableDeletion": True,
                "allowUiUpdates": False,
                "options": {"path": "/etc/grafana/dashboards"},
            }
        ],
    }


def test_good_provisioning() -> None:
    """Provisioning files with all that we set have no findings."""
    assert list(check_provisioning(_datasources(), "datasources")) == []
    assert list(check_provisioning(_providers(), "dashboards")) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"isDefaul": True}, "datasources[0]: unknown key 'isDefaul'; did you mean 'isDefault'?"),
        ({"access": "direct"}, "datasources[0].access: 'direct' is not allowed; expected 'proxy'"),
        ({"uid": "a b"}, "datasources[0].uid: 'a b' is refused; expected pattern '^[a-zA-Z0-9_-]{1,40}$'"),
        ({"uid": "u" * 41}, f"datasources[0].uid: '{'u' * 41}' is refused; expected pattern '^[a-zA-Z0-9_-]{{1,40}}$'"),
        ({"isDefault": "yes"}, "datasources[0].isDefault: 'yes' is not true or false"),
        (
            {"jsonData": {"httpMethd": "GET"}},
            "datasources[0].jsonData: unknown key 'httpMethd'; did you mean 'httpMethod'?",
        ),
        ({"jsonData": {True: 1}}, "datasources[0].jsonData: unknown key true"),
        ({"jsonData": {"timeInterval": 30}}, "datasources[0].jsonData.timeInterval: 30 is not a string"),
    ],
)
def test_bad_datasource(change: Json, expected: str) -> None:
    """What Grafana would ignore in a data source, or fail on, is named."""
    data = _datasources()
    data["datasources"][0].update(change)
    assert list(map(str, check_provisioning(data, "datasources"))) == [expected]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"updateIntervalSecs": 10},
            ["providers[0]: unknown key 'updateIntervalSecs'; did you mean 'updateIntervalSeconds'?"],
        ),
        ({"type": "database"}, ["providers[0].type: 'database' is not allowed; expected 'file'"]),
        ({"options": {}}, ["providers[0].options: 'path' is missing"]),
        ({"updateIntervalSeconds": 0}, ["providers[0].updateIntervalSeconds: 0 is refused; expected minimum 1"]),
        (
            {"options": {"path": "/dashboards", "foldersFromFilesStructure": True}},
            [
                "providers[0].folder: 'Airflow' is not allowed; expected ''",
                "providers[0].folderUid: 'airflow' is not allowed; expected ''",
            ],
        ),
    ],
)
def test_bad_provider(change: Json, expected: list[str]) -> None:
    """What Grafana would ignore in a provider of dashboards, or fail on, is named."""
    data = _providers()
    data["providers"][0].update(change)
    assert list(map(str, check_provisioning(data, "dashboards"))) == expected


@pytest.mark.parametrize("kind", ["dashboards", "datasources"])
@pytest.mark.parametrize("data", [None, [], 5, {"apiVersion": 2}])
def test_provisioning_that_is_none(data: object, kind: Literal["dashboards", "datasources"]) -> None:
    """A file that holds something else is refused."""
    assert list(check_provisioning(data, kind))
