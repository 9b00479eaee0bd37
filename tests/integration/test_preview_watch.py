"""``dashgen preview`` on a project of a user's: what the page is told, and how it tells the user."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from tests import faulty
from tests import previewed as preview
from tests.command import dashgen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The machine of the tests may have other work; docs/preview.md tells what it takes on one that has none.
PATIENCE_SECONDS = 30.0
BROKEN = "\nboard = dashboard(\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with a dashboard of its own."""
    done = dashgen("init", "project", cwd=tmp_path)
    assert done.code == 0, done.stderr
    return tmp_path / "project"


@pytest.fixture
def nowhere() -> Iterator[str]:
    """Return an address at which nothing answers."""
    with faulty.refused() as server:
        yield server.url


def edit(file: Path, old: str, new: str) -> float:
    """Change a file as an editor does, and return when."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    changed = file.with_suffix(".new")
    changed.write_text(text.replace(old, new), encoding="utf-8")
    changed.replace(file)
    return time.monotonic()


def titles(port: int) -> list[str]:
    """Return the titles of the dashboards on the page."""
    return [each["title"] for each in preview.get(port, "/api/dashboards").json]


def test_change_mistake_and_mending(project: Path, nowhere: str) -> None:
    """A change is on the page at once; a mistake is told with file and line over what was there; mended, it goes."""
    module = project / "billing.py"
    with (
        preview.command("--prometheus-url", nowhere, "--watch", cwd=project) as running,
        preview.events(running.port) as told,
    ):
        assert "Billing" in titles(running.port)
        began = edit(module, '"Billing"', '"Invoices & more"')
        assert next(told)["problems"] == ""
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert "Invoices & more" in titles(running.port)

        line = module.read_text(encoding="utf-8").count("\n") + 2
        module.write_text(module.read_text(encoding="utf-8") + BROKEN, encoding="utf-8")
        problems = next(told)["problems"]
        assert f"billing.py:{line}: module billing does not import: SyntaxError" in problems
        assert "Invoices & more" in titles(running.port)

        edit(module, BROKEN, "")
        while (state := next(told))["problems"]:
            pass
        assert state["version"] == preview.get(running.port, "/api/state").json["version"]
        assert running.stop() == 0
    log = (project / "preview.err").read_text(encoding="utf-8")
    assert "built anew in" in log
    assert "SyntaxError" in log
    assert "Traceback" not in log


def test_finding_of_a_check(project: Path, nowhere: str) -> None:
    """What can be drawn is drawn, and what a check finds in it is told with file and line."""
    module = project / "billing.py"
    with (
        preview.command("--prometheus-url", nowhere, "--watch", cwd=project) as running,
        preview.events(running.port) as told,
    ):
        edit(module, "sum({OPEN_INVOICES.fleet(*chosen)})", "sum({OPEN_INVOICES.fleet(*chosen)}) + nowhere_seconds")
        assert next(told)["problems"] == ""
        problems = next(told)["problems"]
        assert "metric nowhere_seconds is not in the catalog [unknown-metric]" in problems
        assert "billing.py:" in problems
        board = preview.get(running.port, "/api/dashboards/billing").json
        assert "nowhere_seconds" in json.dumps(board)


def test_settings_and_named_files(project: Path, nowhere: str) -> None:
    """The settings' file and the files that are named are watched too."""
    board = project / "hand.json"
    board.write_text(json.dumps({"uid": "hand", "title": "By hand", "panels": []}), encoding="utf-8")
    with (
        preview.command("--prometheus-url", nowhere, "--watch", "hand.json", cwd=project) as running,
        preview.events(running.port) as told,
    ):
        assert "By hand" in titles(running.port)
        edit(board, "By hand", "By another")
        next(told)
        assert "By another" in titles(running.port)
        (project / "dashgen.toml").write_text('datasource_uid = "other"\n', encoding="utf-8")
        assert next(told)["datasources"] == [{"uid": "other", "name": "Prometheus"}]
        assert "Billing" not in titles(running.port)


