"""`authz ask`: one question, its answer, and why."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from authz.answer import answer_document
from authz.cli.compiled import build_all, cache_folder, live, live_generations, named_sets, sets_of
from authz.cli.database import opened_registry
from authz.cli.examples import examples
from authz.cli.explanation import print_as_of, print_explanation
from authz.cli.failures import FAILURE, FINDINGS, Usage, exit_code_of
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json
from authz.cli.question import Words, moment_of, request_of
from authz.cli.terminal import WARNING, messages, output, say
from authz.core.definition import Origin, PolicySet
from authz.core.directory import Directory
from authz.core.explain import steps
from authz.core.generation import Generation
from authz.core.outcome import Outcome
from authz.core.question import TENANT
from authz.core.types import Assurance, Channel, Request
from authz.errors import AuthzError, PolicyInvalid, RegistryUnavailable
from authz.legal_holidays import legal_holidays
from authz.past import Past, PastOutcome, Present, as_of_document, zone_of
from authz.pdp import Pdp
from authz.policy.generations.past import PastPolicies
from authz.settings import Settings
from authz.texts import SOURCE_LANGUAGE, Texts

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(
    epilog=examples(
        "authz ask ana@acme.example change_ip_address --ip 203.0.113.5",
        "authz ask ana.pop gate --tenant acme --channel email --assurance mail_verified",
        "authz ask dan@acme.example move_box --resource box:b1 --tenant acme --property owner=dan@acme.example",
        "authz ask ana@acme.example gate --at 2026-03-01 --json",
    )
)
def ask(  # noqa: PLR0913, PLR0917 - a question has many parts
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="E-mail address, +phone number, or login.")],
    action: Annotated[str, typer.Argument(metavar="ACTION", help="An action's id, or a ticket tag that means it.")],
    ip: Annotated[str, typer.Option("--ip", metavar="ADDRESS", help="Where the request comes from.")] = "",
    tenant: Annotated[
        str, typer.Option("--tenant", metavar="ID", help="The client; default: told by the contact.")
    ] = "",
    channel: Annotated[
        str, typer.Option("--channel", metavar="|".join(Channel), help="How the request came.  [default: web]")
    ] = "",
    assurance: Annotated[
        str,
        typer.Option(
            "--assurance",
            metavar="|".join(Assurance),
            help="How sure it is that the contact sent it.  [default: session; by e-mail claimed]",
        ),
    ] = "",
    resource: Annotated[
        str, typer.Option("--resource", metavar="TYPE:ID", help="What the request is about, if not the tenant as such.")
    ] = "",
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property",
            metavar="NAME=VALUE",
            help="A property of the request: resource.NAME (or just NAME), subject.NAME or action.NAME; the value as "
            "JSON, or plain text. May be repeated.",
        ),
    ] = None,
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="INSTANT|DATE",
            help="Ask as of then, by what was in force then; a date is its beginning in the set's zone.",
        ),
    ] = "",
    subject_type: Annotated[
        str,
        typer.Option(
            "--type", metavar="TYPE", help="contact, phone, login, or a type of the set; default: by its form."
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the HTTP answer, with `steps`.")] = False,
    language: Annotated[str, typer.Option("--lang", metavar="LANG", help="Show texts in this language only.")] = "",
    drafts: Annotated[
        Path | None, typer.Option("--policies", metavar="DIR", help="Ask the policy files of DIR, not what is live.")
    ] = None,
) -> None:
    """Ask one question and see why the answer is what it is.

    The answer comes from the live policy sets of AUTHZ_DATA (from the files of AUTHZ_POLICIES where none is live)
    and from the registry, in this process, by the code that serves HTTP. Shown are the rules R1 to R6, each with
    its outcome and the policy line that spoke, what would have to be different for an allow, and what to tell the
    requester and the desk.

    Exit status: 0 allowed, 1 refused, 2 wrong usage, or no answer (no policy, no registry).
    """
    quiet_operations_log()
    request = request_of(
        Words(contact, action, subject_type, ip, tenant, channel, assurance, resource, tuple(properties or ()))
    )
    settings = Settings()
    directory, texts = _directory(settings), Texts()
    published = live_generations(settings) if drafts is None else {}
    generations = published or _compiled(drafts, settings)
    now = moment_of(at, zone_of(request, directory, generations)) if at else None
    past = _past(request, now, directory, generations, settings) if drafts is None and now is not None else None
    live_now = _Policies(generations)
    outcome = past.outcome if past else Pdp(live_now, lambda: directory, legal_holidays).decide(request, now)
    answer = answer_document(outcome, texts, explain=True)
    if past is not None:
        answer["context"]["as_of"] = as_of_document(past)
    rules = steps(outcome.decision, request)
    if as_json:
        print_json({**answer, "steps": [step._asdict() for step in rules]})
    else:
        print_explanation(output(), outcome, answer, rules, texts, _languages(outcome, answer, language))
    if past is not None and not as_json:
        print_as_of(output(), answer["context"]["as_of"])
    for note in _notes(outcome, settings, live=bool(published) and past is None):
        say(messages(), (f"note: {note}", WARNING))
    if not outcome.decision.allowed:
        raise typer.Exit(FINDINGS)


class _Policies:
    """The policy sets that this one question is put to (`pdp.PolicySource`)."""

    def __init__(self, generations: Mapping[str, Generation]) -> None:
        self._generations = generations

    def current(self) -> Mapping[str, Generation]:
        return self._generations


def _directory(settings: Settings) -> Directory:
    """The registry as it is in the database; no copy of it is written or read."""
    try:
        with opened_registry(settings, made=False) as store:
            return store.directory()
    except RegistryUnavailable as error:
        raise RegistryUnavailable(
            f"{error}; is AUTHZ_DATABASE_URL right, and was anything loaded (`authz registry load FILE`)?"
        ) from None


def _compiled(drafts: Path | None, settings: Settings) -> Mapping[str, Generation]:
    """The policy files as they would go live. Unfit ones are no answer, which is not the same as a refusal."""
    try:
        return live(build_all(sets_of(drafts, settings), cache_folder(settings)))
    except PolicyInvalid as invalid:
        exit_code_of(invalid)
        raise typer.Exit(FAILURE) from None


def _past(
    request: Request, at: float, directory: Directory, generations: Mapping[str, Generation], settings: Settings
) -> PastOutcome | None:
    """The answer by what was in force at `at`; None where that is not past, or where no policy set ever went live.

    Raises:
        BeforeHistory, HistoryDamaged: the policy of then is not known.
    """
    policies = PastPolicies(settings.data)
    if at > time.time():
        say(messages(), ("note: --at is not past; the answer is by what is in force or approved now", WARNING))
        return None
    if not policies.recorded():
        say(messages(), ("note: no policy set ever went live here, so none is recorded for then; ", WARNING),
            ("the answer is by the files as they are now", WARNING))  # fmt: skip
        return None
    with opened_registry(settings, made=False) as store:
        present = Present(_Policies(generations), lambda: directory)
        return Past(policies, store, present, legal_holidays).decide(request, at)


def _languages(outcome: Outcome, answer: Mapping[str, Any], wanted: str) -> tuple[str, ...]:
    """The client's languages; of a client that is not known the texts are there in all, and one is enough to read."""
    there = tuple(answer["context"]["reason_user"])
    if wanted and wanted not in there:
        raise Usage(f"there is no text in `{wanted}` for this client; there is {', '.join(there)}")
    if not wanted and outcome.decision.tenant is None and SOURCE_LANGUAGE in there:
        return (SOURCE_LANGUAGE,)
    return (wanted,) if wanted else there


