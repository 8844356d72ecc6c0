"""Settings (OP-01): defaults < file < environment < flags; what is wrong says where it stands. The data directory."""

from __future__ import annotations

import errno
import json
import stat
from pathlib import Path

import pytest
from cryptography import x509

from rcim.app.files.datadir import DataDir, DataDirError
from rcim.app.settings.all_settings import Settings, SettingsError, from_plain, plain
from rcim.app.settings.sources import load
from rcim.session.usersig import mint, verify


def test_defaults() -> None:
    assert load(None, {}) == Settings()
    assert Settings().server.host == "127.0.0.1"
    assert Settings().group_types["Public"].member_cap == 2000


def test_the_later_wins(tmp_path: Path) -> None:
    file = tmp_path / "rcim.toml"
    file.write_text(
        '[server]\nport = 1\nhost = "h"\n[limits]\nheartbeat_ms = 5000\n[app]\nadministrators = ["a"]\n',
        encoding="utf-8",
    )
    environment = {
        "RCIM__SERVER__PORT": "2",
        "RCIM__APP__ADMINISTRATORS": "b, c",
        "RCIM__SERVER__TLS": "no",
        "HOME": "x",
        "RCIM_SERVER_SERVICE_HOST": "10.0.0.1",
    }
    made = load(file, environment, ["server.port=3", "types.Public.member_cap=7"])
    assert (made.server.port, made.server.host, made.server.tls) == (3, "h", False)
    assert made.app.administrators == ("b", "c") and made.limits.heartbeat_ms == 5000
    assert made.group_types["Public"].member_cap == 7


@pytest.mark.parametrize(
    "text, said",
    [
        ("[server]\nport = 70000\n", "rcim.toml:2: server.port is 70000; must be 0 to 65535"),
        ("# c\n[server]\n\nprot = 1\n", "rcim.toml:4: unknown setting server.prot"),
        ("[sever]\nport = 1\n", "rcim.toml:1: unknown section [sever]"),
        ("port = 1\n", "rcim.toml:1: unknown section [port]"),
        ("[server]\nport = '1'\n", "rcim.toml:2: server.port has to be a whole number"),
        ("[server]\ntls = 1\n", "rcim.toml:2: server.tls has to be true or false"),
        ("[server]\nhost = true\n", "rcim.toml:2: server.host has to be a string"),
        ("[app]\nadministrators = [1]\n", "rcim.toml:2: app.administrators has to be a list of strings"),
        ("[limits]\nlogin_ms = 1\n", "rcim.toml:2: limits.login_ms must be a whole number from 100"),
        ("[limits]\nheartbeat_ms = 60000\n", "rcim.toml:2: limits.heartbeat_ms must be below idle_ms"),
        ("[limits]\n\nidle_ms = 20000\n", "rcim.toml:3: limits.heartbeat_ms must be below idle_ms"),
        ("[app]\nadministrators = ['']\n", "rcim.toml:2: app.administrators"),
        ("[server]\nprivate_key = 'none.pem'\n", "rcim.toml:2: server.private_key is 'none.pem'; has to be a file"),
        ("server = 1\n", "rcim.toml:1: server has to be a section"),
        ("[server\n", "rcim.toml"),
        ("[log]\nlevel = 'loud'\n", "rcim.toml:2: log.level is 'loud'"),
        ("[callbacks]\nbatch_max = 0\n", "rcim.toml:2: callbacks.batch_max is 0; must be 1 to 100"),
        (
            "[receivers.a]\nbatch_wait_ms = 5001\n",
            "rcim.toml:2: receivers.a.batch_wait_ms is 5001; must be 0 to 5000",
        ),
    ],
)
def test_what_is_wrong_says_where(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rcim.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(file, {})
    assert said in str(error.value)


@pytest.mark.parametrize(
    "flag", ["port=1", "server.port", "nowhere.x=1", "server.prot=1", "server.port=x", "server.tls=maybe"]
)
def test_wrong_flags(flag: str) -> None:
    with pytest.raises(SettingsError, match="--set"):
        load(None, {}, [flag])


def test_wrong_environment() -> None:
    with pytest.raises(SettingsError, match="RCIM__SERVER__PROT"):
        load(None, {"RCIM__SERVER__PROT": "1"})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "none.toml", {})


