"""Names of people on the write path: what a signed paper may say, made canonical or refused (DESIGN section 5).

The read path (`core.identity`) is stricter and repairs nothing; whatever is stored here must be found there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import idna
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from authz.core.identity import email_key, login_key, phone_key

_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_PHONE_CHARACTERS: Final = re.compile(r"\+?[0-9 ()./-]+")
_A_LABEL: Final = "xn--"
_ANYBODY: Final = "a"


def canonical_email(text: str) -> str:
    """The address in ASCII lower case, an international domain as A-labels.

    Raises:
        ValueError: not an address that can be stored, with the reason. The part before the @ is ASCII or refused; a
            domain with characters that IDNA would have to map (full width, Kelvin sign, ...) is refused, never mapped.
    """
    local, _, domain = text.rpartition("@")
    if not local.isascii():
        raise ValueError("the part before the @ may hold ASCII characters only")
    address = f"{local.lower()}@{_checked_domain(domain.translate(_ASCII_LOWER))}"
    if email_key(address) != address:
        raise ValueError("not an e-mail address of the plain form `name@domain`")
    return address


def canonical_phone(text: str, region: str) -> str:
    """The number in E.164.

    Args:
        region: ISO country code whose national form is understood, as in the set's `phone_region`.

    Raises:
        ValueError: not a possible telephone number, with the reason; extensions and letters are refused.
    """
    if _PHONE_CHARACTERS.fullmatch(text) is None:
        raise ValueError("a telephone number holds digits, spaces and `+ ( ) . / -` only")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise ValueError(_sentence(str(error))) from None
    canonical = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not phonenumbers.is_possible_number(number) or phone_key(canonical) is None:
        raise ValueError("not a possible telephone number; write it as `+` and the country's code")
    return canonical


def canonical_login(text: str) -> str:
    """The login as it is: ASCII, case-sensitive.

    Raises:
        ValueError: not a login.
    """
    if login_key(text) is None:
        raise ValueError("a login is ASCII letters, digits and `. _ @ + -`, and begins with a letter or digit")
    return text


@lru_cache(maxsize=1024)  # the contacts of a company share few domains, and this is the slow part of a long file
def _checked_domain(domain: str) -> str:
    """The domain as A-labels, if mail can go there at all."""
    domain = _ascii_domain(domain)
    try:
        validate_email(f"{_ANYBODY}@{domain}", check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError(_sentence(str(error))) from None
    return domain


def _ascii_domain(domain: str) -> str:
    if domain.isascii() and _A_LABEL not in domain:
        return domain
    try:  # label by label: `idna.encode` would take an ideographic full stop for a dot
        return ".".join(idna.alabel(label).decode("ascii") for label in domain.split("."))
    except idna.IDNAError as error:
        raise ValueError(f"the domain is not a valid international name: {_sentence(str(error))}") from None


def _sentence(text: str) -> str:
    """Another library's sentence in our form: lower case, no full stop."""
    text = text.strip().rstrip(".")
    return text[:1].lower() + text[1:]
