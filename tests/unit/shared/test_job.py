"""A request is taken or refused with one sentence that says what and where."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.errors import InvalidRequest
from functions.shared.job import Request, parse_input, parse_request

RENDER = '"render": {"outputs": [{}]}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "message is empty"),
        ("  \n", "message is empty"),
        ("hello", "message is not JSON"),
        ('{"source": "s3://bucket/key"', "message is not JSON"),
        ("[]", "must be a JSON object"),
        ('"s3://bucket/key"', "must be a JSON object"),
        ("{}", "source is missing"),
        ('{"source": "s3://bucket/key"}', "ask for render, snapshots or both"),
        ('{"sorce": "s3://bucket/key", %s}' % RENDER, "did you mean source?"),
        ('{"source": "file:///etc/passwd", %s}' % RENDER, "'file' is not one of s3, https"),
        ('{"source": "http://example.com/a", %s}' % RENDER, "'http' is not one of s3, https"),
        ('{"source": "http://169.254.169.254/", %s}' % RENDER, "'http' is not one of s3, https"),
        ('{"source": "https://169.254.169.254/", %s}' % RENDER, "not a public one"),
        ('{"source": "https://[::ffff:10.0.0.1]/", %s}' % RENDER, "not a public one"),
        ('{"source": "https://[64:ff9b::7f00:1]/", %s}' % RENDER, "not a public one"),
        ('{"source": "concat:a.mp4|b.mp4", %s}' % RENDER, "'concat' is not one of s3, https"),
        ('{"source": "-i", %s}' % RENDER, "'missing' is not one of s3, https"),
        ('{"source": "https://me:secret@example.com/a", %s}' % RENDER, "no user or password"),
        ('{"source": "s3://bucket", %s}' % RENDER, "s3://bucket/key"),
        (
            '{"source": "s3://bucket/key", "render": {"outputs": []}}',
            "ask for outputs, streams or both",
        ),
        (
            '{"source": "s3://bucket/key", "render": {"outputs": [{"video": {"crff": 3}}]}}',
            "render.outputs.0.video.crff is not a field; did you mean crf?",
        ),
        (
            '{"source": "s3://bucket/key", "render": {"outputs": [{"height": "720"}]}}',
            "render.outputs.0.height",
        ),
        (
            '{"source": "s3://bucket/key", "render": {"outputs": [{"name": "../../x"}]}}',
            "render.outputs.0.name",
        ),
        (
            '{"source": "s3://bucket/key", "render": {"outputs": [{"name": "audio"}]}}',
            "'audio' is reserved",
        ),
        (
            '{"source": "s3://bucket/key", "render": {"outputs": [{}, {}]}}',
            "two outputs are named 'video'",
        ),
        (
            '{"source": "s3://bucket/key", "snapshots": {}}',
            "one of count, every_s, at_s, at_percent, random, scenes; this has none",
        ),
        (
            '{"source": "s3://bucket/key", "snapshots": {"count": 1, "every_s": 2}}',
            "count and every_s",
        ),
        ('{"source": "s3://bucket/key", "snapshots": {"at_s": [NaN]}}', "snapshots.at_s.0"),
        ('{"source": "s3://bucket/key", "priority": 51, %s}' % RENDER, "priority"),
        (
            '{"source": "s3://bucket/key", "notify": {"webhook_url": "http://a"}, %s}' % RENDER,
            "https://",
        ),
        (
            '{"source": "s3://b-1/k", "notify": {"webhook_url": "https://10.0.0.1/"}, %s}' % RENDER,
            "notify.webhook_url: the address 10.0.0.1 is not a public one",
        ),
        (
            '{"source": "s3://b-1/k", "notify": {"webhook_url": "https://a:b@c/"}, %s}' % RENDER,
            "a webhook address names a host and carries no user or password",
        ),
        (
            '{"source": "s3://b-1/k", "notify": {"webhook_secret": "whsec_%s"}, %s}'
            % ("a" * 33, RENDER),
            "notify.webhook_secret: a webhook secret is whsec_ and then base64",
        ),
    ],
)
def test_a_bad_request_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_request(text)
    sentence = str(refused.value)
    assert said in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "after validation" not in sentence


def test_the_smallest_request_gets_sensible_defaults() -> None:
    request = parse_request('{"source": "s3://bucket/key", "render": {"outputs": [{}]}}')
    assert request.render is not None
    (output,) = request.render.outputs
    assert (output.name, output.height, output.video.crf) == ("video", None, None)
    assert output.audio is not None
    assert output.audio.bitrate_kbps is None


def test_sound_can_be_left_out() -> None:
    request = parse_request('{"source": "s3://b-1/k", "render": {"outputs": [{"audio": null}]}}')
    assert request.render is not None
    assert request.render.outputs[0].audio is None


def test_everything_later_issues_use_is_stored_as_it_was_sent() -> None:
    text = (
        '{"job_id":"j1","source":"https://example.com/a.mp4","order_key":"customer-42",'
        '"priority":-3,"snapshots":{"every_s":2.5,"widths":[320,1280],"format":"png"},'
        '"chunk_s":10.0,"max_parallel":4,'
        '"notify":{"webhook_url":"https://example.com/hook","metadata":{"any":"string"}}}'
    )
    stored = parse_request(text).model_dump_json(exclude_defaults=True)
    assert json.loads(stored) == json.loads(text)


def test_the_hash_tells_requests_apart_and_ignores_the_id() -> None:
    one = parse_request('{"source": "s3://bucket/key", "snapshots": {"count": 1}}')
    named = one.model_copy(update={"job_id": "a"})
    other = parse_request('{"source": "s3://bucket/key", "snapshots": {"count": 2}}')
    assert one.hash == named.hash != other.hash


def test_the_hash_is_blind_to_defaults_and_to_the_secret_but_not_to_the_owner() -> None:
    fields = {"source": "s3://bucket/key", "snapshots": {"count": 1}}
    plain = parse_input(fields)
    hook = {"webhook_url": "https://example.com/hook"}
    hooked = parse_input({**fields, "notify": hook})
    secret = parse_input({**fields, "notify": {**hook, "webhook_secret": "whsec_" + "a" * 32}})
    assert parse_input({**fields, "priority": 0}).hash == plain.hash
    assert secret.hash == hooked.hash != plain.hash
    assert parse_input({**fields, "owner": "ann"}).hash != plain.hash
    assert "whsec" not in secret.without_secret().model_dump_json()
    assert "whsec" not in repr(secret)


def test_a_request_too_large_for_the_state_machine_is_refused() -> None:
    large = {"notify": {"metadata": {"note": "ш" * 20_000}}}
    text = json.dumps({"source": "s3://bucket/key", "snapshots": {"count": 1}, **large})
    with pytest.raises(InvalidRequest, match="100000 are allowed"):
        parse_request(text)


def test_the_order_of_fields_does_not_make_another_request() -> None:
    one = '{"source": "s3://bucket/key", "snapshots": {"count": 1}, "notify": {"metadata": %s}}'
    first, second = one % '{"a": "1", "b": "2"}', one % '{"b": "2", "a": "1"}'
    assert parse_request(first).hash == parse_request(second).hash


def test_a_source_that_is_no_url_is_not_repeated_with_its_secrets() -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_request('{"source": "https://[bad/a?X-Amz-Signature=s3cret", "chunk_s": 5}')
    assert "s3cret" not in str(refused.value)


@given(st.text() | st.binary())
def test_no_text_leads_to_anything_but_a_request_or_invalid_request(text: str | bytes) -> None:
    with contextlib.suppress(InvalidRequest):
        assert isinstance(parse_request(text), Request)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text()
            | st.sampled_from(
                ["source", "render", "outputs", "snapshots", "count", "at_s", "video", "notify"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(_json)
def test_no_json_leads_to_anything_but_a_request_or_invalid_request(value: object) -> None:
    with contextlib.suppress(InvalidRequest):
        assert isinstance(parse_request(json.dumps(value)), Request)
