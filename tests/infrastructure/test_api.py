"""The API: who may call which route, how often, from where; and who its callers are."""

import json
from typing import Any

import pytest

from functions.handle_api.callers import OPERATORS
from functions.handle_api.handler import app
from functions.handle_api.uploads import MULTIPART_FOR
from functions.shared.submissions import KEPT
from infrastructure.api import OPEN, READS, WRITES
from infrastructure.stage import Stage, StageError
from tests.infrastructure.conftest import Synthesize
from tests.infrastructure.synthesis import Resource, Synthesis, plain


def routes(stack: Synthesis) -> dict[str, Resource]:
    found = stack.of_type("AWS::ApiGatewayV2::Route").values()
    return {route["Properties"]["RouteKey"]: route["Properties"] for route in found}


def test_the_routes_are_those_the_function_has(stack: Synthesis) -> None:
    own = {
        f"{route.method} {route.openapi_path}"
        for route in (*app._static_routes, *app._dynamic_routes)
    }
    assert routes(stack).keys() == own == {*READS, *WRITES, *OPEN}


def test_every_route_but_the_description_needs_a_token(stack: Synthesis) -> None:
    for key, route in routes(stack).items():
        if key in ("GET /openapi.json", "GET /docs"):
            assert route["AuthorizationType"] == "NONE"
        else:
            assert route["AuthorizationType"] == "JWT"
            assert plain({"Ref": route["AuthorizerId"]["Ref"]}).startswith("Api")


def test_tokens_are_those_of_the_pools_one_client(stack: Synthesis) -> None:
    authorizer = stack.only("AWS::ApiGatewayV2::Authorizer")
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    told = authorizer["JwtConfiguration"]
    assert [plain(one) for one in told["Audience"]] == ["UsersClient"]
    assert plain(told["Issuer"]) == "https://cognito-idp.region.amazonaws.com/Users"


def test_one_function_answers_and_only_the_api_may_call_it_so(stack: Synthesis) -> None:
    (integration,) = stack.of_type("AWS::ApiGatewayV2::Integration").values()
    assert integration["Properties"]["PayloadFormatVersion"] == "2.0"
    assert plain(integration["Properties"]["IntegrationUri"]) == "HandleApiFunction"
    allowed = [
        found["Properties"]
        for found in stack.of_type("AWS::Lambda::Permission").values()
        if plain(found["Properties"]["FunctionName"]) == "HandleApiFunction"
    ]
    assert len(allowed) == len(routes(stack))
    for one in allowed:
        assert one["Principal"] == "apigateway.amazonaws.com"
        assert ":Api/*/*/" in plain(one["SourceArn"])
    assert stack.functions()["handle_api"]["Timeout"] < 30


@pytest.mark.aws("api-throttle")
def test_each_route_has_its_limit_and_is_there_before_it(synthesize: Synthesize) -> None:
    stack = synthesize(api_reads_per_s=7, api_writes_per_s=3)
    (deployed,) = stack.of_type("AWS::ApiGatewayV2::Stage").values()
    limits = deployed["Properties"]["RouteSettings"]
    assert limits.keys() == routes(stack).keys()
    for key, limit in limits.items():
        rate = 7 if key in READS else 3 if key in WRITES else 5
        assert limit == {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": 2 * rate}
    default = deployed["Properties"]["DefaultRouteSettings"]
    assert default == {"ThrottlingRateLimit": 7, "ThrottlingBurstLimit": 14}
    assert set(deployed["DependsOn"]) >= set(stack.of_type("AWS::ApiGatewayV2::Route"))


def test_calls_are_logged_without_what_they_ask_for(stack: Synthesis) -> None:
    (deployed,) = stack.of_type("AWS::ApiGatewayV2::Stage").values()
    settings = deployed["Properties"]["AccessLogSettings"]
    assert plain(settings["DestinationArn"]) == "ApiLog"
    line = json.loads(settings["Format"])
    assert {"request_id", "caller", "route", "status"} <= line.keys()
    told = " ".join(line.values())
    assert not any(word in told for word in ("path", "query", "authorization", "header"))


def test_no_page_may_call_it_unless_the_stage_says_so(
    stack: Synthesis, synthesize: Synthesize
) -> None:
    assert "CorsConfiguration" not in stack.only("AWS::ApiGatewayV2::Api")
    assert all(
        "CorsConfiguration" not in bucket["Properties"]
        for bucket in stack.of_type("AWS::S3::Bucket").values()
    )
    origins = ["https://app.example.com", "http://localhost:5173"]
    opened = synthesize(cors_origins=" ".join(origins))
    cors = opened.only("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors["AllowOrigins"] == origins
    assert set(cors["AllowMethods"]) == {"GET", "POST", "DELETE"}
    assert set(cors["AllowHeaders"]) == {"Authorization", "Content-Type", "Idempotency-Key"}
    assert "AllowCredentials" not in cors
    (rule,) = opened.named("Media")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == origins
    assert set(rule["AllowedMethods"]) == {"GET", "HEAD", "PUT"}
    assert rule["ExposedHeaders"] == ["ETag"]


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.com", "example.com", "https://a.b/", "ftp://a.b"]
)
def test_an_origin_is_a_whole_one(origin: str) -> None:
    with pytest.raises(StageError, match="cors_origins"):
        Stage.from_context({"cors_origins": origin})


@pytest.mark.aws("cognito-sign-up")
def test_users_are_made_by_an_administrator(stack: Synthesis, synthesize: Synthesize) -> None:
    def may_anybody(made: Synthesis) -> Any:
        pool = made.only("AWS::Cognito::UserPool")
        return not pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]

    assert not may_anybody(stack)
    assert may_anybody(synthesize(self_sign_up="true"))


