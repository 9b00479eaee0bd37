"""The plugin in real deployments of Airflow."""
