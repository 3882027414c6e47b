"""Grants that no test here can show to be needed, each with its reason."""

from fnmatch import fnmatchcase

from tests.integration.permissions.grants import Grant

KEPT = {
    "* kms:* *": "the embedded AWS asks nobody for the use of a key",
    "* sqs:GetQueueAttributes *Missed": "CDK's own grant to send; AWS asks for SendMessage",
    "* sqs:GetQueueUrl *Missed": "CDK's own grant to send; AWS asks for SendMessage",
    "* s3:AbortMultipartUpload …/parts/*": "of parts over 64 MB whose sending fails halfway; else "
    "what was sent stays for a day",
    "assemble_render s3:DeleteObject *": "of a file that S3 gives back other than it was sent",
    "* logs:* *": "the embedded AWS keeps functions' logs without asking",
    "* xray:* *": "the embedded AWS has no X-Ray",
}


def reason(grant: Grant) -> str | None:
    """Why it stays; None: something fails without it."""
    found = (why for pattern, why in KEPT.items() if fnmatchcase(grant.name, pattern))
    return next(found, None)