def test_a_password_is_long_and_of_any_kind(stack: Synthesis) -> None:
    pool = stack.only("AWS::Cognito::UserPool")
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] == 15
    assert not any(value for name, value in policy.items() if name.startswith("Require"))
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("OPTIONAL", ["SOFTWARE_TOKEN_MFA"])
    assert pool["UsernameAttributes"] == ["email"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    assert [one["Name"] for one in pool["AccountRecoverySetting"]["RecoveryMechanisms"]] == [
        "verified_email"
    ]


def test_the_client_keeps_no_secret_and_its_tokens_not_long(stack: Synthesis) -> None:
    client = stack.only("AWS::Cognito::UserPoolClient")
    assert client["GenerateSecret"] is False
    assert set(client["ExplicitAuthFlows"]) == {
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    }
    assert client["AllowedOAuthFlowsUserPoolClient"] is False
    assert (client["AccessTokenValidity"], client["TokenValidityUnits"]["AccessToken"]) == (
        60,
        "minutes",
    )
    assert client["EnableTokenRevocation"] is True
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_the_group_is_the_one_the_function_looks_for(stack: Synthesis) -> None:
    group = stack.only("AWS::Cognito::UserPoolGroup")
    assert group["GroupName"] == OPERATORS
    assert "RoleArn" not in group


@pytest.mark.parametrize(("policy", "protected"), [("retain", "ACTIVE"), ("destroy", "INACTIVE")])
def test_users_outlive_the_stack_as_media_does(
    synthesize: Synthesize, policy: str, protected: str
) -> None:
    (pool,) = synthesize(removal_policy=policy).of_type("AWS::Cognito::UserPool").values()
    assert pool["Properties"]["DeletionProtection"] == protected
    assert pool["DeletionPolicy"] == ("Retain" if policy == "retain" else "Delete")


def test_lists_are_made_from_keys_alone(stack: Synthesis) -> None:
    indexes = {one["IndexName"]: one for one in stack.named("Jobs")["GlobalSecondaryIndexes"]}
    assert {
        name: [(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]]
        for name, index in indexes.items()
    } == {
        "by_owner": [("owner", "HASH"), ("created_at", "RANGE")],
        "by_day": [("created_day", "HASH"), ("created_at", "RANGE")],
    }
    assert {index["Projection"]["ProjectionType"] for index in indexes.values()} == {"KEYS_ONLY"}


@pytest.mark.aws("ddb-ttl")
def test_what_was_sent_is_forgotten_after_its_message(stack: Synthesis) -> None:
    queue = stack.named("JobQueue")
    assert queue["MessageRetentionPeriod"] < KEPT.total_seconds()
    assert stack.named("Submissions")["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


def test_an_upload_is_given_up_only_after_its_addresses(stack: Synthesis) -> None:
    (days,) = [
        rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
        for rule in stack.named("Media")["LifecycleConfiguration"]["Rules"]
        if "AbortIncompleteMultipartUpload" in rule
    ]
    assert days * 86_400 > MULTIPART_FOR.total_seconds()


def test_the_function_is_told_what_it_needs(synthesize: Synthesize) -> None:
    stack = synthesize(max_source_bytes=1000, source_buckets="footage", api_memory_mb=2048)
    function = stack.functions()["handle_api"]
    told = function["Environment"]["Variables"]
    assert (told["MAX_SOURCE_BYTES"], told["SOURCE_BUCKETS"]) == ("1000", "footage")
    assert plain(told["SUBMISSIONS_TABLE"]) == "Submissions"
    assert plain(told["QUEUE_URL"]) == "JobQueue"
    assert plain(told["CANCEL_JOB_FUNCTION"]) == "CancelJobFunction"
    assert plain(told["REGISTER_JOB_FUNCTION"]) == "RegisterJobFunction"
    assert function["MemorySize"] == 2048
