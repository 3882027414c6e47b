"""The HTTP API: routes, who may call them, how often, and the log of who did."""

import json

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.stage import Stage
from infrastructure.users import Users

READS = ("GET /jobs", "GET /jobs/{job_id}", "GET /jobs/{job_id}/snapshots/{name}")
WRITES = (
    "POST /jobs",
    "DELETE /jobs/{job_id}",
    "POST /uploads",
    "POST /uploads/{upload_id}/complete",
)
OPEN = ("GET /openapi.json", "GET /docs")
"""For everybody: they say how to call the others."""
_OPEN_PER_S = 5
_LOGGED = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "caller": "$context.authorizer.claims.sub",
    "address": "$context.identity.sourceIp",
    # Not the path: what belongs to whom is for the function's own log.
    "route": "$context.routeKey",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "took_ms": "$context.responseLatency",
    "error": "$context.error.message",
    "function_error": "$context.integrationErrorMessage",
}


class Api(Construct):
    """One function behind all routes. Any other path is API Gateway's own 404."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        function: lambda_.IFunction,
        users: Users,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self.http = api.HttpApi(
            self,
            "Default",
            description="Reelwright: send jobs, look at them, cancel them",
            create_default_stage=False,
            cors_preflight=_cors(stage.cors_origins),
        )
        integration = integrations.HttpLambdaIntegration("Function", function)
        authorizer = authorizers.HttpUserPoolAuthorizer(
            "Users", users.pool, user_pool_clients=[users.client]
        )
        self.routes = {
            route: self._route(route, integration, authorizer) for route in READS + WRITES
        }
        self.open_routes = {
            route: self._route(route, integration, api.HttpNoneAuthorizer()) for route in OPEN
        }
        deployed = api.HttpStage(
            self, "Stage", http_api=self.http, stage_name="$default", auto_deploy=True
        )
        settings = deployed.node.default_child
        if not isinstance(settings, api.CfnStage):
            raise TypeError("HttpStage has no CfnStage behind it")
        settings.default_route_settings = api.CfnStage.RouteSettingsProperty(
            throttling_rate_limit=stage.api_reads_per_s,
            throttling_burst_limit=2 * stage.api_reads_per_s,
        )
        settings.route_settings = {
            **_limits(READS, stage.api_reads_per_s),
            **_limits(WRITES, stage.api_writes_per_s),
            **_limits(OPEN, _OPEN_PER_S),
        }
        settings.access_log_settings = api.CfnStage.AccessLogSettingsProperty(
            destination_arn=log_group.log_group_arn, format=json.dumps(_LOGGED)
        )
        # Its settings name routes, which must be there.
        for route in (self.routes | self.open_routes).values():
            deployed.node.add_dependency(route)

    @property
    def url(self) -> str:
        return self.http.api_endpoint

    def _route(
        self,
        key: str,
        integration: api.HttpRouteIntegration,
        authorizer: api.IHttpRouteAuthorizer,
    ) -> api.HttpRoute:
        method, path = key.split(" ")
        (route,) = self.http.add_routes(
            path=path,
            methods=[api.HttpMethod[method]],
            integration=integration,
            authorizer=authorizer,
        )
        return route


def _limits(routes: tuple[str, ...], per_s: int) -> dict[str, dict[str, int]]:
    """API Gateway's, for all callers together; more than a second's worth may come at once."""
    limit = {"ThrottlingRateLimit": per_s, "ThrottlingBurstLimit": 2 * per_s}
    return dict.fromkeys(routes, limit)


def _cors(origins: tuple[str, ...]) -> api.CorsPreflightOptions | None:
    """What pages of these origins may do; without origins no page of any may call."""
    if not origins:
        return None
    return api.CorsPreflightOptions(
        allow_origins=list(origins),
        allow_methods=[api.CorsHttpMethod.GET, api.CorsHttpMethod.POST, api.CorsHttpMethod.DELETE],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
        expose_headers=["Location", "Retry-After"],
        max_age=Duration.hours(1),
    )
