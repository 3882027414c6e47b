"""Moments as the records keep them. Without boto3, as the command line has a use for them too."""

from datetime import datetime


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, so that stamps sort as text."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
