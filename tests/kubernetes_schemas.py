"""What Kubernetes and its operators take, from their own schemas: strictly, unlike the API server.

The API server drops a key of a custom resource that it does not know without a word.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import kubernetes_validate
from jsonschema import Draft202012Validator

from dashgen.schema import check_dashboard
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMAS = CHECKOUT / "tests" / "schemas"
# An old one that is still met, and the newest that the package knows.
KUBERNETES_VERSIONS = ("1.30", "1.37")

_DASHBOARD = "dashboard.grafana.app/v1"
_FOLDER = "folder.grafana.app/v1"
_RULES = "monitoring.coreos.com/v1"


def refusals(resource: Mapping[str, Any]) -> list[str]:
    """Return why a resource would be refused, or not be what it says; by its apiVersion."""
    kind = {_RULES: _rules, _DASHBOARD: _dashboard, _FOLDER: _folder}.get(str(resource.get("apiVersion")), _own)
    return list(kind(dict(resource)))


def _own(resource: dict[str, Any]) -> Iterator[str]:
    for version in KUBERNETES_VERSIONS:
        try:
            kubernetes_validate.validate(resource, version, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:  # noqa: PERF203
            yield f"Kubernetes {version}: {error.message}"


def _rules(resource: dict[str, Any]) -> Iterator[str]:
    schema = closed(json.loads((SCHEMAS / "prometheusrule.json").read_text(encoding="utf-8")))
    yield from (error.message for error in Draft202012Validator(schema).iter_errors(resource))


def _dashboard(resource: dict[str, Any]) -> Iterator[str]:
    spec = resource["spec"]
    if resource["metadata"]["name"] != spec["uid"]:
        yield f"its name {resource['metadata']['name']} is not the uid {spec['uid']}"
    yield from map(str, check_dashboard(spec))


def _folder(resource: dict[str, Any]) -> Iterator[str]:
    if not str(resource["spec"].get("title", "")):
        yield "a folder needs a title"


def closed(schema: Any) -> Any:  # noqa: ANN401  (a schema is JSON)
    """Return a schema that refuses every key that it does not name; an object without keys is open."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {key: closed(value) for key, value in schema.items()}
    return {**inside, "additionalProperties": False} if isinstance(schema.get("properties"), dict) else inside
