"""A synthesized stack and how tests read it."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Resource = dict[str, Any]
FOLDERS = (
    "register_job",
    "claim_job",
    "request_turn",
    "plan_render",
    "render_chunk",
    "render_audio",
    "take_snapshots",
    "take_live_snapshots",
    "assemble_render",
    "finish_job",
    "cancel_job",
    "reconcile_jobs",
    "announce_job",
    "deliver_webhook",
    "resize_snapshot",
    "handle_api",
)
OUTSIDE_THE_MACHINE = {
    "register_job",
    "cancel_job",
    "reconcile_jobs",
    "announce_job",
    "deliver_webhook",
    "resize_snapshot",
    "handle_api",
}
"""Functions that run before, beside and after executions."""
PINNED = {
    "plan_render",
    "render_chunk",
    "render_audio",
    "take_snapshots",
    "take_live_snapshots",
    "assemble_render",
}
"""Functions whose published versions the machine calls."""


@dataclass(frozen=True)
class Synthesis:
    """One cloud assembly."""

    folder: Path

    @property
    def template_path(self) -> Path:
        return self.folder / "Reelwright.template.json"

    @property
    def template(self) -> dict[str, Any]:
        template: dict[str, Any] = json.loads(self.template_path.read_text())
        return template

    def of_type(self, kind: str) -> dict[str, Resource]:
        resources = self.template["Resources"].items()
        return {name: found for name, found in resources if found["Type"] == kind}

    def only(self, kind: str) -> Resource:
        """The properties of the one resource of a type."""
        (found,) = self.of_type(kind).values()
        return dict(found["Properties"])

    def named(self, name: str) -> Resource:
        """The properties of a resource by its logical id without the hash."""
        (found,) = [
            found
            for logical_id, found in self.template["Resources"].items()
            if plain({"Ref": logical_id}) == name
        ]
        return dict(found["Properties"])

    def functions(self) -> dict[str, Resource]:
        """Properties of our functions by their folder."""
        return {
            found["Properties"]["Handler"].split(".")[1]: found["Properties"]
            for found in self.of_type("AWS::Lambda::Function").values()
        }

    def asset(self, location: Resource) -> Path:
        """The folder behind a function's Code or a layer's Content."""
        return self.folder / f"asset.{location['S3Key'].removesuffix('.zip')}"

    def layers_of(self, function: Resource) -> list[Resource]:
        layers = self.of_type("AWS::Lambda::LayerVersion")
        return [layers[reference["Ref"]]["Properties"] for reference in function["Layers"]]

    def grants(self) -> dict[str, set[tuple[str, str]]]:
        """(action, resource) pairs by the name of the role that has them."""
        found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        for policy in self.of_type("AWS::IAM::Policy").values():
            properties = policy["Properties"]
            pairs = set(_pairs(properties["PolicyDocument"]["Statement"]))
            for role in properties["Roles"]:
                found[plain(role)] |= pairs
        return dict(found)


def _pairs(statements: list[Resource]) -> Iterator[tuple[str, str]]:
    for statement in statements:
        assert statement["Effect"] == "Allow"
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                yield action, plain(resource)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def plain(value: Any) -> str:
    """A name or ARN with every reference written as the logical id without its hash."""
    match value:
        case str():
            return value
        case {"Ref": str(name)} if name.startswith("AWS::"):
            return name.removeprefix("AWS::").lower()
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), "Arn"]}:
            return re.sub(r"[0-9A-F]{8}$", "", name)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"{re.sub(r'[0-9A-F]{8}$', '', name)}.{attribute}"
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(plain(part) for part in parts)
    raise AssertionError(f"not a name: {value}")
