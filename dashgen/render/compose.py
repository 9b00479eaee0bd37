"""Docker Compose: the servers, run on the files that the other modules render.

Their names are the hosts of the default settings: where the settings name others, those are
asked.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from dashgen.render import alertmanager, grafana, prometheus, provisioning
from dashgen.templating import render

PATH = "compose/compose.yaml"


def files() -> dict[str, str]:
    """Render the Compose file."""
    text = render(
        "compose/compose.yaml.j2",
        dashboards=grafana.FOLDER,
        dashboards_at=provisioning.MOUNTED_AT,
        provisioning=provisioning.FOLDER,
        prometheus=prometheus.FOLDER,
        alertmanager=str(PurePosixPath(alertmanager.PATH).parent),
    )
    return {PATH: text}
