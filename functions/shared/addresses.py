"""Which network addresses a stranger's URL may lead to."""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

# What Python's `is_global` lets pass though it may lead to any IPv4 address or into a site.
_REFUSED = (
    IPv6Network("::/96"),  # IPv4-compatible
    IPv6Network("64:ff9b::/96"),  # NAT64
    IPv6Network("64:ff9b:1::/48"),  # NAT64 of a site
    IPv6Network("fec0::/10"),  # site-local
    IPv4Network("192.88.99.0/24"),  # relays from IPv6
)


def is_public(address: str) -> bool:
    """True for an address of the public internet.

    False for loopback, private, link-local (where cloud metadata services live), shared, multicast
    and reserved ranges, and for IPv6 forms that carry an IPv4 address which may be one of those.
    """
    found = ip_address(address)
    if isinstance(found, IPv6Address) and (found.ipv4_mapped or found.sixtofour or found.teredo):
        return False
    if any(found in network for network in _REFUSED):
        return False
    return found.is_global and not found.is_multicast
