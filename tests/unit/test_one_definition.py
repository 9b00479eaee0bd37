"""Invariant: a metric, a job and a label are named in the catalog and nowhere else."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import pytest

from dashgen.builtin import define
from dashgen.catalog.model import Catalog
from dashgen.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "dashgen"
PLUGIN = ROOT / "plugin" / "dashgen_plugin"
# The one module that reads Airflow's objects: their attributes are named as the labels are.
READS_AIRFLOW = PLUGIN / "facts.py"
MODULES = sorted(
    path
    for folder in (PACKAGE, PLUGIN)
    for path in folder.rglob("*.py")
    if (PACKAGE / "catalog") not in path.parents and path != READS_AIRFLOW
)
TEMPLATES = sorted(path for path in (PACKAGE / "templates").rglob("*") if path.suffix == ".j2")
CATALOG = Catalog(define(Settings()).metrics)
# Jobs that are named after their program, which prose names as well.
PROGRAMS = {"statsd_exporter"}


def _pattern() -> re.Pattern[str]:
    """Match a name of the catalog inside a string.

    A name that is no word of English counts wherever it stands. One that is (up, ALERTS,
    pushgateway, instance, …) counts where PromQL, a legend or a template would use it.
    """
    names = {*CATALOG.by_name, *CATALOG.jobs, *CATALOG.labels}
    telling = sorted(name for name in names - PROGRAMS if "_" in name or ":" in name)
    words = "|".join(sorted(names.difference(telling)))
    labels = "|".join(sorted(CATALOG.labels))
    return re.compile(
        rf"(?<![\w:])(?:{'|'.join(map(re.escape, telling))})(?![\w:])"
        rf"|(?<![\w:])(?:{words})\{{"
        rf"|\bjob\s*(?:=|!)~?\s*\"(?:{words})"
        rf"|\b(?:{labels})\s*(?:=|!=|=~|!~)\s*\""
        rf"|\{{\{{\s*(?:\$labels\.)?(?:{labels})\s*\}}\}}"
    )


NAMED = _pattern()


def _strings(source: str) -> Iterator[tuple[int, str]]:
    """Yield each string of a module with its line, the parts of f-strings included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _literal_tokens(source: str) -> Iterator[tuple[int, str]]:
    """Yield what a template prints as it stands, and the strings in its expressions."""
    for line, kind, text in jinja2.Environment(autoescape=True).lex(source):
        if kind in ("data", "string"):
            yield line, text


def _named_in(strings: Iterator[tuple[int, str]]) -> list[str]:
    return [f"line {line}: {match.group()}" for line, text in strings if (match := NAMED.search(text))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_names_what_the_catalog_defines(path: Path) -> None:
    """No string outside the catalog holds a metric's, a job's or a label's name."""
    assert _named_in(_strings(path.read_text())) == []


def test_what_reads_airflow_names_labels_alone() -> None:
    """The plugin's module that reads Airflow's objects names their attributes, and no metric or job."""
    found = {text for _, text in _strings(READS_AIRFLOW.read_text()) if NAMED.search(text)}
    assert found
    assert found <= CATALOG.labels.keys()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_names_what_the_catalog_defines(path: Path) -> None:
    """No template holds a metric's, a job's or a label's name."""
    assert _named_in(_literal_tokens(path.read_text())) == []


@pytest.mark.parametrize(
    "text",
    [
        "sum(task_status) > 0",
        'x{job="pushgateway"}',
        "up{}",
        "{{dag_id}} {{instance}}",
        "{{ $labels.owner }}",
        'foo{code=~"4.."}',
        "dag:task_status_failed:sum",
        "airflow_tasks",
    ],
)
def test_the_search_finds_a_planted_name(text: str) -> None:
    """The search would find a metric, a job, a label and a recorded series."""
    assert _named_in(_strings(repr(text)))
    if "{{" not in text:
        assert _named_in(_literal_tokens(text))


@pytest.mark.parametrize("text", ["prometheus/rules", "the owner goes up", "dag_run_ids", "pushgateway:9091"])
def test_the_search_leaves_prose_alone(text: str) -> None:
    """Words of English and longer names are no findings."""
    assert _named_in(_strings(repr(text))) == []
