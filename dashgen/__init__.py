"""One metric catalog from which Grafana, Prometheus and Airflow are kept in step."""

__version__ = "0.1.0"
