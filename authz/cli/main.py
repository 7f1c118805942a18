"""The command line's entrance: which verbs there are, and what becomes of an error.

A verb's module is imported only when that verb runs, so `authz --help` costs none of the libraries behind the verbs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from authz.cli.failures import exit_code_of
from authz.cli.readers import flush_output, forget_unwritten


class Verb(NamedTuple):
    """A verb: the module of `authz.cli` whose `app` it is, and what `authz --help` says of it."""

    module: str
    summary: str


VERBS: Final = {
    "serve": Verb("serve", "Run the decision service."),
    "check": Verb("check.command", "Check policy sets, and point out what looks like a mistake."),
    "test": Verb("test.command", "Run the test cases of policy sets and explain each failure."),
    "diff": Verb("diff.command", "Compare two versions of policy sets: who gains, who loses."),
    "ask": Verb("ask", "Ask one question and see why the answer is what it is."),
    "who": Verb("who", "Say who may request an action, from where, under which paper."),
    "matrix": Verb("matrix", "Draw a contract's table from its policy set."),
    "registry": Verb("registry", "Load people and contracts, report on them, erase a person."),
    "contact": Verb("contact", "Suspend, restore and revoke contacts at once."),
    "annex": Verb("annex.command", "Import, approve, list and write signed annexes."),
    "log": Verb("log.command", "Verify, search, replay and export the decision log; receipts."),
    "key": Verb("key", "Make, list and end the API keys of callers."),
}

OVERVIEW: Final = """May contact X request action Y from address Z?

The rules are policy sets in files (`policies/<set>/`), the people come from a registry of signed contract annexes.

\b
  authz check                                  are all policy sets fit to go live?
  authz test policies/calltrack                do its cases still hold?
  authz registry load examples/registry.yaml   fill the registry
  authz ask ana@acme.example ip-change --ip 203.0.113.5
  authz serve                                  answer over HTTP

Settings are environment variables AUTHZ_* (AUTHZ_POLICIES, AUTHZ_MODEL, AUTHZ_DATA, AUTHZ_DATABASE_URL, ...).
Colours appear on a terminal only, and never with NO_COLOR set.

Exit status: 0 fine, 1 findings (for `ask`: refused), 2 wrong usage or a failure of the tool itself.
"""


class Verbs(TyperGroup):
    """The group of verbs; the ones it lists are only names until one is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Put the real verb in the place of its name."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else load_verb(name), rest

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and turn every error into an exit status and lines for a person, never a traceback."""
        standalone = extra.pop("standalone_mode", True)
        extra["standalone_mode"] = False
        if not standalone:
            return super().main(*args, **extra)
        try:
            status = super().main(*args, **extra) or 0
            flush_output()
        except Exception as error:  # noqa: BLE001 - this is the outermost frame
            status = exit_code_of(error)
        forget_unwritten()
        sys.exit(status)


def load_verb(name: str) -> TyperCommand | TyperGroup:
    """The verb itself; imports its module."""
    app: typer.Typer = import_module(f"authz.cli.{VERBS[name].module}").app
    command: TyperCommand | TyperGroup = typer.main.get_command(app)  # type: ignore[assignment]
    command.name = name
    return command


app = typer.Typer(
    name="authz",
    cls=Verbs,
    help=OVERVIEW,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"authz {import_module('importlib.metadata').version('authz')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """See `OVERVIEW`."""


def _listed(name: str) -> Callable[[], None]:
    def stand_in() -> None:
        raise AssertionError(f"`{name}` is replaced by the real verb before it runs")

    return stand_in


for _name, _verb in VERBS.items():
    app.command(_name, help=_verb.summary)(_listed(_name))


def main() -> None:
    """Run the program with the arguments of this process."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by whoever started us
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    app(prog_name="authz")
