"""What only a person looks at, and the engine does not know, is taken and left at that."""

import uuid
from typing import Any

from local.home import ACCOUNT, REGION
from local.shims import engine_module, replace, symbol


def install() -> None:
    """Take saved log queries, and alarms on an expression of metrics. Neither is kept."""
    provisioners = engine_module("services.cloudformation.provisioners")
    handlers = symbol(provisioners, "_RESOURCE_HANDLERS")
    handlers["AWS::Logs::QueryDefinition"] = {
        "create": lambda *_: (str(uuid.uuid4()), {}),
        "update": lambda physical_id, *_, **__: (physical_id, {}),
        "delete": lambda *_, **__: None,
    }

    def put(original: Any) -> Any:
        def put_or_leave(name: str, properties: dict[str, Any]) -> tuple[str, dict[str, Any]]:
            if "Metrics" in properties:
                return name, {"Arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"}
            made: tuple[str, dict[str, Any]] = original(name, properties)
            return made

        return put_or_leave

    replace(provisioners, "_cw_metric_alarm_put", put)
