import pytest

from benchmarks.cases import USUAL, Case, every
from benchmarks.figures import medians, shown, spread_of


def test_median_and_range() -> None:
    row = {**spread_of("wall_ratio", [1.5, 1.0, 1.1]), "rounds": 3}

    assert row["wall_ratio"] == 1.1
    assert (row["wall_ratio_min"], row["wall_ratio_max"]) == (1.0, 1.5)
    assert shown(row, "wall_ratio") == "1.10 (1.00-1.50)"


def test_one_round_has_no_range() -> None:
    assert shown({**spread_of("wall_ratio", [1.5]), "rounds": 1}, "wall_ratio") == "1.50"


def test_medians_by_name() -> None:
    rounds = [{"plan": 1.0, "render": 9.0}, {"plan": 3.0, "render": 7.0}]
    assert medians(rounds) == {"plan": 2.0, "render": 8.0}


def test_the_usual_cases_are_among_all() -> None:
    def settings(case: Case) -> tuple[int, str, int, bool]:
        return (case.clip_s, case.preset, case.outputs, case.overlay)

    all_cases = [settings(case) for case in every()]
    assert len(all_cases) == len(set(all_cases)) == 24
    assert {settings(case) for case in USUAL} <= set(all_cases)


@pytest.mark.parametrize("logo", [None, "s3://b/logo.png"])
def test_a_request_says_what_the_case_does(logo: str | None) -> None:
    request = Case(10, "medium", outputs=4).request("s3://b/clip.mp4", logo)

    assert [output["height"] for output in request["render"]["outputs"]] == [1080, 720, 480, 360]
    assert ("edit" in request) is (logo is not None)
