"""A certificate of an authority, which names another host than the one that programs on the machine ask (OP-03)."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from rcim.app.files.certificates import key_pem, new_key
from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerProcess
from tests.e2e.test_commands import QUICK, run


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def of_an_authority(folder: Path) -> tuple[Path, Path]:
    """The files with a certificate for im.example.org, and its key. Who signed it is trusted by nobody."""
    key, now = new_key(), datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name("im.example.org")).issuer_name(name("Authority"))
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=90))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("im.example.org")]), critical=False)
    chain, private = folder / "fullchain.pem", folder / "privkey.pem"
    chain.write_bytes(made.sign(new_key(), hashes.SHA256()).public_bytes(Encoding.PEM))
    private.write_bytes(key_pem(key))
    private.chmod(0o600)
    return chain, private


@pytest.mark.parametrize("gateways", [0, 2])
async def test_programs_on_the_machine_know_the_server(gateways: int, tmp_path: Path) -> None:
    chain, private = of_an_authority(tmp_path)
    config = tmp_path / "rcim.toml"
    config.write_text(f'[server]\ncertificate = "{chain}"\nprivate_key = "{private}"\n', encoding="utf-8")
    process = ServerProcess(tmp_path / "data", (*QUICK, f"server.gateways={gateways}"), config=config)
    await process.start()

    async def done(*command: str) -> None:
        code, _, error = await run(*command, cwd=tmp_path, say="hello\n")
        assert code == 0, error

    try:
        await done("rcim-admin", "--data", "data", "stats")
        await done("rcim", "chat", "--data", "data", "--user", "alice", "--group", "lobby")
        of_an_authority(tmp_path)  # another one
        await done("rcim-admin", "--data", "data", "reload")
        await done("rcim-admin", "--data", "data", "stats")
        config.write_text("", encoding="utf-8")
        await done("rcim-admin", "--data", "data", "reload")
        assert not DataDir(tmp_path / "data").certificate_in_use.exists()
        await done("rcim-admin", "--data", "data", "stats")
    finally:
        assert await process.stop() == 0
