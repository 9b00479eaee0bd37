"""What statsd_exporter says of itself: what came in, what the mapping did, what was refused.

Names and labels are those of statsd_exporter 0.31 (its ``main.go`` and ``pkg/mappercache``).
"""

from __future__ import annotations

from dashgen.catalog.labels import STATSD_EXPORTER
from dashgen.catalog.model import Counter, Gauge
from dashgen.catalog.statsd.labels import ACTION, METRIC_NAME, OUTCOME, REASON, TYPE
from dashgen.catalog.statsd.thresholds import STATSD_DROP_SHARE
from dashgen.catalog.terms import Source

_FROM = {"source": Source.STATSD_EXPORTER, "owner": "observability", "jobs": (STATSD_EXPORTER,)}
_CACHE = "The mapping is found fast with or without its cache."
_FINE = "The lines and the events show the same, and what is lost on the way between them."
_TCP = "Airflow sends UDP."

STATSD_LINES = Counter(
    "statsd_exporter_lines_total",
    help="Lines that the exporter received",
    read="A rate of 0: no Airflow sends, or not to here.",
    **_FROM,
)
STATSD_SAMPLES = Counter(
    "statsd_exporter_samples_total",
    help="Samples in the lines that the exporter received",
    read="A line can hold several; Airflow's hold one.",
    unused_because=_FINE,
    **_FROM,
)
STATSD_SAMPLE_ERRORS = Counter(
    "statsd_exporter_sample_errors_total",
    help="Samples that the exporter could not read",
    read="Something else than StatsD arrives at its port.",
    labels=(REASON,),
    **_FROM,
)
STATSD_TAGS = Counter(
    "statsd_exporter_tags_total",
    help="Tags that the exporter read",
    read="0 where Airflow sends none.",
    unused_because=_FINE,
    **_FROM,
)
STATSD_TAG_ERRORS = Counter(
    "statsd_exporter_tag_errors_total",
    help="Tags that the exporter could not read",
    read="A value with a sign that the tags' syntax uses.",
    **_FROM,
)
STATSD_EVENTS = Counter(
    "statsd_exporter_events_total",
    help="Events that became a value of a metric",
    read="Dropped ones and refused ones are not among them.",
    labels=(TYPE,),
    **_FROM,
)
STATSD_EVENTS_ACTIONS = Counter(
    "statsd_exporter_events_actions_total",
    help="Events by what the mapping did with them",
    read="Some are dropped always: names that say less than their other form. A share that grows: Airflow sends "
    "something new.",
    labels=(ACTION,),
    thresholds=(STATSD_DROP_SHARE,),
    **_FROM,
)
STATSD_EVENTS_UNMAPPED = Counter(
    "statsd_exporter_events_unmapped_total",
    help="Events that no rule of the mapping fits",
    read="The generated mapping drops what it does not know: any here means that another one is loaded.",
    **_FROM,
)
STATSD_EVENTS_ERROR = Counter(
    "statsd_exporter_events_error_total",
    help="Events that fit the mapping and could not be used",
    read="illegal_negative_counter: a counter that was told to fall.",
    labels=(REASON,),
    **_FROM,
)
STATSD_EVENTS_CONFLICT = Counter(
    "statsd_exporter_events_conflict_total",
    help="Events refused because their metric is there with another type",
    read="Two senders, or two versions, mean different things by one name.",
    labels=(TYPE, METRIC_NAME),
    **_FROM,
)
STATSD_EVENT_QUEUE_FLUSHED = Counter(
    "statsd_exporter_event_queue_flushed_total",
    help="Times that the queue of events was worked off",
    read="Five times a second without load.",
    unused_because=_FINE,
    **_FROM,
)
STATSD_UDP_PACKETS = Counter(
    "statsd_exporter_udp_packets_total",
    help="UDP packets that the exporter received",
    read="Airflow sends one line in each.",
    unused_because=_FINE,
    **_FROM,
)
STATSD_UDP_PACKET_DROPS = Counter(
    "statsd_exporter_udp_packet_drops_total",
    help="UDP packets that the exporter threw away because its queue was full",
    read="Those values are lost. What the system drops before the exporter sees it is not here.",
    **_FROM,
)
STATSD_TCP_CONNECTIONS = Counter(
    "statsd_exporter_tcp_connections_total",
    help="TCP connections that the exporter accepted",
    read="0, unless someone sends StatsD over TCP.",
    unused_because=_TCP,
    **_FROM,
)
STATSD_TCP_CONNECTION_ERRORS = Counter(
    "statsd_exporter_tcp_connection_errors_total",
    help="TCP connections that broke while the exporter read",
    read="0, unless someone sends StatsD over TCP.",
    unused_because=_TCP,
    **_FROM,
)
STATSD_TCP_TOO_LONG_LINES = Counter(
    "statsd_exporter_tcp_too_long_lines_total",
    help="Lines over TCP that were too long to read",
    read="0, unless someone sends StatsD over TCP.",
    unused_because=_TCP,
    **_FROM,
)
STATSD_UNIXGRAM_PACKETS = Counter(
    "statsd_exporter_unixgram_packets_total",
    help="Packets that the exporter received over a Unix socket",
    read="0, unless someone sends StatsD over one.",
    unused_because=_TCP,
    **_FROM,
)
STATSD_CONFIG_RELOADS = Counter(
    "statsd_exporter_config_reloads_total",
    help="Reloads of the mapping",
    read="A failed one keeps the mapping from before.",
    labels=(OUTCOME,),
    **_FROM,
)
STATSD_LOADED_MAPPINGS = Gauge(
    "statsd_exporter_loaded_mappings",
    help="Rules of the mapping that is loaded",
    read="0: no mapping, and every name of Airflow's comes through as it is.",
    **_FROM,
)
STATSD_METRICS = Gauge(
    "statsd_exporter_metrics_total",
    help="Metrics that the exporter holds, by type",
    read="Names, not series. It grows with new names and never falls.",
    labels=(TYPE,),
    **_FROM,
)
STATSD_CACHE_LENGTH = Gauge(
    "statsd_metric_mapper_cache_length",
    help="StatsD names in the cache of the mapping",
    read="Up to the size that the exporter was started with.",
    unused_because=_CACHE,
    **_FROM,
)
STATSD_CACHE_GETS = Counter(
    "statsd_metric_mapper_cache_gets_total",
    help="Look-ups in the cache of the mapping",
    read="One for each event.",
    unused_because=_CACHE,
    **_FROM,
)
STATSD_CACHE_HITS = Counter(
    "statsd_metric_mapper_cache_hits_total",
    help="Look-ups in the cache of the mapping that found something",
    read="Held against all look-ups: few hits with more names than the cache holds.",
    unused_because=_CACHE,
    **_FROM,
)

METRICS = (
    STATSD_LINES,
    STATSD_SAMPLES,
    STATSD_SAMPLE_ERRORS,
    STATSD_TAGS,
    STATSD_TAG_ERRORS,
    STATSD_EVENTS,
    STATSD_EVENTS_ACTIONS,
    STATSD_EVENTS_UNMAPPED,
    STATSD_EVENTS_ERROR,
    STATSD_EVENTS_CONFLICT,
    STATSD_EVENT_QUEUE_FLUSHED,
    STATSD_UDP_PACKETS,
    STATSD_UDP_PACKET_DROPS,
    STATSD_TCP_CONNECTIONS,
    STATSD_TCP_CONNECTION_ERRORS,
    STATSD_TCP_TOO_LONG_LINES,
    STATSD_UNIXGRAM_PACKETS,
    STATSD_CONFIG_RELOADS,
    STATSD_LOADED_MAPPINGS,
    STATSD_METRICS,
    STATSD_CACHE_LENGTH,
    STATSD_CACHE_GETS,
    STATSD_CACHE_HITS,
)
