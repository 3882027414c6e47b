"""A job that runs."""

import pytest

from functions.shared.jobs_table import JobsTable
from tests.unit.conftest import Desk


@pytest.fixture
def running(desk: Desk) -> JobsTable:
    desk.run("a")
    return desk.jobs
