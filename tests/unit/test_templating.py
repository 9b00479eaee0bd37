"""The one loader of templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashgen import templating
from dashgen.problems import DashgenError, Problem
from dashgen.render.yamltext import dump, load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that templates are read from."""
    monkeypatch.setattr(templating, "TEMPLATES", tmp_path)
    return tmp_path


def _problem(text: str, folder: Path) -> Problem:
    (folder / "x.j2").write_text(text, encoding="utf-8")
    with pytest.raises(DashgenError) as caught:
        templating.render("x.j2", known=1)
    (problem,) = caught.value.problems
    return problem


def test_an_undefined_name_is_told_with_its_line(templates: Path) -> None:
    """A name that the template is not given is an error at its line, not an empty text."""
    problem = _problem("fine {{ known }}\n{{ unknown }}\n", templates)
    assert (problem.place.file, problem.place.line) == (str(templates / "x.j2"), 2)
    assert "'unknown' is undefined" in problem.message


def test_wrong_syntax_is_told_with_its_line(templates: Path) -> None:
    """A template that does not parse is an error at its line."""
    problem = _problem("\n\n{% if %}\n", templates)
    assert (problem.place.file, problem.place.line) == (str(templates / "x.j2"), 3)


def test_a_missing_template_is_told(templates: Path) -> None:
    """A template that is not there is an error that names it."""
    with pytest.raises(DashgenError, match=r"gone\.j2"):
        templating.render("gone.j2")
    assert not list(templates.iterdir())


@pytest.mark.parametrize("value", ['a"b', "a: b # c", "ünï\n\\", "yes", "{{ x }}", "- a", "1e3"])
def test_values_survive_yaml(value: str) -> None:
    """Whatever a value holds, YAML reads it back: quoted in a template, or dumped."""
    assert load(f"x: {templating.quoted(value)}") == {"x": value}
    assert load(dump({"x": value}, "header")) == {"x": value}
