"""Which addresses on the network are public: where an export may be fetched from unless a person allows more.

The stranger's trap: an address of version 6 can hold one of version 4 inside (mapped, 6to4, NAT64, Teredo); what counts
is the one inside.
"""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")
_MOST_TRIED = 4


def system_addresses(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine's resolver tells them.

    Raises:
        OSError: there are none, or the resolver cannot be asked.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def first_few(addresses: Sequence[str]) -> tuple[str, ...]:
    """The addresses that are tried, in order."""
    return tuple(addresses[:_MOST_TRIED])


def is_public(address: str) -> bool:
    """Whether a machine on the public network has this address; what is no address is not public."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inside(found) if isinstance(found, IPv6Address) else None
    if inner is not None:
        return is_public(str(inner))
    local = isinstance(found, IPv6Address) and found.is_site_local
    return found.is_global and not (found.is_multicast or found.is_reserved or local)


def _inside(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