def test_broken_from_the_start(project: Path, nowhere: str) -> None:
    """A project that can't be loaded stops the command; one that is watched can be mended."""
    edit(project / "billing.py", "def define", "1 / 0\n\n\ndef define")
    done = dashgen("preview", "--prometheus-url", nowhere, cwd=project)
    assert (done.code, done.stdout) == (2, "")
    assert "billing.py:" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    with (
        preview.command("--prometheus-url", nowhere, "--watch", cwd=project) as running,
        preview.events(running.port) as told,
    ):
        assert "ZeroDivisionError" in preview.get(running.port, "/api/state").json["problems"]
        edit(project / "billing.py", "1 / 0\n\n\n", "")
        while next(told)["problems"]:
            pass
        assert "Billing" in titles(running.port)


def test_module_that_ends_the_process(project: Path, nowhere: str) -> None:
    """Whatever a module does, the page stays, and says that the build ended."""
    with (
        preview.command("--prometheus-url", nowhere, "--watch", cwd=project) as running,
        preview.events(running.port) as told,
    ):
        edit(project / "billing.py", "def define", "import os; os._exit(7)\n\n\ndef define")
        assert next(told)["problems"] == "the build ended with status 7: the terminal shows more"
        assert "Billing" in titles(running.port)


def test_unreachable_server_is_warned_of(project: Path, nowhere: str) -> None:
    """Without a Prometheus the page is there, and the terminal says why it will be empty; no secret is shown."""
    url = nowhere.replace("http://", "http://scott:tiger@")
    with preview.command("--prometheus-url", url, cwd=project) as running:
        assert preview.get(running.port, "/").status == 200
        log = project / "preview.err"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "warning" not in log.read_text(encoding="utf-8") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert running.stop() == 0
    told = log.read_text(encoding="utf-8")
    assert f"warning: {nowhere.replace('http://', 'http://***@')} can't be reached: Connection refused" in told
    assert "tiger" not in told
    assert told.endswith("ended\n")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--prometheus-url", "ftp://host"), 2, "'ftp://host' is no http or https address"),
        (("--prometheus-url", "http://scott:tiger@host:x"), 2, "'http://***@host:x' is no address"),
        (("--sample", "--prometheus-url", "http://host"), 2, "--sample and --prometheus-url"),
        (("--header", "secret"), 2, "a --header that is not NAME: VALUE"),
        (("--timeout", "soon"), 2, "--timeout 'soon' is no duration"),
        (("--scrape-interval", "often"), 2, "--scrape-interval 'often' is no duration"),
        (("--key", "key.pem"), 2, "--key without --cert"),
        (("--png", "pictures", "--watch"), 2, "--png with --watch or --open"),
        (("--png", "pictures", "nowhere"), 2, "'nowhere' is no file and no dashboard's uid"),
        (("missing.json",), 3, "missing.json: can't be read: No such file or directory"),
        (("broken.json",), 2, "broken.json:1: no valid JSON"),
        (("other.json",), 2, "other.json: neither a dashboard nor a rule file"),
        (("rules.yml",), 2, "rules.yml: a rule file, not a dashboard"),
        (("empty",), 2, "empty: no dashboard there"),
        (("a.json", "b.json"), 2, "b.json: has the uid same of a.json"),
    ],
)
def test_wrong_usage(options: tuple[str, ...], code: int, message: str, tmp_path: Path) -> None:
    """What is wrong is said with the file or the option, before anything is served."""
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    (tmp_path / "rules.yml").write_text("groups: []", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(
            json.dumps({"uid": "same", "title": name, "panels": []}), encoding="utf-8"
        )
    done = dashgen("preview", *options, cwd=tmp_path)
    assert (done.code, done.stdout) == (code, ""), done.stderr
    assert message in done.stderr
    assert "tiger" not in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "pictures").exists()


def test_port_that_is_taken(tmp_path: Path) -> None:
    """A port that another program has is named, with what to do."""
    with faulty.closing() as other:
        done = dashgen("preview", "--port", str(other.port), cwd=tmp_path)
    assert done.code == 3
    assert f"port {other.port} can't be used: Address already in use" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [(("--sample",), "--sample needs prometheus"), (("--png", "pictures"), "--png needs one of chromium")],
)
def test_missing_programs(
    options: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a program is not installed, its name and what installs it are said."""
    monkeypatch.setenv("PATH", os.devnull)
    done = dashgen("preview", *options, cwd=tmp_path)
    assert done.code == 3, done.stderr
    assert message in done.stderr
    assert "apt-get install" in done.stderr
