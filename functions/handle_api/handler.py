"""The HTTP API: one function behind all routes. In: API Gateway's event. Out: its answer."""

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from functions.handle_api import uploads
from functions.handle_api.callers import Caller, caller_of
from functions.handle_api.cancel import Desk
from functions.handle_api.docs_page import page
from functions.handle_api.front_door import FrontDoor
from functions.handle_api.jobs import Found, find, show
from functions.handle_api.listing import JobKeys, list_jobs
from functions.handle_api.models import CompleteUpload, ListQuery, PictureQuery, UploadRequest
from functions.handle_api.openapi import document
from functions.handle_api.pictures import Resizer, picture
from functions.handle_api.problems import (
    INTERNAL,
    MEDIA_TYPE,
    NOT_FOUND,
    UNAVAILABLE,
    Problem,
)
from functions.handle_api.reading import body_of, idempotency_key, read_body, read_query
from functions.handle_api.submit import JobQueue, submit
from functions.shared.errors import TransientError
from functions.shared.job import JobRequest
from functions.shared.runtime import (
    Context,
    is_passing,
    jobs_table,
    lambdas,
    logged,
    logger,
    media_store,
    optional_setting,
    readable_buckets,
    secrets_manager,
    setting,
    sqs,
    submissions,
)

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
app = APIGatewayHttpResolver()
_Next = Callable[[APIGatewayHttpResolver], Response[str]]


@logged
def handle(event: dict[str, Any], context: Context) -> dict[str, Any]:
    return app.resolve(event, context)  # type: ignore[arg-type]


def _come_by_the_front_door(app: APIGatewayHttpResolver, then: _Next) -> Response[str]:
    door = _front_door()
    if door:
        door.check(app.current_event.headers)
    return then(app)


@functools.cache
def _front_door() -> FrontDoor | None:
    secret = optional_setting("PASS_SECRET_ARN")
    return FrontDoor(secrets_manager(), secret) if secret else None


app.use([_come_by_the_front_door])


@app.post("/jobs")
def submit_job() -> Response[str]:
    caller = _caller()
    key = idempotency_key(app.current_event.headers.get("idempotency-key"))
    found = submit(
        caller,
        read_body(JobRequest, _body()),
        key,
        jobs_table(),
        submissions(),
        JobQueue(sqs(), setting("QUEUE_URL")),
        readable_buckets(),
        _now(),
    )
    job_id = found.row["job_id"]
    logger().append_keys(job_id=job_id)
    logger().info("accepted")
    return _shown(found, 202, {"Location": f"/jobs/{job_id}"})


@app.get("/jobs")
def list_own_jobs() -> Response[str]:
    caller, jobs = _caller(), jobs_table()
    query = read_query(ListQuery, app.current_event.query_string_parameters or {})
    return _answer(list_jobs(caller, query, JobKeys(jobs.dynamodb, jobs.table), _now()))


@app.get("/jobs/<job_id>")
def get_job(job_id: str) -> Response[str]:
    return _shown(_find(job_id))


@app.get("/jobs/<job_id>/snapshots/<name>")
def get_snapshot(job_id: str, name: str) -> Response[str]:
    found = _find(job_id)
    query = read_query(PictureQuery, app.current_event.query_string_parameters or {})
    resizer = Resizer(lambdas(), setting("RESIZE_SNAPSHOT_FUNCTION"))
    return _answer(picture(found, name, query.width, media_store, resizer))


@app.delete("/jobs/<job_id>")
def cancel_job(job_id: str) -> Response[str]:
    found = _find(job_id)
    desk = Desk(lambdas(), setting("REGISTER_JOB_FUNCTION"), setting("CANCEL_JOB_FUNCTION"))
    desk.cancel(found)
    return _shown(_find(job_id), 202)


@app.post("/uploads")
def begin_upload() -> Response[str]:
    caller, wanted = _caller(), read_body(UploadRequest, _body())
    most_bytes = int(setting("MAX_SOURCE_BYTES"))
    return _answer(uploads.begin(caller, wanted, media_store(), most_bytes, _now()), 201)


@app.post("/uploads/<upload_id>/complete")
def complete_upload(upload_id: str) -> Response[str]:
    caller, done = _caller(), read_body(CompleteUpload, _body())
    return _answer(uploads.complete(caller, upload_id, done, media_store()))


@app.get("/openapi.json")
def openapi() -> Response[str]:
    return Response(200, "application/json", document(), _HEADERS)


@app.get("/docs", compress=True)
def docs() -> Response[str]:
    shown = page()
    headers = {**_HEADERS, "Content-Security-Policy": shown.policy}
    return Response(200, "text/html; charset=utf-8", shown.html, headers)


def _problem(problem: Problem) -> Response[str]:
    text = problem.document().model_dump_json(exclude_none=True)
    headers = {**_HEADERS, **problem.headers}
    return Response(int(problem.kind.status), MEDIA_TYPE, text, headers)


def _no_route(_error: NotFoundError) -> Response[str]:
    return _problem(Problem(NOT_FOUND, "There is nothing at this path for this method."))


def _failed(error: Exception) -> Response[str]:
    """Nothing of it is told: who may read the log finds it there by the id."""
    request_id = app.lambda_context.aws_request_id
    passing = isinstance(error, TransientError) or (
        isinstance(error, (BotoCoreError, ClientError)) and is_passing(error)
    )
    if passing:
        logger().warning(str(error), error_name=type(error).__name__)
        said = "AWS did not do what was asked just now; nothing is lost by trying again."
        return _problem(Problem(UNAVAILABLE, said, None, {"Retry-After": "1"}, request_id))
    logger().exception("failed", exc_info=error)
    said = f"The API failed; its log says why, under {request_id}."
    return _problem(Problem(INTERNAL, said, request_id=request_id))


app.exception_handler(Problem)(_problem)
app.exception_handler(NotFoundError)(_no_route)
app.exception_handler(Exception)(_failed)


def _caller() -> Caller:
    context = app.current_event.request_context
    authorizer = context.authorizer
    return caller_of(authorizer.jwt_claim if authorizer else {})


def _body() -> bytes:
    return body_of(app.current_event.body, is_base64=bool(app.current_event.is_base64_encoded))


def _find(job_id: str) -> Found:
    return find(_caller(), job_id, jobs_table(), submissions())


def _shown(
    found: Found, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[str]:
    return _answer(show(found, media_store, _now()), status, headers)


def _answer(
    model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[str]:
    text = model.model_dump_json()
    return Response(status, "application/json", text, {**_HEADERS, **(headers or {})})


def _now() -> datetime:
    return datetime.now(UTC)
