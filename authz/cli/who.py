"""`authz who`: which contacts of a tenant may request an action, from where, and under which signed paper."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, NamedTuple

import typer

from authz.cli.compiled import build_all, cache_folder, live, live_generations, sets_of
from authz.cli.contract_table import Condition, Entry, contract_table
from authz.cli.examples import examples
from authz.cli.failures import FINDINGS, Usage
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json
from authz.cli.question import moment_of
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, WARNING, messages, output, say
from authz.core.contacts import Contact
from authz.core.generation import Generation
from authz.core.identity import shown_id
from authz.core.network import ANY_NETWORK
from authz.core.question import TENANT
from authz.core.table import NETWORK_OK
from authz.core.types import ContactState, Effect, NetworkChoice, Request
from authz.errors import NotFound
from authz.past import PastStanding, annex_of, standing, zone_of
from authz.policy.generations.past import PastGenerations, PastPolicies
from authz.registry.store import RegistryStore
from authz.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_S: Final = 86_400
_ORIGIN: Final = {"signed": "entered from the document", "loaded": "loaded from a file"}


class Able(NamedTuple):
    """A contact, and how its role fares with the action; `entry` None: the set knows no such role."""

    contact: Contact
    entry: Entry | None

    @property
    def may(self) -> bool:
        """Whether some request of the contact is allowed."""
        return self.contact.state is ContactState.ACTIVE and self.entry is not None and self.entry.allowed


@app.command(
    epilog=examples(
        "authz who backup_restore --tenant acme",
        "authz who backup_restore --tenant acme --at 2026-03-01",
        "authz who backup_restore --tenant acme --at 2026-03-01T10:00:00+02:00 --json",
    )
)
def who(
    action: Annotated[str, typer.Argument(metavar="ACTION", help="An action's id, or a ticket tag that means it.")],
    tenant: Annotated[str, typer.Option("--tenant", metavar="ID", help="The client.")],
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="INSTANT|DATE",
            help="As of then; a date is its beginning in the set's time zone.  [default: now]",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say who may request an action, from where, under which paper.

    Answered by the annex, the suspensions and the policy bundle that were in force then, as `authz ask --at` does for
    one person. What a single request would need besides (facts) is named.

    Exit status: 0 somebody may, 1 nobody may, 2 wrong usage, no such tenant, or the policy of then is not known.
    """
    quiet_operations_log()
    settings = Settings()
    store = RegistryStore(settings.registry_url.get_secret_value())
    try:
        policies = PastPolicies(settings.data)
        recorded = policies.recorded()
        of_files = None if recorded else _of_files(settings)
        now = of_files.generations if of_files is not None else live_generations(settings)
        moment = _moment(at, tenant, store, now)
        rules = of_files if of_files is not None else policies.in_force(moment)
        found = standing(rules, store, tenant, moment)
        people = _people(found, action)
        if _DATE.fullmatch(at) and recorded:
            end = moment + _DAY_S - 1
            _note_changes(found, people, standing(policies.in_force(end), store, tenant, end), action)
    except NotFound as error:
        raise Usage(f"`{tenant}`: {error}") if type(error) is NotFound else error from None
    finally:
        store.close()
    if as_json:
        print_json(_document(found, _action_id(found, action), people))
    else:
        _print(found, _action_id(found, action), people)
    if not any(one.may for one in people):
        raise typer.Exit(FINDINGS)


def _moment(at: str, tenant: str, store: RegistryStore, generations: Mapping[str, Generation]) -> float:
    if not at:
        return time.time()
    return moment_of(at, zone_of(Request("contact", "", "", TENANT, tenant), store.directory(), generations))


def _of_files(settings: Settings) -> PastGenerations:
    """Where no policy set ever went live: the files as they would."""
    say(messages(), ("note: no policy set ever went live here; the answer is by the files as they are now", WARNING))
    generations: Mapping[str, Generation] = live(build_all(sets_of(None, settings), cache_folder(settings)))
    return PastGenerations(generations, {}, {})


def _action_id(found: PastStanding, action: str) -> str:
    known = found.generation.words.get(action)
    if known is None:
        raise Usage(f"`{action}` was no action or tag of `{found.tenant.set_id}`")
    return known


def _people(found: PastStanding, action: str) -> list[Able]:
    wanted = _action_id(found, action)
    table = contract_table(found.generation.definition, found.generation.table, found.tenant.id)
    entries = {entry.role: entry for entry in table if entry.action == wanted}
    contacts = found.annex.contacts if found.annex is not None else ()
    return [Able(contact, entries.get(contact.role)) for contact in contacts]


def _note_changes(begin: PastStanding, people: list[Able], end: PastStanding, action: str) -> None:
    """A date is its beginning; whoever asks about a day has to know when that was not the whole of it."""
    same_rules = begin.generation.revision == end.generation.revision
    same_paper = (begin.annex.number if begin.annex else 0) == (end.annex.number if end.annex else 0)
    if not (same_rules and same_paper and people == _people(end, action)):
        text = (
            "note: this changed in the course of that day; ask again with an instant (--at 2026-03-01T23:59:00+02:00)"
        )
        say(messages(), (text, WARNING))


