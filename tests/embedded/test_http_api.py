"""An HTTP API that a template made: reachable by its output, with the CORS it asked for."""

import http.client
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.deploy import deploy
from local.embedded import EmbeddedAws
from tests.embedded.conftest import unique
from tests.embedded.test_deploy import Assembly

PAGE = "https://app.example.com"
ECHO = """
def handle(event, context):
    return {"statusCode": 200, "body": event["rawPath"]}
"""


class Site(Assembly):
    """One function behind one route."""

    def __init__(self, folder: Path, stack: str) -> None:
        super().__init__(folder, stack)
        self.add_function("Echo", ECHO)
        self.resources |= {
            "Api": {
                "Type": "AWS::ApiGatewayV2::Api",
                "Properties": {"Name": stack, "ProtocolType": "HTTP"},
            },
            "Integration": {
                "Type": "AWS::ApiGatewayV2::Integration",
                "Properties": {
                    "ApiId": {"Ref": "Api"},
                    "IntegrationType": "AWS_PROXY",
                    "IntegrationUri": {"Fn::GetAtt": ["Echo", "Arn"]},
                    "PayloadFormatVersion": "2.0",
                },
            },
            "Route": {
                "Type": "AWS::ApiGatewayV2::Route",
                "Properties": {
                    "ApiId": {"Ref": "Api"},
                    "RouteKey": "GET /things/{thing}",
                    "Target": {"Fn::Join": ["/", ["integrations", {"Ref": "Integration"}]]},
                },
            },
            "Stage": {
                "Type": "AWS::ApiGatewayV2::Stage",
                "Properties": {
                    "ApiId": {"Ref": "Api"},
                    "StageName": "$default",
                    "AutoDeploy": True,
                },
            },
        }
        self.outputs["Url"] = {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}

    def allow(self, *origins: str) -> None:
        self.resources["Api"]["Properties"]["CorsConfiguration"] = {
            "AllowOrigins": list(origins),
            "AllowMethods": ["GET"],
            "AllowHeaders": ["Authorization"],
            "MaxAge": 60,
        }


def call(url: str, method: str, path: str, origin: str) -> tuple[int, dict[str, str], str]:
    found = urlsplit(url)
    connection = http.client.HTTPConnection(str(found.hostname), found.port, timeout=20)
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    connection.request(method, found.path + path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"), unique("site"))


def put(site: Site, aws: EmbeddedAws) -> Any:
    return deploy(site.write(), site.stack, aws)["Url"]


def test_its_address_is_reachable_and_noted(site: Site, aws: EmbeddedAws) -> None:
    url = put(site, aws)
    assert call(url, "GET", "/things/a", PAGE)[::2] == (200, "/things/a")
    note = aws.home.read_note()
    assert note is not None
    assert note["outputs"]["Url"] == url
    assert url.startswith(aws.endpoint)


@pytest.mark.aws("api-cors")
def test_pages_of_listed_origins_may_call_it_and_of_no_other(site: Site, aws: EmbeddedAws) -> None:
    url = put(site, aws)
    assert "access-control-allow-origin" not in call(url, "GET", "/things/a", PAGE)[1]

    site.allow(PAGE)
    url = put(site, aws)

    status, told, _ = call(url, "OPTIONS", "/things/a", PAGE)
    assert status == 204
    assert told["access-control-allow-origin"] == PAGE
    assert told["access-control-allow-methods"] == "GET"
    assert told["access-control-allow-headers"].lower() == "authorization"
    assert told["access-control-max-age"] == "60"
    status, told, _ = call(url, "GET", "/things/a", PAGE)
    assert (status, told["access-control-allow-origin"]) == (200, PAGE)
    for method in ("OPTIONS", "GET"):
        other = call(url, method, "/things/a", "https://elsewhere.example.com")[1]
        assert "access-control-allow-origin" not in other
