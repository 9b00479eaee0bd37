"""Names of DAGs and tasks as people give them; each number has one of its own."""

from __future__ import annotations

_SUBJECTS = (
    *("orders", "invoices", "customers", "payments", "shipments", "clicks", "sessions", "stock"),
    *("prices", "returns", "ledger", "campaigns", "tickets", "forecasts", "reviews"),
)
_PURPOSES = ("load", "sync", "export", "report_on", "rebuild", "audit", "score", "archive")
_STEPS = ("extract", "check", "clean", "join", "enrich", "aggregate", "compare", "publish", "register", "notify")
_PARTS = ("staging", "history", "europe", "americas", "asia", "partners", "finance", "search")


def dag(number: int) -> str:
    """Return the name of the DAG with this number, from 0."""
    again, number = divmod(number, len(_SUBJECTS) * len(_PURPOSES))
    subject, purpose = _SUBJECTS[number % len(_SUBJECTS)], _PURPOSES[number % len(_PURPOSES)]
    return f"{purpose}_{subject}_{again + 1}" if again else f"{purpose}_{subject}"


def task(number: int) -> str:
    """Return the name of the task with this number, from 0; those after the first ten are in task groups."""
    group, number = divmod(number, len(_STEPS))
    if not group:
        return _STEPS[number]
    again, part = divmod(group - 1, len(_PARTS))
    return f"{_PARTS[part]}{again + 1 if again else ''}.{_STEPS[number]}"
