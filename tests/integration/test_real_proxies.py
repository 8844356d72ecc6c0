"""Behind a real HAProxy: TLS goes through it untouched, and the server knows where clients come from (OP-01)."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.kit import PATIENCE_S, Raw, TestServer, until
from tests.kit_http import HTTP_ON
from tests.kit_proxy import PROXY, PROXY_ON, dial, streams
from tests.kit_raw_http import RawHttp, request

HAPROXY, NGINX = shutil.which("haproxy"), shutil.which("nginx")
STREAM = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
CLIENT = "127.0.0.7"
CONFIG = """
defaults
    mode tcp
    timeout connect 10s
    timeout client 300s
    timeout server 300s
{parts}
"""
PART = """
listen {name}
    bind fd@{fd}
    server rcim 127.0.0.1:{port} {send} source {source} check inter 100ms
"""

PAGE = Path(__file__).parents[2] / "docs/operate/proxies.md"

needs_haproxy = pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed (Debian: apt install haproxy)")


@asynccontextmanager
async def haproxy(folder: Path, send: str, ports: list[int]) -> AsyncIterator[list[int]]:
    """A HAProxy before these ports; yields its own."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in ports]
    parts = [
        PART.format(name=f"p{number}", fd=one.fileno(), port=port, send=send, source=PROXY)
        for number, (one, port) in enumerate(zip(sockets, ports, strict=True))
    ]
    config = folder / "haproxy.cfg"
    config.write_text(CONFIG.format(parts="".join(parts)), encoding="utf-8")
    for one in sockets:
        one.set_inheritable(True)
    assert HAPROXY is not None
    process = await asyncio.create_subprocess_exec(
        HAPROXY,
        "-db",
        "-f",
        str(config),
        pass_fds=[one.fileno() for one in sockets],
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield [one.getsockname()[1] for one in sockets]
    finally:
        process.kill()
        await process.wait()
        for one in sockets:
            one.close()


def sample(language: str) -> str:
    """The sample of the page for operators that is in this language."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


async def checked(*command: str) -> tuple[int | None, str]:
    """The exit code of a check, and what it says."""
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT)
    said, _ = await process.communicate()
    return process.returncode, said.decode(errors="replace")


@needs_haproxy
async def test_the_sample_for_haproxy_is_good(tmp_path: Path) -> None:
    config = tmp_path / "haproxy.cfg"
    config.write_text(sample("haproxy"), encoding="utf-8")
    code, said = await checked(str(HAPROXY), "-c", "-f", str(config))
    assert code == 0 and "WARNING" not in said, said


@pytest.mark.skipif(not (NGINX and STREAM.exists()), reason="nginx with its stream module is not installed")
async def test_the_sample_for_nginx_is_good(tmp_path: Path) -> None:
    config = tmp_path / "nginx.conf"
    folder = f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}}"
    config.write_text(f"load_module {STREAM}; {folder}\n{sample('nginx')}", encoding="utf-8")
    code, said = await checked(str(NGINX), "-t", "-c", str(config), "-p", str(tmp_path))
    assert code == 0, said


@needs_haproxy
@pytest.mark.parametrize(
    "send", ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl-cn", "send-proxy-v2 proxy-v2-options crc32c,unique-id"]
)
async def test_clients_and_back_ends_behind_it(tmp_path: Path, send: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "rcim.http.access")
    server = TestServer(tmp_path / "data", flags=(*PROXY_ON, *HTTP_ON))
    await server.start()
    async with haproxy(tmp_path, send, [server.port, server.http_port]) as (port, http_port):
        async with asyncio.timeout(PATIENCE_S):
            raw = Raw(*await streams(await dial(port, CLIENT), tls=server.trust()))
            await raw.login("alice", server.sign("alice"))
            found = [one.address for one in server.server.hub.table if one.principal is not None]
            assert len(found) == 1 and found[0].startswith(f"{CLIENT}:")
            caller = RawHttp(*await streams(await dial(http_port, CLIENT), tls=server.trust()))
            caller.write(request(body=b"{}"))
            assert (await caller.answer()).status == 200
            await until(lambda: any(CLIENT in text for text in caplog.messages))
            caller.close()
            await raw.close()
        counters = server.server.hub.table.counters
        assert counters.proxy_headers_refused == 0, "its health checks are none either"
    await server.stop()
