"""Reading DAG files: every way to call ``report`` is found, and nothing else is."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgen.dag_files import read_all
from dashgen.problems import EXIT_UNREACHABLE, DashgenError, Problem

if TYPE_CHECKING:
    from pathlib import Path

OURS = "import dashgen_plugin\n"


def written(folder: Path, content: str | bytes, name: str = "dag.py") -> Path:
    """Write a file below a folder, and return it."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def reported(folder: Path, content: str) -> list[tuple[int, str]]:
    """Return the line and the name of each argument that is reported in a file."""
    ((file,), problems) = read_all([written(folder, content)])
    assert problems == []
    return [(argument.place.line, argument.name) for argument in file.reported]


def problem(folder: Path, content: str | bytes) -> Problem:
    """Return the problem that a file is."""
    (files, (found,)) = read_all([written(folder, content)])
    assert files == []
    assert (found.rule, found.place.file) == ("unreadable", str(folder / "dag.py"))
    assert found.hint
    return found


@pytest.mark.parametrize(
    "content",
    [
        "from dashgen_plugin import report\nreport(rows=1)",
        "from dashgen_plugin import report as r\nr(rows=1)",
        "from dashgen_plugin import *\nreport(rows=1)",
        "from dashgen_plugin.own_metrics import report\nreport(rows=1)",
        "from dashgen_plugin import own_metrics as o\no.report(rows=1)",
        "import dashgen_plugin\ndashgen_plugin.report(rows=1)",
        "import dashgen_plugin as d\nd.report(rows=1)",
        "import dashgen_plugin.own_metrics\ndashgen_plugin.own_metrics.report(rows=1)",
        "import dashgen_plugin.own_metrics\ndashgen_plugin.report(rows=1)",
        "import dashgen_plugin.own_metrics as o\no.report(rows=1)",
        "from dashgen_plugin import report\ndef f():\n  report(rows=1)",
        "from dashgen_plugin import report\nclass A:\n  async def f(self):\n    return [report(rows=1) for _ in x]",
        "from dashgen_plugin import report\nf = lambda: g(report(rows=1))",
        "def f():\n  from dashgen_plugin import report\n  def g():\n    report(rows=1)",
        "class A:\n  from dashgen_plugin import report\n  report(rows=1)",
        "def f():\n  report(rows=1)\nfrom dashgen_plugin import report",
        "try:\n  from dashgen_plugin import report\nexcept ImportError:\n  def report(**_): pass\nreport(rows=1)",
        "try:\n  import dashgen_plugin\nexcept ImportError:\n  dashgen_plugin = None\ndashgen_plugin.report(rows=1)",
        "def report(**_): pass\nif x:\n  from dashgen_plugin import report\nreport(rows=1)",
        "from dashgen_plugin import report\nreport(\n  rows=1,\n  **more,\n)",
    ],
)
def test_every_form_of_import_is_followed(tmp_path: Path, content: str) -> None:
    """A call is found whatever the function was imported as, and wherever."""
    assert [name for _, name in reported(tmp_path, content)] == ["rows"]


@pytest.mark.parametrize(
    "content",
    [
        "# dashgen_plugin\nreport(rows=1)",
        "from mine import report\nreport(rows=1) or 'dashgen_plugin'",
        "from .dashgen_plugin import report\nreport(rows=1)",
        "from dashgen_plugins import report\nreport(rows=1)",
        "from dashgen_plugin import other\nreport(rows=1)",
        "from dashgen_plugin import other as report\nreport(rows=1)",
        "import dashgen_plugin\nreport(rows=1)",
        "import dashgen_plugin as d\ndashgen_plugin.report(rows=1)",
        "import dashgen_plugin\nx.dashgen_plugin.report(rows=1)\nx().report(rows=1)",
        "def f():\n  from dashgen_plugin import report\ndef g():\n  report(rows=1)",
        "from dashgen_plugin import report\ndef f(report):\n  report(rows=1)",
        "from dashgen_plugin import report\ndef f():\n  report = print\n  report(rows=1)",
        "from dashgen_plugin import report\ndef f():\n  from mine import report\n  report(rows=1)",
        "from dashgen_plugin import report\n[report(rows=1) for report in reports]",
        "from dashgen_plugin import report\nlambda report: report(rows=1)",
        "class A:\n  from dashgen_plugin import report\n  def f(self):\n    report(rows=1)",
        "from dashgen_plugin import report\nreport(**values)",
        "from dashgen_plugin import report\nreport()",
        "from dashgen_plugin import report\nprint(rows=1)",
    ],
)
def test_other_functions_are_left_alone(tmp_path: Path, content: str) -> None:
    """What another scope binds, or has the same name elsewhere, is not the plugin's."""
    assert reported(tmp_path, content) == []


