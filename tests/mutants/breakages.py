"""The seeded faults: each is one that a hurried change could make, and that would change decisions."""

from __future__ import annotations

from typing import Final

from tests.mutants.breakage import Breakage

_DECIDE: Final = ("tests/core/test_decide.py",)
_REFERENCE: Final = ("tests/differential/test_decide_equals_reference.py",)
_SHIPPED: Final = ("tests/policies/test_shipped_sets.py", "tests/policies/test_examples.py")
_FAST: Final = ("tests/web/test_fast.py",)
_LOG_ROUTES: Final = ("tests/web/test_log_routes.py",)
_REPLAY: Final = ("tests/differential/test_replay_never_guesses.py",)
_AGAIN: Final = ("tests/log/test_again.py",)
_PROOF: Final = ("tests/cli/test_log_proof.py",)
_INDEX: Final = ("tests/log/test_index.py",)
_FIND: Final = ("tests/cli/test_log_find.py",)
_WRITER: Final = ("tests/log/test_writer.py",)
_RECOVERY: Final = ("tests/log/test_recovery.py",)
_ADDRESSES: Final = ("tests/log/test_addresses.py",)
_VERIFY: Final = ("tests/log/test_verify.py",)
_RECORD: Final = ("tests/log/test_record.py",)
_DIFF: Final = ("tests/differential/test_diff_equals_brute_force.py",)
_CLI_DIFF: Final = ("tests/cli/test_diff.py",)
_UNSEEN: Final = ("tests/cli/test_diff_unseen.py",)
_IMPORTS: Final = ("tests/architecture/test_imports.py",)

