"""`reelwright doctor` beside the embedded AWS: this machine, and the stack that is up."""

from tests.cli.conftest import CommandLine


def test_the_machine_and_the_stack_are_looked_at(reelwright: CommandLine) -> None:
    ran = reelwright("doctor", "--json")

    assert (ran.code, ran.err) == (0, "")
    assert ran.json["checked"] == "the embedded AWS on this machine"
    found = {one["what"]: one for one in ran.json["findings"]}
    assert {one["state"] for one in found.values()} <= {"ok", "narrower"}
    assert found["ffmpeg layer"]["allows"].startswith("ffmpeg version")
    assert found["stack"]["allows"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert found["job queue"]["allows"].endswith("messages wait")
    room = found["Lambda: functions at once"]
    assert (room["allows"], room["wants"]) == ("1,000", "10 jobs × 100 chunks = 1,000")


def test_an_embedded_aws_that_is_not_up_is_found(reelwright: CommandLine) -> None:
    gone = reelwright.given(REELWRIGHT_LOCAL_HOME=str(reelwright.folder / "none"))

    ran = gone("doctor")

    assert ran.code == 1
    assert "No embedded AWS is up" in ran.out
    assert ran.out.endswith("This can't work as it is.\n")
