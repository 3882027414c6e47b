"""AWS as moto plays it in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws

# A session reads botocore's descriptions of services once: tens of milliseconds for each service.
_SESSION = boto3.Session("test", "test", region_name="us-east-1")


@contextmanager
def mocked_aws(**config: Any) -> Iterator[None]:
    """An empty account, the same session for every test. `config`: moto's own."""
    with mock_aws(config=config), patch.object(boto3, "DEFAULT_SESSION", _SESSION):
        yield
