"""Which network addresses a stranger's URL may lead to."""

from ipaddress import IPv6Address, IPv6Network, ip_address

# Translates to any IPv4 address, private ones too, and yet counts as global.
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """True for an address of the public internet.

    False for loopback, private, link-local (where cloud metadata services live), shared, multicast
    and reserved ranges, and for IPv6 forms that carry an IPv4 address which may be one of those.
    """
    found = ip_address(address)
    if isinstance(found, IPv6Address) and (
        found.ipv4_mapped or found.sixtofour or found.teredo or found in _NAT64
    ):
        return False
    return found.is_global and not found.is_multicast
