"""`authz serve`: the decision service over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from authz.cli.examples import examples
from authz.settings import Settings
from authz.web.running.server import serve as serve_http

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(
    epilog=examples(
        "authz serve",
        "AUTHZ_POLICIES=/srv/policies AUTHZ_DATA=/var/lib/authz authz serve --port 9000",
        "curl -s http://127.0.0.1:8000/health/ready",
    )
)
def serve(
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Instead of AUTHZ_HOST.")] = None,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", help="Instead of AUTHZ_PORT.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", metavar="N", help="Instead of AUTHZ_WORKERS.")] = None,
) -> None:
    """Run the decision service.

    It runs until it is told to stop (Ctrl-C, SIGTERM).

    Policy sets are compiled by a process of their own, once, and again when a file changes; a set that is not fit
    to go live leaves its last good revision in place. The registry is held in memory and follows the database.

    Without any API key the service serves on a loopback address only, and says so.

    Exit status: 0 stopped as told, 2 wrong settings or the address is taken.
    """
    stated: dict[str, Any] = {"host": host, "port": port, "workers": workers}
    serve_http(Settings(**{name: value for name, value in stated.items() if value is not None}))
