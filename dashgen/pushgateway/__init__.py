"""Talking to a Pushgateway: its address, the paths of its groups, one connection with deadlines.

Standard library only, so that the plugin and the sweeper can use it inside Airflow.
"""
