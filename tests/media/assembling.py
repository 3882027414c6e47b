"""Parts made by the real functions, assembled by the real one in a store of moto's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from moto import mock_aws

from functions.assemble_render.assemble import assemble
from functions.assemble_render.result import Result
from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import Plan
from tests.media.support import BUCKET, JOB, FolderStore


@contextmanager
def media_store() -> Iterator[MediaStore]:
    with mock_aws():
        s3 = boto3.client("s3", "us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        yield MediaStore(s3, BUCKET)


def assembled(parts: FolderStore, plan: Plan, store: MediaStore) -> Result:
    """Publish a job whose parts lie in a folder."""
    store.write_plan(plan)
    root = parts.path(Keys(JOB).parts)
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        key = Keys(JOB).parts + file.relative_to(root).as_posix()
        part = parts.head(key)
        assert part is not None
        store.upload(key, file, "application/octet-stream", part.metadata)
    return assemble(store, JOB, lambda: None, remaining_s=300)


def fetch(store: MediaStore, key: str, folder: Path) -> Path:
    file = folder / f"published-{Path(key).name}"
    file.write_bytes(store.read(key))
    return file
