"""What X-Ray finds a call by: its job, execution and chunk, noted in the call's own trace.

A trace ends at the pipe, which passes none on; a job's traces are found together by its id
(docs/decisions/0018-what-is-watched.md). The document goes to the daemon beside each function, by
UDP: nothing is waited for.
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html
"""

import contextlib
import json
import os
import socket
from collections.abc import Mapping

_HEADER = '{"format": "json", "version": 1}\n'


def annotate(began_at: float, ended_at: float, about: Mapping[str, str | int]) -> None:
    """Note a call's span, in seconds since 1970, where the call is traced; else do nothing.

    What can't be sent is let go: no job fails for the sake of its trace.
    """
    daemon = os.environ.get("AWS_XRAY_DAEMON_ADDRESS")
    parts = os.environ.get("_X_AMZN_TRACE_ID", "").split(";")
    traced = dict(part.split("=", 1) for part in parts if "=" in part)
    if not daemon or not about or traced.get("Sampled") != "1" or "Parent" not in traced:
        return
    span = {
        "name": "job",
        "id": os.urandom(8).hex(),
        "trace_id": traced["Root"],
        "parent_id": traced["Parent"],
        "type": "subsegment",
        "start_time": began_at,
        "end_time": ended_at,
        "annotations": dict(about),
    }
    host, _, port = daemon.rpartition(":")
    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto((_HEADER + json.dumps(span)).encode(), (host, int(port)))
