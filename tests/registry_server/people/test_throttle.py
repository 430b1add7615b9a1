"""The pause grows with failures, ends by itself, and is bounded."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry_server.people.throttle import MAX_PER_ADDRESS, MAX_PER_NAME, Failures, canonical_address, counted_address, wait

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("with_name", "at_address", "age_s", "pause_s"),
    [
        pytest.param(0, 0, 0, 0, id="nothing happened"),
        pytest.param(4, 4, 0, 0, id="four slips are human"),
        pytest.param(5, 5, 0, 1, id="the fifth failure begins the pause"),
        pytest.param(8, 8, 0, 8, id="it doubles"),
        pytest.param(8, 8, 5, 3, id="and runs off"),
        pytest.param(8, 8, 8, 0, id="to its end"),
        pytest.param(60, 60, 0, 300, id="five minutes at most for a name at an address"),
        pytest.param(0, 49, 0, 0, id="an office shares its address"),
        pytest.param(0, 52, 0, 4, id="one password on many names slows down too"),
        pytest.param(0, 500, 0, 30, id="half a minute at most for an address"),
    ],
)
def test_pause(with_name: int, at_address: int, age_s: int, pause_s: int) -> None:
    last = NOW - timedelta(seconds=age_s)
    failures = Failures(with_name, last if with_name else None, at_address, last if at_address else None)
    assert wait(failures, NOW) == timedelta(seconds=pause_s)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_no_number_of_failures_locks_for_longer_than_the_bound(with_name: int, at_address: int) -> None:
    pause = wait(Failures(with_name, NOW, at_address, NOW), NOW)
    assert timedelta() <= pause <= max(MAX_PER_NAME, MAX_PER_ADDRESS)


@pytest.mark.parametrize(
    ("candidates", "address"),
    [
        pytest.param(("198.51.100.7",), "198.51.100.7", id="IPv4"),
        pytest.param(("2001:DB8::0:7",), "2001:db8::7", id="IPv6 in its one spelling"),
        pytest.param(("::ffff:198.51.100.7",), "198.51.100.7", id="IPv4 in IPv6's clothes"),
        pytest.param(("fe80::1%eth0",), "fe80::1", id="a link's name is no part of it"),
        pytest.param(("x" * 5000, "127.0.0.1"), "127.0.0.1", id="nonsense that the proxy handed on: the proxy"),
        pytest.param(("\u09e7.2.3.4", ""), "unknown", id="neither"),
    ],
)
def test_who_asks_is_an_ip_address_or_unknown(candidates: tuple[str, ...], address: str) -> None:
    assert canonical_address(*candidates) == address


@given(st.text() | st.ip_addresses().map(str))
def test_what_is_counted_fits_its_column(text: str) -> None:
    assert len(counted_address(canonical_address(text))) <= 45


@given(st.ip_addresses(network="2001:db8:1:2::/64").map(str))
def test_all_addresses_of_one_subscriber_are_counted_together(address: str) -> None:
    assert counted_address(address) == "2001:db8:1:2::/64"
