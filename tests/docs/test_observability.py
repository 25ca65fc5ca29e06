"""The guide's programs print what the guide shows, and its table has every metric."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from anyio_stt.observability.prometheus import PrometheusObserver
from tests.docs.pages import DOCS, follow

PAGE = "guides/observability.md"


def test_the_programs_print_what_the_guide_shows(tmp_path: Path) -> None:
    for expected, printed in follow(PAGE, tmp_path):
        assert printed == expected


def test_the_table_has_every_metric() -> None:
    registry = CollectorRegistry()
    PrometheusObserver(registry)
    text = (DOCS / PAGE).read_text(encoding="utf-8")
    named = {
        name.removesuffix("_total")
        for name in re.findall(r"^\| `(anyio_stt_\w+)`", text, re.MULTILINE)
    }
    assert named == {family.name for family in registry.collect()}
