"""Receives Reelwright's webhooks and believes only what is signed. docs/events.md explains.

    pip install standardwebhooks
    WEBHOOK_SECRET=whsec_… python examples/webhook_receiver.py --port 8443 --certificate host.pem

Without a certificate it speaks plain http, for use behind a proxy that ends TLS.
"""

import argparse
import json
import os
import ssl
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

MOST_BYTES = 1_048_576
Take = Callable[[str, dict[str, Any]], None]


def make_server(secret: str, take: Take, port: int, certificate: str | None) -> ThreadingHTTPServer:
    """A server that calls `take(event id, body)` once for each webhook it believes."""
    webhook = Webhook(secret)
    taken: set[str] = set()

    class Receiver(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                self.answer(413)
                return
            # Verify the bytes as they came: JSON that was read and written again is not the same.
            body = self.rfile.read(int(length))
            try:
                event = webhook.verify(body, dict(self.headers))
            except (WebhookVerificationError, ValueError):  # not signed, or not as it should be
                self.answer(401)
                return
            # A webhook may come twice. A real receiver keeps the ids with what it does.
            event_id = self.headers["webhook-id"]
            if event_id not in taken:
                take(event_id, event)
                taken.add(event_id)
            self.answer(204)

        def answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("", port), Receiver)
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


def show(event_id: str, event: Mapping[str, Any]) -> None:
    job = event["data"]
    print(event_id, event["type"], job["job_id"], json.dumps(job["progress"]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--certificate", help="a PEM file with key and chain")
    asked = parser.parse_args()
    server = make_server(os.environ["WEBHOOK_SECRET"], show, asked.port, asked.certificate)
    print(f"listening on port {asked.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
