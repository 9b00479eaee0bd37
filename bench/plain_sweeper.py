"""The sweeper that ours is measured against: ``python -m bench.plain_sweeper URL MAX_AGE_SECONDS``.

It takes the whole JSON at once, and deletes one group after the other, each on a connection of
its own. It imports nothing of this project.
"""

from __future__ import annotations

import sys
import time

import requests


def main(url: str, max_age: str) -> None:
    """Delete the groups not pushed to for so many seconds."""
    groups = requests.get(f"{url}/api/v1/metrics").json()["data"]  # noqa: S113  (it has no timeout: that is one of its faults)
    now = time.time()
    for group in groups:
        if now - float(group["push_time_seconds"]["metrics"][0]["value"]) > float(max_age):
            labels = group["labels"]
            path = f"job/{labels.pop('job')}" + "".join(f"/{name}/{value}" for name, value in labels.items())
            requests.delete(f"{url}/metrics/{path}")  # noqa: S113  (as above)


if __name__ == "__main__":
    main(*sys.argv[1:])
