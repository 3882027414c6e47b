"""A secret's id in CloudFormation is its ARN, which `Ref` gives; the engine takes the name."""

from collections.abc import Callable
from typing import Any

from local.shims import engine_module, replace, symbol

_Handler = Callable[..., Any]


def install() -> None:
    """Give templates the ARN, and the engine the name it knows the secret by."""
    handlers = symbol(engine_module("services.cloudformation.provisioners"), "_RESOURCE_HANDLERS")
    secret = symbol(handlers, "AWS::SecretsManager::Secret")
    replace(secret, "create", _answering_with_the_arn)
    replace(secret, "update", lambda original: _answering_with_the_arn(_called_by_name(original)))
    replace(secret, "delete", _called_by_name)


def _answering_with_the_arn(original: _Handler) -> _Handler:
    def handle(*arguments: Any, **more: Any) -> tuple[str, Any]:
        physical_id, attributes = original(*arguments, **more)
        return attributes.get("Arn", physical_id), attributes

    return handle


def _called_by_name(original: _Handler) -> _Handler:
    def handle(arn: str, *arguments: Any, **more: Any) -> Any:
        # arn:aws:secretsmanager:us-east-1:000000000000:secret:NAME-6d0fe2
        return original(arn.rpartition(":")[2].rpartition("-")[0], *arguments, **more)

    return handle
