"""The difference between two outputs, from nothing but the text of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen import manifest
from dashgen.checks import read
from dashgen.checks.document import Kind, text_of
from dashgen.checks.unreadable import UnreadableError
from dashgen.diff import dashboards, metrics, model, rules
from dashgen.diff.model import Change, Difference
from dashgen.problems import EXIT_USAGE, DashgenError, Place, Problem
from dashgen.render import grafana, prometheus

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from dashgen.checks.document import Document
    from dashgen.diff.model import Facts

RULE = "diff"

_UNDERSTOOD = (f"{grafana.FOLDER}/", f"{prometheus.RULES}/")


def difference(old: Mapping[str, str], new: Mapping[str, str], renamed: Mapping[str, str], name: str) -> Difference:
    """Compare two outputs, each a map from relative path to text, the manifest among them.

    ``renamed`` maps a metric's old name to the one that says ``renamed_from``. ``name`` tells
    in messages where the old output is from.

    Raises:
        DashgenError: a file of the old output can't be understood; all such files are named.

    """
    before = manifest.parse(old[manifest.NAME].encode(), f"{name}:{manifest.NAME}").contract
    after = manifest.parse(new[manifest.NAME].encode(), manifest.NAME).contract
    was, now = _documents(old, f"{name}:"), _documents(new, "")
    return Difference(
        metrics.changes(before, after, renamed),
        model.changes(_dashboards(was), _dashboards(now)),
        rules.changes(was, now, "alert"),
        rules.changes(was, now, "record"),
        tuple(_files(old, new)),
    )


def _documents(files: Mapping[str, str], prefix: str) -> list[Document]:
    """Read the dashboards and the rule files.

    Raises:
        DashgenError: some can't be.

    """
    documents: list[Document] = []
    problems: list[Problem] = []
    for path, text in sorted(files.items()):
        if not path.startswith(_UNDERSTOOD):
            continue
        try:
            document = read.parse(text.encode(), f"{prefix}{path}")
        except UnreadableError as error:
            problems.append(Problem(Place(f"{prefix}{path}", error.line), RULE, error.message, "Restore the file."))
            continue
        documents.append(document)
        problems += [
            Problem(Place(f"{prefix}{path}"), RULE, finding.message, "Restore the file.")
            for finding in document.malformed
        ]
    if problems:
        raise DashgenError(problems, EXIT_USAGE)
    return documents


def _dashboards(documents: Iterable[Document]) -> dict[Hashable, Facts]:
    found = [document for document in documents if document.kind is Kind.DASHBOARD]
    by_uid = model.identified(found, lambda document: text_of(document.root.data, "uid"))
    return {identity: dashboards.facts(document) for identity, document in by_uid.items()}


def _files(old: Mapping[str, str], new: Mapping[str, str]) -> Iterable[Change]:
    """Name the other files that differ, without their content."""
    for path in sorted({*old, *new} - {manifest.NAME}):
        if path.startswith(_UNDERSTOOD) or old.get(path) == new.get(path):
            continue
        yield Change("added" if path not in old else "changed" if path in new else "removed", path)
