import pytest

from infrastructure.stage import Stage, StageError


def test_without_context_there_is_a_whole_stage() -> None:
    stage = Stage.from_context({"aws:cdk:version": "2", "@aws-cdk/core:flag": True})

    assert (stage.architecture, stage.python, stage.stack_name) == ("arm64", "3.13", "Reelwright")


def test_values_from_the_command_line_are_text() -> None:
    stage = Stage.from_context(
        {
            "stage": "dev",
            "max_parallel": "200",
            "log_retention_days": "7",
            "source_buckets": "a-b, c.d",
        }
    )

    assert stage.stack_name == "Reelwright-dev"
    assert (stage.max_parallel, stage.log_retention_days) == (200, 7)
    assert stage.source_buckets == ("a-b", "c.d")


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"max_parallel": "0"}, "max_parallel: '0' is not possible; allowed: 1 to 10000"),
        ({"max_parallel": "many"}, "max_parallel: 'many' is not possible; allowed: 1 to 10000"),
        ({"architecture": "mips"}, "architecture: 'mips' is not possible; allowed: arm64, x86_64"),
        ({"chunk_timeout_s": 901}, "chunk_timeout_s: 901 is not possible; allowed: 10 to 900"),
        ({"max_paralel": 5}, "max_paralel: no such setting; did you mean max_parallel?"),
        (
            {"stage": "My Stage"},
            "stage: 'My Stage' is not possible; allowed: ^[a-z][a-z0-9]{0,19}$",
        ),
        ({"log_retention_days": 8}, "log_retention_days: 8 is not possible; allowed: 1, 3, 5, 7,"),
        ({"source_buckets": "ok-name,Bad_Name"}, "source_buckets.1: 'Bad_Name' is not possible"),
        ({"notify_email": "nobody"}, "notify_email: 'nobody' is not possible; allowed: ^$|"),
        ({"python": "3.11"}, "python: 3.11 runs on Amazon Linux 2"),
    ],
)
def test_what_cannot_be_is_refused_by_name(context: dict[str, object], sentence: str) -> None:
    with pytest.raises(StageError) as refused:
        Stage.from_context(context)

    assert str(refused.value).startswith(sentence)


def test_every_wrong_value_is_named_at_once() -> None:
    with pytest.raises(StageError) as refused:
        Stage.from_context({"max_parallel": 0, "architecture": "mips"})

    assert {line.split(":")[0] for line in str(refused.value).splitlines()} == {
        "max_parallel",
        "architecture",
    }


def test_an_old_python_may_be_used_locally() -> None:
    assert Stage(target="local", python="3.11").python == "3.11"


@pytest.mark.aws("lambda-memory")
@pytest.mark.parametrize(
    ("memory_mb", "threads"), [(256, 1), (1769, 1), (1770, 2), (3008, 2), (5307, 3), (10_240, 6)]
)
def test_threads_are_the_cores_of_the_memory(memory_mb: int, threads: int) -> None:
    assert Stage(chunk_memory_mb=memory_mb).render_threads == threads


@pytest.mark.aws("sfn-express")
@pytest.mark.parametrize(
    ("timeout_s", "kind"), [(600, "STANDARD"), (136, "STANDARD"), (135, "EXPRESS"), (60, "EXPRESS")]
)
def test_children_are_express_only_where_two_full_runs_fit_five_minutes(
    timeout_s: int, kind: str
) -> None:
    assert Stage(chunk_timeout_s=timeout_s).chunk_execution_type == kind
