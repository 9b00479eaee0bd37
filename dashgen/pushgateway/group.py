"""The path of a group on a Pushgateway, such that every label value survives the trip.

Measured on Pushgateway 1.5.1: a value that is empty, ``.`` or ``..`` or that holds a slash is
lost or lands elsewhere when it is percent-encoded, and arrives in base64; everything else
arrives percent-encoded.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from urllib.parse import quote

TYPE_CHECKING = False  # typing's own costs the plugin's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_IN_A_PATH = frozenset({"", ".", ".."})


def path(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the path of the group with these labels, the job first; all of it ASCII.

    Raises:
        UnicodeEncodeError: a value can't be written as UTF-8, which a gateway never accepts.

    """
    return "/metrics/" + "/".join(_component(name, value) for name, value in pairs)


# Most values of a label come again and again.
@lru_cache(maxsize=4096)
def _component(name: str, value: str) -> str:
    if value in _NOT_IN_A_PATH or "/" in value:
        # A path can't hold an empty component; the gateway reads padding alone as empty.
        return f"{name}@base64/{base64.urlsafe_b64encode(value.encode()).decode() or '='}"
    # The same as with nothing safe. These two are in every run_id, and quote is slow unless all is safe.
    quoted = quote(value, safe=":+").replace(":", "%3A").replace("+", "%2B")
    return f"{name}/{quoted}"
