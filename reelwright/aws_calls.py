"""The calls to AWS itself, with the caller's own credentials: the stack's outputs, and its logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoRegionError,
)

from reelwright.errors import NotAuthorisedError, NotFoundError, UnreachableError

if TYPE_CHECKING:
    import boto3

_CREDENTIALS = "check the AWS credentials in use, or name a profile by --profile"


def outputs_of(session: "boto3.Session", stack: str) -> dict[str, str]:
    """A stack's outputs. NotFoundError if there is none of that name in the region."""
    with told(f"the stack {stack} can't be looked up"):
        try:
            described = session.client("cloudformation").describe_stacks(StackName=stack)
        except ClientError as fault:
            if fault.response["Error"].get("Code") == "ValidationError":
                raise NotFoundError(
                    f"There is no stack {stack} in {session.region_name}.",
                    "check --stack, --region and --profile",
                ) from fault
            raise
    listed = described["Stacks"][0].get("Outputs", [])
    return {one["OutputKey"]: one["OutputValue"] for one in listed}


@contextmanager
def told(what: str) -> Iterator[None]:
    """botocore's errors as ours; `what` could not be done."""
    try:
        yield
    except NoRegionError as fault:
        raise UnreachableError(f"No AWS region is set: {what}.", "name it by --region") from fault
    except (EndpointConnectionError, HTTPClientError) as fault:
        raise UnreachableError(f"AWS can't be reached: {what} ({fault}).") from fault
    except BotoCoreError as fault:
        raise NotAuthorisedError(f"{fault}: {what}.".replace(".:", ":"), _CREDENTIALS) from fault
    except ClientError as fault:
        error = fault.response["Error"]
        raise NotAuthorisedError(
            f"AWS answers {error.get('Code')}: {what} ({error.get('Message')}).", _CREDENTIALS
        ) from fault
