"""Problems as text, JSON and GitHub's annotations."""

from __future__ import annotations

import json
from pathlib import Path

from dashgen import report
from dashgen.problems import Place, Problem

HERE = str(Path.cwd() / "rules/mine.yml")
PROBLEMS = [
    Problem(Place(HERE, 4, 'alert "A"'), "unknown-metric", "there is no x: 100%, or\nso", "Did you mean y?"),
    Problem(Place("a,b:c.json"), "unreadable", "it ends in the middle"),
]


def test_text_has_hints_and_a_closing_line() -> None:
    """Each problem stands with its place, its rule and its hint; the last line counts them."""
    assert report.text(PROBLEMS) == (
        'rules/mine.yml:4: alert "A": there is no x: 100%, or\nso [unknown-metric]\n'
        "    Did you mean y?\n"
        "a,b:c.json: it ends in the middle [unreadable]\n"
        "2 problems: correct what is named, and run this again."
    )
    assert report.text(PROBLEMS[1:]).endswith("\n1 problem: correct what is named, and run this again.")


def test_no_problems_print_nothing() -> None:
    """Without problems there is no text and no annotation, but JSON stays JSON."""
    assert report.text([]) == report.github([]) == ""
    assert json.loads(report.as_json([])) == {"problems": []}


def test_json_has_every_part() -> None:
    """A program finds place, rule, message and hint apart."""
    first, second = json.loads(report.as_json(PROBLEMS))["problems"]
    assert first == {
        "rule": "unknown-metric",
        "file": "rules/mine.yml",
        "line": 4,
        "subject": 'alert "A"',
        "message": "there is no x: 100%, or\nso",
        "hint": "Did you mean y?",
    }
    assert (second["line"], second["hint"]) == (0, "")


def test_github_annotations_are_escaped() -> None:
    """What has a meaning in a workflow command is escaped, in properties more than in text."""
    properties = "file=rules/mine.yml,line=4,title=dashgen unknown-metric"
    assert report.github(PROBLEMS).splitlines() == [
        f"::error {properties}::" + 'alert "A": there is no x: 100%25, or%0Aso%0ADid you mean y?',
        "::error file=a%2Cb%3Ac.json,title=dashgen unreadable::it ends in the middle",
    ]