def _places(found: PastStanding) -> Iterator[tuple[str, str, str]]:
    """(`allow` or `deny`, network, policy line) of the tenant, allows first; nothing where no address would do (R7)."""
    lines = found.generation.networks.get(found.tenant.id)
    if lines is None or (lines.has_any and found.annex is not None and found.annex.network is NetworkChoice.DECLARED):
        return
    for effect in (Effect.ALLOW, Effect.DENY):
        yield from ((effect.value, one.network, one.source) for one in lines.lines if one.effect is effect)


def _document(found: PastStanding, action: str, people: list[Able]) -> dict[str, Any]:
    generation = found.generation
    document: dict[str, Any] = {
        "at": _instant(found, found.at),
        "tenant": found.tenant.id,
        "action": action,
        "may": [_person(one) for one in people if one.may],
        "may_not": [_person(one) for one in people if not one.may],
        "from": [{"effect": effect, "network": network, "rule": rule} for effect, network, rule in _places(found)],
        "channels": [channel.value for channel in generation.definition.channels],
        "policy": {"set": generation.definition.id, "revision": generation.revision},
    }
    if found.policy_since is not None:
        document["policy"]["since"] = _instant(found, found.policy_since)
    if found.record is not None:
        document["annex"] = annex_of(found.record)
    if found.of_now:
        document["of_now"] = list(found.of_now)
    return document


def _person(one: Able) -> dict[str, Any]:
    contact, entry = one.contact, one.entry
    person: dict[str, Any] = {
        "name": contact.name,
        "role": contact.role,
        "ids": [shown_id(key) for key in contact.keys],
        "state": contact.state.value,
        "rule": entry.rule if entry is not None else "",
    }
    if one.may and entry is not None:
        person["if"] = [list(condition.facts) for condition in entry.allows]
        person["refused_if"] = [list(condition.facts) for condition in entry.refusals]
    return person


def _print(found: PastStanding, action: str, people: list[Able]) -> None:
    console = output()
    able = [one for one in people if one.may]
    label = found.generation.definition.actions[action]
    say(console, (f"{found.tenant.name} ({found.tenant.id})", STRONG), f"  {action}, clause {label.clause}")
    say(console, (f"as of {_instant(found, found.at)}", QUIET))
    say(console, ("may request it:" if able else "nobody may request it", GOOD if able else BAD))
    for one in able:
        ids = ", ".join(shown_id(key) for key in one.contact.keys)
        say(console, f"  {one.contact.name}, {one.contact.role} ({ids})", (f"  {_conditions(one.entry)}", QUIET))
    for one in people:
        if not one.may:
            state = one.contact.state
            why = state.value if state is not ContactState.ACTIVE else one.entry.rule if one.entry else "no such role"
            say(console, (f"  not {one.contact.name}, {one.contact.role}: {why}", QUIET))
    _print_places(found, able)
    _print_paper(found)


def _conditions(entry: Entry | None) -> str:
    if entry is None:
        return ""
    allows = " or ".join(_facts(condition) for condition in entry.allows)
    refused = "".join(f", not if {_facts(condition)}" for condition in entry.refusals)
    return f"if {allows}{refused}  {entry.rule}"


def _facts(condition: Condition) -> str:
    return " and ".join(condition.facts) or "always"


def _print_places(found: PastStanding, able: list[Able]) -> None:
    """Where `network_ok` holds, which matters to those whose line asks for it."""
    if not any(NETWORK_OK in condition.facts for one in able if one.entry for condition in one.entry.allows):
        return
    console = output()
    places = list(_places(found))
    say(console, ("from:" if places else "from no address (no network lines that fit the annex's choice)", STRONG))
    for effect, network, rule in places:
        where = "any address" if network == ANY_NETWORK else network
        say(console, f"  {'except ' if effect == Effect.DENY else ''}{where}", (f"  {rule}", QUIET))
    others = [one.value for one in found.generation.definition.channels if not one.has_address]
    if others:
        say(console, (f"  by {', '.join(others)}: no address, the sender must be sure enough", QUIET))


def _print_paper(found: PastStanding) -> None:
    console = output()
    if found.record is None:
        say(console, ("under no annex in force", BAD))
    else:
        entry, record = found.record.entry, found.record
        say(
            console,
            ("under:", STRONG),
            f" annex {entry.number}, signed {entry.signed_on}, in force from {entry.effective_from}, "
            + _ORIGIN[record.origin],
        )
        say(console, f"  document {entry.document_sha256 or 'not kept'}")
        say(console, f"  entered by {record.entered_by} at {record.entered_at}")
        say(console, f"  approved by {record.approved_by or 'nobody'} at {record.approved_at or '-'}")
    since = f", live since {_instant(found, found.policy_since)}" if found.policy_since is not None else ""
    say(console, (f"  policy {found.generation.definition.id} {found.generation.revision}{since}", QUIET))
    for what in found.of_now:
        say(messages(), (f"note: {what.replace('_', ' ')} are as of now; they were not kept", WARNING))


def _instant(found: PastStanding, seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, found.generation.local_day.zone).isoformat(timespec="seconds")
