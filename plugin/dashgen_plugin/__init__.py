"""The Airflow listener that pushes what the catalog defines.

In a task: ``from dashgen_plugin import report``, then ``report(rows_loaded=1234)``. Airflow finds
the listener itself by the package's entry point.
"""

from __future__ import annotations

from dashgen_plugin.own_metrics import report

__all__ = ["report"]
