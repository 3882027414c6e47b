"""Functions run as Lambda runs them."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local import processes
from tests.embedded.conftest import Bench, eventually, unique, zipped

SLEEPER = """
    import os, subprocess
    def handle(event, context):
        child = subprocess.Popen(["sleep", "60"])
        print(child.pid, flush=True)
        open(event["pids"], "w").write(f"{os.getpid()} {child.pid}")
        child.wait()
"""


def test_error_carries_the_class_and_the_message(bench: Bench) -> None:
    function = bench.function("""
        class SourceTooLarge(Exception):
            pass
        def handle(event, context):
            raise SourceTooLarge("9 GB")
    """)
    answer, error = bench.invoke(function)
    assert error == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("SourceTooLarge", "9 GB")
    assert any("raise SourceTooLarge" in line for line in answer["stackTrace"])


def test_output_of_a_child_is_not_taken_for_the_answer(bench: Bench) -> None:
    function = bench.function("""
        import subprocess
        def handle(event, context):
            subprocess.run(["echo", '{"status": "ok", "result": "forged"}'])
            print("chatter")
            return {"made": "here"}
    """)
    assert bench.invoke(function) == ({"made": "here"}, None)


def test_environment_is_lambdas(bench: Bench) -> None:
    function = bench.function(
        """
        import os, boto3
        def handle(event, context):
            identity = boto3.client("sts").get_caller_identity()["Account"]
            return dict(os.environ) | {"identity": identity, "arn": context.invoked_function_arn}
        """,
        MemorySize=512,
        Environment={"Variables": {"TABLE": "jobs"}},
    )
    seen, error = bench.invoke(function)
    assert error is None
    name = function.rpartition(":")[2]
    expected = {
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": "us-east-1",
        "TABLE": "jobs",
        "arn": function,
        "_HANDLER": "handler.handle",
    }
    assert {key: seen.get(key) for key in expected} == expected
    assert seen["identity"] == function.split(":")[4]


def test_only_the_runtimes_own_packages_are_there(bench: Bench) -> None:
    function = bench.function("""
        import importlib.util
        def handle(event, context):
            return {name: bool(importlib.util.find_spec(name)) for name in event["names"]}
    """)
    found, _ = bench.invoke(function, {"names": ["boto3", "pydantic", "pytest", "moto", "local"]})
    assert found == {
        "boto3": True, "pydantic": False, "pytest": False, "moto": False, "local": False,
    }  # fmt: skip


def test_missing_package_fails_by_name(bench: Bench) -> None:
    answer, error = bench.invoke(bench.function("import pydantic\ndef handle(e, c): pass"))
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.ImportModuleError"


@pytest.mark.aws("lambda-layers")
def test_layer_is_on_the_paths_with_its_exec_bits(bench: Bench) -> None:
    layer = bench.client("lambda").publish_layer_version(
        LayerName=unique("layer"),
        Content={
            "ZipFile": zipped(
                {"bin/greet": "#!/bin/sh\necho hello", "python/greeting.py": "NAME = 'layer'"}
            )
        },
    )["LayerVersionArn"]
    function = bench.function(
        """
        import shutil, subprocess
        def handle(event, context):
            import greeting
            said = subprocess.run([shutil.which("greet")], capture_output=True, text=True).stdout
            return [said.strip(), greeting.NAME]
        """,
        Layers=[layer],
    )
    assert bench.invoke(function) == (["hello", "layer"], None)


@pytest.mark.aws("lambda-reuse")
def test_worker_is_reused_while_warm(bench: Bench) -> None:
    function = bench.function("""
        import os
        def handle(event, context):
            return os.getpid()
    """)
    assert bench.invoke(function) == bench.invoke(function)


@pytest.mark.aws("lambda-reuse")
def test_simultaneous_calls_get_a_worker_each(bench: Bench) -> None:
    function = bench.function(
        """
        import os, time, pathlib
        def handle(event, context):
            folder = pathlib.Path(event["folder"])
            (folder / str(os.getpid())).touch()
            deadline = time.monotonic() + 25
            while len(list(folder.iterdir())) < event["count"] and time.monotonic() < deadline:
                time.sleep(0.02)
            return len(list(folder.iterdir()))
        """,
        timeout_s=30,
    )
    folder = bench.aws.home.tmp_path / unique("together")
    folder.mkdir()
    with ThreadPoolExecutor(20) as pool:
        calls = [
            pool.submit(bench.invoke, function, {"folder": str(folder), "count": 20})
            for _ in range(20)
        ]
    assert [call.result() for call in calls] == [(20, None)] * 20


@pytest.mark.aws("lambda-timeout")
def test_timeout_is_worded_as_lambda_words_it_and_leaves_no_child(bench: Bench) -> None:
    function = bench.function(SLEEPER, timeout_s=1)
    pids = bench.aws.home.tmp_path / unique("pids")
    answer, error = bench.invoke(function, {"pids": str(pids)})
    assert error == "Unhandled"
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Task timed out after 1.00 seconds")
    for pid in pids.read_text().split():
        eventually(lambda pid=pid: not processes.is_alive(int(pid)))


def test_killed_worker_is_an_exit_error_and_leaves_no_child(bench: Bench) -> None:
    function = bench.function(SLEEPER, timeout_s=30)
    pids = bench.aws.home.tmp_path / unique("pids")
    with ThreadPoolExecutor(1) as pool:
        invocation = pool.submit(bench.invoke, function, {"pids": str(pids)})
        worker, child = map(int, eventually(lambda: pids.exists() and pids.read_text()).split())
        os.kill(worker, signal.SIGKILL)
        answer, error = invocation.result()
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.ExitError"
    eventually(lambda: not processes.is_alive(child))
    # The next call gets a new worker.
    fresh = bench.aws.home.tmp_path / unique("pids")
    bench.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps({"pids": str(fresh)})
    )
    assert int(eventually(lambda: fresh.exists() and fresh.read_text()).split()[0]) != worker


@pytest.mark.aws("lambda-reuse")
def test_each_worker_has_its_own_temporary_folder_and_loses_it(bench: Bench) -> None:
    function = bench.function(
        """
        import pathlib, tempfile, time
        def handle(event, context):
            pathlib.Path(tempfile.gettempdir(), "left").touch()
            if event:
                pathlib.Path(event["where"]).write_text(tempfile.gettempdir())
                time.sleep(60)
            return tempfile.gettempdir()
        """,
        timeout_s=1,
    )
    where = bench.aws.home.tmp_path / unique("where")
    _, error = bench.invoke(function, {"where": str(where)})
    assert error == "Unhandled"
    eventually(lambda: not Path(where.read_text()).exists())
    folder, _ = bench.invoke(function)
    assert Path(folder, "left").exists()
    assert folder != str(bench.aws.home.tmp_path)


def test_printed_lines_are_in_the_functions_log(bench: Bench) -> None:
    function = bench.function("""
        def handle(event, context):
            print("a line of", context.function_name)
    """)
    bench.invoke(function)
    name = function.rpartition(":")[2]
    found = bench.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    messages = "".join(event["message"] for event in found)
    assert f"a line of {name}" in messages
    assert "REPORT RequestId" in messages


def test_new_code_replaces_the_workers(bench: Bench) -> None:
    function = bench.function("def handle(event, context): return 1")
    assert bench.invoke(function) == (1, None)
    bench.client("lambda").update_function_code(
        FunctionName=function,
        ZipFile=zipped({"handler.py": "def handle(event, context): return 2"}),
    )
    assert bench.invoke(function) == (2, None)


@pytest.mark.aws("lambda-throttle")
def test_reserved_concurrency_throttles(bench: Bench) -> None:
    functions = bench.client("lambda")
    function = bench.function("def handle(event, context): pass")
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    with pytest.raises(functions.exceptions.TooManyRequestsException):
        functions.invoke(FunctionName=function)


def test_warm_call_is_quick(bench: Bench) -> None:
    function = bench.function("def handle(event, context): return event")
    bench.invoke(function)
    times_s = []
    for _ in range(5):
        begun = time.monotonic()
        bench.invoke(function)
        times_s.append(time.monotonic() - begun)
    assert min(times_s) < 0.5
