"""The name a browser gives to a file it loads."""

from urllib.parse import quote

_SAFE = "!#$&+-.^_`|~"
"""What RFC 5987 leaves as it is, beside letters and digits."""


def content_disposition(filename: str, suffix: str) -> str:
    """The header for a name, which gets the file's ending unless it has it (RFC 6266).

    Old clients read the first form, where what is not ASCII is replaced.
    """
    ending = f".{suffix}"
    name = filename if filename.lower().endswith(ending) else filename + ending
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_SAFE)}"
