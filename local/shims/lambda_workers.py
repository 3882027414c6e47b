"""Python functions run under AWS's own runtime client, in workers that see only what Lambda shows.

The engine's Python worker reports every failure as one error type, shares its protocol pipe with
the function's stdout and loses a layer's exec bits. Its worker for custom runtimes serves Lambda's
Runtime API instead, so Python functions are run there, with `awslambdaric` as the bootstrap.
"""

import hashlib
import io
import os
import shutil
import signal
import sys
import zipfile
from pathlib import Path
from typing import Any

from local.home import HOME_MARKER, Home
from local.shims import engine_module, replace, require, symbol

_ENTRY = Path(__file__).parents[1] / "worker.py"
_BOOTSTRAP = "bootstrap"
_LOG_WAIT_S = 0.01
_DEATH_POLL_S = 0.25
"""How often it is looked whether a worker in mid-call has died. The engine's own 0.05 s takes a
hundredth of a core from seven encoders; an answer is waited for without polling."""


def install(home: Home, runtime: Path) -> None:
    """Route Python functions to such workers. `runtime` holds what Lambda itself supplies."""
    service = engine_module("services.lambda_svc")
    workers = engine_module("core.lambda_runtime")
    require(service, "_resolve_layer_zip", "_runtime_env_vars", "execution_credentials")
    require(service, "get_region", "new_uuid")
    require(workers, "_workers")
    unpacked = _Unpacked(home.code_path, symbol(service, "_provided_code_lock"))

    def is_python(config: dict[str, Any]) -> bool:
        return str(config.get("Runtime", "")).startswith("python")

    worker_class = _worker_class(workers, home)
    replace(
        workers,
        "_worker_class_for",
        lambda original: lambda config: worker_class if is_python(config) else original(config),
    )
    replace(workers, "_signal", lambda _original: _kill_group)
    replace(workers, "_PROVIDED_POLL", lambda _original: _DEATH_POLL_S)
    run_on_runtime_api = symbol(service, "_execute_function_provided_warm")
    replace(
        service,
        "_execute_function_warm",
        lambda original: (
            lambda function, event, request_id: (
                run_on_runtime_api if is_python(function.get("config") or function) else original
            )(function, event, request_id)
        ),
    )
    replace(service, "_provided_runtime_code_dir", lambda _original: unpacked.function)
    # A version has no record of it: AWS shares it among all versions of a function.
    replace(
        service,
        "_reserved_concurrency",
        lambda original: (
            lambda function, config: original(
                symbol(service, "_functions").get(config["FunctionName"]) or function, config
            )
        ),
    )
    replace(
        service,
        "_provided_worker_env",
        lambda _original: (
            lambda config, code, port: _environment(
                service,
                home,
                config,
                [Path(code), *unpacked.layers(service, config), runtime],
                port,
            )
        ),
    )


def kill_all() -> None:
    """End every worker, whatever it does."""
    pools = symbol(engine_module("core.lambda_runtime"), "_workers")
    for worker in [worker for pool in pools.values() for worker in pool]:
        _kill_group(worker._proc)  # noqa: SLF001 - the engine has no other name for it


def _worker_class(workers: Any, home: Home) -> Any:
    """The engine's Runtime API worker, wording failures as Lambda does."""
    base = symbol(workers, "ProvidedWorker")
    require(base, "_build_handler_class", "_drain_stderr_bounded", "_shutdown_server")
    init_timeout = symbol(workers, "ProvidedInitTimeout")
    wordings = {
        "Sandbox.Timedout": "Task timed out after {timeout_s:.2f} seconds",
        "Runtime.ExitError": "Runtime exited without providing a reason",
    }

    class PythonWorker(base):  # type: ignore[misc, valid-type]
        def invoke(self, event: Any, request_id: str, **metadata: Any) -> dict[str, Any]:
            try:
                result: dict[str, Any] = super().invoke(event, request_id, **metadata)
            except RuntimeError as error:
                # The worker never came to its first event.
                is_late = isinstance(error, init_timeout)
                payload = self._init_error or {
                    "errorType": "Sandbox.Timedout" if is_late else "Runtime.ExitError"
                }
                result = {"status": "error", "error_payload": payload, "log": str(error)}
            failure = result.get("error_payload")
            if isinstance(failure, dict) and failure.get("errorType") in wordings:
                timeout_s = float(self.config.get("Timeout", 3))
                wording = wordings[failure["errorType"]].format(timeout_s=timeout_s)
                failure["errorMessage"] = f"RequestId: {request_id} Error: {wording}"
            return result

        def _build_handler_class(self, *arguments: Any) -> Any:
            handler = super()._build_handler_class(*arguments)
            # Else every event waits 40 ms for the acknowledgement of its own headers.
            handler.disable_nagle_algorithm = True
            return handler

        def _drain_stderr_bounded(self, **_limits: float) -> str:
            # What was printed came before the answer; a function may well print nothing.
            lines: str = super()._drain_stderr_bounded(first_line_wait=_LOG_WAIT_S)
            return lines

        def _shutdown_server(self) -> None:
            port = self._server.server_address[1] if self._server else None
            super()._shutdown_server()
            if port:
                shutil.rmtree(_tmp_path(home, port), ignore_errors=True)

    return PythonWorker


