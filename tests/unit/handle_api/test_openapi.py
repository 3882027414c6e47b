"""The document describes the routes there are, and its examples are what the models take."""

import json
from typing import Any

import pytest

from functions.handle_api.handler import app
from functions.handle_api.models import (
    CompleteUpload,
    JobList,
    ListQuery,
    Picture,
    Upload,
    UploadRequest,
)
from functions.handle_api.openapi import document
from functions.handle_api.problems import ProblemDocument
from functions.shared.job import JobRequest
from functions.shared.job_view import JobView
from tests.unit.handle_api.conftest import Gateway

UNDESCRIBED = {("get", "/openapi.json"), ("get", "/docs")}
DOCUMENT: dict[str, Any] = json.loads(document())
OPERATIONS = [
    (method, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]
ids = [f"{method} {path}" for method, path, _ in OPERATIONS]


def test_it_is_what_the_route_gives(gateway: Gateway) -> None:
    answer = gateway.call("GET", "/openapi.json", sub=None)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json == DOCUMENT


def test_every_route_is_described_and_nothing_else() -> None:
    routes = {
        (route.method.lower(), route.openapi_path)
        for route in (*app._static_routes, *app._dynamic_routes)
    }
    assert {(method, path) for method, path, _ in OPERATIONS} == routes - UNDESCRIBED


def refs(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(refs(one) for one in value.values()))
    return set().union(*(refs(one) for one in value)) if isinstance(value, list) else set()


def test_every_schema_is_there_and_used() -> None:
    known = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert refs(DOCUMENT) == known


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=ids)
def test_an_operation_says_what_it_needs_and_all_it_may_answer(
    method: str, path: str, operation: Any
) -> None:
    answers = operation["responses"]
    good = {status for status in answers if status < "400"}
    assert len(good) == 1
    assert {"401", "429", "500", "503"} <= answers.keys()
    assert ("404" in answers) == ("{" in path)
    assert ("422" in answers) == ("requestBody" in operation) == (method == "post")
    for status, answer in answers.items():
        assert answer["description"].endswith(".")
        assert answer["content"]
        if status < "400":
            assert answer["content"]["application/json"]["example"]
        elif status != "429":
            assert "application/problem+json" in answer["content"]
    named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
    assert named == {step.strip("{}") for step in path.split("/") if step.startswith("{")}


def test_a_token_is_needed_everywhere() -> None:
    assert DOCUMENT["security"] == [{"accessToken": []}]
    assert DOCUMENT["components"]["securitySchemes"]["accessToken"]["scheme"] == "bearer"
    assert all("security" not in operation for _, _, operation in OPERATIONS)


MODELS = {
    "JobRequest": JobRequest,
    "UploadRequest": UploadRequest,
    "CompleteUpload": CompleteUpload,
    "JobView": JobView,
    "JobList": JobList,
    "Upload": Upload,
    "Picture": Picture,
}


def examples(operation: Any) -> list[tuple[str, Any]]:
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    contents = [one.get("content", {}).get("application/json", {}) for one in bodies]
    return [
        (one["schema"]["$ref"].rsplit("/")[-1], one["example"])
        for one in contents
        if "example" in one
    ]


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=ids)
def test_examples_are_of_their_models(method: str, path: str, operation: Any) -> None:  # noqa: ARG001
    for name, example in examples(operation):
        if name == "Uploaded":
            continue
        read = MODELS[name].model_validate_json(json.dumps(example))
        told = json.loads(read.model_dump_json(exclude_unset=True))
        assert told == example


def test_parameters_are_those_of_the_query() -> None:
    listed = {one["name"]: one["schema"] for one in DOCUMENT["paths"]["/jobs"]["get"]["parameters"]}
    assert listed.keys() == ListQuery.model_fields.keys()
    assert listed["limit"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    assert "FAILED" in listed["status"]["enum"]
    assert "null" not in json.dumps(listed)


def test_a_problem_may_leave_out_what_it_has_not() -> None:
    """Its answers do."""
    schema = DOCUMENT["components"]["schemas"][ProblemDocument.__name__]
    assert schema["required"] == ["type", "title", "status", "detail"]


def test_the_secret_of_a_webhook_is_in_no_answer() -> None:
    for name in ("JobView", "JobList", "JobSummary"):
        assert "secret" not in json.dumps(DOCUMENT["components"]["schemas"][name])
