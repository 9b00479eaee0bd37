"""What is shipped of other people's work, and under which licences."""

from __future__ import annotations

import re
import subprocess
import zipfile
from typing import TYPE_CHECKING

from tests.programs import CHECKOUT, program

if TYPE_CHECKING:
    from pathlib import Path

WEB = CHECKOUT / "dashgen" / "preview" / "web"
LICENCES = CHECKOUT / "dashgen" / "preview" / "bundle" / "LICENCES.txt"


def is_allowed(expression: str) -> bool:
    """Ask the build's own check of an SPDX expression."""
    code = f"import {{ isAllowed }} from '{WEB}/tools/licences.mjs'; console.log(isAllowed({expression!r}))"
    command = (program("node"), "--input-type=module", "--eval", code)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "true"


def test_licences_of_the_bundle() -> None:
    """Each package is listed with its licence; what draws is among them, and nothing under the AGPL."""
    text = LICENCES.read_text(encoding="utf-8")
    listed = dict(re.findall(r"(?m)^-{80}\n(\S+) \S+\nLicence: (.+)$", text))
    assert listed["@grafana/ui"] == "Apache-2.0"
    assert listed["uplot"] == "MIT"
    assert listed["@fontsource/inter"] == "OFL-1.1"
    assert "@grafana/prometheus" not in listed
    assert not [name for name, licence in listed.items() if "GPL" in licence]


def test_licences_that_are_refused() -> None:
    """A licence that obliges us, or that nobody knows, is refused; of alternatives one that is fine is enough."""
    assert not is_allowed("AGPL-3.0-only")
    assert not is_allowed("unknown")
    assert not is_allowed("MIT AND GPL-3.0-only")
    assert is_allowed("(MPL-2.0 OR Apache-2.0)")


def test_wheel_has_the_page(wheel: Path) -> None:
    """The package brings the page and the licences, and not what the page is made from."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    bundle = "dashgen/preview/bundle"
    assert {f"{bundle}/index.html", f"{bundle}/main.js", f"{bundle}/LICENCES.txt"} <= names
    assert f"{bundle}/build/img/icons/unicons/angle-down.svg" in names
    assert not [name for name in names if name.startswith("dashgen/preview/web/")]
