"""A Pushgateway full of groups of single runs, and who pushes to it: what sweepers are measured on."""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dashgen.catalog import airflow, pipeline
from dashgen.catalog.labels import AIRFLOW_TASK_RUNS, DAG_ID, INSTANCE, RUN_ID, TASK_ID, TaskState
from dashgen.catalog.terms import JOB_LABEL
from dashgen.pushgateway import group
from tests.servers import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.servers import Pushgateway

DAGS, TASKS_OF_A_DAG = 50, 20
_BODY = "".join(
    f"# TYPE {metric.name} gauge\n{metric.name} {int(TaskState.SUCCESS)}\n"
    for metric in (airflow.TASK_STATUS, airflow.TASK_DURATION, airflow.TASK_TRY_NUMBER)
)
# The run's number is in its run_id.
_SAMPLE = re.compile(rf'^{pipeline.PUSH_TIME.name}{{.*\.(\d+)\+00:00"'.encode(), re.MULTILINE)
_BATCH = 64
_READ = 1 << 16
_END_OF_HEAD = b"\r\n\r\n"
_KIB_PER_MIB = 1024


class GroupsError(Exception):
    """A gateway that does not hold what it should."""


def labels(number: int) -> dict[str, str]:
    """Return the grouping key of one run of a task, by its number."""
    return {
        JOB_LABEL: AIRFLOW_TASK_RUNS.name,
        DAG_ID.name: f"dag_{number % DAGS}",
        TASK_ID.name: f"task_{number % TASKS_OF_A_DAG}",
        RUN_ID.name: f"scheduled__2026-01-01T00:00:00.{number:06}+00:00",
        INSTANCE.name: "prod",
    }


def fill(gateway: Pushgateway, numbers: Sequence[int]) -> None:
    """Push the groups with these numbers, pipelined.

    Raises:
        OSError, GroupsError: the gateway does not take them.

    """
    waiting, rest = 0, b""
    with socket.create_connection((HOST, gateway.port)) as connection:
        for begin in range(0, len(numbers) + _BATCH, _BATCH):
            batch = numbers[begin : begin + _BATCH]
            connection.sendall(b"".join(map(_push, batch)))
            # One batch is under way while the next is made.
            while waiting > 0:
                read = connection.recv(_READ)
                *answers, rest = (rest + read).split(_END_OF_HEAD)
                if not read or any(b" 202 " not in answer for answer in answers):
                    raise GroupsError(f"not filled: {answers}")
                waiting -= len(answers)
            waiting += len(batch)


def present(gateway: Pushgateway) -> set[int]:
    """Return the numbers of the groups that are there."""
    _, body = gateway.request("GET", "/metrics")
    return set(map(int, _SAMPLE.findall(body)))


def peak_mib(process: int) -> float:
    """Return the most memory that a process ever held, in MiB.

    Raises:
        OSError, ValueError: the process has ended.

    """
    return peak_of(Path(f"/proc/{process}/status").read_text(encoding="utf-8"))


def peak_of(status: str) -> float:
    """Return the peak in what Linux tells of a process, in MiB.

    Raises:
        ValueError: there is none, as the process has ended.

    """
    (peak,) = re.findall(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    return int(peak) / _KIB_PER_MIB


@dataclass
class Pusher:
    """Someone who pushes to groups, one after the other at a steady rate.

    ``pushed`` are the numbers of the groups, ``seconds`` how long each push took.
    """

    gateway: Pushgateway
    rate: float
    pushed: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """The 99th percentile of the pushes' seconds."""
        return sorted(self.seconds)[int(0.99 * len(self.seconds))]

    @contextmanager
    def pushing(self, numbers: Sequence[int]) -> Iterator[None]:
        """Push to the groups with these numbers until the block ends, or they do."""
        stop = threading.Event()
        thread = threading.Thread(target=self._push, args=(numbers, stop))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _push(self, numbers: Sequence[int], stop: threading.Event) -> None:
        connection = http.client.HTTPConnection(HOST, self.gateway.port)
        due = time.perf_counter()
        for number in numbers:
            due += 1 / self.rate
            if stop.wait(max(0, due - time.perf_counter())):
                break
            began = time.perf_counter()
            connection.request("POST", group.path(labels(number).items()), _BODY)
            connection.getresponse().read()
            self.pushed.append(number)
            self.seconds.append(time.perf_counter() - began)
        connection.close()


def _push(number: int) -> bytes:
    path = group.path(labels(number).items())
    return f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(_BODY)}\r\n\r\n{_BODY}".encode()
