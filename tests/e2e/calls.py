"""What plugins/timing.py wrote down: each call of a hook, and the moment when a task's body starts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PLUGINS = Path(__file__).with_name("plugins")
BODY = "body"
RUNNING = "on_task_instance_running"


@dataclass(frozen=True)
class Call:
    """A call of a hook in a process; ``began`` and ``seconds`` are by the machine's monotonic clock."""

    hook: str
    process: int
    began: float
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    raised: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Attempt:
    """What a task's process went through: the hook of its start, its body, the hooks of its end."""

    task_id: str
    running: Call
    body: Call
    end: tuple[Call, ...]

    @property
    def delay(self) -> float:
        """How long after the hook's beginning the body starts."""
        return self.body.began - self.running.began

    @property
    def held(self) -> float:
        """How long the process stays for the hooks of its end."""
        return sum(call.seconds for call in self.end)


def read(file: Path) -> tuple[Call, ...]:
    """Read all calls."""
    return tuple(Call(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines())


def attempts(calls: Iterable[Call], dag_id: str, run_id: str) -> list[Attempt]:
    """Return the attempts of the tasks of a run, by task."""
    by_process: dict[int, list[Call]] = {}
    for call in calls:
        by_process.setdefault(call.process, []).append(call)
    found = []
    for of_process in by_process.values():
        running, *after = sorted(of_process, key=lambda call: call.began)
        if (running.hook, running.dag_id, running.run_id) == (RUNNING, dag_id, run_id):
            body, *end = after
            assert body.hook == BODY
            found.append(Attempt(running.task_id, running, body, tuple(end)))
    return sorted(found, key=lambda attempt: attempt.task_id)