def _notes(outcome: Outcome, settings: Settings, *, live: bool) -> Iterator[str]:
    """What a person who asks would want to know besides the answer."""
    generation = outcome.decision.generation
    if generation is None:
        return
    set_id = generation.definition.id
    if live and _newer_files(set_id, generation.revision, settings):
        yield f"the files of `{set_id}` are not what is live; the answer is by what is live (--policies asks the files)"
    for name in _ignored(outcome, generation.definition):
        yield f"`{name}` is not an attribute that a request may state under `{set_id}`; it was ignored"


def _newer_files(set_id: str, revision: str, settings: Settings) -> bool:
    try:
        place = named_sets(set_id, settings)
        return any(place.bundle(set_dir).revision != revision for set_dir in place.set_dirs)
    except AuthzError:
        return False


def _ignored(outcome: Outcome, definition: PolicySet) -> Iterator[str]:
    """Properties of the question that no attribute of the set with a request origin takes."""
    taken = {name for name, declared in definition.attributes.items() if declared.origin is not Origin.REGISTRY}
    request = outcome.request
    for entity, stated in (
        ("subject", request.subject_properties),
        ("action", request.action_properties),
        ("resource", request.resource_properties),
    ):
        for path in stated:
            names = {f"{entity}.{path}"} | ({f"{TENANT}.{path}"} if request.resource_type == TENANT else set())
            if path != TENANT and not any(name in taken or _inside(name, taken) for name in names):
                yield f"{entity}.{path}"


def _inside(name: str, taken: set[str]) -> bool:
    """Whether the property is an object that holds a declared attribute."""
    return any(other.startswith(f"{name}.") for other in taken)
