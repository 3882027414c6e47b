"""The OpenAPI document: what the routes do, with schemas made from the models they use.

Powertools can make one from its routes, but only where it validates too: from JSON already read,
by which a strict model refuses every list, and without saying what is wrong.
"""

import functools
import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from functions.handle_api.models import (
    CompleteUpload,
    JobList,
    ListQuery,
    Picture,
    PictureQuery,
    Upload,
    Uploaded,
    UploadRequest,
)
from functions.handle_api.openapi_examples import JOB, JOBS, PICTURE, REQUEST, UPLOAD
from functions.handle_api.problems import MEDIA_TYPE, ProblemDocument
from functions.handle_api.reading import MOST_BODY_BYTES
from functions.shared.job import JobRequest
from functions.shared.job_view import JobView

Json = dict[str, Any]
_READ = (JobRequest, UploadRequest, CompleteUpload, ListQuery, PictureQuery, ProblemDocument)
"""What may leave fields out: requests, and problems."""
_WRITTEN = (JobView, JobList, Picture, Upload, Uploaded)
_QUERIES: tuple[type[BaseModel], ...] = (ListQuery, PictureQuery)
_REF = "#/components/schemas/{model}"
_ABOUT = """Renders video and takes pictures of it, in many small functions at once.

Sign in to the stack's user pool and send the access token as `Authorization: Bearer …`. You see
and change your own jobs; members of the group `operators` see and cancel all. What is not done is
answered with problem details (RFC 9457), but for what API Gateway answers by itself: 401, 404 for
a path that is not here, 429, and 5xx while the function can't answer: `{"message": "…"}`."""
_WRONG = {
    400: "The body is not JSON, or a header or parameter is not possible.",
    404: "There is no such thing, or it is another's.",
    409: "It can't be done any more, or not again like this.",
    413: f"The body has more than {MOST_BODY_BYTES} bytes.",
    422: "The body is JSON, but no possible request.",
}
_JOB_ID = {
    "name": "job_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
}
_UPLOAD_ID = {**_JOB_ID, "name": "upload_id", "schema": {"type": "string", "minLength": 1}}
_NAME = {
    **_JOB_ID,
    "name": "name",
    "description": "The last part of a snapshot's `key`, e.g. `00003-1280.jpg`.",
    "schema": {"type": "string", "minLength": 1},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Made up by you, one a job: sent again with the same body, it is the same job.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
_LOCATION = {"description": "`/jobs/{job_id}`", "schema": {"type": "string"}, "required": True}


@functools.cache
def document() -> str:
    """The whole, as JSON."""
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in _READ),
        *((model, "serialization") for model in _WRITTEN),
    ]
    _, made = models_json_schema(modes, ref_template=_REF)
    schemas: Json = made["$defs"]
    queries = {model: _parameters(schemas.pop(model.__name__)) for model in _QUERIES}
    schemas["Refusal"] = _REFUSAL
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Reelwright", "version": "1", "description": _ABOUT},
            "servers": [{"url": "."}],
            "security": [{"accessToken": []}],
            "paths": _paths(queries),
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "accessToken": {
                        "type": "http",
                        "scheme": "bearer",
                        "bearerFormat": "JWT",
                        "description": "The AccessToken of a user of the stack's pool.",
                    }
                },
            },
        }
    )


_REFUSAL: Json = {
    "type": "object",
    "description": "What API Gateway answers by itself.",
    "properties": {"message": {"type": ["string", "null"]}},
    "required": ["message"],
}


