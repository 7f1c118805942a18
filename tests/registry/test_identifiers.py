from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.core.identity import email_key, login_key, phone_key
from authz.registry.identifiers import canonical_email, canonical_login, canonical_phone


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("ana@acme.example", "ana@acme.example"),
        ("Ana.POP@Acme.Example", "ana.pop@acme.example"),
        ("ana+tickets@acme.example", "ana+tickets@acme.example"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"),
        ("ana@țară.example", "ana@xn--ar-kla13i.example"),
    ],
)
def test_an_address_is_stored_in_the_form_that_is_looked_up(written: str, canonical: str) -> None:
    stored = canonical_email(written)

    assert stored == canonical
    assert email_key(stored) == stored


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ana",
        "@acme.example",
        "ana@",
        "ana@acme",
        "ana@acme.example\n",
        " ana@acme.example",
        "ana@acme.example.",
        "ana@acme。example",  # ideographic full stop
        "ana@ａcme.example",  # full width
        "ana@acme.example\u200b",  # zero width
        "ana@\u212acme.example",  # Kelvin sign
        "аna@acme.example",  # Cyrillic a
        "ană@acme.example",
        '"ana pop"@acme.example',
        "ana@[203.0.113.5]",
        "ana@acme.example@evil.example",
        "ana@xn--zz.example",
        "ana@acme.localhost",
        "Ana Pop <ana@acme.example>",
        "ana@acme.example, ioana@acme.example",
        "a" * 65 + "@acme.example",
        "ana@" + "a" * 64 + ".example",
    ],
)
def test_nothing_is_repaired_into_an_address(written: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        canonical_email(written)


@pytest.mark.parametrize(
    ("written", "region", "canonical"),
    [
        ("+40213000001", "FR", "+40213000001"),
        ("021 300 0001", "RO", "+40213000001"),
        ("(021) 300-00.01", "RO", "+40213000001"),
        ("01 00 00 00 01", "FR", "+33100000001"),
        ("+39 06 0000 0001", "RO", "+390600000001"),
    ],
)
def test_a_telephone_number_is_stored_in_e164(written: str, region: str, canonical: str) -> None:
    stored = canonical_phone(written, region)

    assert stored == canonical
    assert phone_key(stored) == stored


@pytest.mark.parametrize(
    "written",
    [
        "",
        "12",
        "+",
        "0800-FLOWERS",
        "021 300 0001 ext. 5",
        "٠٢١٣٠٠٠٠٠١",
        "+4021300000100000",
        "tel:+40213000001",
        "5\n",
    ],
)
def test_what_is_no_telephone_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        canonical_phone(written, "RO")


@pytest.mark.parametrize("written", ["", "ana pop", "-ana", "ană", "ana\n", "x" * 129])
def test_what_is_no_login_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="login"):
        canonical_login(written)


def test_a_login_keeps_its_case() -> None:
    assert canonical_login("Ana.POP") == "Ana.POP"


@given(
    st.text(alphabet=st.sampled_from("aA@.-_+ bкKK。ａ1xn\u0130ßé"), max_size=30) | st.text(max_size=30) | st.emails()
)
def test_whatever_the_write_path_takes_the_read_path_finds(text: str) -> None:
    kinds: list[tuple[Callable[[str], str], Callable[[str], str | None], str]] = [
        (canonical_email, email_key, ""),
        (lambda number: canonical_phone(number, "RO"), phone_key, ""),
        (canonical_login, login_key, "login:"),
    ]
    for write, read, prefix in kinds:
        try:
            stored = write(text)
        except ValueError:
            continue
        assert read(stored) == prefix + stored
        assert write(stored) == stored


@given(st.from_regex(r"[a-z]{1,5}@[a-z]{1,5}\.example", fullmatch=True), st.data())
def test_a_unicode_lookalike_never_becomes_the_ascii_address(address: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(address) - 1))
    lookalike = chr(0xFF00 + ord(address[position]) - 0x20)  # the full-width form
    text = address[:position] + lookalike + address[position + 1 :]

    with pytest.raises(ValueError, match=r"\S"):
        canonical_email(text)
