from dashgen_sweeper.dag import sweeper  # noqa: F401  (for Airflow)
