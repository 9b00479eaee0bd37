"""Reading the settings: defaults, the two files, and every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashgen.catalog.model import FLEET
from dashgen.durations import Seconds
from dashgen.problems import DashgenError
from dashgen.settings import AlertSettings, Settings, StatsdSettings, SuccessAge
from dashgen.settings_file import load

EVERYTHING = """
modules = ["team.metrics", "team.alerts"]
out = "generated"
generations = ["fleet"]
datasource_uid = "mimir"
grafana_folder = "Team"
grafana_url = "https://grafana.example.com"
prometheus_url = "http://mimir:8080/prometheus"
airflow_url = "https://airflow.example.com"
airflow_version = "2.11"
runbook_base_url = "https://wiki.example.com/runbooks"
source_url = "https://git.example.com/team/dashboards"
pushgateway_targets = ["gateway-1:9091", "[::1]:9091"]
alertmanager_targets = ["alertmanager:9093"]

[thresholds]
no_push = "30h"
gateway_samples = 250000

[alerts.AirflowTaskFailed]
for = "10m"
severity = "critical"

[alerts."Watchdog"]
enabled = false

[[success_age]]
dag_id = "daily_.*"
age = "2d"

[extra_labels]
cluster = "north"

[statsd]
enabled = false
prefix = "team-a.airflow_2"
timers = "histogram"
buckets = [0.5, 10]
targets = ["exporter-1:9102", "[::1]:9102"]

[[lint.ignore]]
rule = "panel-unit"
dashboard = "Sales"
reason = "Money has no unit in Grafana"
"""


def write(folder: Path, text: str, name: str = "dashgen.toml") -> Path:
    """Write a settings' file and return its path."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def refused(folder: Path, text: str) -> list[str]:
    """Return what is said of wrong settings: line, subject and message."""
    write(folder, text)
    with pytest.raises(DashgenError) as caught:
        load(None, folder)
    assert caught.value.exit_code == 2
    problems = caught.value.problems
    assert {Path(problem.place.file) for problem in problems} == {folder / "dashgen.toml"}
    return [f"{p.place.line}: {p.place.subject}: {p.message}" for p in problems]


def test_defaults_without_a_file(tmp_path: Path) -> None:
    """A folder without settings has the defaults."""
    assert load(None, tmp_path) == Settings()


def test_every_setting_is_read(tmp_path: Path) -> None:
    """Each setting reaches the place where the code looks for it."""
    settings = load(write(tmp_path, EVERYTHING), tmp_path / "elsewhere")

    assert settings.modules == ("team.metrics", "team.alerts")
    assert settings.out == "generated"
    assert settings.generations == (FLEET,)
    assert not settings.per_run
    assert settings.datasource_uid == "mimir"
    assert settings.grafana_folder == "Team"
    assert settings.grafana_url == "https://grafana.example.com"
    assert settings.prometheus_url == "http://mimir:8080/prometheus"
    assert settings.airflow_url == "https://airflow.example.com"
    assert settings.airflow_version == "2.11"
    assert settings.runbook_base_url == "https://wiki.example.com/runbooks"
    assert settings.source_url == "https://git.example.com/team/dashboards"
    assert settings.pushgateway_targets == ("gateway-1:9091", "[::1]:9091")
    assert settings.alertmanager_targets == ("alertmanager:9093",)
    assert settings.thresholds == {"no_push": 108_000, "gateway_samples": 250_000}
    assert settings.alerts == {
        "AirflowTaskFailed": AlertSettings(hold="10m", severity="critical"),
        "Watchdog": AlertSettings(enabled=False),
    }
    assert settings.success_age == (SuccessAge("daily_.*", 172_800), SuccessAge(".*", 691_200))
    assert settings.extra_labels == {"cluster": "north"}
    exporters = ("exporter-1:9102", "[::1]:9102")
    assert settings.statsd == StatsdSettings(
        enabled=False, prefix="team-a.airflow_2", timers="histogram", buckets=(0.5, 10), targets=exporters
    )
    (ignore,) = settings.ignores
    assert (ignore.rule, ignore.dashboard, ignore.panel) == ("panel-unit", "Sales", "")
    assert ignore.reason == "Money has no unit in Grafana"
    assert ignore.place.line == EVERYTHING.splitlines().index("[[lint.ignore]]") + 1


