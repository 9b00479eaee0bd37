"""What makes a schema fit for a file that someone else wrote: nothing unknown, and nothing missing."""

from __future__ import annotations

from typing import Any


def lenient(schema: Any) -> Any:  # noqa: ANN401  (a schema, or a part of one)
    """Let a schema accept unknown keys, and do without any key."""
    if isinstance(schema, list):
        return [lenient(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    # A property may have the name of a keyword; what it holds is a schema then.
    refuses = {"required": list, "additionalProperties": bool}
    return {key: lenient(each) for key, each in schema.items() if not isinstance(each, refuses.get(key, ()))}


def without_nulls(value: object) -> object:
    """Leave out the keys of objects that have no value."""
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: without_nulls(each) for key, each in value.items() if each is not None}
