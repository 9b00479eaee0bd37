"""The demo with its Airflow, as ``make demo`` runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests import demos

if TYPE_CHECKING:
    from pathlib import Path

# To make the package, the database and an Airflow that answers; half a minute where little else runs.
START_SECONDS = 360.0


def test_demo(tmp_path: Path) -> None:
    """Each address that it prints answers, and at Ctrl-C it ends with no process and no file left."""
    with demos.running(tmp_path) as demo:
        demo.wait("Ctrl-C stops everything", START_SECONDS)
        addresses = demo.addresses()
        assert addresses.keys() == demos.HEALTH.keys()
        answers = {name: demos.answer(url + demos.HEALTH[name]) for name, url in addresses.items()}
        assert json.loads(answers["Airflow"])["metadatabase"] == {"status": "healthy"}
        assert demo.interrupt() == 0, demo.said()
    assert demo.said().endswith("stopping\nstopped; nothing is left\n")
    assert demo.left() == []
