"""Reading files for lint: broken ones are problems, and hostile ones harmless."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.checks.document import Document, Kind
from dashgen.checks.read import read, read_all
from dashgen.problems import EXIT_UNREACHABLE, DashgenError, Problem
from tests.unit.checks.examples import alert, dashboard, panel

if TYPE_CHECKING:
    from pathlib import Path

GROUPS = {"groups": [{"name": "g", "rules": [alert()]}]}
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12)
)


def _problem(folder: Path, name: str, content: str | bytes) -> Problem:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = read(path)
    assert isinstance(found, Problem)
    assert found.rule == "unreadable"
    assert found.place.file == str(path)
    assert found.hint
    return found


def _document(folder: Path, name: str, content: object) -> Document:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    found = read(path)
    assert isinstance(found, Document)
    return found


@pytest.mark.parametrize(
    "data",
    [
        dashboard(panel()),
        {"dashboard": dashboard(panel()), "meta": {}},
        {"apiVersion": "dashboard.grafana.app/v1", "kind": "Dashboard", "spec": dashboard(panel())},
        {"title": "Fleet", "rows": [{"panels": [panel()]}]},
    ],
)
def test_dashboards_are_read_in_their_wrappings(tmp_path: Path, data: object) -> None:
    """A file as saved, as exported by the API, and as a resource of Kubernetes."""
    for name in ("x.json", "x.yaml"):
        found = _document(tmp_path, name, data)
        assert found.kind is Kind.DASHBOARD
        assert [element.name for element in found.panels] == ["Tasks"]


@pytest.mark.parametrize("data", [GROUPS, {"kind": "PrometheusRule", "spec": GROUPS}])
def test_rule_files_are_read_in_their_wrappings(tmp_path: Path, data: object) -> None:
    """A rule file, and a resource of the operator."""
    found = _document(tmp_path, "x.yml", data)
    assert found.kind is Kind.RULES
    assert found.resource == ("PrometheusRule" if data is not GROUPS else "")
    assert [rule.name for rule in found.rules] == ["TaskFailed"]


def test_rules_keep_their_lines(tmp_path: Path) -> None:
    """A finding in a foreign rule file points at the rule's line."""
    text = (
        "groups:\n- name: g\n  rules:\n  - record: a:b:c\n    expr: 1\n\n  # Two.\n  - alert: A\n    expr: x == 0x1\n"
    )
    found = _document(tmp_path, "x.yml", text)
    assert [rule.place.line for rule in found.rules] == [4, 8]
    assert [rule.expressions[0].text for rule in found.rules] == ["1", "x == 0x1"]


def test_yaml_has_the_types_of_json(tmp_path: Path) -> None:
    """Numbers, truth and null are such in YAML too, and a text that only looks like one is kept."""
    text = "panels:\n- {id: 5, a: 1.5, b: true, c: no, d: ~, e: '7', f: !!int x, g: 2024-13-45}\n"
    (element,) = _document(tmp_path, "x.yaml", text).panels
    expected = {"id": 5, "a": 1.5, "b": True, "c": False, "d": None, "e": "7", "f": "x"}
    assert element.data == {**expected, "g": "2024-13-45"}


