"""R1 on the read path: what is canonical, and that nothing else becomes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.core.identity import email_key, login_key, phone_key, shown_id, subject_key


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        pytest.param("ana@acme.example", "ana@acme.example", id="already canonical"),
        pytest.param("Ana.Pop@ACME.Example", "ana.pop@acme.example", id="ASCII letters lose their case"),
        pytest.param("o'neil+x_y@acme.example", "o'neil+x_y@acme.example", id="every character of a dot-atom"),
        pytest.param("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example", id="a domain in A-labels"),
        pytest.param("a" * 64 + "@acme.example", "a" * 64 + "@acme.example", id="the longest local part"),
    ],
)
def test_an_email_address_has_one_canonical_form(written: str, canonical: str) -> None:
    assert email_key(written) == canonical


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(" ana@acme.example", id="blank before"),
        pytest.param("ana@acme.example ", id="blank after"),
        pytest.param("ana@acme.example\n", id="line feed after"),
        pytest.param("ana@acme.example\x1c", id="file separator after"),
        pytest.param("ana@acme.example\u2028", id="line separator after"),
        pytest.param("\uff41na@acme.example", id="full-width letter"),
        pytest.param("\u0430na@acme.example", id="Cyrillic letter"),
        pytest.param("ana@acme\u3002example", id="ideographic full stop"),
        pytest.param("ana@acme.example\u200b", id="zero-width space"),
        pytest.param("an\u212a@acme.example", id="Kelvin sign"),
        pytest.param("ana@b\u00fccher.example", id="domain in U-labels"),
        pytest.param("Ana Pop <ana@acme.example>", id="display name"),
        pytest.param('"ana"@acme.example', id="quoted local part"),
        pytest.param("ana@acme", id="one label"),
        pytest.param("ana@[203.0.113.5]", id="address literal"),
        pytest.param(".ana@acme.example", id="dot first"),
        pytest.param("ana..pop@acme.example", id="two dots"),
        pytest.param("ana@-acme.example", id="label with a hyphen first"),
        pytest.param("ana@acme.example.", id="dot last"),
        pytest.param("ana@acme@example.example", id="two at-signs"),
        pytest.param("a" * 65 + "@acme.example", id="local part too long"),
        pytest.param("ana@" + "a" * 64 + ".example", id="label too long"),
        pytest.param("ana@" + ".".join(["a" * 60] * 5), id="address too long"),
        pytest.param("", id="nothing"),
        pytest.param("ana", id="no at-sign"),
    ],
)
def test_what_is_not_plainly_an_email_address_is_nobody(written: str) -> None:
    assert email_key(written) is None


@pytest.mark.parametrize("written", ["+40213000001", "+1234567", "+" + "9" * 15])
def test_a_phone_number_is_e164(written: str) -> None:
    assert phone_key(written) == written


@pytest.mark.parametrize(
    "written",
    [
        "40213000001",
        "+0213000001",
        "+40 213000001",
        "+4021300000a",
        "+123456",
        "+" + "9" * 16,
        "+\u0664021300000",
        "+40213000001\n",
    ],
)
def test_any_other_number_is_nobody(written: str) -> None:
    assert phone_key(written) is None


def test_a_login_keeps_its_case_and_is_no_email_address() -> None:
    assert login_key("Ana.Pop") != login_key("ana.pop")
    assert login_key("ana@acme.example") != email_key("ana@acme.example")
    assert login_key("+40213000001".removeprefix("+")) != phone_key("+40213000001")


@pytest.mark.parametrize("written", ["", " ana", "ana pop", "ana\n", "an\u0430", "-ana", "a" * 129])
def test_what_is_no_login_is_nobody(written: str) -> None:
    assert login_key(written) is None


@given(st.sampled_from(["email", "phone", "login"]), st.text(max_size=40))
def test_a_canonical_id_is_its_own_canonical_form(kind: str, text: str) -> None:
    key = subject_key(kind, text)

    assert key is None or subject_key(kind, shown_id(key)) == key


@given(st.text(max_size=8), st.sampled_from(["ana@acme.example", "ana.pop", "+40213000001"]), st.text(max_size=8))
def test_nothing_around_a_registered_id_makes_it_that_id(before: str, registered: str, after: str) -> None:
    written = before + registered + after
    if written.isascii() and written.lower() == registered:
        return

    assert email_key(written) != "ana@acme.example"
    assert written == "ana.pop" or login_key(written) != "login:ana.pop"
    assert written == "+40213000001" or phone_key(written) != "+40213000001"