BREAKAGES: Final = (
    # ---- R1 to R4
    Breakage(
        "a revoked contact is let through",
        "authz/core/decide.py",
        "if contact.state is not _ACTIVE:",
        "if contact.state is ContactState.SUSPENDED:",
        _SHIPPED,
    ),
    Breakage(
        "a suspension is not looked at",
        "authz/core/decide.py",
        "if contact.state is not _ACTIVE:",
        "if contact.state not in ContactState:",
        _DECIDE,
    ),
    Breakage(
        "an annex comes into force a day late",
        "authz/core/directory.py",
        "position = bisect_right(self._starts, day)\n",
        "position = bisect_right(self._starts, day - 1)\n",
        _DECIDE,
    ),
    Breakage(
        "the newest annex comes into force a day early",
        "authz/core/directory.py",
        "self.newest_from = self._starts[-1] if self._starts else _NEVER",
        "self.newest_from = self._starts[-1] - 1 if self._starts else _NEVER",
        _DECIDE,
    ),
    Breakage(
        "the day is told in UTC and not where the contract lives",
        "authz/core/generation.py",
        "local = dt.datetime.fromtimestamp(now, self.zone)",
        "local = dt.datetime.fromtimestamp(now, dt.UTC)",
        _DECIDE,
    ),
    Breakage(
        "the first of several tenants is taken for the one meant",
        "authz/core/standing.py",
        "if len(in_force) == 1 else Decision(False, Reason.TENANT_AMBIGUOUS)",
        "if in_force else Decision(False, Reason.TENANT_AMBIGUOUS)",
        _DECIDE,
    ),
    Breakage(
        "the stated tenant is not compared",
        "authz/core/standing.py",
        "        if standing.tenant.id == wanted:\n",
        "        if standing.tenant.id:\n",
        _DECIDE,
    ),
    Breakage(
        "an e-mail address is compared with its upper case",
        "authz/core/identity.py",
        "return SubjectKey(text.lower())",
        "return SubjectKey(text)",
        ("tests/core/test_identity.py",),
    ),
    Breakage(
        "blanks around an e-mail address are forgiven",
        "authz/core/identity.py",
        "match = _EMAIL.fullmatch(text)",
        "match = _EMAIL.fullmatch(text.strip())",
        ("tests/core/test_identity.py",),
    ),
    Breakage(
        "a login may be an e-mail address's subject",
        "authz/core/identity.py",
        "return SubjectKey(_LOGIN_PREFIX + text) if",
        "return SubjectKey(text) if",
        ("tests/core/test_identity.py",),
    ),
    # ---- R5: network
    Breakage(
        "the last address of a range is lost",
        "authz/core/network.py",
        "for cut in (span.first, span.last + 1)",
        "for cut in (span.first, span.last)",
        ("tests/core/test_network.py",),
    ),
    Breakage(
        "a network deny line is dropped",
        "authz/core/network.py",
        "        if line.effect is Effect.DENY:\n",
        "        if line.effect is Effect.DENY and len(covering) == 1:\n",
        ("tests/core/test_network.py",),
    ),
    Breakage(
        "an annex that says declared addresses is overruled by a line any",
        "authz/core/decide.py",
        "if lines.has_any and annex.network is _DECLARED:",
        "if lines.has_any and annex.network is NetworkChoice.ANY:",
        _DECIDE,
    ),
    Breakage(
        "no address is as good as any",
        "authz/core/decide.py",
        "return (None if lines.has_any else Reason.IP_MISSING)",
        "return (None if lines else Reason.IP_MISSING)",
        _DECIDE,
    ),
    Breakage(
        "a tenant without network lines is everywhere at home",
        "authz/core/decide.py",
        "    if lines is None:\n        return Reason.NETWORK_NOT_DECLARED",
        "    if lines is None:\n        return None",
        _DECIDE,
    ),
    Breakage(
        "an IPv4-mapped address is not unwrapped",
        "authz/core/network.py",
        "if packed.startswith(_MAPPED_PREFIX):",
        "if not packed.startswith(packed):",
        ("tests/core/test_network.py",),
    ),
    Breakage(
        "host bits in a network are rounded away",
        "authz/core/network.py",
        "if ipaddress.ip_address(address) != network.network_address:",
        "if ipaddress.ip_address(address) not in network:",
        ("tests/core/test_network.py",),
    ),
    # ---- R5: sender and facts
    Breakage(
        "a merely claimed sender is enough",
        "authz/core/assurance.py",
        "if assurance is Assurance.CLAIMED:",
        "if assurance is Assurance.CLAIMED and high_risk:",
        ("tests/core/test_assurance.py",),
    ),
    Breakage(
        "a verified mail is enough for a high-risk action",
        "authz/core/assurance.py",
        'confirm = high_risk or email_requests == "confirm"',
        'confirm = email_requests == "confirm"',
        ("tests/core/test_assurance.py",),
    ),
    Breakage(
        "mail is let in where the tenant closed it",
        "authz/core/assurance.py",
        'if channel is _EMAIL and email_requests not in (None, "allow", "confirm"):',
        'if channel is _EMAIL and email_requests not in (None, "allow", "confirm", "deny"):',
        ("tests/core/test_assurance.py",),
    ),
    Breakage(
        "an unknown fact counts as false",
        "authz/core/decide.py",
        "                unknown |= bit\n",
        "                unknown |= 0\n",
        _DECIDE,
    ),
    Breakage(
        "an error in a fact counts as true",
        "authz/policy/facts.py",
        "        if result.type() != _BOOL:\n            return None\n",
        "        if result.type() != _BOOL:\n            return True\n",
        ("tests/policy/test_facts.py",),
    ),
    # ---- R6 and R9
    Breakage(
        "a cell that nobody wrote is an allow",
        "authz/core/table.py",
        "    return Answer(False, rule or judged[nearest][1], nearest & ~mask, mask & ~nearest)",
        "    return Answer(True, rule or judged[nearest][1], nearest & ~mask, mask & ~nearest)",
        _DECIDE,
    ),
    Breakage(
        "a tenant's own stricter cells are passed over",
        "authz/core/table.py",
        "return self.own.get(tenant_id, self.shared).get((role, action))",
        "return self.shared.get((role, action))",
        _DECIDE,
    ),
    # ---- the engine and the table it fills
    Breakage(
        "a fact that a line names need not be true",
        "authz/policy/judge.py",
        "return when == NO_FACTS or all(word in facts",
        "return when == NO_FACTS or any(word in facts",
        _SHIPPED,
    ),
    Breakage(
        "deny lines reach the engine as allow lines",
        "authz/policy/judge.py",
        "                line.effect.value, line.source,\n",
        '                "allow", line.source,\n',
        _SHIPPED,
    ),
    Breakage(
        "the table is asked about the facts that do not hold",
        "authz/policy/compile.py",
        "if mask >> at & 1)",
        "if not mask >> at & 1)",
        _SHIPPED,
    ),
    Breakage(
        "a failed case does not keep a set from going live",
        "authz/policy/pipeline.py",
        "problems = (*guard_problems(loaded, bundle.place, bundle.files), *_suite_problems(parsed, loaded))",
        "problems = guard_problems(loaded, bundle.place, bundle.files)",
        ("tests/policy/test_pipeline.py",),
    ),
    Breakage(
        "guards are declared and not looked at",
        "authz/policy/pipeline.py",
        "problems = (*guard_problems(loaded, bundle.place, bundle.files), *_suite_problems(parsed, loaded))",
        "problems = _suite_problems(parsed, loaded)",
        ("tests/policy/test_pipeline.py",),
    ),
    Breakage(
        "an allow line need not name network and sender",
        "authz/policy/matrix.py",
        "if missing and (declared is None or not declared.open_to_any_sender):",
        "if missing and declared is None:",
        ("tests/policy/test_refusals.py",),
    ),
    Breakage(
        "a lost cell of the table is not missed",
        "authz/policy/matrix.py",
        "            if (role, action) not in base:\n",
        "            if (role, action) not in base and not base:\n",
        ("tests/policy/test_refusals.py",),
    ),
    Breakage(
        "a byte order mark swallows the first line",
        "authz/policy/characters.py",
        "elif content.startswith(BOM_UTF8):",
        "elif content.startswith(BOM_UTF8 * 2):",
        ("tests/policy/test_refusals.py",),
    ),
    # ---- a contract's own files
    Breakage(
        "a User may restore backups",
        "policies/calltrack/matrix.csv",
        "p, *, user,       backup_restore,      -,                      deny",
        "p, *, user,       backup_restore,      network_ok + sender_ok, allow",
        ("tests/policies",),
    ),
    Breakage(
        "the denied address inside an allowed range is forgotten",
        "policies/calltrack/networks/gamma.csv",
        "p2, gamma, 198.51.100.66/32, deny\n",
        "",
        ("tests/policies",),
    ),
    # ---- the request
    Breakage(
        "an address beside an e-mail is believed",
        "authz/core/question.py",
        "if channel is not Channel.WEB and not channel.has_address:",
        "if channel is Channel.WEB and not channel.has_address:",
        ("tests/core/test_question.py",),
    ),
    Breakage(
        "a mail that states no assurance counts as a session",
        "authz/core/question.py",
        "return Assurance.MAIL_VERIFIED if verified else Assurance.CLAIMED",
        "return Assurance.MAIL_VERIFIED if verified else Assurance.SESSION",
        ("tests/core/test_question.py",),
    ),
    Breakage(
        "of two members of one name the last one counts",
        "authz/web/wire.py",
        "if len(members) != len(pairs):",
        "if len(members) > len(pairs):",
        ("tests/web/test_wire.py",),
    ),
    Breakage(
        "what only the registry may say is taken from the request",
        "authz/core/attributes.py",
        "if declared.origin is Origin.REGISTRY:",
        "if declared.origin is Origin.REGISTRY and not self._properties(entity):",
        ("tests/core/test_attributes.py",),
    ),
    # ---- the registry
    Breakage(
        "loading a file lifts a suspension",
        "authz/registry/rows.py",
        "return _STRICTNESS.index(state) > _STRICTNESS.index(than)",
        "return state is not than",
        ("tests/registry/test_load.py",),
    ),
    Breakage(
        "a tenant moves to another contract by a load",
        "authz/registry/writing.py",
        'if row["set_id"] != entry.set_id:',
        'if not row["set_id"]:',
        ("tests/registry/test_load.py",),
    ),
    Breakage(
        "one person stands twice on an annex",
        "authz/registry/checking.py",
        "if first != position:",
        "if first > position:",
        ("tests/registry/test_load.py",),
    ),
    # ---- promises of the answer
    Breakage(
        "legal holidays count as working days",
        "authz/core/calendar.py",
        "            return definition.holiday_hours\n",
        "            return definition.hours.get(day.isoweekday(), ())\n",
        ("tests/core/test_calendar.py",),
    ),
    Breakage(
        "a refusal tells its reason to everybody",
        "authz/answer.py",
        "if not explain and not decision.allowed:",
        "if not explain and not decision.allowed and decision.contact is None:",
        ("tests/web/test_app.py",),
    ),
    # ---- the review of a policy change
    Breakage(
        "a pinned Deny cell may be turned",
        "authz/core/definition.py",
        "return action in self.deny_cells.get(role, ())",
        "return action in self.deny_cells.get(role, ()) and not self.label",
        ("tests/policy/test_guards.py",),
    ),
    Breakage(
        "neighbouring ranges may be as wide together as they like",
        "authz/policy/guards.py",
        "if whole.prefixlen < widest and all(",
        "if whole.prefixlen < 0 and all(",
        ("tests/policy/test_guards.py",),
    ),
    # ---- the decision log of killed processes
    Breakage(
        "a later checkpoint may state another record than an earlier one",
        "authz/log/check_checkpoints.py",
        "            if first != newest[name]:\n",
        "            if first is None:\n",
        _VERIFY,
    ),
    Breakage(
        "a segment is not signed for before its first record",
        "authz/log/ledger.py",
        "if self._owed or self._stated == NOTHING:",
        "if self._owed:",
        _RECOVERY,
    ),
    Breakage(
        "what a killed process left is ended and never signed for",
        "authz/log/ledger.py",
        "if found.head is not None:",
        "if found.head is None:",
        _RECOVERY,
    ),
    Breakage(
        "a start signs for a segment that somebody put there",
        "authz/log/recovery.py",
        "may_sign = signed is not None or not tail.records",
        "may_sign = True",
        _RECOVERY,
    ),
    Breakage(
        "a network may be missing from the list beside a segment",
        "authz/log/check_addresses.py",
        "    if missing:\n",
        "    if missing and not read.ended:\n",
        _ADDRESSES,
    ),
    Breakage(
        "a line of a list may stand for no record",
        "authz/log/check_addresses.py",
        "ahead = not read.ended and seq >= read.lines",
        "ahead = seq >= read.lines",
        _ADDRESSES,
    ),
    Breakage(
        "verification fails at a deeply nested line",
        "authz/log/chain.py",
        "except (ValueError, RecursionError):",
        "except ValueError:",
        ("tests/log/test_verify_hostile.py",),
    ),
    # ---- the review of a change
    Breakage(
        "a comment in an expression swallows the next line unseen",
        "authz/core/diff/declarations.py",
        """literal = "//" in expression or '"' in expression""",
        """literal = '"' in expression""",
        _UNSEEN,
    ),
    Breakage(
        "a word that was an action's id and is now another's tag is not told",
        "authz/core/diff/declarations.py",
        "goes = now is None and word in base.definition.actions",
        "goes = word in base.definition.actions",
        _UNSEEN,
    ),
    Breakage(
        "fewer addresses are less access even where a line denies those inside",
        "authz/core/diff/sets.py",
        "return found if base is not None and head is not None else Bearing(found.helps)",
        "return Bearing(found.helps)",
        _UNSEEN,
    ),
    Breakage(
        "a surer sender is less access even where a line denies sure ones",
        "authz/core/diff/declarations.py",
        "bearing.turned if now.high_risk else bearing",
        "bearing if now.high_risk else bearing.turned",
        ("tests/differential/test_diff_hides_no_gain.py",),
    ),
    Breakage(
        "an obligation that goes is no change of access",
        "authz/core/diff/declarations.py",
        "gains=bool(gone), losses=bool(new)",
        "losses=bool(new)",
        _UNSEEN,
    ),
    Breakage(
        "ranges in place of `any` are taken for a mere narrowing",
        "authz/core/diff/networks.py",
        "    if any_before is any_after:\n",
        "    if any_before or any_before is any_after:\n",
        ("tests/differential/test_diff_equals_brute_force.py",),
    ),
    Breakage(
        "a tenant with another change of its own is told with all the others",
        "authz/core/diff/sets.py",
        "if (change := changes.get((role, action))) is None or change.alike != of_all.alike",
        "if (role, action) not in changes",
        _UNSEEN,
    ),
    Breakage(
        "an approval holds whatever condition was merged",
        "authz/cli/diff/approvals.py",
        "and self.when in (ANY, when)",
        "and self.when",
        ("tests/cli/test_diff.py",),
    ),
    Breakage(
        "an approval that BASE has already accepts again",
        "authz/cli/diff/acceptance.py",
        "if one.contents not in old and one.expires >= today",
        "if one.expires >= today",
        ("tests/cli/test_diff.py",),
    ),
    Breakage(
        "a failing case holds its cell in place",
        "authz/policy/coverage.py",
        "if result.differences or decision is None",
        "if decision is None",
        ("tests/cli/test_run_tests.py",),
    ),
    Breakage(
        "coverage is rounded",
        "authz/policy/coverage.py",
        "return 100 * self.tested // len(self.cells) if self.cells else 0",
        "return round(100 * self.tested / len(self.cells)) if self.cells else 0",
        ("tests/policy/test_coverage.py",),
    ),
    Breakage(
        "a deny line that matters is called idle",
        "authz/policy/lint/matrix.py",
        "met = facts.union(allow.facts)",
        "met = facts.union(allow.facts, *(deny.facts for deny in denies))",
        ("tests/differential/test_idle_lines_equal_casbin.py",),
    ),
    Breakage(
        "one accepted finding accepts all of its code",
        "authz/policy/lint/acceptances.py",
        'yield finding._replace(accepted=reasons.get((finding.code, finding.about), ""))',
        'yield finding._replace(accepted=next((reasons[one] for one in reasons if one[0] == finding.code), ""))',
        ("tests/policy/test_lint.py",),
    ),
    Breakage(
        "a set with broken guards looks like one with findings",
        "authz/cli/failures.py",
        "_WORST_FIRST: Final = (FAILURE, INVALID, WIDENED, NOT_HELD, FINDINGS)",
        "_WORST_FIRST: Final = (FINDINGS, FAILURE, INVALID, WIDENED, NOT_HELD)",
        ("tests/cli/test_check.py",),
    ),
    # ---- the fast path
    Breakage(
        "what is remembered of a head outlives a revoked key",
        "authz/web/heads.py",
        "if epoch is not self._epoch:",
        "if self._epoch is None:",
        _FAST,
    ),
    Breakage(
        "a header that contradicts itself is taken",
        "authz/web/heads.py",
        "if len(stated) != len(headers) or not _NEEDED",
        "if not _NEEDED",
        _FAST,
    ),
    Breakage(
        "a key that is not good for questions asks all the same",
        "authz/web/heads.py",
        "if known is None or Scope.DECIDE not in known.caller.scopes:",
        "if known is None:",
        _FAST,
    ),
    Breakage(
        "an answer leaves before its record is safe",
        "authz/web/fast.py",
        "decisions.when_safe(ticket, partial(self._leave, head, asking, answered))",
        "self._leave(head, asking, answered, None)",
        _FAST,
    ),
    Breakage(
        "an answer overtakes the one before it",
        "authz/web/fast.py",
        "            if self._owes:\n",
        "            if self._owes and not data[at:]:\n",
        _FAST,
    ),
    # ---- what is found in the log, and told of it
    Breakage(
        "a key for some tenants reads the decisions of all",
        "authz/web/log_routes.py",
        "    tenants = asking.limits.tenants\n",
        "    tenants = None\n",
        _LOG_ROUTES,
    ),
    Breakage(
        "an undecided change of a box is taken for decided",
        "authz/annex/line.py",
        "    if next(change.iter(*_BOX_FORMS), None) is not None:\n        return True\n",
        "",
        ("tests/annex/test_unread.py",),
    ),
    Breakage(
        "contacts below a table's torn-off headings are left out in silence",
        "authz/annex/unread.py",
        "            if _has_address(row) and (",
        "            if False and (",
        ("tests/annex/test_unread.py",),
    ),
    Breakage(
        "replay takes an annex of declared networks for one of any",
        "authz/log/again.py",
        "            return False if declared else None\n",
        "            return bool(declared)\n",
        _REPLAY,
    ),
    Breakage(
        "replay believes that there was no address where none was asked for",
        "authz/log/again.py",
        'return lines.has_any if recorded is not None or asked.members.get("decision") is False else None',
        "return lines.has_any",
        _AGAIN,
    ),
    Breakage(
        "a receipt over another answer holds",
        "authz/borne_out.py",
        '    if answer.allowed is not (asked.members.get("decision") is True)',
        '    if False and answer.allowed is not (asked.members.get("decision") is True)',
        _PROOF,
    ),
    Breakage(
        "an index keeps lines that were cut away",
        "authz/log/index.py",
        'if not anew and (size < mark.to or step.before not in ("", mark.head)):',
        "if not anew and size < 0:",
        _INDEX,
    ),
    Breakage(
        "an exported cell begins like a formula",
        "authz/cli/log/find.py",
        "text.startswith(_FORMULA)",
        'text.startswith("=")',
        _FIND,
    ),
    Breakage(
        "a durable answer does not wait for its record",
        "authz/log/writer.py",
        "        if self.durable:\n            self._waiting.append((ticket, settled))\n",
        "        if False:\n            self._waiting.append((ticket, settled))\n",
        _WRITER,
    ),
    Breakage(
        "a record is acknowledged before it is on disk",
        "authz/log/ledger.py",
        "        segment.append_records(records)\n        if durable:\n            segment.sync()\n",
        "        segment.append_records(records)\n",
        _WRITER,
    ),
    Breakage(
        "a failed write leaves half a line in the segment",
        "authz/log/segment.py",
        "                os.ftruncate(self._file, self.head.length)\n",
        "                pass\n",
        _WRITER,
    ),
    Breakage(
        "a log that was written anew with a chain of its own holds",
        "authz/log/check_segment.py",
        "        if hashes[seq] != heads[seq].hash:\n",
        "        if False and hashes[seq] != heads[seq].hash:\n",
        _VERIFY,
    ),
    Breakage(
        "a checkpoint of anybody's key is accepted",
        "authz/log/check_checkpoints.py",
        "    if not verifies(public_key, signature, signed):\n",
        "    if False and not verifies(public_key, signature, signed):\n",
        _VERIFY,
    ),
    Breakage(
        "strangers have one reference for ever",
        "authz/log/pseudonyms.py",
        "        if now >= self._until or not self._key:\n",
        "        if not self._key:\n",
        _RECORD,
    ),
    Breakage(
        "a diff passes over what a tenant's own lines change otherwise",
        "authz/core/diff/sets.py",
        "of_all is None or change.alike != of_all.alike",
        "of_all is None",
        _DIFF,
    ),
    Breakage(
        "a diff counts one address too many",
        "authz/core/diff/networks.py",
        "Span(Address(first), Address(following - 1))",
        "Span(Address(first), Address(following))",
        _DIFF,
    ),
    Breakage(
        "a fact that is computed otherwise is no change",
        "authz/core/diff/declarations.py",
        "            yield Declared(Part.FACT, fact, text, used, used)\n",
        "            yield Declared(Part.FACT, fact, text)\n",
        _CLI_DIFF,
    ),
    Breakage(
        "yesterday's approval accepts today's gain",
        "authz/cli/diff/acceptance.py",
        "if one.contents not in old and one.expires >= today]",
        "if one.expires >= today]",
        _CLI_DIFF,
    ),
    Breakage(
        "an answer from prepared pieces names another person",
        "authz/answer_writer.py",
        "                _inner(contact.name),",
        "                _inner(tenant.name),",
        ("tests/test_answer_writer.py",),
    ),
    Breakage(
        "a body that careful reading would refuse is read at once",
        "authz/web/usual.py",
        '        return pattern.fullmatch(body.decode("ascii"))\n',
        '        return pattern.match(body.decode("ascii"))\n',
        ("tests/web/test_usual.py",),
    ),
    # ---- the architecture
    Breakage(
        "the core reads the clock",
        "authz/core/decide.py",
        "from collections.abc import Mapping\n",
        "import time\nfrom collections.abc import Mapping\n",
        _IMPORTS,
    ),
)
