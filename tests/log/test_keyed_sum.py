"""The prepared sum is HMAC-SHA-256, as anybody computes it."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.log.lines.keyed_sum import KeyedSum


@given(key=st.binary(max_size=64), texts=st.lists(st.binary(max_size=200), min_size=1, max_size=3))
def test_each_sum_is_the_hmac_whatever_was_summed_before(key: bytes, texts: list[bytes]) -> None:
    sums = KeyedSum(key)

    assert [sums.hex(text) for text in texts] == [hmac.digest(key, text, "sha256").hex() for text in texts]


def test_a_key_that_would_have_to_be_hashed_first_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than a block"):
        KeyedSum(bytes(65))
