"""Command line of the embedded AWS: up, down, status, runtime."""

import argparse
import json
import sys
from pathlib import Path

from local.deploy import deploy
from local.embedded import EmbeddedAws
from local.home import DEFAULT_HOME, forget_account
from local.runtime import build_runtime


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start it in the background, or find it running")
    down = commands.add_parser("down", help="stop it and everything it started; it keeps its state")
    down.add_argument("--forget", action="store_true", help="remove its state: the next is empty")
    status = commands.add_parser("status", help="print local.json of the running one")
    for command in (up, down, status):
        command.add_argument(
            "--home", type=Path, default=DEFAULT_HOME, help="its folder (default: .reelwright)"
        )
    up.add_argument("--assembly", type=Path, help="a synthesized CDK app to deploy into it")
    up.add_argument("--stack", default="Reelwright", help="the stack of the app")
    commands.add_parser("runtime", help="install what Lambda's runtime supplies to functions")
    arguments = parser.parse_args()
    forget_account()
    if arguments.command == "runtime":
        print(build_runtime())
        return 0
    aws = EmbeddedAws(arguments.home)
    if arguments.command == "down":
        print("stopped" if aws.stop() else "was not running")
        if arguments.forget:
            aws.forget()
            print(f"removed what was kept in {aws.home.path}")
        return 0
    if arguments.command == "up":
        aws.start()
        if arguments.assembly:
            deploy(arguments.assembly, arguments.stack, aws)
    note = aws.note
    print("not running" if note is None else json.dumps(note, indent=2))
    return 1 if note is None else 0


if __name__ == "__main__":
    sys.exit(main())