def test_thresholds_remember_that_they_are_durations(tmp_path: Path) -> None:
    """A duration is told from a number, since not every threshold is a time."""
    thresholds = load(write(tmp_path, EVERYTHING), tmp_path).thresholds
    assert [type(thresholds[name]) for name in ("no_push", "gateway_samples")] == [Seconds, float]


def test_pyproject_holds_them_too(tmp_path: Path) -> None:
    """Without dashgen.toml the table tool.dashgen of pyproject.toml is read, lines included."""
    file = write(tmp_path, '[project]\nname = "x"\n[tool.dashgen]\nout = "y"\n', "pyproject.toml")

    settings = load(None, tmp_path)

    assert settings.out == "y"
    assert settings.source.place("out").line == 4
    assert settings == load(file, Path())


def test_pyproject_without_the_table(tmp_path: Path) -> None:
    """A pyproject.toml that says nothing of dashgen leaves the defaults."""
    write(tmp_path, '[project]\nout = "other"\n', "pyproject.toml")
    assert load(None, tmp_path) == Settings()


def test_own_file_goes_first(tmp_path: Path) -> None:
    """Where both files are, dashgen.toml holds."""
    write(tmp_path, '[tool.dashgen]\nout = "shared"\n', "pyproject.toml")
    write(tmp_path, 'out = "own"\n')
    assert load(None, tmp_path).out == "own"


def test_mistakes_are_all_reported_with_their_lines(tmp_path: Path) -> None:
    """One reading names every mistake."""
    assert refused(
        tmp_path,
        """outt = "x"
out = 3
[thresholds]
no_push = "26 hours"
[alerts.AirflowTaskFailed]
enbled = false
""",
    ) == [
        "1: outt: there is no such setting",
        "2: out: must be a string, not a number",
        "4: thresholds.no_push: '26 hours' is no duration",
        "6: alerts.AirflowTaskFailed.enbled: there is no such setting",
    ]


def test_unknown_keys_get_a_suggestion(tmp_path: Path) -> None:
    """A mistyped key is answered with the nearest one, a strange one with all that are known."""
    write(tmp_path, 'grafana_ulr = ""\n[[lint.ignore]]\nrule="overlap"\nreason="r"\nzzz=1\n')
    with pytest.raises(DashgenError) as caught:
        load(None, tmp_path)
    assert [problem.hint for problem in caught.value.problems] == [
        "Did you mean grafana_url?",
        "Known here: rule, reason, dashboard, panel.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("modules = 'x'", "1: modules: must be a list, not a string"),
        ("modules = ['a-b']", "1: modules: 'a-b' is not the dotted name of a module"),
        ("out = ' '", "1: out: must not be empty"),
        ("generations = ['per_run']", "1: generations: fleet is missing"),
        (
            "generations = ['fleet', 'lab']",
            '1: generations: must be one of "fleet", "per_run"; not \'lab\'',
        ),
        (
            "datasource_uid = 'ä'",
            "1: datasource_uid: 'ä' is not a uid: at most 40 letters, digits, - and _",
        ),
        ("prometheus_url = 'prometheus:9090'", "1: prometheus_url: 'prometheus:9090' is no address"),
        ("prometheus_url = ''", "1: prometheus_url: '' is no address"),
        ("grafana_url = 'http://a b'", "1: grafana_url: 'http://a b' is no address"),
        ("grafana_url = 'http://a:99999'", "1: grafana_url: 'http://a:99999' is no address"),
        (
            "airflow_version = 2.11",
            '1: airflow_version: must be one of "2.11", "3", in quotes; not a number',
        ),
        (
            "pushgateway_targets = ['http://gateway:9091']",
            "1: pushgateway_targets: 'http://gateway:9091' is not a target as host:port",
        ),
        ("pushgateway_targets = []", "1: pushgateway_targets: must not be empty"),
        ("thresholds = 3", "1: thresholds: must be a table, not a number"),
        ("[thresholds]\nx = 0", "2: thresholds.x: must be above 0"),
        ("[thresholds]\nx = nan", "2: thresholds.x: must be above 0"),
        ("[thresholds]\nx = '0s'", "2: thresholds.x: must be longer than 0"),
        (
            "[thresholds]\nx = true",
            '2: thresholds.x: must be a number, or a duration as in "6h", not true or false',
        ),
        (
            "[alerts.A]\nseverity = 'bad'",
            '2: alerts.A.severity: must be one of "critical", "warning", "info"; not \'bad\'',
        ),
        ("[alerts.A]\nenabled = 1", "2: alerts.A.enabled: must be true or false, not a number"),
        ("[alerts]\nA = 1", "2: alerts.A: must be a table, not a number"),
        ("[[success_age]]\nage = '1d'", "1: success_age: dag_id is missing"),
        (
            "[[success_age]]\ndag_id = '(?!a)'\nage = '1d'",
            "2: success_age.dag_id: '(?!a)' is no regular expression of Prometheus",
        ),
        (
            "[[success_age]]\ndag_id = '.*'\nage = '1d'\n[[success_age]]\ndag_id = 'a'\nage = '1d'",
            "1: success_age: what follows the entry for '.*' never applies",
        ),
        ("[extra_labels]\n__x = 'y'", "2: extra_labels.__x: is no name of a label"),
        ("[extra_labels]\nx = 1979-05-27", "2: extra_labels.x: must be a string, not a date or time"),
        ("[[lint.ignore]]\nrule = 'overlap'", "1: lint.ignore: reason is missing"),
        (
            "[[lint.ignore]]\nrule = 'overlap'\nreason = ' '",
            "3: lint.ignore.reason: must not be empty",
        ),
        (
            "[[lint.ignore]]\nrule = 'overlapp'\nreason = 'r'",
            "2: lint.ignore.rule: there is no rule 'overlapp'",
        ),
    ],
)
def test_wrong_values(text: str, expected: str, tmp_path: Path) -> None:
    """Each kind of wrong value is named in words of the settings."""
    assert refused(tmp_path, text) == [expected]


