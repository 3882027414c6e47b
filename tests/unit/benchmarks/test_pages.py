"""The figures of the pages are those that were recorded."""

import pytest

from benchmarks.pages import PAGES, TABLES, table, written
from benchmarks.record import recorded
from local.home import PROJECT

PLACE = "before\n<!-- figures: cost -->\nold\n<!-- end -->\nafter\n"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_recorded_figures(name: str) -> None:
    page = (PROJECT / name).read_text("utf-8")
    assert "<!-- figures: " in page
    assert written(page, recorded()) == page


def test_every_table_has_its_place() -> None:
    pages = "".join((PROJECT / name).read_text("utf-8") for name in PAGES)
    assert [name for name in TABLES if f"<!-- figures: {name} -->" not in pages] == []


def test_only_what_stands_between_the_marks_is_written_anew() -> None:
    row = {"job": "one", "usd": 0.0012, "usd_per_output_minute": None, "apart": -0.02}
    here = {"measured_at": "2026-11-21T10:00", "cores": 2, "processor": "P", "memory_gb": 24.2}
    latest = {"cost": [row], "about": {"cost": here}}

    page = written(PLACE, latest)

    assert page.startswith(
        "before\n<!-- figures: cost -->\nMeasured 2026-11-21 on 2 cores (P), 24 GB;"
    )
    assert page.endswith("| one | 0.00120 |  | -2% |\n<!-- end -->\nafter\n")
    assert written(page, latest) == page


def test_what_was_not_measured_stays() -> None:
    assert written(PLACE, {}) == PLACE


def test_figures_are_set_to_the_right() -> None:
    assert table(("a", "b"), iter([("one", "1")])) == "| a | b |\n| --- | --: |\n| one | 1 |\n"
