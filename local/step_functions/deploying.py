"""CloudFormation's versions and aliases of state machines, which the engine's does not know."""

import json
from http import HTTPStatus
from typing import Any

from local.shims import engine_module, symbol

_VERSION = "AWS::StepFunctions::StateMachineVersion"
_ALIAS = "AWS::StepFunctions::StateMachineAlias"


def install() -> None:
    """Add the two types to what the engine's CloudFormation can make."""
    provisioners = engine_module("services.cloudformation.provisioners")
    handlers = symbol(provisioners, "_RESOURCE_HANDLERS")
    handlers[_VERSION] = {"create": _publish, "delete": _delete_version}
    handlers[_ALIAS] = {"create": _create_alias, "update": _update_alias, "delete": _delete_alias}
    symbol(provisioners, "_REPLACING_PROPERTIES").update(
        {_VERSION: ("StateMachineArn", "StateMachineRevisionId"), _ALIAS: ("Name",)}
    )


def _publish(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, Any]:
    arn = _ask(
        "_publish_state_machine_version",
        stateMachineArn=properties["StateMachineArn"],
        description=properties.get("Description", ""),
        # What the template calls INITIAL is whatever there is.
        revisionId=properties.get("StateMachineRevisionId", "INITIAL").replace("INITIAL", ""),
    )["stateMachineVersionArn"]
    return arn, {"Arn": arn}


def _delete_version(physical_id: str, _properties: dict[str, Any]) -> None:
    _ask("_delete_state_machine_version", stateMachineVersionArn=physical_id)


def _create_alias(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, Any]:
    arn = _ask("_create_state_machine_alias", name=properties["Name"], **_alias(properties))[
        "stateMachineAliasArn"
    ]
    return arn, {"Arn": arn}


def _update_alias(
    physical_id: str, _old: dict[str, Any], new: dict[str, Any], *_rest: Any
) -> tuple[str, Any]:
    _ask("_update_state_machine_alias", stateMachineAliasArn=physical_id, **_alias(new))
    return physical_id, {"Arn": physical_id}


def _delete_alias(physical_id: str, _properties: dict[str, Any]) -> None:
    _ask("_delete_state_machine_alias", stateMachineAliasArn=physical_id)


def _alias(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": properties.get("Description", ""),
        "routingConfiguration": [
            {
                "stateMachineVersionArn": route["StateMachineVersionArn"],
                "weight": int(route["Weight"]),
            }
            for route in properties["RoutingConfiguration"]
        ],
    }


def _ask(action: str, **request: Any) -> dict[str, Any]:
    """What the engine's API answers. Raises what it refuses."""
    call = symbol(engine_module("services.stepfunctions"), action)
    status, _, body = call(request)
    answer: dict[str, Any] = json.loads(body)
    if status != HTTPStatus.OK:
        raise ValueError(f"{action[1:]} failed: {answer.get('message')}")
    return answer
