"""Which network addresses the hub calls: a receiver's address must not lead into the hub's own network.

A partner chooses the name that the hub connects to, so the name is never trusted: **every** address it resolves
to is judged, and the connection goes to a judged address (OWASP, Server-Side Request Forgery Prevention).
Networks are named here one by one, after the IANA special-purpose registries (RFC 6890), because what a library
calls "private" differs between its versions.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


OWN_NETWORKS: Final = _networks(
    "127.0.0.0/8",  # loopback
    "::1/128",  # loopback
    "10.0.0.0/8",  # private use, RFC 1918
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",  # shared address space, RFC 6598
    "fc00::/7",  # unique local, RFC 4193
)
"""Called only when the target is configured with `allow_private_addresses`."""

NEVER: Final = _networks(
    "0.0.0.0/8",  # this host
    "169.254.0.0/16",  # link-local; clouds keep their metadata service here
    "168.63.129.16/32",  # Azure's platform service: looks public, is not
    "100.100.100.200/32",  # Alibaba Cloud's metadata
    "fd00:ec2::254/128",  # Amazon's metadata over IPv6
    "fd20:ce::254/128",  # Google Cloud's metadata over IPv6
    "192.0.0.0/24",  # protocol assignments; Oracle Cloud's metadata
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",  # 6to4 relays, deprecated
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and broadcast
    "2001::/23",  # protocol assignments, among them Teredo: an IPv4 address in disguise
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4: an IPv4 address in disguise
    "3fff::/20",  # documentation
)
"""Never called, whatever is configured: nobody receives webhooks there, and metadata services give away keys."""

_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out as public addresses; everything else is special."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is meant. Networks without IPv4 reach receivers so."""

_NUMBER: Final = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)")
"""A last label like this makes a host a number for the C library: 2130706433, 0177.1 and 0x7f.1 are 127.0.0.1."""


def permitted(text: str, *, allow_private: bool) -> bool:
    """Tell whether the hub may connect to this address, as `getaddrinfo` gives it. What is unreadable: no."""
    try:
        address = _meaning(ipaddress.ip_address(text))
    except ValueError:
        return False
    if any(address in network for network in NEVER):
        return False
    if any(address in network for network in OWN_NETWORKS):
        return allow_private
    return isinstance(address, ipaddress.IPv4Address) or address in _GLOBAL_UNICAST


def ambiguous_host(host: str) -> bool:
    """Tell whether a host is a number in a form that programs read differently (WHATWG URL, "ends in a number").

    The ordinary dotted form of IPv4 and IPv6 literals are not ambiguous.
    """
    if ":" in host or not _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return True
    return False


def _meaning(address: Address) -> Address:
    """Return the IPv4 address inside a mapped or translated IPv6 address, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
