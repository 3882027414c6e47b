"""First file a function's worker runs: becomes the leader of its own process group, then serves.

Started without `site`, so that only the function's code, its layers and Lambda's runtime can be
imported: a package that a layer lacks is missing here as it is on AWS.
"""

import os
import sys


def main() -> None:
    os.setsid()
    from awslambdaric.__main__ import main as serve  # noqa: PLC0415

    serve(sys.argv)


if __name__ == "__main__":
    main()
