"""The rules without those that an alert does not read: promtool evaluates all of them at each step of each test."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from dashgen import promql
from dashgen.checks import expressions
from dashgen.render.yamltext import dump, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    Rule = Mapping[str, Any]


def pruned(test: Path, folder: Path) -> Path:
    """Copy a file of an alert's tests, and of the rules beside it only what the alert reads; return the copy.

    What an alert does is up to its own rule and the recorded series that this reads, or those read
    of others: every other rule writes series that nobody there asks for.
    """
    alert = test.stem.partition("_")[0]
    files = sorted((test.parent.parent / "rules").iterdir())
    groups = {file.name: load(file.read_text(encoding="utf-8"))["groups"] for file in files}
    names = _read_by(alert, (rule for each in groups.values() for group in each for rule in group["rules"]))
    for name in ("rules", "tests"):
        (folder / name).mkdir(parents=True)
    for file, all_groups in groups.items():
        kept = [{**group, "rules": [rule for rule in group["rules"] if _name(rule) in names]} for group in all_groups]
        text = dump({"groups": [group for group in kept if group["rules"]]}, f"What {alert} reads.")
        (folder / "rules" / file).write_text(text, encoding="utf-8")
    copy = folder / "tests" / test.name
    copy.write_bytes(test.read_bytes())
    return copy


def _read_by(alert: str, rules: Iterable[Rule]) -> set[str]:
    """Return the names of the rules that an alert's outcome is up to, its own included."""
    by_name = defaultdict(list)
    for rule in rules:
        by_name[_name(rule)].append(rule)
    assert alert in by_name
    found: set[str] = set()
    waiting = [alert]
    while waiting:
        name = waiting.pop()
        # A pattern of names, or Prometheus' own series of alerts, could be any rule's.
        assert name
        assert not name.startswith("ALERTS")
        if name not in found:
            found.add(name)
            queries = (each for rule in by_name[name] for each in expressions.of_rule(rule))
            waiting += [selector.name for query in queries for selector in promql.parse(query.text).selectors]
    return found


def _name(rule: Rule) -> str:
    name: str = rule.get("record") or rule["alert"]
    return name
