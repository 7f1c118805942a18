"""The form for a tenant's next annex, filled in with what the newest one says."""

from __future__ import annotations

from authz.annex.permission_table import permission_table
from authz.annex.wording import LANGUAGES, wording
from authz.annex.write import Form, Source, write_form
from authz.core.generation import Generation
from authz.registry.annexes import TenantAnnexes


def next_form(tenant: TenantAnnexes, generation: Generation) -> Form:
    """The next number, and the people and the choice of the newest approved annex (none: an empty form)."""
    newest = tenant.newest.entry if tenant.newest is not None else None
    return Form(
        number=newest.number + 1 if newest is not None else 1,
        contract_number=tenant.contract_number,
        provider=generation.definition.source.get("provider", ""),
        client=tenant.name,
        representative="",
        network=newest.network if newest is not None else None,
        contacts=newest.contacts if newest is not None else (),
    )


def form_language(tenant: TenantAnnexes, generation: Generation) -> str:
    """The language to write to the tenant in: the first of its own, else of its set's, that there is a form in."""
    return next(one for one in (*tenant.languages, *generation.definition.languages, "en") if one in LANGUAGES)


def export_form(tenant: TenantAnnexes, generation: Generation, language: str) -> bytes:
    """The form as a .docx file.

    Raises:
        ValueError: there is no form in that language.
    """
    permissions = permission_table(generation, tenant.id, language, wording(language))
    source = Source(generation.definition, generation.revision, permissions)
    return write_form(next_form(tenant, generation), source, language)
