"""Serves the corrected engine on an open socket, with the pipe runner beside it."""

import asyncio
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Never

from hypercorn.asyncio import serve as serve_asgi
from hypercorn.config import Config

from local import pipes, step_functions
from local.home import Home
from local.runtime import build_runtime
from local.shims import (
    check_pins,
    cloudformation,
    engine_module,
    event_sources,
    lambda_workers,
    permissions,
    secrets_manager,
    symbol,
    watching,
)
from local.shims.kept_state import KeptState


async def serve(
    home: Home,
    listener: socket.socket,
    endpoint: str,
    on_ready: Callable[[str | None], None],
) -> Never:
    """Serve until SIGTERM or SIGINT; save, end all functions' workers and this process.

    `on_ready` is given what whoever starts the engine should know.
    """
    check_pins()
    application = symbol(engine_module("app"), "app")
    lambda_workers.install(home, build_runtime())
    cloudformation.install()
    event_sources.install()
    permissions.install()
    secrets_manager.install()
    watching.install()
    step_functions.install()
    kept = KeptState(home, endpoint)
    word = kept.load()
    interrupted = step_functions.interrupted()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    async with asyncio.TaskGroup() as group:
        never = asyncio.Event().wait
        group.create_task(serve_asgi(application, _settings(listener), shutdown_trigger=never))
        await _until_accepting(endpoint)
        # Only now: what hears of it or is called by it speaks to this endpoint.
        await asyncio.to_thread(step_functions.after_restart, interrupted)
        kept.go_on()
        runner = pipes.PipeRunner(endpoint)
        runner.start()
        on_ready(word)
        await kept.save_until(stopping)
        runner.stop()
        # No request is answered between this and the end: what was answered is kept.
        kept.save_last()
        lambda_workers.kill_all()
        sys.stdout.flush()
        sys.stderr.flush()
        # Requests that still wait for a function sit in threads that nothing can end.
        os._exit(0)


def _settings(listener: socket.socket) -> Config:
    """One open socket, quiet logs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    return config


async def _until_accepting(endpoint: str) -> None:
    """Wait for the first health answer."""
    host, _, port = endpoint.removeprefix("http://").rpartition(":")
    while True:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /_ministack/health HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = await reader.readline()
        writer.close()
        if b" 200" in answer:
            return
        await asyncio.sleep(0.02)