def test_yaml_merges(tmp_path: Path) -> None:
    """What a mapping says itself goes before what it merges."""
    text = (
        "x: &base {severity: info, owner: a}\ny: &more {owner: b}\n"
        "groups:\n- name: g\n  rules:\n"
        "  - {alert: A, expr: x, labels: {<<: [*base, *more], severity: page}}\n"
    )
    (rule,) = _document(tmp_path, "x.yml", text).rules
    assert rule.data["labels"] == {"severity": "page", "owner": "a"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.json", '{"panels": [', "no valid JSON: it ends in the middle (column 13)"),
        ("x.json", '{"panels": [}', "no valid JSON: Expecting value (column 13)"),
        ("x.json", "", "no valid JSON: it ends in the middle (column 1)"),
        ("x.json", "[]", "holds a list, not an object"),
        ("x.json", "5", "holds a single value, not an object"),
        ("x.json", '{"panels": [], "id": ' + "9" * 5_000 + "}", "no valid JSON: Exceeds the limit"),
        ("x.json", "[" * 200_000, "nested deeper than a dashboard can be"),
        ("x.json", '{"a": 1}', "neither a dashboard nor a rule file"),
        ("x.json", b'{"title": "\xff"}', "not UTF-8: byte 0xff at offset 11"),
        ("x.json", b"\xff\xfe{\x00}\x00", "not UTF-8: byte 0xff at offset 0"),
        ("x.json", '{"kind": "Dashboard", "spec": {"elements": {}}}', "schema version 2"),
        ("x.json", b" " * (20 * 1024**2 + 1), "larger than 20 MiB"),
        ("x.yml", "", "holds a single value, not an object"),
        ("x.yml", "- a", "holds a list, not an object"),
        ("x.yml", "a: [", "no valid YAML: "),
        ("x.yml", "a: b: c", "no valid YAML: mapping values are not allowed"),
        ("x.yml", "a: \x07", "no valid YAML: "),
        ("x.yml", "a: 1\n---\nb: 2\n", "several documents"),
        ("x.yml", "a: *b", "no valid YAML: found undefined alias"),
        ("x.yml", "a: &a [*a]", "alias a stands inside what it names"),
        ("x.yml", "[" * 100_000, "nested more than 100 levels deep"),
        ("x.yml", BOMB, "more than 1,000,000 nodes, its aliases written out"),
        ("x.yml", "scrape_configs: []", "neither a dashboard nor a rule file"),
    ],
)
def test_broken_files_are_told(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    """Each way of being broken has its message, and says what to do."""
    assert message in _problem(tmp_path, name, content).message


def test_a_problem_says_on_which_line(tmp_path: Path) -> None:
    """The line is that of the character, the byte or the alias."""
    assert _problem(tmp_path, "a.json", '{\n"panels": [\n').place.line == 3
    assert _problem(tmp_path, "b.json", b'{\n"a": "\xff"}').place.line == 2
    assert _problem(tmp_path, "c.yml", "a: 1\nb: &b [*b]").place.line == 2
    assert _problem(tmp_path, "d.yml", "a: 1\nb: [}").place.line == 2


def test_fifty_megabytes_are_not_read_into_memory(tmp_path: Path) -> None:
    """A file above the limit is refused before it is parsed, or read to its end."""
    (tmp_path / "x.json").write_bytes(b'{"panels": [' + b" " * (50 * 1024**2) + b"]}")
    tracemalloc.start()
    found = read(tmp_path / "x.json")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(found, Problem)
    assert peak < 45 * 1024**2


def test_exploding_anchors_take_no_memory(tmp_path: Path) -> None:
    """Aliases of aliases are counted, not built."""
    (tmp_path / "x.yml").write_text(BOMB)
    tracemalloc.start()
    assert isinstance(read(tmp_path / "x.yml"), Problem)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * 1024**2


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    """Windows' editors write one."""
    (tmp_path / "x.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(dashboard()).encode())
    assert isinstance(read(tmp_path / "x.json"), Document)


def test_a_folder_gives_what_can_be_linted(tmp_path: Path) -> None:
    """Files of another kind in a folder are passed over, broken ones are told."""
    inner = tmp_path / "sub"
    inner.mkdir()
    files: dict[str, Any] = {
        "b.json": dashboard(),
        "manifest.json": {"files": {}},
        "notes.md": "# Notes",
        "sub/a.yml": GROUPS,
        "sub/prometheus.yml": {"scrape_configs": []},
        "z.json": "{",
    }
    for name, data in files.items():
        text = data if isinstance(data, str) else json.dumps(data)
        (tmp_path / name).write_text(text)
    documents, problems = read_all([tmp_path])
    assert [document.kind for document in documents] == [Kind.DASHBOARD, Kind.RULES]
    assert [problem.place.file for problem in problems] == [str(tmp_path / "z.json")]


def test_files_that_can_not_be_reached_are_told_together(tmp_path: Path) -> None:
    """Missing files are another failure than broken ones, and all of them are named."""
    with pytest.raises(DashgenError) as raised:
        read_all([tmp_path / "a.json", tmp_path / "b.json"])
    assert raised.value.exit_code == EXIT_UNREACHABLE
    assert [problem.message for problem in raised.value.problems] == ["can't be read: No such file or directory"] * 2
