"""What the benchmark of cold starts reads from an assembly, and of Python."""

import json
import py_compile
from pathlib import Path

import pytest

from benchmarks.cold.packages import bytecode_share, functions_of, is_unchecked, size_of
from benchmarks.cold.starts import imports


def test_a_function_is_its_package_its_layers_and_its_settings(tmp_path: Path) -> None:
    template = {
        "Resources": {
            "Layer": {
                "Type": "AWS::Lambda::LayerVersion",
                "Properties": {"Description": "python-py313", "Content": {"S3Key": "b1.zip"}},
            },
            "Ours": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Handler": "functions.claim_job.handler.handle",
                    "Code": {"S3Key": "a1.zip"},
                    "Layers": [{"Ref": "Layer"}],
                    "Environment": {"Variables": {"LEVEL": "INFO", "TABLE": {"Ref": "Table"}}},
                },
            },
            "Other": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "index.handler"}},
        }
    }
    (tmp_path / "Stack.template.json").write_text(json.dumps(template))

    [function] = functions_of(tmp_path)

    assert function.name == "claim_job"
    assert function.roots == (tmp_path / "asset.a1", tmp_path / "asset.b1")
    assert function.settings == {"LEVEL": "INFO", "TABLE": "unknown"}


@pytest.mark.parametrize(
    ("mode", "unchecked"),
    [
        (py_compile.PycInvalidationMode.UNCHECKED_HASH, True),
        (py_compile.PycInvalidationMode.CHECKED_HASH, False),
        (py_compile.PycInvalidationMode.TIMESTAMP, False),
    ],
)
def test_only_unchecked_bytecode_counts(
    tmp_path: Path, mode: py_compile.PycInvalidationMode, *, unchecked: bool
) -> None:
    for name in ("one", "other"):
        (tmp_path / f"{name}.py").write_text("a = 1\n")
    made = py_compile.compile(str(tmp_path / "one.py"), invalidation_mode=mode, doraise=True)

    assert is_unchecked(Path(str(made))) == unchecked
    assert bytecode_share(tmp_path) == (0.5 if unchecked else 0)


def test_a_folder_is_measured_as_files_and_as_a_zip(tmp_path: Path) -> None:
    (tmp_path / "python" / "one-1.0.dist-info").mkdir(parents=True)
    (tmp_path / "python" / "zeros").write_bytes(bytes(10_000_000))

    size = size_of(tmp_path)

    assert (size["unzipped_mb"], size["packages"]) == (10, 1)
    assert 0 < size["zipped_mb"] < 0.1


def test_ours_count_for_their_own_time_only() -> None:
    told = """import time: self [us] | cumulative | imported package
import time:       100 |        100 |       awslambdaric.bootstrap
import time:      3000 |       3000 |     botocore.config
import time:       200 |       3200 |   functions.shared.runtime
import time:       400 |       3600 | functions.claim_job.handler
"""
    assert [(each["module"], each["cumulative_ms"]) for each in imports(told)] == [
        ("botocore.config", 3),
        ("functions.claim_job.handler", 0.4),
        ("functions.shared.runtime", 0.2),
    ]
