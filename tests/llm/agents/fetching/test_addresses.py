"""An address is public only if it, and whatever it carries, is."""

import pytest

from llm.agents.fetching.addresses import is_public

PUBLIC = (
    "8.8.8.8 93.184.216.34 2606:4700:4700::1111 2a00:1450:4001:81b::200e 64:ff9b::8.8.8.8 2a00::5efe:808:808"
)
LOCAL = (
    "127.0.0.1 127.1.2.3 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.9 ::1 ::"
)
SPECIAL = (
    "192.88.99.1 168.63.129.16 198.18.0.1 203.0.113.5 224.0.0.1 239.1.1.1 255.255.255.255 240.0.0.1"
    " fec0::1 fe80::1 fd00::1 ff02::1 3fff::1 5f00::1 2001:db8::1 2001:20::1 100::1 4000::1"
)
WRAPPED = (
    "::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 ::ffff:0:169.254.169.254 64:ff9b::127.0.0.1"
    " 64:ff9b::a9fe:a9fe"
    " 64:ff9b:1::10.0.0.1 64:ff9b:1:7f00:0:100:: 2002:7f00:1::1 2001:0:7f00:1::1"
    " 2001:0:808:808::80ff:fffe 2a00::5efe:127.0.0.1 2a00::200:5efe:10.0.0.1"
)
NONE = "localhost fe80::1%eth0 2a00:1450::1%1 127.1 0x7f.1 2130706433 a.b.c.d 8.8.8.8:80"


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", f"{LOCAL} {SPECIAL} {WRAPPED} {NONE}".split())
def test_not_public(address: str) -> None:
    assert not is_public(address)
