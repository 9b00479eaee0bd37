"""The Airflow plugin, without Airflow."""
