"""What the panels on pools show: computed by Prometheus from what Airflow sends of pools of every kind."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from dashgen import project
from dashgen.dashboards import platform
from dashgen.render.yamltext import dump
from dashgen.settings import Settings
from tests import grafana
from tests.asked import queries
from tests.programs import CHECKOUT, promtool

if TYPE_CHECKING:
    from pathlib import Path

EXPRS = {asked.name: asked.expr for asked in queries(project.load(Settings(), CHECKOUT)) if asked.board == platform.KEY}
CHOSEN = {"exporter": ".*", "pool_name": ".*"}

# Of each pool the scheduled and the open slots and the starving tasks, as they come over StatsD, and what its
# panels shall say: the slots that tasks wait for.
Pool = tuple[str, str, str | None, float]
# Airflow leaves out who starves in a full pool, and a pool without a limit has infinitely many open slots.
POOLS: dict[str, Pool] = {
    "full": ("3x3", "0x3", "0x3", 3),
    "overfull": ("2x3", "-4x3", None, 2),
    "full, and nothing waits": ("0x3", "0x3", "5x3", 0),
    "too little room": ("4x3", "1x3", "1x3", 4),
    "idle, and never looked at": ("0x3", "8x3", None, 0),
    "waits for other reasons": ("6x3", "8x3", "0x3", 0),
    "unlimited": ("7x3", "Inf Inf Inf", "0x3", 0),
}
STARVED_ONCE: dict[str, Pool] = {"starved once": ("4x3", "1x3", "1x3", 0)}
NO_LONGER: dict[str, Pool] = {"full until a minute ago": ("5 5 0", "0 0 3", None, 0)}


def series(pools: dict[str, Pool], starving: int) -> list[dict[str, str]]:
    """Return promtool's input: the pools of one Airflow, and the scheduler's own number of starving tasks."""
    scrape = 'job="statsd_exporter",instance="a:1"'
    of_scheduler = {"series": f"airflow_scheduler_tasks_starving{{{scrape}}}", "values": f"{starving}x3"}
    of_pools = [
        {"series": f'airflow_pool_{name}{{{scrape},pool_name="{pool}"}}', "values": values}
        for pool, sent in pools.items()
        for name, values in zip(("scheduled_slots", "open_slots", "starving_tasks"), sent[:3], strict=True)
        if values is not None
    ]
    return [of_scheduler, *of_pools]


def asked_of_promtool(
    folder: Path, pools: dict[str, Pool], panel: str, expected: dict[str, float], *, starving: int = 1
) -> tuple[int, str]:
    """Return promtool's exit code and words: 0 where the query then has exactly these values, by labels."""
    data = {
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series(pools, starving),
                "promql_expr_test": [
                    {
                        "expr": grafana.interpolated(EXPRS[panel], CHOSEN, grafana.Window(120, seconds=120)),
                        "eval_time": "2m",
                        "exp_samples": [{"labels": labels, "value": value} for labels, value in expected.items()],
                    }
                ],
            }
        ],
    }
    file = folder / "pools.yml"
    file.write_text(dump(data, panel), encoding="utf-8")
    done = subprocess.run((promtool(), "test", "rules", file), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def by_pool(pools: dict[str, Pool]) -> dict[str, float]:
    """Return what each pool's panels shall say, by promtool's labels."""
    return {f'{{instance="a:1",pool_name="{pool}"}}': waiting for pool, (*_, waiting) in pools.items()}


def test_slots_waited_for(tmp_path: Path) -> None:
    """Graph and table say for each pool what waits for its slots, and the number on top adds them up."""
    for panel in ("pool-starving A", "pools A"):
        code, told = asked_of_promtool(tmp_path, POOLS, panel, by_pool(POOLS))
        assert code == 0, told
    total = sum(waiting for *_, waiting in POOLS.values())
    code, told = asked_of_promtool(tmp_path, POOLS, "starving-now A", {"{}": total})
    assert code == 0, told


def test_all_is_well(tmp_path: Path) -> None:
    """The panels say 0, and are not empty, where nothing waits; also where a pool starved before."""
    for panel in ("pool-starving A", "pools A"):
        code, told = asked_of_promtool(tmp_path, STARVED_ONCE, panel, by_pool(STARVED_ONCE), starving=0)
        assert code == 0, told
    idle = {"idle": POOLS["idle, and never looked at"]}
    for pools in (idle, NO_LONGER):
        code, told = asked_of_promtool(tmp_path, pools, "starving-now A", {"{}": 0})
        assert code == 0, told


def test_open_slots_of_pools_without_a_limit(tmp_path: Path) -> None:
    """They are left out of the sum: with them it would be infinite."""
    pools = {name: POOLS[name] for name in ("unlimited", "too little room")}
    code, told = asked_of_promtool(tmp_path, pools, "pool-slots A", {"{}": 1})
    assert code == 0, told
