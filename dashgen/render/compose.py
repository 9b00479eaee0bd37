"""Docker Compose: the servers, run on the files that the other modules render.

Their names are the hosts of the default settings: where the settings name others, those are
asked.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dashgen.render import alertmanager, grafana, prometheus, provisioning, statsd
from dashgen.templating import render

if TYPE_CHECKING:
    from dashgen.settings import Settings

PATH = "compose/compose.yaml"


def files(settings: Settings) -> dict[str, str]:
    """Render the Compose file; with statsd_exporter where the settings have StatsD on."""
    text = render(
        "compose/compose.yaml.j2",
        dashboards=grafana.FOLDER,
        dashboards_at=provisioning.MOUNTED_AT,
        provisioning=provisioning.FOLDER,
        prometheus=prometheus.FOLDER,
        alertmanager=str(PurePosixPath(alertmanager.PATH).parent),
        statsd=statsd.FOLDER if settings.statsd.enabled else "",
        mapping=statsd.MAPPING,
        statsd_port=statsd.PORT,
        statsd_read_buffer=statsd.READ_BUFFER,
    )
    return {PATH: text}
