"""Calls the reconciler more often than its schedule does, beside all that it may disturb."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from local.embedded import EmbeddedAws

_EVERY_S = 10.0


@contextmanager
def reconciled(aws: EmbeddedAws, stack: str) -> Iterator[None]:
    """So that even a load of half a minute meets several of its passes."""
    name = _find(aws, stack)
    lambdas = aws.client("lambda")
    over = threading.Event()

    def call() -> None:
        while not over.wait(_EVERY_S):
            lambdas.invoke(FunctionName=name)

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    try:
        yield
    finally:
        over.set()
        caller.join()


def _find(aws: EmbeddedAws, stack: str) -> str:
    pages = aws.client("cloudformation").get_paginator("list_stack_resources")
    (found,) = [
        resource["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack)
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
        and resource["LogicalResourceId"].startswith("ReconcileJobsFunction")
    ]
    return str(found)
