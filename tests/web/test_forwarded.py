"""What arrives at the gate, read strictly (the contract of `/authz/forward`, points 1 to 4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.core.network import format_address, parse_cidr
from authz.web.gate.forwarded import (
    AmbiguousForwarding,
    RawHeaders,
    canonical_host,
    client_address,
    has_cookie,
    target,
    tenant_label,
)

PROXIES = (parse_cidr("192.0.2.0/24"), parse_cidr("2001:db8:99::/48"))


def raw(*lines: str) -> RawHeaders:
    """`Name: value` lines as ASGI has them."""
    split = (line.split(":", 1) for line in lines)
    return [(name.lower().encode(), value.strip().encode("latin-1")) for name, value in split]


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        pytest.param(["X-Forwarded-For: 203.0.113.5"], "203.0.113.5", id="one entry"),
        pytest.param(["X-Forwarded-For: 198.51.100.9, 203.0.113.5"], "203.0.113.5", id="the right-most counts"),
        pytest.param(["X-Forwarded-For: 203.0.113.5, 192.0.2.7"], "203.0.113.5", id="a trusted proxy is skipped"),
        pytest.param(["X-Forwarded-For: 198.51.100.9,203.0.113.5,192.0.2.7,192.0.2.8"], "203.0.113.5", id="both"),
        pytest.param(["X-Forwarded-For: 203.0.113.5", "X-Forwarded-For: 192.0.2.7"], "203.0.113.5", id="two lines"),
        pytest.param(["X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: 203.0.113.5"], "203.0.113.5", id="in order"),
        pytest.param(["X-Forwarded-For: 2001:db8:5::1, 2001:db8:99::1"], "2001:db8:5::1", id="IPv6"),
        pytest.param(["X-Forwarded-For: ::ffff:203.0.113.5"], "203.0.113.5", id="mapped is unwrapped"),
        pytest.param(["X-Forwarded-For: 203.0.113.5, ::ffff:192.0.2.7"], "203.0.113.5", id="a mapped proxy is skipped"),
        pytest.param(["X-Forwarded-For: garbage, 203.0.113.5"], "203.0.113.5", id="what is further left is not read"),
        pytest.param(["X-Forwarded-For: 203.0.113.5, garbage"], None, id="the entry that counts is no address"),
        pytest.param(["X-Forwarded-For: 203.0.113.5, garbage, 192.0.2.7"], None, id="nor behind a trusted proxy"),
        pytest.param(["X-Forwarded-For: 203.0.113.5,"], None, id="an empty entry"),
        pytest.param(["X-Forwarded-For:"], None, id="an empty header"),
        pytest.param(["X-Forwarded-For:", "X-Real-IP: 203.0.113.5"], None, id="which X-Real-IP does not mend"),
        pytest.param(["X-Forwarded-For: garbage", "X-Real-IP: 203.0.113.5"], None, id="nor an unreadable one"),
        pytest.param(["X-Forwarded-For: 203.0.113.5:8443"], None, id="a port"),
        pytest.param(["X-Forwarded-For: [2001:db8::1]"], None, id="brackets"),
        pytest.param(["X-Forwarded-For: fe80::1%eth0"], None, id="a zone"),
        pytest.param(["X-Forwarded-For: 203.0.113.05"], None, id="a leading zero"),
        pytest.param(["X-Forwarded-For: 0xcb007105"], None, id="hexadecimal"),
        pytest.param(["X-Forwarded-For: 203.0.113.5 203.0.113.6"], None, id="two without a comma"),
        pytest.param(['X-Forwarded-For: "203.0.113.5"'], None, id="quotes"),
        pytest.param(["X-Forwarded-For: \xb2\xb0\xb3.0.113.5"], None, id="not ASCII"),
        pytest.param(["X-Forwarded-For: for=203.0.113.5"], None, id="the grammar of Forwarded"),
        pytest.param(["X-Forwarded-For: unknown"], None, id="unknown"),
        pytest.param(["X-Real-IP: 203.0.113.5"], "203.0.113.5", id="X-Real-IP alone"),
        pytest.param(["X-Real-IP: 203.0.113.5", "X-Real-IP: 203.0.113.5"], None, id="X-Real-IP twice"),
        pytest.param(["X-Real-IP: 198.51.100.9", "X-Forwarded-For: 203.0.113.5"], "203.0.113.5", id="X-Real-IP yields"),
        pytest.param(["X-Forwarded-For: 192.0.2.7", "X-Real-IP: 203.0.113.5"], "203.0.113.5", id="proxies, then it"),
        pytest.param(["X-Forwarded-For: 192.0.2.7"], None, id="only proxies"),
        pytest.param([], None, id="nothing"),
        *(
            pytest.param([f"{name}: 203.0.113.5"], None, id=f"{name} is never read")
            for name in (
                "Forwarded", "X-Client-IP", "True-Client-IP", "X_Forwarded_For", "X.Forwarded.For", "X-Forwarded_For",
                "X_Real_IP", "X.Real.IP", "X-Envoy-External-Address", "CF-Connecting-IP", "X-Forwarded-Prefix",
            )
        ),
    ],
)  # fmt: skip
def test_the_client_is_the_right_most_entry_that_no_trusted_proxy_wrote(lines: list[str], address: str | None) -> None:
    found = client_address(raw(*lines), PROXIES)

    assert (format_address(found) if found is not None else None) == address


@given(st.lists(st.sampled_from(["198.51.100.9", "192.0.2.7", "garbage", "", "2001:db8::1"]), max_size=6))
def test_nothing_that_a_client_writes_in_front_changes_who_it_is(forged: list[str]) -> None:
    appended = [*forged, "203.0.113.5", "192.0.2.8"]

    found = client_address(raw(f"X-Forwarded-For: {', '.join(appended)}"), PROXIES)

    assert found == client_address(raw("X-Forwarded-For: 203.0.113.5"), PROXIES)


@pytest.mark.parametrize(
    ("stated", "tenant"),
    [
        ("acme.app.example", "acme"),
        ("ACME.App.EXAMPLE", "acme"),
        ("acme.app.example:8443", "acme"),
        ("acme.app.example.", "acme"),
        ("acme.app.example.:443", "acme"),
        ("acme.app.example..", ""),
        ("acme.app.example:443.", ""),
        ("acme.app.example:", ""),
        ("acme.app.example:443:443", ""),
        ("www.acme.app.example", ""),
        ("acme.app.example.evil.example", ""),
        ("acme.evilapp.example", ""),
        ("acmeapp.example", ""),
        ("app.example", ""),
        (".app.example", ""),
        ("acme..app.example", ""),
        ("acme.app.example, beta.app.example", ""),
        ("acme.app.example/", ""),
        ("user@acme.app.example", ""),
        ("acme%2eapp.example", ""),
        ("acme_.app.example", ""),
        ("\xe4cme.app.example", ""),
        (" acme.app.example", ""),
        ("[2001:db8::1]", ""),
        ("203.0.113.5", ""),
        ("", ""),
        ("a" * 250 + ".app.example", ""),
    ],
)
def test_the_tenant_is_the_one_label_before_the_suffix(stated: str, tenant: str) -> None:
    assert tenant_label(canonical_host(stated.encode("latin-1")), b"app.example") == tenant


def test_without_a_suffix_no_host_is_a_tenants() -> None:
    assert tenant_label(b"acme", b"") == ""


@pytest.mark.parametrize(
    ("lines", "host", "method", "path"),
    [
        pytest.param(["Host: acme.app.example"], b"acme.app.example", b"GET", b"/", id="the request itself"),
        pytest.param(
            ["Host: x", "X-Forwarded-Host: acme.app.example", "X-Forwarded-Method: PUT", "X-Forwarded-Uri: /a?b"],
            b"acme.app.example", b"PUT", b"/a", id="X-Forwarded",
        ),
        pytest.param(
            ["Host: acme.app.example", "X-Original-Method: PUT", "X-Original-URI: /a%2F..%2fb?c"],
            b"acme.app.example", b"PUT", b"/a%2F..%2fb", id="X-Original",
        ),
        pytest.param(
            ["Host: acme.app.example", "X-Original-URL: https://ACME.app.example:443/a?b#c"],
            b"acme.app.example", b"GET", b"/a", id="a whole URL",
        ),
        pytest.param(
            ["Host: acme.app.example", "X-Original-URL: https://acme.app.example?b"],
            b"acme.app.example", b"GET", b"/", id="a whole URL without path",
        ),
        pytest.param(
            ["Host: x", "X-Forwarded-Host: acme.app.example", "X-Original-URL: https://acme.app.example/a",
             "X-Forwarded-Uri: /a?q", "X-Original-URI: /a", "X-Forwarded-Method: GET", "X-Original-Method: GET"],
            b"acme.app.example", b"GET", b"/a", id="two families that agree",
        ),
        pytest.param(
            ["X-Forwarded-Host: acme.app.example", "X-Forwarded-Host: acme.app.example"],
            b"acme.app.example", b"GET", b"/", id="twice the same",
        ),
    ],
)  # fmt: skip
def test_what_the_client_asked_for(lines: list[str], host: bytes, method: bytes, path: bytes) -> None:
    assert target(raw(*lines), b"GET", b"") == (host, method, path)


def test_envoy_says_it_in_the_request_line() -> None:
    asked = target(raw("Host: acme.app.example"), b"DELETE", b"/api/x%2F..")

    assert asked == (b"acme.app.example", b"DELETE", b"/api/x%2F..")


@pytest.mark.parametrize(
    ("lines", "path_below"),
    [
        (["X-Forwarded-Host: acme.app.example", "X-Original-URL: https://beta.app.example/"], ""),
        (["Host: acme.app.example", "X-Original-URL: https://beta.app.example/"], ""),
        (["X-Forwarded-Uri: /a", "X-Original-URI: /b"], ""),
        (["X-Forwarded-Uri: /a", "X-Original-URL: https://acme.app.example/b", "Host: acme.app.example"], ""),
        (["X-Original-URI: /a", "X-Original-URL: https://acme.app.example/b", "Host: acme.app.example"], ""),
        (["X-Forwarded-Uri: /a"], "/b"),
        (["X-Forwarded-Uri: /a"], "/a/"),
        (["X-Forwarded-Method: GET", "X-Original-Method: POST"], ""),
        (["X-Forwarded-Method: GET", "X-Original-Method: get"], ""),
        (["X-Forwarded-Method: GET POST"], ""),
        (["X-Forwarded-Method:"], ""),
        (["X-Original-URL: /a"], ""),
        (["X-Original-URL: //acme.app.example/"], ""),
        (["X-Original-URL: ftp://acme.app.example/"], ""),
        (["X-Original-URL:"], ""),
        (["X-Original-URL: https://acme.app.example@beta.app.example/", "Host: acme.app.example"], ""),
        (["X-Forwarded-Host: acme.app.example", "X-Forwarded-Host: beta.app.example"], ""),
        (["Host: acme.app.example", "Host: beta.app.example"], ""),
        (["X-Forwarded-Uri: /a", "X-Forwarded-Uri: /b"], ""),
    ],
)
def test_two_sources_that_differ_are_not_believed(lines: list[str], path_below: str) -> None:
    with pytest.raises(AmbiguousForwarding):
        target(raw(*lines), b"GET", path_below.encode())


@pytest.mark.parametrize(
    ("lines", "there"),
    [
        (["Cookie: sid=1"], True),
        (["Cookie: a=b; sid=1"], True),
        (["Cookie: a=b", "Cookie: sid=1"], True),
        (["Cookie: sid="], False),
        (['Cookie: sid=""'], False),
        (["Cookie: sid"], False),
        (["Cookie: SID=1"], False),
        (["Cookie: xsid=1; sidx=1; a=sid=1"], False),
        ([], False),
    ],
)
def test_a_cookie_with_a_value_is_there(lines: list[str], there: bool) -> None:
    assert has_cookie(raw(*lines), b"sid") is there
