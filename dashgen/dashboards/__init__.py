"""Dashboards: what is on them, and how it becomes Grafana's JSON."""
