"""Serves the corrected engine on an open socket, with the pipe runner beside it."""

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import Callable

from hypercorn.asyncio import serve as serve_asgi
from hypercorn.config import Config

from local import pipes, step_functions
from local.home import Home
from local.runtime import build_runtime
from local.shims import check_pins, cloudformation, engine_module, lambda_workers, symbol


async def serve(
    home: Home, listener: socket.socket, endpoint: str, on_ready: Callable[[], None]
) -> None:
    """Serve until SIGTERM or SIGINT, then end all functions' workers."""
    check_pins()
    application = symbol(engine_module("app"), "app")
    lambda_workers.install(home, build_runtime())
    cloudformation.install()
    step_functions.install()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopping.set)
    server = asyncio.create_task(
        serve_asgi(application, _settings(listener), shutdown_trigger=stopping.wait)
    )
    await _until_accepting(endpoint)
    runner = pipes.PipeRunner(endpoint)
    runner.start()
    on_ready()
    await stopping.wait()
    runner.stop()
    lambda_workers.kill_all()
    await asyncio.wait([server], timeout=1.0)


def _settings(listener: socket.socket) -> Config:
    """One open socket, quiet logs, no waiting for idle clients at the end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.2
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