def test_entry_for_every_dag_replaces_the_default(tmp_path: Path) -> None:
    """Who says how old the success of any DAG may be, gets no default beside it."""
    text = '[[success_age]]\ndag_id = ".*"\nage = "2d"\n'
    assert load(write(tmp_path, text), tmp_path).success_age == (SuccessAge(".*", 172_800),)


def test_the_second_entry_of_a_list_has_its_own_line(tmp_path: Path) -> None:
    """A mistake in a list of tables is reported where that entry stands."""
    entry = '[[success_age]]\ndag_id = "a"\nage = "1d"\n'
    assert refused(tmp_path, entry + entry.replace("1d", "soon")) == ["6: success_age.age: 'soon' is no duration"]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"out = 'x'\nout = ", 2, "not valid TOML: Invalid value"),
        (b"out = 'x", 1, "not valid TOML"),
        (b"[alerts]\n[alerts]", 2, "not valid TOML: Cannot declare this key twice"),
        (b"out = " + b"[" * 100_000, 1, "not valid TOML: "),
        (b"out = '\xff'", 0, "not UTF-8: byte 0xff at offset 7"),
    ],
)
def test_files_that_are_no_toml(content: bytes, line: int, message: str, tmp_path: Path) -> None:
    """A broken file is one problem, at the line where reading stopped."""
    (tmp_path / "dashgen.toml").write_bytes(content)
    with pytest.raises(DashgenError) as caught:
        load(None, tmp_path)
    (problem,) = caught.value.problems
    assert (problem.place.line, caught.value.exit_code) == (line, 2)
    assert problem.message.startswith(message)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that was asked for and is missing is wrong usage."""
    with pytest.raises(DashgenError, match=r"nowhere\.toml: No such file or directory") as caught:
        load(tmp_path / "nowhere.toml", tmp_path)
    assert caught.value.exit_code == 2


def test_an_editors_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """A file saved with a byte order mark is read."""
    (tmp_path / "dashgen.toml").write_bytes(b"\xef\xbb\xbfout = 'x'\n")
    assert load(None, tmp_path).out == "x"