def test_the_first_start_makes_what_is_needed_once(tmp_path: Path) -> None:  # ID-08
    data = DataDir(tmp_path / "deep" / "data")
    assert len(data.prepare()) == 2
    assert data.keep_admin_credential(1, "root")
    for path in (data.signing_key, data.private_key, data.admin_credential):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(data.path.stat().st_mode) == 0o700
    key, certificate = data.key(), data.certificate.read_bytes()
    names = x509.load_pem_x509_certificate(certificate).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]
    verify(data.admin_credential.read_text(encoding="utf-8").strip(), 1, key, "root", _made_at(data))
    data.release()
    again = DataDir(data.path)
    assert again.prepare() == [] and not again.keep_admin_credential(1, "root")
    assert again.key() == key and again.certificate.read_bytes() == certificate
    again.signing_key.write_text("another key", encoding="utf-8")
    assert again.keep_admin_credential(1, "root"), "a credential of the old key is no good any more"
    again.release()


def _made_at(data: DataDir) -> int:
    from rcim.session.usersig import read

    made: int = read(data.admin_credential.read_text(encoding="utf-8").strip())["TLS.time"]
    return made


def test_a_directory_is_one_servers(tmp_path: Path) -> None:
    first, second = DataDir(tmp_path), DataDir(tmp_path)
    first.prepare()
    with pytest.raises(DataDirError, match="in use"):
        second.prepare()
    first.release()
    second.prepare()
    second.release()


def test_a_directory_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(DataDirError):
        DataDir(tmp_path / "file" / "data").prepare()
    with pytest.raises(DataDirError):
        DataDir(tmp_path / "none").key()


