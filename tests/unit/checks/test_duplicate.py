"""Rule duplicate."""

from __future__ import annotations

from dataclasses import replace

from dashgen.checks.document import Document
from tests.unit.checks.examples import alert, dashboard, findings, messages, panel, rules, target


def _document(file: str = "fleet.json", *, uid: str = "fleet", title: str = "Fleet") -> Document:
    return Document.dashboard(dashboard(uid=uid, title=title), file)


def test_different_names_pass() -> None:
    """Ids, refIds and names that differ pass, and dashboards beside rules."""
    first = dashboard(panel(), panel(id=2, targets=[target("x"), target("x", refId="B")]))
    second = dashboard(panel(), uid="other", title="Other")
    documents = (Document.dashboard(first, "a.json"), Document.dashboard(second, "b.json"))
    other = alert("task_status == 2")
    assert messages("duplicate", *documents, rules(alert(), other)) == []


def test_dashboards_of_one_uid_are_told_with_each_other() -> None:
    """The second one is found, and told where the first is."""
    (found,) = findings("duplicate", _document("a.json"), _document("b.json", title="Other"))
    assert found.message == "uid fleet is taken"
    assert found.element.place.file == "b.json"
    assert found.hint == 'The other one: a.json: dashboard "Fleet"'


def test_dashboards_of_one_title_are_told() -> None:
    """Grafana refuses two of one title in a folder."""
    assert messages("duplicate", _document(), _document("b.json", uid="other")) == [
        'title "Fleet" is taken. The other one: fleet.json: dashboard "Fleet"'
    ]


def test_panels_of_one_id_are_told_across_rows() -> None:
    """Ids are unique in the dashboard, whatever row a panel is in."""
    row = {"id": 7, "type": "row", "title": "Row", "panels": [panel(title="Inner")]}
    (found,) = findings("duplicate", Document.dashboard(dashboard(panel(), row), "x.json"))
    assert (found.message, found.element.name) == ("id 1 is taken", "Inner")


def test_targets_of_one_ref_id_are_told_once() -> None:
    """Two targets of one refId are one finding, and so are three."""
    same = panel(targets=[target("x"), target("y"), *[target("z", refId="B")] * 3])
    assert messages("duplicate", Document.dashboard(dashboard(same), "x.json")) == [
        "several of its targets have the refId A.",
        "several of its targets have the refId B.",
    ]


def test_variables_of_one_name_are_told() -> None:
    """The second variable would hide the first."""
    twice = dashboard(variables=[{"name": "dag_id", "type": "custom"}])
    (message,) = messages("duplicate", Document.dashboard(twice, "x.json"))
    assert message.startswith("variable dag_id is taken")


def test_equal_rules_are_told_across_files() -> None:
    """The same name, labels and expression make the same series twice."""
    assert messages("duplicate", rules(alert()), rules(alert(), name="more")) == [
        (
            "TaskFailed is there twice, with the same labels and expression. The other one: "
            'rules.yml: group "tasks", alert "TaskFailed"'
        )
    ]


def test_a_file_and_a_resource_are_two_ways_to_deploy_one_thing() -> None:
    """A dashboard or rule is told among resources of its kind, and not against a plain file."""
    for plain, kind in ((_document(), "Dashboard"), (rules(alert()), "PrometheusRule")):
        wrapped = replace(plain, resource=kind)
        assert messages("duplicate", plain, wrapped) == []
        again = replace(plain, resource=kind, root=replace(plain.root))
        assert messages("duplicate", wrapped, again, plain) == messages("duplicate", plain, replace(again, resource=""))


def test_groups_of_one_name_in_a_file_are_told() -> None:
    """Prometheus refuses a file with two groups of one name; in two files they are fine."""
    group = {"name": "tasks", "rules": []}
    twice = Document.rules_file({"groups": [group, group]}, "rules.yml")
    assert len(messages("duplicate", twice)) == 1
    assert messages("duplicate", rules(), rules()) == []


def test_what_is_no_name_is_no_duplicate() -> None:
    """Missing and malformed names are other rules' matter."""
    panels = [panel(id=None, targets=[{"refId": []}, {"refId": []}]), panel(id=[])]
    document = Document.dashboard(dashboard(*panels, panel(id={}), uid=None), "x.json")
    other = Document.dashboard(dashboard(uid=None, title="Other"), "y.json")
    assert messages("duplicate", document, other) == []
