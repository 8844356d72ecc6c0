"""A certificate that only programs on the machine take: for another host, or one that has ended (OP-03)."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from rcim.app.files.certificates import CERTIFICATE_DAYS, DAY_S, key_pem, new_key, self_signed
from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerProcess
from rcim.base import clock
from tests.e2e.test_commands import QUICK, run


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def of_an_authority(folder: Path, days_ago: int = 0) -> tuple[Path, Path]:
    """The files with a certificate for im.example.org that is good for 90 days, from so many days ago on, and its
    key. Who signed it is trusted by nobody."""
    key, now = new_key(), datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days_ago)
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


@pytest.mark.parametrize("own", [True, False], ids=["self-signed", "of an authority"])
async def test_one_that_has_ended_shuts_out_no_operator(own: bool, tmp_path: Path) -> None:
    """They see what is wrong, and put it right. Who asks by an address, or with `--ca`, has dates checked as always."""
    data = DataDir(tmp_path / "data")
    config = tmp_path / "rcim.toml"
    key = tmp_path / "own.pem"
    if own:
        made = new_key()
        key.write_bytes(key_pem(made))
        chain, private = tmp_path / "fullchain.pem", key
        key.chmod(0o600)
        chain.write_bytes(self_signed(made, clock.wall_ms() / 1000 - (CERTIFICATE_DAYS + 1) * DAY_S))
    else:
        chain, private = of_an_authority(tmp_path, days_ago=91)
    config.write_text(f'[server]\ncertificate = "{chain}"\nprivate_key = "{private}"\n', encoding="utf-8")
    process = ServerProcess(data.path, QUICK, config=config)
    await process.start()

    async def asked(*command: str) -> tuple[int, str]:
        code, said, error = await run("rcim-admin", "--data", "data", *command, cwd=tmp_path)
        return code, said + error

    try:
        code, said = await asked("health")
        assert "has ended" in said
        code, said = await asked("stats")
        assert code == 0, said
        for other in (("--ca", str(chain)), ("--server", f"127.0.0.1:{process.port}", "--ca", str(chain))):
            code, said = await asked(*other, "stats")
            assert code != 0 and "certificate" in said, said
        if own:
            chain.write_bytes(self_signed(made, clock.wall_ms() / 1000))
        else:
            of_an_authority(tmp_path)
        code, said = await asked("reload")
        assert code == 0, said
        code, said = await asked("health")
        assert "has ended" not in said
    finally:
        assert await process.stop() == 0


async def test_a_server_at_an_address_that_its_own_certificate_does_not_name(tmp_path: Path) -> None:
    process = ServerProcess(tmp_path / "data", (*QUICK, "server.host=127.0.0.2"))
    await process.start()
    try:
        code, _, error = await run("rcim-admin", "--data", "data", "stats", cwd=tmp_path)
        assert code == 0, error
        named = ("--server", f"127.0.0.2:{process.port}")
        code, _, error = await run("rcim-admin", "--data", "data", *named, "stats", cwd=tmp_path)
        assert code != 0 and "certificate" in error
    finally:
        assert await process.stop() == 0