def _tmp_path(home: Home, port: int) -> Path:
    """The TMPDIR of one worker, as each has its own /tmp on Lambda."""
    return home.tmp_path / f"worker-{port}"


def _kill_group(process: Any) -> None:
    """End a worker with everything it started: it leads its own process group."""
    if process is None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def _environment(
    service: Any, home: Home, config: dict[str, Any], roots: list[Path], port: int
) -> dict[str, str]:
    """What a function finds in its environment. `roots`: its code, its layers, the runtime."""
    code, *layers, runtime = roots
    region = symbol(service, "get_region")()
    tmp = _tmp_path(home, port)
    tmp.mkdir()
    name = config.get("FunctionName", "unknown")
    return {
        **symbol(service, "_runtime_env_vars")(config),
        **symbol(service, "execution_credentials")(config),
        HOME_MARKER: str(home.path.resolve()),
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": os.environ["REELWRIGHT_ENDPOINT"],
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": (config.get("LoggingConfig") or {}).get("LogGroup")
        or f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": symbol(service, "new_uuid")(),
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_REGION": region,
        "LAMBDA_RUNTIME_DIR": str(runtime),
        "LAMBDA_TASK_ROOT": str(code),
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": os.pathsep.join(str(layer / "lib") for layer in layers),
        "PATH": os.pathsep.join(
            [*(str(layer / "bin") for layer in layers), "/usr/local/bin", "/usr/bin", "/bin"]
        ),
        "PYTHONPATH": os.pathsep.join(
            [str(code), *(str(layer / "python") for layer in layers), str(runtime)]
        ),
        "TMPDIR": str(tmp),
        "TZ": ":UTC",
        "_HANDLER": config["Handler"],
    }


class _Unpacked:
    """Code and layers on disk, once per content, kept for the next engine of the same home."""

    def __init__(self, folder: Path, spawn_lock: Any) -> None:
        self._folder = folder
        self._spawn_lock = spawn_lock
        self._known: dict[int, tuple[bytes, Path]] = {}

    def function(self, code_zip: bytes) -> str:
        """Where a function's code is, with the bootstrap beside it."""
        folder = self._folder_of(code_zip)
        bootstrap = folder / _BOOTSTRAP
        content = f'#!/bin/sh\nexec "{sys.executable}" -s -S -P -u "{_ENTRY}" "$_HANDLER"\n'
        with self._spawn_lock:
            if not bootstrap.exists() or bootstrap.read_text("utf-8") != content:
                bootstrap.write_text(content, "utf-8")
                bootstrap.chmod(0o755)
        return str(folder)

    def layers(self, service: Any, config: dict[str, Any]) -> list[Path]:
        """Where the layers attached to a function are, in the order they are attached."""
        zips = [symbol(service, "_resolve_layer_zip")(layer) for layer in config.get("Layers", [])]
        return [self._folder_of(content) for content in zips if content]

    def _folder_of(self, content: bytes) -> Path:
        # Hashing a layer takes as long as starting a worker: once per object, not per worker.
        known = self._known.get(id(content))
        if known is None:
            # A process must not be forked while a program's file is open for writing.
            with self._spawn_lock:
                known = self._known[id(content)] = (content, self._unpack(content))
        return known[1]

    def _unpack(self, content: bytes) -> Path:
        folder = self._folder / hashlib.sha256(content).hexdigest()[:32]
        if folder.is_dir():
            return folder
        part = folder.with_suffix(f".{os.urandom(4).hex()}")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                target = archive.extract(entry, part)
                if mode := (entry.external_attr >> 16) & 0o777:
                    Path(target).chmod(mode)
        part.rename(folder)
        return folder
