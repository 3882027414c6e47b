"""Deploys a synthesized CDK app by CloudFormation; the same calls deploy it to AWS."""

import contextlib
import json
import os
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.embedded import EmbeddedAws
from local.home import ACCOUNT, REGION, Home

_BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
_BOOTSTRAP_VERSION = "30"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_GOOD_ENDS = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")
_POLL_S = 0.05
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_STORED_FROM_BYTES = 8 * 1024 * 1024
"""Larger files are not compressed: it would take longer than it saves on one machine."""


class DeployFailedError(RuntimeError):
    """A stack did not come to a good end; lists the resources that failed and why."""


@dataclass(frozen=True)
class _Asset:
    bucket: str
    key: str
    source: Path
    is_folder: bool


def deploy(assembly: Path, stack: str, aws: EmbeddedAws) -> dict[str, str]:
    """Create or update the stack `stack` of a cdk.out folder. Returns its outputs.

    They are written to local.json too.
    """
    with aws.alone("deploy"):
        return _deploy(assembly, stack, aws)


def _deploy(assembly: Path, stack: str, aws: EmbeddedAws) -> dict[str, str]:
    s3, cloudformation = aws.client("s3"), aws.client("cloudformation")
    assets = list(_assets(assembly, stack))
    for bucket in {asset.bucket for asset in assets}:
        _ensure_bucket(s3, bucket)
    for asset in assets:
        _ensure_uploaded(s3, asset, aws.home)
    _ensure_bootstrapped(aws.client("ssm"))
    template = next(a for a in assets if a.source.name == f"{stack}.template.json")
    url = f"https://s3.{REGION}.amazonaws.com/{template.bucket}/{template.key}"
    _create_or_update(cloudformation, stack, url)
    described = _find_stack(cloudformation, stack) or {}
    listed = {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}
    outputs = {name: reachable(value, aws.endpoint) for name, value in listed.items()}
    aws.home.write_note({**(aws.home.read_note() or {}), "stack": stack, "outputs": outputs})
    return outputs


def destroy(stack: str, aws: EmbeddedAws) -> None:
    """Empty the stack's buckets, then delete it. A stack that is not there is fine."""
    cloudformation, s3 = aws.client("cloudformation"), aws.client("s3")
    found = _find_stack(cloudformation, stack)
    if found is None:
        return
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    for page in pages:
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::S3::Bucket":
                _empty_bucket(s3, resource["PhysicalResourceId"])
    cloudformation.delete_stack(StackName=stack)
    _await_end(cloudformation, found["StackId"])
    note = aws.home.read_note() or {}
    aws.home.write_note({k: v for k, v in note.items() if k not in ("stack", "outputs")})


def _assets(assembly: Path, stack: str) -> Iterator[_Asset]:
    """What the stack needs in the asset bucket, its template last."""
    manifest = json.loads((assembly / f"{stack}.assets.json").read_text("utf-8"))
    files = manifest["files"].values()
    for file in sorted(files, key=lambda f: str(f["source"]["path"]).endswith(".template.json")):
        for destination in file["destinations"].values():
            yield _Asset(
                bucket=_in_this_account(destination["bucketName"]),
                key=destination["objectKey"],
                source=assembly / file["source"]["path"],
                is_folder=file["source"]["packaging"] == "zip",
            )


def _in_this_account(name: str) -> str:
    for placeholder, value in (("AccountId", ACCOUNT), ("Region", REGION), ("Partition", "aws")):
        name = name.replace(f"${{AWS::{placeholder}}}", value)
    return name


def _ensure_bucket(s3: Any, bucket: str) -> None:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        s3.create_bucket(Bucket=bucket)


def _ensure_uploaded(s3: Any, asset: _Asset, home: Home) -> None:
    """Keys are hashes of the content: what is there is right."""
    with contextlib.suppress(ClientError):
        s3.head_object(Bucket=asset.bucket, Key=asset.key)
        return
    path = _zipped(asset, home) if asset.is_folder else asset.source
    with path.open("rb") as body:
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)


def _zipped(asset: _Asset, home: Home) -> Path:
    """The folder as a zip, made once per content hash, with the files' modes kept."""
    target = home.zips_path / asset.key
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f".{os.getpid()}.part")
    with zipfile.ZipFile(part, "w") as archive:
        for file in sorted(path for path in asset.source.rglob("*") if path.is_file()):
            status = file.stat()
            entry = zipfile.ZipInfo(file.relative_to(asset.source).as_posix(), _ZIP_EPOCH)
            entry.external_attr = (0o100000 | (status.st_mode & 0o777)) << 16
            entry.file_size = status.st_size
            is_large = status.st_size >= _STORED_FROM_BYTES
            entry.compress_type = zipfile.ZIP_STORED if is_large else zipfile.ZIP_DEFLATED
            with file.open("rb") as source, archive.open(entry, "w") as packed:
                while block := source.read(1024 * 1024):
                    packed.write(block)
    part.rename(target)
    return target


def _ensure_bootstrapped(ssm: Any) -> None:
    """What `cdk bootstrap` leaves, as far as a template checks it."""
    try:
        ssm.get_parameter(Name=_BOOTSTRAP_PARAMETER)
    except ClientError:
        ssm.put_parameter(Name=_BOOTSTRAP_PARAMETER, Value=_BOOTSTRAP_VERSION, Type="String")


def reachable(output: str, endpoint: str) -> str:
    """An HTTP API's address as it is on this machine, where its own host name leads nowhere."""
    found = re.fullmatch(r"https?://([a-z0-9]+)\.execute-api\.[^/]+", output)
    return f"{endpoint}/_aws/execute-api/{found[1]}/$default" if found else output


def _create_or_update(cloudformation: Any, stack: str, template_url: str) -> None:
    arguments = {
        "StackName": stack,
        "TemplateURL": template_url,
        "Capabilities": _CAPABILITIES,
    }
    found = _find_stack(cloudformation, stack)
    if found and found["StackStatus"] == "ROLLBACK_COMPLETE":
        # A stack whose creation failed can only be deleted.
        destroyed = found["StackId"]
        cloudformation.delete_stack(StackName=stack)
        _await_end(cloudformation, destroyed)
        found = None
    if found is None:
        stack_id = cloudformation.create_stack(**arguments)["StackId"]
    else:
        try:
            stack_id = cloudformation.update_stack(**arguments)["StackId"]
        except ClientError as error:
            if "No updates are to be performed" in error.response["Error"]["Message"]:
                return
            raise
    _await_end(cloudformation, stack_id)


def _find_stack(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return found


def _await_end(cloudformation: Any, stack_id: str) -> None:
    while True:
        found = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
        status = found["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            break
        time.sleep(_POLL_S)
    if status not in _GOOD_ENDS:
        raise DeployFailedError(_why(cloudformation, stack_id, status))


def _why(cloudformation: Any, stack_id: str, status: str) -> str:
    """One line per failed resource: the first failures are the causes."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    failed = [
        f"{event['LogicalResourceId']} ({event['ResourceType']}): "
        f"{event.get('ResourceStatusReason', 'no reason given')}"
        for page in pages
        for event in page["StackEvents"]
        if "FAILED" in event["ResourceStatus"]
        and event["ResourceType"] != "AWS::CloudFormation::Stack"
    ]
    name = stack_id.split("/")[1] if "/" in stack_id else stack_id
    return "\n  ".join([f"Stack {name} ended as {status}.", *reversed(failed)])


def _empty_bucket(s3: Any, bucket: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
