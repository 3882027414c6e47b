"""Command line of the embedded AWS: up, down, status, runtime."""

import argparse
import json
import sys
from pathlib import Path

from local.embedded import EmbeddedAws
from local.home import DEFAULT_HOME
from local.runtime import build_runtime


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("up", "start it in the background, or find it running"),
        ("down", "stop it and everything it started"),
        ("status", "print local.json of the running one"),
    ):
        commands.add_parser(name, help=text).add_argument(
            "--home", type=Path, default=DEFAULT_HOME, help="its folder (default: .reelwright)"
        )
    commands.add_parser("runtime", help="install what Lambda's runtime supplies to functions")
    arguments = parser.parse_args()
    if arguments.command == "runtime":
        print(build_runtime())
        return 0
    aws = EmbeddedAws(arguments.home)
    if arguments.command == "down":
        print("stopped" if aws.stop() else "was not running")
        return 0
    note = aws.start() if arguments.command == "up" else aws.note
    if note is None:
        print("not running")
        return 1
    print(json.dumps(note, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
