"""What the engine's CloudFormation drops from a template, kept."""

from collections.abc import Callable
from typing import Any

from local.shims import engine_module, replace, require, symbol

_PIPE_PARAMETERS = (
    "SourceParameters",
    "Enrichment",
    "EnrichmentParameters",
    "TargetParameters",
    "LogConfiguration",
    "KmsKeyIdentifier",
)
_Handler = Callable[..., tuple[str, Any]]


def install() -> None:
    """Keep pipe parameters, reserved concurrency and CORS; take loopback http for TLS."""
    handlers = symbol(engine_module("services.cloudformation.provisioners"), "_RESOURCE_HANDLERS")
    pipes = engine_module("services.pipes")
    functions = engine_module("services.lambda_svc")
    require(pipes, "_pipes")
    apis = engine_module("services.apigateway")
    require(functions, "_functions")
    require(apis, "_apis")

    def keep_pipe_parameters(name: str, properties: dict[str, Any], _old: dict[str, Any]) -> None:
        pipe = symbol(pipes, "_pipes")[name]
        for parameter in _PIPE_PARAMETERS:
            pipe.pop(parameter, None)
            if parameter in properties:
                pipe[parameter] = properties[parameter]

    def reserve_concurrency(name: str, properties: dict[str, Any], old: dict[str, Any]) -> None:
        reserved = properties.get("ReservedConcurrentExecutions")
        if reserved == old.get("ReservedConcurrentExecutions"):
            return  # What was set by hand since stays.
        symbol(functions, "_functions")[name]["concurrency"] = (
            None if reserved is None else int(reserved)
        )

    def keep_cors(api_id: str, properties: dict[str, Any], _old: dict[str, Any]) -> None:
        # It reads the names that its own API has, which begin with a small letter.
        cors = properties.get("CorsConfiguration")
        if cors:
            symbol(apis, "_apis")[api_id]["corsConfiguration"] = {
                name[0].lower() + name[1:]: value for name, value in cors.items()
            }

    _after(symbol(handlers, "AWS::ApiGatewayV2::Api"), keep_cors)
    _after(symbol(handlers, "AWS::Pipes::Pipe"), keep_pipe_parameters)
    _after(symbol(handlers, "AWS::Lambda::Function"), reserve_concurrency)
    replace(
        pipes,
        "_describe_response",
        lambda original: (
            lambda pipe: {**original(pipe), **{k: pipe[k] for k in _PIPE_PARAMETERS if k in pipe}}
        ),
    )
    # The endpoint is plain http on loopback; a bucket that demands TLS would refuse everything.
    replace(
        engine_module("core.iam_evaluator"),
        "_resolve_condition_key",
        lambda original: (
            lambda key, context: (
                "true" if key.lower() == "aws:securetransport" else original(key, context)
            )
        ),
    )


def _after(
    handler: dict[str, Any], do: Callable[[str, dict[str, Any], dict[str, Any]], None]
) -> None:
    """Run `do(physical id, properties, those before)` after a resource was created or updated."""

    def created(original: _Handler) -> _Handler:
        def create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, Any]:
            result = original(logical_id, properties, stack)
            do(result[0], properties, {})
            return result

        return create

    def updated(original: _Handler) -> _Handler:
        def update(
            physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **more: Any
        ) -> tuple[str, Any]:
            result = original(physical_id, old, new, *rest, **more)
            do(result[0], new, old)
            return result

        return update

    replace(handler, "create", created)
    replace(handler, "update", updated)
