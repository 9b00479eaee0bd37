"""One thread per process that talks to the gateway, so that Airflow never waits for it.

Hooks put work in; the thread turns it into groups, keeps the newest values of each, and sends
one group after the other, in the order in which they came, over one connection. It is made when
there is something to send and ends when there has been nothing for a while.

A forked process never touches what its parent made: there is a worker per process id.
"""

from __future__ import annotations

import atexit
import logging
import os
import ssl
import threading
import time
from collections import deque
from typing import NamedTuple

from dashgen.pushgateway.address import AddressError
from dashgen_plugin import gateway

TYPE_CHECKING = False  # typing's own costs the plugin's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dashgen.catalog.model import Metric
    from dashgen_plugin.environment import Target
    from dashgen_plugin.events import Push
    from dashgen_plugin.gateway import Key

    Work = Callable[[], Iterable[Push]]

log = logging.getLogger(__name__)

# Above what one large DAG run sets at its end; a group is about 1 KB.
MOST_WAITING = 10_000
# Long enough for a task's end to find its start's connection; short enough that no firewall has
# forgotten the connection, and that processes are rarely forked while a thread lives.
IDLE_SECONDS = 5.0
# What a hook needs besides waiting, so that all of it ends by the deadline.
GIVING_UP_SECONDS = 0.02
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5
DROPS_TOLD_EVERY_SECONDS = 60.0


class Waiting(NamedTuple):
    """The values of a group that wait to be sent, and since when (``time.monotonic``)."""

    values: dict[Metric, float]
    since: float


