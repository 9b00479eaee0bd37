"""What Airflow's plugin manager loads, by the entry point ``airflow.plugins``."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from dashgen_plugin.listener import Listener


class DashgenPlugin(AirflowPlugin):  # type: ignore[misc]  # Airflow is not there where types are checked
    """Registers the listener; loading it starts nothing."""

    name = "dashgen"
    listeners = (Listener(),)
