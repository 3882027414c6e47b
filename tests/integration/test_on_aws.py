"""What `make test-aws` does around the tests, on the embedded stack as if it were one on AWS."""

from pathlib import Path

import pytest

from functions.shared.media_store import Keys
from tests.integration.callers import signed_in
from tests.integration.conftest import CLIP, STACK, Deployed, on_aws
from tests.integration.jobs import PICTURE
from tests.on_aws.__main__ import cleaner_of
from tests.on_aws.journal import Journal
from tests.on_aws.lookup import find, session_of_caller

pytestmark = pytest.mark.embedded_only


@pytest.fixture
def journal(stack: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """The caller's environment leads to the embedded stack, and says where to note."""
    assert stack.aws is not None
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.aws.endpoint)
    monkeypatch.setenv("REELWRIGHT_JOURNAL", str(tmp_path / "journal"))
    return Journal(tmp_path / "journal")


def test_what_a_run_made_is_removed_and_its_cost_told(
    stack: Deployed, clip: str, journal: Journal
) -> None:
    ours, session = on_aws(STACK), session_of_caller()
    other = stack.run({"source": clip, **PICTURE})["job_id"]
    with signed_in(ours) as ann:
        sent = ours.client.submit({"source": clip, **PICTURE})
        posted = ann.post({"source": ann.upload(CLIP.read_bytes()), **PICTURE}).json()["job_id"]
        jobs = [ours.wait(job_id) for job_id in (sent, posted)]
    assert [job["status"] for job in jobs] == ["COMPLETE"] * 2
    assert journal.names("job") == [sent, *journal.names("job")[1:]]

    cleaner = cleaner_of(find(session, STACK, print), session)
    cleaned = cleaner.clean(journal)

    assert cleaned.left == []
    assert cleaned.costs.jobs == 2
    assert cleaned.costs.usd == sum(job["cost_usd"] for job in jobs) > 0
    store = stack.client.store
    for job_id in (sent, posted):
        assert stack.client.job(job_id) is None
        assert store.head(Keys(job_id).result) is None
    uploads = store.s3.list_objects_v2(Bucket=store.bucket, Prefix=f"uploads/{ann.sub}/")
    assert uploads["KeyCount"] == 0
    assert stack.ended(other) is not None
    assert store.head(Keys(other).result) is not None
