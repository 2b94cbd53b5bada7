"""A real nginx with the file of docs/proxy.md, on loopback."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.process import ROOT

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
_FRAME = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


def documented_file() -> str:
    """The nginx block of the document, as it stands."""
    text = (ROOT / "docs" / "proxy.md").read_text(encoding="utf-8")
    found = re.search(r"```nginx\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found.group(1)


@contextmanager
def an_nginx(folder: Path, port: int, target_port: int) -> Generator[str]:
    """Run it before the console; give its address. Only addresses are changed in the file."""
    server = documented_file()
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("server 127.0.0.1:9999;", f"server 127.0.0.1:{target_port};"),
        ("server_name console.example.com;", "server_name 127.0.0.1;"),
    ):
        assert server.count(old) == 1, old
        server = server.replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    config = folder / "nginx.conf"
    config.write_text(_FRAME.format(folder=folder, server=server), encoding="utf-8")
    command = [NGINX, "-c", str(config), "-p", str(folder), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait_until_open(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _wait_until_open(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    process.kill()
    raise RuntimeError(process.communicate()[1].decode())
