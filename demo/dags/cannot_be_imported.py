# ruff: noqa: INP001  (Airflow's folder of DAGs is no package)
"""A file of which no DAG comes: Airflow says so over StatsD, and an alert of the platform follows."""

raise ImportError("the library that this DAG needs is not installed where Airflow is")
