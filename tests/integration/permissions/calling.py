"""What the API does, asked over HTTP by a user of the stack's pool."""

from typing import Any

import requests

from functions.shared.job import parse_input
from functions.shared.submissions import Submissions
from tests.integration.callers import Caller, signed_in
from tests.integration.permissions.world import DONE, World, now, unique


def handle_api(world: World) -> None:
    stack, whole = world.stack, world.finished
    with signed_in(stack) as ann, signed_in(stack, "operators") as operator:
        source = ann.upload(b"any")
        _ok(ann.call("POST", "/uploads", {"name": "long", "size_bytes": 6 << 30}), 201)
        # There is no such file, so that it ends at once.
        asked = {"source": f"{source}.none", "render": {"outputs": [{"name": "a", "height": 90}]}}
        sent = [_ok(ann.post(asked, key), 202) for key in [unique("key")] * 2]
        assert sent[0]["job_id"] == sent[1]["job_id"]

        world.set(whole["job_id"], owner=ann.sub)
        assert whole["job_id"] in _listed(ann)
        assert _listed(operator)
        made = ann.job(whole["job_id"])
        assert requests.get(made["outputs"][0]["url"], timeout=10).ok
        path = f"/jobs/{whole['job_id']}"
        picture = _ok(ann.call("GET", f"{path}/snapshots/00000-160.jpg", params={"width": 96}), 200)
        assert picture["width"] == 96

        early = world.claimed({**DONE, "source": source, "owner": ann.sub})
        assert ann.job(early.job_id)["status"] == "WAITING"
        _cancel_unregistered(world, ann, source)


def _cancel_unregistered(world: World, ann: Caller, source: str) -> None:
    """The API has it registered first: its message may still be on its way."""
    variables = world.stack.configuration("HandleApi")["Environment"]["Variables"]
    jobs, job_id = world.stack.client.jobs, unique("job")
    request = parse_input({**DONE, "source": source, "job_id": job_id, "owner": ann.sub})
    Submissions(jobs.dynamodb, variables["SUBMISSIONS_TABLE"]).put(request, now())
    assert _ok(ann.call("GET", f"/jobs/{job_id}"), 200)["status"] == "QUEUED"
    cancelled = _ok(ann.call("DELETE", f"/jobs/{job_id}"), 202)
    assert cancelled["status"] == "CANCELLED"


def _listed(caller: Caller) -> list[str]:
    return [job["job_id"] for job in _ok(caller.call("GET", "/jobs"), 200)["jobs"]]


def _ok(answer: requests.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()
