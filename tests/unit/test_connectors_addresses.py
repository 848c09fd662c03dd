"""Which network addresses are called, and which forms of a target are taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.webhook.addresses import ambiguous_host, permitted
from connectors.webhook.target import WebhookTarget

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="

PUBLIC = [
    "8.8.8.8",
    "145.100.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]
OWN = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd12::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
]
NEVER = [
    "0.0.0.0",  # noqa: S104 - an address to refuse, not to listen on
    "0.1.2.3",
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "ff02::1",
    "localhost",
    "2130706433",
    "",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_called(address: str) -> None:
    """An ordinary receiver on the internet is reached."""
    assert permitted(address, allow_private=False)


@pytest.mark.parametrize("address", OWN)
def test_own_networks_only_when_configured(address: str) -> None:
    """Loopback and private addresses need the setting, in every spelling."""
    assert not permitted(address, allow_private=False)
    assert permitted(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_special_addresses_never(address: str) -> None:
    """Metadata, link-local, multicast, reserved and unreadable addresses are refused whatever is configured."""
    assert not permitted(address, allow_private=True)


@given(st.ip_addresses(v=4))
def test_an_address_inside_ipv6_is_judged_as_what_it_means(address: object) -> None:
    """An IPv4 address gets the same judgement plain, mapped and translated."""
    for allow_private in (False, True):
        plain = permitted(str(address), allow_private=allow_private)
        assert permitted(f"::ffff:{address}", allow_private=allow_private) is plain
        assert permitted(f"64:ff9b::{address}", allow_private=allow_private) is plain


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "0x7f000001",
        "127.0.0.1.",
        "1.2.3.4.5",
        "256.1.1.1",
        "a.0x1",
    ],
)
def test_hosts_written_as_numbers_are_refused(host: str) -> None:
    """A host that programs read as different numbers is not taken."""
    assert ambiguous_host(host)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "example.org", "3com.example", "::1", "::ffff:127.0.0.1", "xn--caf-dma.example", "a.x7"],
)
def test_plain_hosts_are_taken(host: str) -> None:
    """Names and ordinary addresses are not ambiguous."""
    assert not ambiguous_host(host)


def target(**changes: object) -> WebhookTarget:
    return WebhookTarget.model_validate({"url": "https://a.example/in", "secrets": [SECRET], **changes})


def test_a_target_has_safe_defaults() -> None:
    """Without further settings a target is structured, https and public only."""
    found = target()
    assert (found.mode, found.allow_plain_http, found.allow_private_addresses) == ("structured", False, False)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://a.example/in"},
        {"url": "ftp://a.example/in"},
        {"url": "https:///in"},
        {"url": "/in"},
        {"url": "https://user:pw@a.example/in"},
        {"url": "https://user@a.example/in"},
        {"url": "https://a.example/in#part"},
        {"url": "https://a.example:0/in"},
        {"url": "https://a.example:99999/in"},
        {"url": "https://a.example:x/in"},
        {"url": "https://2130706433/in"},
        {"url": "https://[fe80::1%25eth0]/in"},
        {"url": "https://a.example\\@b.example/in"},
        {"url": "https://a.example/\nin"},
        {"url": "https://a.example/ in"},
        {"url": "https://a.example/" + "x" * 2042},
        {"url": "https://[::1/in"},
        {"secrets": []},
        {"secrets": [SECRET] * 3},
        {"secrets": ["whsec_c2hvcnQ="]},
        {"secrets": ["not base64!"]},
        {"secrets": ["é"]},
        {"secrets": ["QUFB" * 40]},
        {"secrets": SECRET},
        {"mode": "batch"},
        {"domain": "Not A Domain"},
        {"subscriber_reference": ""},
        {"allow_plain_http": "yes"},
        {"redirects": True},
    ],
)
def test_a_wrong_target_is_refused_without_showing_it(changes: dict[str, object]) -> None:
    """A target of another form is refused, and no error text holds a secret."""
    with pytest.raises(ValidationError) as caught:
        target(**changes)
    assert all(SECRET not in str(part) for part in (caught.value, caught.value.errors(include_input=False)))


def test_plain_http_is_taken_when_configured() -> None:
    """Closed networks may use http."""
    assert target(url="http://a.example/in", allow_plain_http=True).url == "http://a.example/in"


def test_a_target_does_not_show_its_secrets() -> None:
    """Printing a target shows no key."""
    assert SECRET not in repr(target()) + str(target())
