from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from authz.errors import Conflict
from authz.registry import tables as t
from authz.registry.confirmations import LIFETIME_S, Binding, ConfirmationRefused, Confirmations
from authz.registry.store import RegistryStore
from tests.registry.conftest import Clock

THIS = Binding("contact", "ana@acme.example", "change_ip_address", "4711")


def waiting(store: RegistryStore) -> list[str]:
    with store.reading() as connection:
        return [str(cell) for row in connection.execute(sa.select(t.confirmation)) for cell in row]


def test_a_token_is_good_once(store: RegistryStore) -> None:
    confirmations = Confirmations(store)
    issued = confirmations.issue(THIS)

    confirmations.redeem(issued.token, THIS)

    with pytest.raises(ConfirmationRefused):
        confirmations.redeem(issued.token, THIS)
    assert waiting(store) == []


@pytest.mark.parametrize(
    "other",
    [
        THIS._replace(subject_id="dan@acme.example"),
        THIS._replace(subject_type="login"),
        THIS._replace(action="error_report"),
        THIS._replace(ticket="4712"),
        Binding("contact", "ana@acme.example", "change_ip_address4", "711"),
    ],
)
def test_a_token_is_good_for_nothing_else_and_stays_good_for_what_it_is_for(
    store: RegistryStore, other: Binding
) -> None:
    confirmations = Confirmations(store)
    token = confirmations.issue(THIS).token

    with pytest.raises(ConfirmationRefused):
        confirmations.redeem(token, other)
    confirmations.redeem(token, THIS)


def test_a_contact_in_another_spelling_is_the_same_contact(store: RegistryStore) -> None:
    confirmations = Confirmations(store)
    token = confirmations.issue(THIS).token

    confirmations.redeem(token, THIS._replace(subject_id="ANA@Acme.example"))


def test_a_token_ends_after_fifteen_minutes_and_is_cleared_away(store: RegistryStore, clock: Clock) -> None:
    confirmations = Confirmations(store)
    first, second = confirmations.issue(THIS), confirmations.issue(THIS)
    assert first.expires_at == clock.now + 15 * 60

    clock.now += LIFETIME_S - 1
    confirmations.redeem(first.token, THIS)
    clock.now += 1
    with pytest.raises(ConfirmationRefused):
        confirmations.redeem(second.token, THIS)
    confirmations.issue(THIS)

    assert len(waiting(store)) == 3


def test_no_token_that_was_not_issued_is_good(store: RegistryStore) -> None:
    confirmations = Confirmations(store)
    token = confirmations.issue(THIS).token

    for wrong in ("", token + "x", token[:-1], token.swapcase()):
        with pytest.raises(Conflict, match="no longer, good"):
            confirmations.redeem(wrong, THIS)


def test_the_database_holds_neither_token_nor_contact_and_gets_no_revision(store: RegistryStore) -> None:
    revision = store.revision()
    token = Confirmations(store).issue(THIS).token

    kept = " ".join(waiting(store))

    assert kept
    assert not [word for word in (token, *THIS) if word in kept]
    assert store.revision() == revision


@pytest.mark.slow
def test_of_many_who_redeem_at_once_one_succeeds(database: str) -> None:
    stores = [RegistryStore(database) for _ in range(6)]
    token = Confirmations(stores[0]).issue(THIS).token
    start, good = threading.Barrier(len(stores)), []

    def redeem(store: RegistryStore) -> None:
        start.wait()
        try:
            Confirmations(store).redeem(token, THIS)
        except ConfirmationRefused:
            return
        good.append(store)

    threads = [threading.Thread(target=redeem, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()

    assert len(good) == 1
