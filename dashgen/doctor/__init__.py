"""What ``dashgen doctor`` looks at, from Airflow to the Pushgateway, in the order of a value's way.

:mod:`.installation` looks at Airflow and the plugin, :mod:`.variables` at the environment,
:mod:`.gateway` at the Pushgateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.doctor import gateway, installation, variables
from dashgen_plugin import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.doctor.check import Check


def examine() -> Iterator[Check]:
    """Yield each check once it is done; the test group is all that is changed, and for a moment."""
    settings = environment.read()
    found = installation.find(settings.catalog)
    yield from installation.checks(found)
    yield from variables.checks(settings, found)
    if variables.address(settings) is not None:
        yield from gateway.checks(settings)
