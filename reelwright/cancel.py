"""Cancel a job: `python -m reelwright.cancel JOB_ID`, embedded unless --stack is given."""

import argparse
import sys

import boto3

from functions.shared.errors import CancelRefused
from local.embedded import EmbeddedAws
from local.home import ACCOUNT, REGION
from reelwright.client import Client


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reelwright.cancel", description=__doc__)
    parser.add_argument("job_id")
    parser.add_argument("--stack", help="a stack on AWS, such as Reelwright")
    arguments = parser.parse_args()
    client = Client.of_stack(arguments.stack, boto3.Session()) if arguments.stack else _embedded()
    if client is None:
        sys.stderr.write("No embedded AWS is up: `make local-up`, or name a stack by --stack.\n")
        return 2
    try:
        status = client.cancel(arguments.job_id)
    except CancelRefused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    sys.stdout.write(f"{arguments.job_id} {status}\n")
    return 0


def _embedded() -> Client | None:
    note = EmbeddedAws().note
    if note is None or "outputs" not in note:
        return None
    session = boto3.Session(ACCOUNT, "test", region_name=REGION)
    return Client.connect(note["outputs"], session, note["endpoint"])


if __name__ == "__main__":
    sys.exit(main())