def _paths(queries: dict[type[BaseModel], list[Json]]) -> Json:
    return {
        "/jobs": {
            "post": _operation(
                "submitJob",
                "Send a job",
                {202: _answer(JobView, JOB, "Accepted; it waits for its turn.", _LOCATION)},
                (400, 409, 413, 422),
                parameters=[_KEY],
                body=_body(JobRequest, REQUEST),
            ),
            "get": _operation(
                "listJobs",
                "List jobs, newest first",
                {200: _answer(JobList, JOBS, "Your jobs; to an operator, all.")},
                (400,),
                parameters=queries[ListQuery],
            ),
        },
        "/jobs/{job_id}": {
            "get": _operation(
                "getJob",
                "Look at a job",
                {
                    200: _answer(
                        JobView, JOB, "The job; addresses of its files hold for 15 minutes."
                    )
                },
                (404,),
                parameters=[_JOB_ID],
            ),
            "delete": _operation(
                "cancelJob",
                "Cancel a job",
                {202: _answer(JobView, {**JOB, "status": "CANCELLED"}, "Cancelled.")},
                (404, 409),
                parameters=[_JOB_ID],
            ),
        },
        "/jobs/{job_id}/snapshots/{name}": {
            "get": _operation(
                "getSnapshot",
                "Get a snapshot in the width you need",
                {200: _answer(Picture, PICTURE, "Made when it is first asked for, then kept.")},
                (400, 404),
                parameters=[_JOB_ID, _NAME, *queries[PictureQuery]],
            )
        },
        "/uploads": {
            "post": _operation(
                "beginUpload",
                "Get addresses to send a source to",
                {201: _answer(Upload, UPLOAD, "Where to put the file's bytes.")},
                (400, 413, 422),
                body=_body(UploadRequest, {"name": "talk.mov", "size_bytes": 73_400_320}),
            )
        },
        "/uploads/{upload_id}/complete": {
            "post": _operation(
                "completeUpload",
                "Finish an upload in parts",
                {200: _answer(Uploaded, {"source": UPLOAD["source"]}, "The file is whole.")},
                (400, 404, 413, 422),
                parameters=[_UPLOAD_ID],
                body=_body(
                    CompleteUpload,
                    {"source": UPLOAD["source"], "etags": ["9bb58f26192e4ba00f01e2e7b136bbd8"]},
                ),
            )
        },
    }


def _operation(
    name: str,
    summary: str,
    good: dict[int, Json],
    wrong: tuple[int, ...],
    *,
    parameters: list[Json] | None = None,
    body: Json | None = None,
) -> Json:
    problem = {MEDIA_TYPE: {"schema": _schema(ProblemDocument)}}
    refusal = {"application/json": {"schema": {"$ref": _REF.format(model="Refusal")}}}
    answers = {
        **{str(status): answer for status, answer in good.items()},
        **{str(code): {"description": _WRONG[code], "content": problem} for code in wrong},
        "401": {"description": "No valid access token came with it.", "content": problem | refusal},
        "429": {"description": "Too many requests: slow down.", "content": refusal},
        "500": {"description": "Something went wrong here.", "content": problem | refusal},
        "503": {"description": "Try again in a moment.", "content": problem | refusal},
    }
    return {
        "operationId": name,
        "summary": summary,
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": body} if body else {}),
        "responses": answers,
    }


def _answer(model: type[Any], example: Any, description: str, location: Json | None = None) -> Json:
    return {
        "description": description,
        "content": {"application/json": {"schema": _schema(model), "example": example}},
        **({"headers": {"Location": location}} if location else {}),
    }


def _body(model: type[Any], example: Any) -> Json:
    content = {"application/json": {"schema": _schema(model), "example": example}}
    return {"required": True, "content": content}


def _schema(model: type[Any]) -> Json:
    return {"$ref": _REF.format(model=model.__name__)}


def _parameters(query: Json) -> list[Json]:
    """The fields of the query's model. A parameter that is not wanted is left out, never null."""
    found = []
    for name, field in query["properties"].items():
        schema = next((one for one in field.get("anyOf", ()) if one != {"type": "null"}), field)
        found.append(
            {
                "name": name,
                "in": "query",
                "description": field["description"],
                "schema": {
                    key: value
                    for key, value in schema.items()
                    if key not in ("title", "description")
                },
            }
        )
    return found
