"""Hiding credentials in what is shown or logged. Standard library only: the plugin uses it."""

from __future__ import annotations

import re


def redacted(text: str) -> str:
    """Hide what may be a secret in an address, well-formed or not.

    That is all up to the last ``@``, but for the scheme, and what follows a ``?`` or ``#``.
    """
    shown = re.sub(r"\A(https?://)?.*@", r"\1***@", text, flags=re.DOTALL | re.IGNORECASE)
    return re.sub(r"((?:://|:\d|@)[^?#]*[?#]).+", r"\1***", shown, flags=re.DOTALL)
