"""The one loader of our Jinja2 templates: package data, in which an unknown name is an error."""

from __future__ import annotations

import json
import traceback
from functools import cache
from pathlib import Path

import jinja2

from dashgen.problems import DashgenError, Place, Problem

TEMPLATES = Path(__file__).parent / "templates"

RULE = "template"


def render(name: str, **values: object) -> str:
    """Fill in the template ``name``, a path below ``dashgen/templates``.

    Raises:
        DashgenError: the template is missing or broken, or uses a name that it is not given;
            the problem says where.

    """
    try:
        return environment(TEMPLATES).get_template(name).render(values)
    except jinja2.TemplateError as error:
        problem = Problem(_place(name, error), RULE, f"{type(error).__name__}: {error}")
        raise DashgenError([problem]) from error


@cache
def environment(folder: Path) -> jinja2.Environment:
    """Return the environment that the templates of a folder are rendered in."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (the output is YAML and Markdown, never HTML)
    )
    found.filters["quoted"] = quoted
    found.filters["code"] = code
    return found


def quoted(value: object) -> str:
    """Write a value so that YAML reads it back, whatever is in it: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)


def code(value: object) -> str:
    """Write a value as Markdown's code."""
    return f"`{value}`"


def _place(name: str, error: jinja2.TemplateError) -> Place:
    """Find the line: the error knows it for wrong syntax, its traceback for all else."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return Place(str(TEMPLATES / (error.name or name)), error.lineno)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [(frame.filename, frame.lineno) for frame in frames if frame.filename.endswith(".j2")]
    file, line = lines[-1] if lines else (str(TEMPLATES / name), 0)
    return Place(file, line or 0)
