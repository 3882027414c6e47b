"""The grants that functions' roles have in a deployed stack, each taken away for a while."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.integration.conftest import Deployed


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource, by the policy of a role."""

    folder: str
    """Of the function."""
    action: str
    resource: str
    role: str
    policy: str

    @property
    def name(self) -> str:
        """`render_chunk s3:GetObject …/parts/*`: as it reads in tables, without any name that
        CloudFormation makes up."""
        is_media = self.resource.startswith("arn:aws:s3:::")
        shown = f"…/{self.resource.partition('/')[2]}" if is_media else self._kind
        return f"{self.folder} {self.action} {shown}"

    @property
    def _kind(self) -> str:
        """What the resource is, by its own name, which begins with its construct's."""
        last = re.split(r"[:/]", self.resource)
        index = f"/{last[-1]}" if "index" in last else ""
        found = re.search(r"Reelwright-([A-Z][A-Za-z]*?)(?:Function)?[0-9A-F]{8}", self.resource)
        return (found[1] if found else "*") + index


def granted(stack: Deployed) -> list[Grant]:
    """All of all functions."""
    iam, found = stack.service("iam"), []
    for function in stack.functions.values():
        about = stack.client.functions.get_function_configuration(FunctionName=function)
        role = about["Role"].rpartition("/")[2]
        folder = about["Handler"].split(".")[1]
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = _document(iam, role, policy)
            found += [
                Grant(folder, action, resource, role, policy)
                for statement in document["Statement"]
                for action in _list(statement["Action"])
                for resource in _list(statement["Resource"])
            ]
    return sorted(set(found))


@contextmanager
def without(stack: Deployed, grant: Grant) -> Iterator[None]:
    """The function's role without this grant, and with all of its others."""
    iam = stack.service("iam")
    whole = _document(iam, grant.role, grant.policy)
    less = [
        {"Effect": "Allow", "Action": action, "Resource": resource}
        for statement in whole["Statement"]
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
        if (action, resource) != (grant.action, grant.resource)
    ]
    if less:
        _put(iam, grant, {**whole, "Statement": less})
    else:
        iam.delete_role_policy(RoleName=grant.role, PolicyName=grant.policy)
    try:
        yield
    finally:
        _put(iam, grant, whole)


def _document(iam: Any, role: str, policy: str) -> dict[str, Any]:
    found = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    document: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return document


def _put(iam: Any, grant: Grant, document: dict[str, Any]) -> None:
    iam.put_role_policy(
        RoleName=grant.role, PolicyName=grant.policy, PolicyDocument=json.dumps(document)
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
