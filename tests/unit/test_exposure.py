"""What a server leaves open to others: secrets in settings, modes of files, a port without TLS (OP-01, ID-08, WI-01)."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from rcim.app.files.datadir import DataDir, DataDirError
from rcim.app.settings.all_settings import SECTIONS, SettingsError
from rcim.app.settings.exposure import secret_given, warnings_of
from rcim.app.settings.sources import load
from tests.kit import TestServer

SECRET = "hunter2"
EVERY = "Group.CallbackBeforeSendMsg"


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


# -- secrets


def test_a_secret_is_no_flag() -> None:  # it would stand in the list of processes
    with pytest.raises(SettingsError, match=r"callbacks\.token_file") as error:
        load(None, {}, [f"callbacks.token={SECRET}"])
    assert "RCIM__CALLBACKS__TOKEN" in str(error.value) and SECRET not in str(error.value)


def test_a_secret_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    assert load(None, {}, [f"callbacks.token_file={file}"]).callbacks.token == SECRET
    assert load(None, {"RCIM__CALLBACKS__TOKEN_FILE": str(file)}).callbacks.token == SECRET
    made = load(None, {"RCIM__CALLBACKS__TOKEN": SECRET})
    assert made.callbacks.token == SECRET and SECRET not in repr(made), "nobody sees it in a log"
    with pytest.raises(SettingsError, match="only one of them") as error:
        load(None, {"RCIM__CALLBACKS__TOKEN": SECRET}, [f"callbacks.token_file={file}"])
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(("data", "said"), [(None, "No such file"), (b"\xff\xfe", "no text"), (b" \n", "is empty")])
def test_a_file_that_holds_no_secret(tmp_path: Path, data: bytes | None, said: str) -> None:
    if data is not None:
        (tmp_path / "token").write_bytes(data)
    with pytest.raises(SettingsError, match=f"--set callbacks.token_file.*{said}"):
        load(None, {}, [f"callbacks.token_file={tmp_path / 'token'}"])


def test_each_secret_has_a_file_beside_it() -> None:
    for section, cls in SECTIONS.items():
        names = set(cls.__dataclass_fields__)
        for key, one in cls.__dataclass_fields__.items():
            if one.metadata.get("secret"):
                assert f"{key}_file" in names and not one.repr, f"{section}.{key}"


@pytest.mark.parametrize("flag", [f"callback.token={SECRET}", f"callbacks.tokn={SECRET}", f"server.port={SECRET}x"])
def test_what_is_wrong_with_a_flag_is_said_without_its_value(flag: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(None, {}, [flag])
    assert SECRET not in str(error.value) or flag.startswith("server.port"), "a port is no secret"


def test_a_secret_of_the_wrong_type_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "rcim.toml"
    file.write_text("[callbacks]\ntoken = 424242\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"rcim\.toml:2") as error:
        load(file, {})
    assert "424242" not in str(error.value)


def test_a_secret_as_an_option(tmp_path: Path) -> None:  # rcim chat --token, rcim-admin --token
    (tmp_path / "sig").write_text(f"{SECRET}\n", encoding="utf-8")
    assert secret_given(f"@{tmp_path / 'sig'}") == secret_given(SECRET) == SECRET
    with pytest.raises(FileNotFoundError):
        secret_given(f"@{tmp_path / 'none'}")


# -- settings that do nothing


@pytest.mark.parametrize("name", ["RCIM__CALLBACK__TOKEN", "RCIM__SERVER", "RCIM__TYPES__X__BASE", "RCIM__"])
def test_a_name_in_the_environment_that_is_no_setting(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: .*CALLBACKS") as error:
        load(None, {name: SECRET})
    assert SECRET not in str(error.value)


def test_callbacks_that_nobody_gets() -> None:  # CB-02
    with pytest.raises(SettingsError, match=r"--set callbacks\.commands.*callbacks\.url"):
        load(None, {}, [f"callbacks.commands={EVERY}"])
    assert load(None, {}, [f"callbacks.commands={EVERY}", "callbacks.url=http://h/"])
    assert load(None, {}, [f"callbacks.commands={EVERY}", "callbacks.hooks=h"])
    (text,) = warnings_of(load(None, {}, ["callbacks.url=http://h/", "server.data=/none"]))
    assert "nobody is told or asked" in text
    idle = load(None, {}, ["receivers.a.url=http://h/", "streams.b.kind=nats", "server.data=/none"])
    assert [text.split()[0] for text in warnings_of(idle)] == ["receivers.a.commands", "streams.b.servers"]


def test_a_certificate_without_its_key(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").touch()
    with pytest.raises(SettingsError, match="go together"):
        load(None, {}, [f"server.certificate={tmp_path / 'cert.pem'}"])


# -- warnings


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["server.host=127.0.0.1", "server.tls=no"], None),
        (["server.host=0.0.0.0", "server.tls=no"], "server.tls is off"),
        (["server.host=::", "server.tls=no"], "server.tls is off"),
        (["server.host=im.example.org"], "only self-signed"),
        (["http.on=true", "http.host=0.0.0.0"], "only self-signed"),
    ],
)
def test_what_others_can_reach(tmp_path: Path, flags: list[str], said: str | None) -> None:  # WI-01
    found = warnings_of(load(None, {}, [*flags, f"server.data={tmp_path / 'none'}"]))
    assert len(found) == (said is not None) and all(said in text for text in found if said)


def test_files_that_others_can_read(tmp_path: Path) -> None:
    data, token = tmp_path / "data", tmp_path / "token"
    data.mkdir(mode=0o755)
    token.write_text(SECRET, encoding="utf-8")
    flags = [f"server.data={data}", f"callbacks.token_file={token}"]
    found = warnings_of(load(None, {}, flags))
    assert [f"chmod 700 {data}" in found[0], f"chmod 600 {token}" in found[1]] == [True, True]
    engine = ["receivers.engine.url=http://a", "receivers.engine.commands=State.StateChange"]
    own = warnings_of(load(None, {}, [*engine, f"receivers.engine.hook_key_file={token}"]))
    assert own == [f"receivers.engine.hook_key_file: every user of this machine can read {token}: chmod 600 {token}"]
    data.chmod(0o700)
    token.chmod(0o600)
    assert warnings_of(load(None, {}, flags)) == []


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_directory_in_which_others_write_is_refused(tmp_path: Path, mode: int) -> None:  # ID-08
    path = tmp_path / "data"
    path.mkdir()
    path.chmod(mode)
    with pytest.raises(DataDirError, match=f"chmod 700 {path}"):
        DataDir(path).prepare()
    assert list(path.iterdir()) == [], "nothing is made there"


@pytest.mark.parametrize(
    ("name", "mode"), [("signing.key", 0o640), ("key.pem", 0o604), ("admin.usersig", 0o644), ("cert.pem", 0o666)]
)
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, name: str, mode: int) -> None:  # ID-08
    data = DataDir(tmp_path / "data")
    data.prepare()
    data.keep_admin_credential(1, "root")
    data.release()
    (data.path / name).chmod(mode)
    with pytest.raises(DataDirError, match=f"chmod 600 .*{name}"):
        DataDir(data.path).prepare()
    (data.path / name).chmod(0o600)
    again = DataDir(data.path)
    again.prepare()
    again.release()


# -- TLS


async def test_tls_1_2_gives_no_tickets(tmp_path: Path) -> None:  # WI-01
    server = TestServer(tmp_path / "data")
    await server.start()
    context = server.trust()
    assert context is not None
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    server.trust = lambda: context  # type: ignore[method-assign]
    raw = await server.raw()
    await raw.hello()
    link = raw.writer.get_extra_info("ssl_object")
    assert link.version() == "TLSv1.2" and not link.session.has_ticket
    await raw.close()
    await server.stop()