def test_minting_is_what_the_server_takes(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.prepare()
    verify(mint(5, data.key(), "u", 10, 10), 5, data.key(), "u", 11)
    data.release()


TYPES = """
[server]
port = 0
[types.OAGroup]
base = "Public"
kick = "member"
member_cap = 50
history_before_joining = true
group_fields = ["Level anyone app_admin", "Motto member admin"]
[types.ChatRoom]
member_cap = 20000
"""


def test_group_types_from_the_file(tmp_path: Path) -> None:  # GT-20
    file = tmp_path / "rcim.toml"
    file.write_text(TYPES, encoding="utf-8")
    made = load(file, {}, ["types.Public.kick=owner"])
    office = made.group_types["OAGroup"]
    assert (office.kick.name, office.member_cap, office.base) == ("MEMBER", 50, "Public")
    assert office.history_before_joining
    assert [rule.key for rule in office.group_fields] == ["Level", "Motto"]
    assert made.group_types["ChatRoom"].member_cap == 20000 and made.group_types["Public"].kick.name == "OWNER"
    assert from_plain(json.loads(json.dumps(plain(made)))).group_types == made.group_types, "as gateways get it"


@pytest.mark.parametrize(
    "text, said",
    [
        ("[types.X]\nkick = 'member'\n", "rcim.toml:1: group type X: there is no type 'X' to make it from"),
        ("\n[types.X]\nbase = 'Public'\nkik = 'a'\n", "rcim.toml:4: group type X: policy 'kik' is not known"),
        (
            "[types.X]\nbase = 'Private'\nsearch = 'on'\n",
            "rcim.toml:3: group type X: policy search: Private is",
        ),
        ("[types.X]\nbase = 'Public'\nmember_cap = 1.5\n", "types.X.member_cap has to be a string, number"),
        ("[types.X]\nbase = 'Public'\nmember_cap = -1\n", "is not a whole number from 0"),
        ("[types]\nX = 1\n", "[types.NAME] has to be a section"),
        ("types = 1\n", "[types.NAME] has to be a section"),
        ("[app]\nuser_fields = ['Level']\n", "rcim.toml:2: 'Level': has to be"),
        ("[app]\nmessage_user_fields = ['Rank']\n", "rcim.toml:2: Rank is not one of app.user_fields"),
    ],
)
def test_types_that_are_wrong(text: str, said: str, tmp_path: Path) -> None:  # GT-20, OP-01
    file = tmp_path / "rcim.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(file, {}, [])
    assert said in str(error.value)


def test_on_a_full_disk_a_hint_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # ST-04
    data = DataDir(tmp_path / "data")
    data.prepare()
    data.keep_address("127.0.0.1", 1, True)
    assert data.keep_admin_credential(1, "root")

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("rcim.app.files.datadir.os.fsync", full)
    data.keep_address("127.0.0.1", 2, True)
    assert not data.keep_admin_credential(1, "other")
    assert not data.address.exists(), "rather none than one that says what was true before"
    assert not list(data.path.glob("*.new"))
    data.release()


RECEIVERS = """
[callbacks]
url = "https://one.example.org/"
commands = ["State.StateChange"]

[receivers.audit]
url = "https://two.example.org/"
commands = ["Group.CallbackBeforeSendMsg"]
token_file = "{token}"
conversations = ["group"]
types = ["Public", "C2C"]
message_classes = ["content"]
"""


def test_receivers_with_names(tmp_path: Path) -> None:  # CB-02, CB-06
    token, file = tmp_path / "token", tmp_path / "rcim.toml"
    token.write_text("hush\n", encoding="utf-8")
    file.write_text(RECEIVERS.format(token=token), encoding="utf-8")
    environment = {"RCIM__RECEIVERS__AUDIT__TIMEOUT_MS": "300", "RCIM__RECEIVERS__OTHER__URL": "http://three.example"}
    made = load(file, environment, ["receivers.audit.allow_private=true", "receivers.other.timeout_ms=50"])
    audit, other = made.receivers["audit"], made.receivers["other"]
    assert (audit.token, audit.timeout_ms, audit.allow_private) == ("hush", 300, True)
    assert (other.url, other.timeout_ms) == ("http://three.example", 50)
    assert audit.conditions.conversation("group", "Public") and not audit.conditions.conversation("group", "Work")
    assert "hush" not in repr(made) and from_plain(plain(made)) == made


@pytest.mark.parametrize(
    "text, said",
    [
        ("[receivers]\nx = 1\n", "[receivers.NAME] has to be a section"),
        ("[receivers.Audit]\nurl = ''\n", "rcim.toml:1: [receivers.NAME] has to be a section; a name is 1 to 32"),
        ("[receivers.a]\nurls = 1\n", "rcim.toml:2: receivers.a.urls has to be a list of strings"),
        ("[receivers.a]\nhooks = []\n", "rcim.toml:2: unknown setting receivers.a.hooks"),
        ("[receivers.a]\nurl = 'ftp://x'\n", "rcim.toml:2: receivers.a.url is 'ftp://x'; has to be an http"),
        ("[receivers.a]\nprofile = 'x'\n", "rcim.toml:2: receivers.a.profile is 'x'; known are tencent"),
        ("[receivers.a]\ncommands = ['x']\n", "rcim.toml:2: receivers.a.commands is ['x']; known are Group."),
        ("[receivers.a]\ncommands = ['State.StateChange']\n", "nobody is told or asked: set receivers.a.url"),
        ("[receivers.a]\nurls = ['x http://y']\n", "rcim.toml:2: receivers.a.urls is"),
        (
            "[receivers.a]\nurl = 'http://x'\nprofile = 'leancloud'\ncommands = ['_messageSent']\n",
            "rcim.toml:2: receivers.a.app_id is ''; the profile leancloud needs it",
        ),
        ("[streams.a]\nservers = ['nats://u:p@x']\n", "streams.a.servers is ['nats://(not shown)@x']; each of"),
        ("[receivers.a]\nsecrets = ['x']\n", "rcim.toml:2: receivers.a.secrets has to be a string"),
        ("[receivers.a]\ntypes = ['X']\n", "rcim.toml:2: receivers.a.types is ['X']; known are AVChatRoom"),
        ("[receivers.a]\nconversations = ['X']\n", "receivers.a.conversations is ['X']; known are group, pair"),
        ("[receivers.a]\nmessage_classes = ['X']\n", "receivers.a.message_classes is ['X']; known are content"),
        ("[receivers.a]\nmessage_types = ['X']\n", "receivers.a.message_types is ['X']; each has to be built in"),
        ("[callbacks]\ncommands = ['State.StateChange']\n", "set callbacks.url, or callbacks.hooks"),
    ],
)
def test_receivers_that_are_wrong(text: str, said: str, tmp_path: Path) -> None:  # CB-02, OP-01
    file = tmp_path / "rcim.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(file, {})
    assert said in str(error.value)
