"""The listener's hooks against real and faulty gateways, without Airflow."""