class Worker:
    """What waits to be sent by this process, and the thread that sends it.

    A group stays in ``_waiting`` until its values have arrived or are given up, so that newer
    values of it are merged there, and nothing of it is told twice.
    """

    def __init__(self) -> None:
        """Make a worker that has nothing to do, and no thread yet."""
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._inbox: deque[Work] = deque()
        self._waiting: dict[Key, Waiting] = {}
        self._taking_in: deque[Work] = deque()
        self._thread: threading.Thread | None = None
        self._target: Target | None = None
        self._telling = False
        self._trouble = ""  # why the latest attempt failed, if it did
        self._dropped = 0
        self._drops_told = float("-inf")

    def put(self, work: Work, target: Target) -> None:
        """Take work to be done by the thread: what it returns is sent to ``target``. Never waits."""
        with self._changed:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="dashgen", daemon=True)
                # Where the system has no thread left this raises; the next event tries again.
                thread.start()
                self._thread = thread
            self._inbox.append(work)
            if len(self._inbox) > MOST_WAITING:
                self._inbox.popleft()
                self._dropped += 1
            if self._target is None:
                atexit.register(self._at_exit)
            self._target = target
            self._changed.notify_all()

    def flush(self, seconds: float) -> None:
        """Wait until all has been sent, but no longer than ``seconds``; give up and tell the rest."""
        lost: dict[Key, None] = {}
        with self._changed:
            if not self._changed.wait_for(self._is_idle, seconds - min(GIVING_UP_SECONDS, seconds / 2)):
                late = [push for work in (*self._taking_in, *self._inbox) for push in _done(work)]
                lost = dict.fromkeys([*self._waiting, *((push.job.name, push.labels) for push in late)])
                self._taking_in, self._inbox = deque(), deque()
                self._waiting.clear()
            because = f" ({self._trouble})" if self._trouble else ""
        _tell(self._target, list(lost), f"not sent within {seconds:g} s{because}")
        self._tell_drops(at_last=True)

    def _at_exit(self) -> None:
        # A fork inherits the handler, not the thread.
        if os.getpid() == self._pid and self._target is not None:
            self.flush(self._target.timeout)

    def _is_idle(self) -> bool:
        return not (self._inbox or self._waiting or self._taking_in or self._telling)

    def _run(self) -> None:
        link = gateway.Link()
        while self._has_work():
            self._deliver(link)
        link.close()
        self._tell_drops(at_last=True)

    def _has_work(self) -> bool:
        """Wait for work; without any for a while, let go of the thread."""
        with self._changed:
            if self._changed.wait_for(lambda: self._inbox or self._waiting, IDLE_SECONDS):
                return True
            self._thread = None
            return False

    def _deliver(self, link: gateway.Link) -> None:
        """Send the group that came first, trying again until the deadline."""
        self._take_in()
        target, started, pause = self._target, time.monotonic(), FIRST_PAUSE_SECONDS
        if target is None:
            return
        deadline = started + target.timeout
        while (error := self._attempt(link, target, deadline)) is not None:
            link.close()
            self._trouble = gateway.reason(error, target.timeout)
            final = not isinstance(error, gateway.PASSING) or isinstance(error, ssl.SSLCertVerificationError)
            if final or time.monotonic() + pause >= deadline:
                self._give_up(started)
                return
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self._trouble = ""

    def _attempt(self, link: gateway.Link, target: Target, deadline: float) -> Exception | None:
        """Try once; return the error that kept the group from being sent or refused."""
        try:
            link.open(target, deadline)
            # Only now, as what came while connecting supersedes what was to be sent.
            self._take_in()
            key, values = self._first()
            if key is not None:
                refused = link.post(key, values, deadline)
                if refused is not None and refused.concerns_all:
                    return AddressError(refused.said)
                self._remove(key, values, refused)
        except Exception as error:  # noqa: BLE001  (an error that ends the thread would print a traceback)
            return error
        return None

    def _take_in(self) -> None:
        """Turn what was put into groups, each with its newest values."""
        with self._changed:
            works, self._inbox = self._inbox, deque()
            self._taking_in = works
        # Not under the lock: a hook must not wait while the end of a large run is worked out.
        found = [push for work in works for push in _done(work)]
        with self._changed:
            if self._taking_in is not works:  # a flush has given them up
                return
            self._taking_in = deque()
            for push in found:
                key = (push.job.name, push.labels)
                # Taken out, so that it comes last: what has had no news for longest is dropped first.
                before = self._waiting.pop(key, None)
                self._waiting[key] = Waiting({**(before.values if before else {}), **push.values}, time.monotonic())
            while len(self._waiting) > MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]
                self._dropped += 1
            self._changed.notify_all()
        self._tell_drops()

    def _first(self) -> tuple[Key | None, dict[Metric, float]]:
        with self._changed:
            return next(((key, waiting.values) for key, waiting in self._waiting.items()), (None, {}))

    def _remove(self, key: Key, values: dict[Metric, float], refused: gateway.Refusal | None) -> None:
        """Let go of a group that has arrived, or was refused; newer values of it stay."""
        with self._changed:
            waiting = self._waiting.get(key)
            if waiting is not None and waiting.values is values:
                del self._waiting[key]
            lost = [key] if refused is not None and waiting is not None else []
            self._telling = True
        self._told(lost, refused.said if refused is not None else "")

    def _give_up(self, started: float) -> None:
        """Let go of all that waited already when the delivery started, and that nothing newer was merged into."""
        self._take_in()
        with self._changed:
            lost = [key for key, waiting in self._waiting.items() if waiting.since <= started]
            for key in lost:
                del self._waiting[key]
            self._telling = True
        self._told(lost, self._trouble)

    def _told(self, lost: Sequence[Key], why: str) -> None:
        """Tell of what is lost before whoever waits knows, as the process may end then.

        Not under the lock: a slow log must not hold up a hook.
        """
        _tell(self._target, lost, why)
        with self._changed:
            self._telling = False
            self._changed.notify_all()

    def _tell_drops(self, *, at_last: bool = False) -> None:
        """Tell how many were dropped, at most once a minute but for the last ones."""
        now = time.monotonic()
        with self._changed:
            if not self._dropped or (not at_last and now - self._drops_told < DROPS_TOLD_EVERY_SECONDS):
                return
            dropped, self._dropped, self._drops_told = self._dropped, 0, now
        log.warning("more than %d groups wait for the Pushgateway: dropped %d", MOST_WAITING, dropped)


_workers: dict[int, Worker] = {}


def put(work: Work, target: Target) -> None:
    """Hand work to this process's worker; see :meth:`Worker.put`."""
    pid = os.getpid()
    # setdefault is atomic: hooks run in several threads of an API server.
    worker = _workers.get(pid) or _workers.setdefault(pid, Worker())
    worker.put(work, target)


def flush(seconds: float) -> None:
    """Wait for this process's worker, if it has one; see :meth:`Worker.flush`."""
    worker = _workers.get(os.getpid())
    if worker is not None:
        worker.flush(seconds)


def _done(work: Work) -> list[Push]:
    try:
        return list(work())
    except Exception as error:  # noqa: BLE001  (one event that can't be worked out must not hold up the others)
        log.warning("an event could not be pushed: %s: %s", type(error).__name__, error)
        return []


def _tell(target: Target | None, lost: Sequence[Key], why: str) -> None:
    if lost and target is not None:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        log.warning("%s: lost %s%s: %s", gateway.shown(target), gateway.described(lost[0]), more, why)
