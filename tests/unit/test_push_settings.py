"""The settings of push services: what is missing or wrong is said with the place where it stands (PU-01, OP-01)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rcim_bench.standin_certificates import make_es256_key

from rcim.app.consumers.push_providers import counted, providers_of
from rcim.app.settings.all_settings import SettingsError, from_plain, plain
from rcim.app.settings.sources import load
from rcim.outbox.push.providers.table import NEEDED
from tests.standins.google import write_account

PAGE = Path(__file__).parents[2] / "docs/how-to/push-providers.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("keys")
    make_es256_key(made / "AuthKey_ABC123DEFG.p8")
    make_es256_key(made / "AuthKey_XYZ987DEFG.p8")
    write_account(made / "service-account.json")
    for name in re.findall(r'secret_file = "(.+)"', PAGE.read_text(encoding="utf-8")):
        (made / name).write_text("a-secret-of-some-length\n", encoding="utf-8")
    return made


def settings(text: str, folder: Path, name: str = "rcim.toml") -> Path:
    """A file with these settings, and whole paths of the files that they name."""
    file = folder / name
    file.write_text(re.sub(r'(_file = ")', rf"\g<1>{folder}/", text), encoding="utf-8")
    return file


def test_what_the_page_shows_passes_the_check(folder: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    apns, rotated, *others = blocks
    found = load(settings("\n".join([apns + rotated, *others]), folder), {})
    assert {one.provider for one in found.push_providers.values()} == set(NEEDED)
    providers = providers_of(found)
    assert set(providers) == set(found.push_providers) and counted(providers) == {}
    assert from_plain(plain(found)) == found


APNS = 'provider = "apns"\nkey_file = "AuthKey_ABC123DEFG.p8"\nkey_id = "ABC123DEFG"\nteam_id = "TEAM123456"\n'
WRONG = [
    ('topic = "com.example"', "provider is ''; known are apns, fcm"),
    ('provider = "pigeon"', "provider is 'pigeon'; known are apns, fcm"),
    ('provider = "apns"', "key_file is ''; apns needs it"),
    (APNS, "topic is ''; apns needs it"),
    (APNS.replace("ABC123DEFG.p8", "no.p8") + 'topic = "a.b"', "No such file"),
    (APNS.replace('"AuthKey_ABC123DEFG.p8"', '"service-account.json"') + 'topic = "a.b"', "no private key in PEM"),
    (APNS.replace('key_id = "ABC123DEFG"', 'key_id = "short"') + 'topic = "a.b"', "ten letters and digits"),
    (APNS + 'topic = "a b"', "has to be a bundle id"),
    (APNS + 'topic = "a.b"\nrotated_key_id = "XYZ987DEFG"', "go together"),
    (APNS + 'topic = "a.b"\nurl = "http://127.0.0.1"', "has to be https"),
    (APNS + 'topic = "a.b"\nurl = "https://127.0.0.1/path"', "a host without a path"),
    (APNS + 'topic = "a.b"\nca_file = "AuthKey_ABC123DEFG.p8"', "no certificates in PEM"),
    ('provider = "fcm"', "key_file is ''; fcm needs it"),
    ('provider = "fcm"\nkey_file = "AuthKey_ABC123DEFG.p8"', "it is no JSON"),
    ('provider = "huawei"\napp_id = "1"', "secret is ''; huawei needs it"),
    ('provider = "xiaomi"\nsecret = "two words"', "secret is (not shown); has to have up to 500"),
    ('provider = "xiaomi"\nsecret = "s"\ntimeout_ms = 5', "must be 100 to 60000"),
    ('provider = "xiaomi"\nsecret = "s"\npushes_per_s = -1', "must be 0 to 100000"),
    ('provider = "webhook"\nurl = "ftp://a"\nsecret = "a-secret-of-some-length"', "http or https URL"),
    ('provider = "webhook"\nurl = "https://a"\nsecret = "short"', "at least 16 bytes"),
    ('provider = "webhook"\nurl = "https://a"\nsecret = "whsec_!!"', "there has to be Base64"),
]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=[words for _, words in WRONG])
def test_what_is_wrong_is_said_with_its_place(folder: Path, text: str, words: str) -> None:
    file = settings(f"\n[push_providers.one]\n{text}\n", folder, "wrong.toml")
    with pytest.raises(SettingsError) as error:
        load(file, {})
    found = str(error.value)
    assert words in found and re.match(rf"{re.escape(str(file))}:\d+: push_providers.one\.", found), found
    assert "two words" not in found


def test_a_secret_can_be_given_in_the_environment_and_not_as_a_flag() -> None:
    environment = {"RCIM__PUSH_PROVIDERS__MI__PROVIDER": "xiaomi", "RCIM__PUSH_PROVIDERS__MI__SECRET": "s3cret"}
    found = load(None, environment)
    assert found.push_providers["mi"].secret == "s3cret" and "s3cret" not in repr(found)
    with pytest.raises(SettingsError, match="list of processes"):
        load(None, {}, ["push_providers.mi.secret=s3cret"])
