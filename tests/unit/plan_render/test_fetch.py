"""Fetching a source: a real TLS server on loopback, moto's S3."""

import dataclasses
import socket
import ssl
from collections.abc import Callable

import pytest
import trustme

from functions.plan_render.source.fetch import Located, forget, locate
from functions.shared.errors import (
    SourceEmpty,
    SourceNotAllowed,
    SourceTooLarge,
    SourceUnreachable,
    TransientError,
)
from functions.shared.media_store import Keys, MediaStore
from functions.shared.web import Web
from tests.unit.plan_render.conftest import ALLOWANCE, BODY, Site

SMALL = dataclasses.replace(ALLOWANCE, size_bytes=len(BODY) - 1)


def test_an_https_source_becomes_an_object_of_its_job(
    fetch: Callable[[str], Located], store: MediaStore
) -> None:
    found = fetch("/a.mp4")
    assert (found.bucket, found.key, found.size_bytes) == ("media", Keys("a").source, len(BODY))
    assert store.read(found.key) == BODY


def test_a_second_attempt_does_not_ask_the_server_again(
    fetch: Callable[[str], Located], asked: list[str]
) -> None:
    assert fetch("/a.mp4") == fetch("/a.mp4")
    assert asked == ["/a.mp4"]


def test_the_copy_of_a_bad_source_is_forgotten_and_fetched_anew(
    fetch: Callable[[str], Located], store: MediaStore, asked: list[str]
) -> None:
    fetch("/a.mp4")
    forget("https://media.test/a.mp4", "a", store)
    fetch("/a.mp4")
    assert asked == ["/a.mp4", "/a.mp4"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_refusal_is_final_and_says_the_status(
    fetch: Callable[[str], Located], site: Site, status: int
) -> None:
    site["/no"] = (status, {}, b"")
    with pytest.raises(SourceUnreachable, match=str(status)):
        fetch("/no")


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_trouble_at_the_server_is_worth_another_attempt(
    fetch: Callable[[str], Located], site: Site, status: int
) -> None:
    site["/busy"] = (status, {}, b"")
    with pytest.raises(TransientError, match=str(status)):
        fetch("/busy")


def test_a_query_is_sent_and_never_shown(fetch: Callable[[str], Located], asked: list[str]) -> None:
    with pytest.raises(SourceUnreachable) as refused:
        fetch("/b.mp4?token=s3cret")
    assert asked == ["/b.mp4?token=s3cret"]
    assert "s3cret" not in str(refused.value)


def test_a_body_that_breaks_off_leaves_nothing_behind(
    fetch: Callable[[str], Located], site: Site, store: MediaStore
) -> None:
    site["/short"] = (200, {"content-length": str(len(BODY) + 100)}, BODY)
    with pytest.raises(TransientError, match="broke off"):
        fetch("/short")
    assert store.head(Keys("a").source) is None


def test_an_empty_source(fetch: Callable[[str], Located], site: Site) -> None:
    site["/empty"] = (200, {}, b"")
    with pytest.raises(SourceEmpty):
        fetch("/empty")


def test_too_many_promised_bytes_are_not_read(fetch: Callable[[str], Located], site: Site) -> None:
    site["/big"] = (200, {"content-length": str(ALLOWANCE.size_bytes + 1)}, b"")
    with pytest.raises(SourceTooLarge):
        fetch("/big")


def test_too_many_unpromised_bytes_are_cut_off(
    store: MediaStore, web: Web, port: int, site: Site
) -> None:
    site["/endless"] = (200, {"connection": "close"}, BODY)
    with pytest.raises(SourceTooLarge):
        locate(f"https://media.test:{port}/endless", "a", store, web, SMALL)
    assert store.head(Keys("a").source) is None


def test_redirects_are_followed(fetch: Callable[[str], Located], site: Site) -> None:
    site["/moved"] = (302, {"location": "/a.mp4"}, b"")
    assert fetch("/moved").size_bytes == len(BODY)


def test_a_malformed_redirect_is_final(fetch: Callable[[str], Located], site: Site) -> None:
    site["/moved"] = (302, {"location": "https://[bad/x"}, b"")
    with pytest.raises(SourceUnreachable, match="malformed"):
        fetch("/moved")


def test_redirects_come_to_an_end(fetch: Callable[[str], Located], site: Site) -> None:
    site["/round"] = (302, {"location": "/round"}, b"")
    with pytest.raises(SourceUnreachable, match="redirects more than 5 times"):
        fetch("/round")


@pytest.mark.parametrize(
    "target", ["http://media.test/a.mp4", "file:///etc/passwd", "ftp://media.test/a"]
)
def test_a_redirect_may_not_leave_https(
    fetch: Callable[[str], Located], site: Site, target: str
) -> None:
    site["/moved"] = (302, {"location": target}, b"")
    with pytest.raises(SourceNotAllowed, match="only https"):
        fetch("/moved")


def test_a_redirect_may_not_lead_to_a_private_address(
    store: MediaStore, authority: trustme.CA, port: int, site: Site
) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    names = {"media.test": ["127.0.0.1"], "inside.test": ["10.0.0.7"]}
    web = Web(
        resolve=lambda host, _: names[host],
        is_public=lambda address: address == "127.0.0.1",
        tls=trusting,
    )
    site["/moved"] = (302, {"location": "https://inside.test/"}, b"")
    with pytest.raises(SourceNotAllowed, match=r"inside\.test has the address 10\.0\.0\.7"):
        locate(f"https://media.test:{port}/moved", "a", store, web, ALLOWANCE)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1"])
def test_every_way_to_write_loopback_is_refused(store: MediaStore, host: str) -> None:
    with pytest.raises(SourceNotAllowed, match="not public"):
        locate(f"https://{host}/a.mp4", "a", store, Web(), ALLOWANCE)


def test_one_private_address_among_public_ones_is_enough_to_refuse(store: MediaStore) -> None:
    web = Web(resolve=lambda _host, _port: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(SourceNotAllowed, match=r"10\.0\.0\.1"):
        locate("https://two.test/a", "a", store, web, ALLOWANCE)


def test_a_certificate_for_another_name_is_refused(store: MediaStore, web: Web, port: int) -> None:
    with pytest.raises(SourceUnreachable, match="certificate"):
        locate(f"https://other.test:{port}/a.mp4", "a", store, web, ALLOWANCE)


def test_nobody_listening_is_worth_another_attempt(store: MediaStore, web: Web) -> None:
    with pytest.raises(TransientError, match="does not answer"):
        locate("https://media.test:1/a.mp4", "a", store, web, ALLOWANCE)


def test_a_name_that_does_not_exist_is_final(store: MediaStore) -> None:
    def nowhere(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(SourceUnreachable, match=r"no host named gone\.test"):
        locate("https://gone.test/a.mp4", "a", store, Web(resolve=nowhere), ALLOWANCE)


def test_an_s3_source_is_read_where_it_is(store: MediaStore) -> None:
    store.write("uploads/a b#?.mp4", BODY, "video/mp4")
    found = locate("s3://media/uploads/a b#?.mp4", "a", store, Web(), ALLOWANCE)
    assert (found.bucket, found.key, found.size_bytes) == (
        "media",
        "uploads/a b#?.mp4",
        len(BODY),
    )


@pytest.mark.parametrize("source", ["s3://media/none.mp4", "s3://no-such-bucket/a.mp4"])
def test_a_missing_object_is_final(store: MediaStore, source: str) -> None:
    with pytest.raises(SourceUnreachable, match="There is no object"):
        locate(source, "a", store, Web(), ALLOWANCE)


def test_an_empty_object_is_named(store: MediaStore) -> None:
    store.write("uploads/empty.mp4", b"", "video/mp4")
    with pytest.raises(SourceEmpty):
        locate("s3://media/uploads/empty.mp4", "a", store, Web(), ALLOWANCE)
