"""Grafana's provisioning: the data source, and the folder that its dashboards are read into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.templating import render

if TYPE_CHECKING:
    from dashgen.definitions import Project

FOLDER = "grafana/provisioning"
FOLDER_UID = "airflow-dashgen"
# Where the generated dashboards are mounted in Grafana.
MOUNTED_AT = "/var/lib/grafana/dashboards"


def files(project: Project) -> dict[str, str]:
    """Render the provisioning files for the data source and for the dashboards."""
    settings = project.settings
    return {
        f"{FOLDER}/datasources/prometheus.yaml": render(
            "provisioning/datasource.yaml.j2",
            uid=settings.datasource_uid,
            url=_literal(settings.prometheus_url),
        ),
        f"{FOLDER}/dashboards/airflow.yaml": render(
            "provisioning/dashboards.yaml.j2",
            folder=_literal(settings.grafana_folder),
            folder_uid=FOLDER_UID,
            path=MOUNTED_AT,
        ),
    }


def _literal(text: str) -> str:
    """Write a text so that Grafana does not take a dollar in it for a variable."""
    return text.replace("$", "$$")
