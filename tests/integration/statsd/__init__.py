"""The generated mapping in a real statsd_exporter."""
