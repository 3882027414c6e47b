"""The page of Swagger UI needs no other host, and may not speak to one."""

import base64
import gzip
import hashlib
import re
from html.parser import HTMLParser

from functions.handle_api import handler
from functions.handle_api.docs_page import page
from tests.unit.handle_api.conftest import Context, Gateway


class Elements(HTMLParser):
    """Elements with what they carry."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        self.attributes += attrs
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts[-1] += data


def test_it_loads_nothing_and_runs_its_own_scripts_only(gateway: Gateway) -> None:
    answer = gateway.call("GET", "/docs", sub=None)
    found = Elements()
    found.feed(answer.text)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert {name for name, _ in found.attributes} <= {"lang", "charset", "id"}
    assert "SwaggerUIBundle" in found.scripts[0]
    assert 'url: "openapi.json"' in found.scripts[1]
    policy = answer.headers["Content-Security-Policy"]
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    assert allowed == [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in found.scripts
    ]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy.split("script-src")[1].split(";")[0]
    assert "http" not in policy


def test_no_reader_of_html_can_mistake_where_a_script_ends() -> None:
    """A `<!--` in it, or a `<script`, may make one look for the end elsewhere."""
    for script in re.findall(r"<script>(.*?)</script>", page().html, re.DOTALL):
        assert not re.search(r"<!--|</?script", script)


def test_it_is_sent_compressed_where_that_is_understood(gateway: Gateway) -> None:  # noqa: ARG001
    event = {
        "version": "2.0",
        "rawPath": "/docs",
        "headers": {"accept-encoding": "gzip, br"},
        "requestContext": {"http": {"method": "GET", "path": "/docs"}, "stage": "$default"},
    }
    answer = handler.handle(event, Context())
    packed = base64.b64decode(answer["body"])
    assert answer["headers"]["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed).decode() == page().html
    assert len(packed) < 1_000_000
