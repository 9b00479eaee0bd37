"""Removes what has expired from a Pushgateway, and only that; as a command and as a DAG."""
