"""``dashgen verify``: ask a running Prometheus every query of dashboards and rules, as Grafana asks it.

From files to findings: :mod:`queries` finds what is asked, :mod:`variables` and
:mod:`interpolation` put values in, :mod:`client` asks, :mod:`diagnose` says why nothing came,
:mod:`examine` wires them together.
"""