def test_arguments_have_their_lines(tmp_path: Path) -> None:
    """Each argument is told at its own line, in the order of the file; one without a name too."""
    content = (
        OURS + "def f():\n  dashgen_plugin.report(\n    *rows,\n    b=1,\n    a=2)\ndashgen_plugin.report(5, c=3)\n"
    )
    assert reported(tmp_path, content) == [(4, ""), (5, "b"), (6, "a"), (7, ""), (7, "c")]


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (OURS + "def f(:\n", "no valid Python: invalid syntax", 2),
        (OURS + "x = (\n", "no valid Python: '(' was never closed", 2),
        ("print 1\n", "no valid Python: Missing parentheses in call to 'print'", 1),
        (b"x = 1\ny = '\xff'\n", "no valid Python: ", None),
        (b"# coding: klingon\n", "no valid Python: unknown encoding: klingon", 0),
        (b"x = '\x00'", "no valid Python: source code string cannot contain null bytes", None),
        ("x = " + "9" * 5_000, "no valid Python: Exceeds the limit", None),
        ("x = " + "(" * 300, "no valid Python: too many nested parentheses", 1),
        ("x = " + "-" * 200_000 + "1", "nested deeper than Python reads", 0),
        (b" " * (20 * 1024**2 + 1), "larger than 20 MiB", 0),
    ],
)
def test_broken_files_are_told(tmp_path: Path, content: str | bytes, message: str, line: int | None) -> None:
    """Each way of not parsing is a problem that says what to do; None: its line depends on Python's version."""
    found = problem(tmp_path, content)
    assert found.message.startswith(message)
    assert line in (None, found.place.line)


def test_deep_nesting_is_followed(tmp_path: Path) -> None:
    """What generated code nests, and Python's own parser still takes, is walked without recursion."""
    deep = "".join(f"{' ' * level}if x:\n" for level in range(90))
    content = f"{OURS}{deep}{' ' * 90}dashgen_plugin.report(rows=1)\ny = {'+'.join('x' * 900)}\n"
    assert [name for _, name in reported(tmp_path, content)] == ["rows"]


def test_other_encodings_are_read(tmp_path: Path) -> None:
    """A file says its encoding as Python has it; a byte order mark is no fault."""
    call = "dashgen_plugin.report(größe=1)"
    for content in (f"# coding: latin-1\n{OURS}{call}".encode("latin-1"), f"{OURS}{call}".encode("utf-8-sig")):
        ((file,), _) = read_all([written(tmp_path, content)])
        assert [argument.name for argument in file.reported] == ["größe"]


def test_warnings_of_the_file_are_not_ours(tmp_path: Path) -> None:
    """An escape that Python warns of prints nothing, even where warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reported(tmp_path, 'x = "\\d"\n') == []


def test_folders_are_walked(tmp_path: Path) -> None:
    """Python files in all folders, in order; not hidden ones, caches and virtual environments."""
    kept = ["a.py", "sub/c.py", "sub/deep/b.py"]
    passed_over = [
        ".hidden/x.py",
        ".#lock.py",
        "sub/__pycache__/x.py",
        "venv/lib/x.py",
        "notes.md",
        "x.pyc",
        "folder.py/x.txt",
    ]
    for name in (*kept, *passed_over):
        written(tmp_path, "(", name)
    written(tmp_path, "", "venv/pyvenv.cfg")
    (tmp_path / "gone.py").symlink_to("nowhere")
    files, problems = read_all([tmp_path])
    assert files == []
    assert [found.place.file for found in problems] == [str(tmp_path / name) for name in kept]


def test_links_are_followed_once(tmp_path: Path) -> None:
    """A folder that is a link is walked; one that leads back up does not go round for ever."""
    written(tmp_path, "", "real/a.py")
    (tmp_path / "real/back").symlink_to(tmp_path / "real")
    (tmp_path / "dags").symlink_to("real")
    files, _ = read_all([tmp_path / "dags"])
    assert [file.path for file in files] == [tmp_path / "dags/a.py"]


def test_folders_that_are_not_there_are_told_together(tmp_path: Path) -> None:
    """All that can't be reached is named, and it is another failure than a finding."""
    with pytest.raises(DashgenError) as raised:
        read_all([tmp_path / "a", tmp_path / "b.py"])
    assert raised.value.exit_code == EXIT_UNREACHABLE
    assert [str(found.place) for found in raised.value.problems] == [str(tmp_path / "a"), str(tmp_path / "b.py")]


@given(st.binary(max_size=200), st.booleans())
def test_no_content_stops_it(tmp_path_factory: pytest.TempPathFactory, content: bytes, ours: bool) -> None:  # noqa: FBT001  (hypothesis passes it by name)
    """Whatever the bytes, the file is one that was read or one problem."""
    file = written(tmp_path_factory.getbasetemp(), (OURS.encode() if ours else b"") + content)
    files, problems = read_all([file])
    assert len(files) + len(problems) == 1
