"""Which network addresses a fetched page may come from: public ones, whatever they are wrapped in."""

import ipaddress
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

type Address = IPv4Address | IPv6Address

# Addresses that Python calls global and that are none of the public's.
NOT_PUBLIC: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ipaddress.ip_network(net)
    for net in (
        "192.0.0.0/24",  # of protocols, its few global ones too
        "192.88.99.0/24",  # relays of 6to4
        "168.63.129.16/32",  # the platform of a cloud
        "169.254.0.0/16",
        "100.64.0.0/10",
        "192.31.196.0/24",  # AS112, AMT and other anycast of the network's own
        "192.52.193.0/24",
        "192.175.48.0/24",
        "2001::/23",  # of protocols, as in version 4
        "fec0::/10",  # site-local
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "2620:4f:8000::/48",
        "100::/64",
        "100:0:0:1::/64",
    )
)
MAPPED, COMPATIBLE, SIIT = (IPv6Network(net) for net in ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96"))
NAT64, NAT64_LOCAL = IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48")
SIX_TO_FOUR, TEREDO = IPv6Network("2002::/16"), IPv6Network("2001::/32")
ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


def is_public(text: str) -> bool:
    """Say whether an address may be fetched from: it, and all that it carries, is public and not our own.

    `text` is an address as the resolver wrote it; anything else is not public.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if getattr(address, "scope_id", None):
        return False
    return all(_is_public(one) for one in (address, *inside(address)))


def inside(address: Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that an IPv6 address carries, by each way of carrying that it may be of."""
    if isinstance(address, IPv4Address):
        return
    packed = address.packed
    if any(address in net for net in (MAPPED, COMPATIBLE, SIIT, NAT64, NAT64_LOCAL)):
        yield IPv4Address(packed[12:])
    if address in NAT64_LOCAL:  # RFC 6052 puts it round the eighth byte
        yield IPv4Address(packed[6:8] + packed[9:11])
    if address in SIX_TO_FOUR:
        yield IPv4Address(packed[2:6])
    if address in TEREDO:
        yield IPv4Address(packed[4:8])
        yield IPv4Address(bytes(byte ^ 0xFF for byte in packed[12:]))
    if packed[8:12] in ISATAP:
        yield IPv4Address(packed[12:])


def _is_public(address: Address) -> bool:
    """`is_global` is necessary, not enough."""
    if not address.is_global or address.is_multicast or address.is_unspecified:
        return False
    if address.is_reserved and address not in NAT64:  # which is how a network without IPv4 reaches it
        return False
    if any(address in net for net in NOT_PUBLIC if net.version == address.version):
        return False
    return not is_own(address)


def is_own(address: Address) -> bool:
    """Say whether this machine has the address: then a socket can be bound to it."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True
