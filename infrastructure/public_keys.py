"""Public keys that CloudFront checks signatures with, as the stage is given them."""

import base64
import binascii
import re
import textwrap
from typing import Any

_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.+?)-----END \1-----", re.DOTALL)
_RSA_2048 = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f00")
_P_256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
_LENGTHS = {_RSA_2048: 294, _P_256: 91}
"""How a SubjectPublicKeyInfo of that kind begins, and its bytes (RSA's with exponent 65537)."""
_MOST = 5
"""Keys of a key group, by CloudFront's quota."""


def public_keys(value: Any) -> tuple[str, ...]:
    """One PEM or several in one text, or a list of them; line ends may be missing or `\\n`.

    ValueError: a private key, a key CloudFront does not take, or none at all.
    """
    if isinstance(value, str):
        text = value
    elif isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        text = "\n".join(value)
    else:
        raise ValueError("delivery_public_keys: give the text of one or more PEM files")
    found = _PEM.findall(text.replace("\\n", "\n"))
    if text.strip() and not found:
        raise ValueError(
            "delivery_public_keys: no PEM in it; it begins with -----BEGIN PUBLIC KEY-----"
        )
    if any("PRIVATE" in kind for kind, _ in found):
        raise ValueError(
            "delivery_public_keys: this is a private key, which stays with whoever signs; give "
            "what `openssl pkey -in private.pem -pubout` prints"
        )
    if len(found) > _MOST:
        raise ValueError(f"delivery_public_keys: {len(found)} keys; a key group holds {_MOST}")
    return tuple(_checked(body) for _, body in found)


def _checked(body: str) -> str:
    """The key as one PEM in the form that `openssl` writes."""
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        der = b""
    if not any(der.startswith(head) and len(der) == size for head, size in _LENGTHS.items()):
        raise ValueError(
            "delivery_public_keys: CloudFront takes RSA keys of 2048 bits and ECDSA keys of P-256; "
            "this is neither"
        )
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])
