"""Settings that are read again while the server runs (OP-03): what is in force, what is refused, what is said."""

from __future__ import annotations

import asyncio
import base64
import logging
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rcim.actor.app_lists import AppLists
from rcim.app.files.certificates import CERTIFICATE_DAYS, DAY_S, key_pem, new_key, self_signed
from rcim.app.reload.reload_parts import ReloadRefused
from rcim.app.settings.all_settings import Settings
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import AppList, Platform
from rcim.client import User
from rcim.wire import frames as f
from tests.kit import Raw, SteadyClock, create, send, until
from tests.kit_callbacks import Receiver, receiver, says
from tests.kit_http import RONG_KEY, rong_headers
from tests.kit_reload import FileServer

__all__ = ["receiver"]  # the fixture
LONG = "x" * 2000


async def code(raw: Raw, frame: Any) -> str:
    found = await raw.ask(frame)
    return found.code.name if isinstance(found, RcimError) else "done"


async def started(folder: Path, text: str = "", **more: Any) -> FileServer:
    server = FileServer(folder, text, **more)
    await server.start()
    return server


async def test_limits_are_in_force_for_who_is_connected(tmp_path: Path) -> None:
    server = await started(tmp_path)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    assert await code(alice, send("g", "1", LONG)) == "done"
    rows = await server.reload("[limits]\nbody_bytes_max = 1024\n")
    assert [(row.name, row.before, row.after, row.needs_restart) for row in rows] == [
        ("limits.body_bytes_max", "8192", "1024", False)
    ]
    assert await code(alice, send("g", "2", LONG)) == "BODY_TOO_LARGE"
    assert [row.name for row in await server.reload("")] == ["limits.body_bytes_max"], "the default is back"
    assert await code(alice, send("g", "3", LONG)) == "done"
    assert await server.reload() == [], "nothing has changed"
    await server.stop()


async def test_rates_are_in_force_for_users_who_are_connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # LI-01
    SteadyClock(monkeypatch)
    server = await started(tmp_path, "[limits]\nsends_per_min = 0\n", limited=True)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    assert {await code(alice, send("g", f"a{i}")) for i in range(8)} == {"done"}
    await server.reload("[limits]\nsends_per_min = 3\n")
    assert [await code(alice, send("g", f"b{i}")) for i in range(4)] == ["done"] * 3 + ["TOO_FREQUENT"]
    await server.reload("[limits]\nsends_per_min = 0\n")
    assert {await code(alice, send("g", f"c{i}")) for i in range(8)} == {"done"}
    await server.stop()


async def test_rates_that_were_all_off_are_counted_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # LI-01
    """A connection looks at its login whether anything of it is counted."""
    SteadyClock(monkeypatch)
    off = "".join(
        f"{one}_per_min = 0\n" for one in ("sends", "transients", "reads", "requests", "control", "refusals")
    )
    server = await started(tmp_path, "[limits]\n" + off, limited=True)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    await server.reload("[limits]\n" + off.replace("sends_per_min = 0", "sends_per_min = 2"))
    assert [await code(alice, send("g", f"b{i}")) for i in range(3)] == ["done", "done", "TOO_FREQUENT"]
    await server.stop()


async def test_words_of_files_and_lists(tmp_path: Path) -> None:  # SC-05, SC-08
    words = tmp_path / "words"
    words.write_text("evil\n", encoding="utf-8")
    server = await started(tmp_path, f'[app]\nrefused_words = "{words}"\n')
    admin, alice = await server.member("administrator"), await server.member("alice")
    await alice.ask(create("g"))
    assert await code(admin, f.AdminListChange(AppList.REFUSED_WORDS, ["awful"], ["evil"])) == "done"
    assert await code(alice, send("g", "1", "evil")) == "done"
    words.write_text("evil\nbad\n", encoding="utf-8")
    rows = await server.reload()
    assert [(row.name, row.after) for row in rows] == [("app.refused_words", "new contents")]
    said = {word: await code(alice, send("g", word, word)) for word in ("evil", "bad", "awful", "good")}
    assert said == {"evil": "DIRTY_WORD", "bad": "DIRTY_WORD", "awful": "DIRTY_WORD", "good": "done"}
    await server.reload("")
    said = {word: await code(alice, send("g", word + "2", word)) for word in ("evil", "bad", "awful")}
    assert said == {"evil": "done", "bad": "done", "awful": "DIRTY_WORD"}, "what was added at run time stays"
    await server.stop()


async def test_a_reload_that_changes_no_words_makes_no_filter(tmp_path: Path) -> None:
    """Making it takes a moment for long lists."""
    words = tmp_path / "words"
    words.write_text("evil\n", encoding="utf-8")
    own = f'[app]\nrefused_words = "{words}"\n'
    server = await started(tmp_path, own)
    admin = await server.member("administrator")
    assert await code(admin, f.AdminListChange(AppList.REFUSED_WORDS, ["awful"], [])) == "done"
    state = server.server.dispatcher._app_state
    made = state.config.lists.words
    await server.reload(own + "guests = true\n")
    assert state.config.lists.words is made
    await server.reload(own + 'word_fillers = "-"\n')
    assert state.config.lists.words is not made
    assert await code(admin, f.AdminListChange(AppList.REFUSED_WORDS, [], ["evil"])) == "done"
    assert await server.reload() == []
    assert state.config.lists.holds(AppList.REFUSED_WORDS, "evil"), "what was taken off comes back (SC-08)"
    await server.stop()


async def test_an_unreadable_word_file_changes_nothing(tmp_path: Path) -> None:
    server = await started(tmp_path)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    said = await server.refused(f'[app]\nrefused_words = "{tmp_path}/none"\n[limits]\nbody_bytes_max = 1024\n')
    assert "rcim.toml:2: app.refused_words: " in said and said.endswith("/none: No such file or directory")
    said = await server.refused(f'[app]\nreplaced_words = "{tmp_path}"\n')
    assert said.endswith(f"rcim.toml:2: app.replaced_words: {tmp_path}: Is a directory")
    assert await code(alice, send("g", "1", LONG)) == "done"
    await server.stop()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[limits]\nno_such = 1\n", "rcim.toml:2: unknown setting limits.no_such"),
        ("[limits]\nmentions_max = -1\n", "rcim.toml:2: limits.mentions_max must be"),
        ("[limits\n", "rcim.toml"),
        ('[types.Club]\nbase = "None"\n', "there is no type 'None'"),
        ('[callbacks]\nhooks = ["no-such-hook"]\ncommands = ["Group.CallbackBeforeSendMsg"]\n', "no-such-hook"),
        ("[limits]\nidle_ms = 20000\n", "heartbeat_ms must be below idle_ms"),
    ],
)
async def test_what_is_wrong_is_said_with_its_place_and_changes_nothing(tmp_path: Path, text: str, said: str) -> None:
    server = await started(tmp_path)
    found = await server.refused("[app]\nguests = true\n" + text if not text.startswith("[app") else text)
    assert said.replace(":2", ":4") in found
    assert not server.server.hub.identity.guests
    server.config.unlink()
    assert "No such file" in await server.refused()
    await server.stop()


async def test_a_bad_certificate_changes_nothing(tmp_path: Path) -> None:
    server = await started(tmp_path, tls=True)
    server.server.data.private_key.write_bytes(key_pem(new_key()))
    assert "not that of the certificate" in await server.refused("[app]\nguests = true\n")
    assert not server.server.hub.identity.guests
    alice = await server.member("alice")  # the certificate in force is the one before
    assert await code(alice, create("g")) == "done"
    await server.stop()


async def test_a_certificate_that_has_ended(tmp_path: Path) -> None:
    """A new one is refused. The one in force may end while the server runs, and keeps no other setting out."""
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    made = new_key()
    key.write_bytes(key_pem(made))
    key.chmod(0o600)
    over_s = clock.wall_ms() / 1000 - (CERTIFICATE_DAYS + 10) * DAY_S
    certificate.write_bytes(self_signed(made, over_s))
    server = await started(
        tmp_path, tls=True, flags=(f"server.certificate={certificate}", f"server.private_key={key}")
    )
    assert [row.name for row in await server.reload("[app]\nguests = true\n")] == ["app.guests"]
    certificate.write_bytes(self_signed(made, over_s + DAY_S))
    assert "has ended" in await server.refused("")
    certificate.write_bytes(self_signed(made, clock.wall_ms() / 1000))
    assert [row.name for row in await server.reload()] == ["app.guests", "server.certificate"]
    await server.stop()


async def test_what_needs_a_restart_is_said_and_stays(tmp_path: Path) -> None:
    server = await started(tmp_path)
    rows = await server.reload("[store]\nmap_bytes = 2097152\n[limits]\nframe_bytes_max = 70000\nmentions_max = 7\n")
    assert {row.name: row.needs_restart for row in rows} == {
        "store.map_bytes": True,
        "limits.frame_bytes_max": True,
        "limits.mentions_max": False,
    }
    in_force = server.server.reloader.settings
    assert in_force.limits.frame_bytes_max == 65536 and in_force.limits.mentions_max == 7
    assert server.server.service.limits.frame_bytes_max == 65536
    again = await server.reload()
    assert {row.name for row in again} == {"store.map_bytes", "limits.frame_bytes_max"}, "it is said until it is done"
    await server.stop()


async def test_group_types_of_the_settings_and_those_changed_at_run_time(tmp_path: Path) -> None:  # GT-20
    server = await started(tmp_path, '[types.Club]\nbase = "Public"\nmember_cap = 3\n')
    admin, alice = await server.member("administrator"), await server.member("alice")
    assert await code(admin, f.AdminTypeSet("Team", "Club", [f.Policy("recall_s", "5")])) == "done"
    rows = await server.reload('[types.Club]\nbase = "Public"\nmember_cap = 4\n')
    assert [(row.name, row.before, row.after) for row in rows] == [
        ("types.Club", "base=Public, member_cap=3", "base=Public, member_cap=4")
    ]
    types = {row.name: row for row in server.server.dispatcher._app_state.config.types}
    assert types["Club"].member_cap == 4 and types["Team"].member_cap == 4 and types["Team"].recall_s == 5
    assert "Team" in await server.refused(""), "a type made at run time is made from it"
    assert await code(admin, f.AdminTypeRemove("Team")) == "done"
    assert await code(alice, replace(create("g"), type_="Club")) == "done"
    assert "1 groups have it" in await server.refused("")
    await alice.ask(f.GroupDissolve("g"))
    assert [row.after for row in await server.reload("")] == ["(not there)"]
    assert await code(alice, replace(create("h"), type_="Club")) == "BAD_PARAMETER"
    await server.stop()


async def test_administrators_have_their_rights_at_once(tmp_path: Path) -> None:  # ID-08
    server = await started(tmp_path)
    alice, root = await server.member("alice"), await server.member("administrator")
    assert await code(alice, f.AdminStats()) == "ADMIN_REQUIRED" and await code(root, f.AdminStats()) == "done"
    await server.reload('[app]\nadministrators = ["alice"]\n')
    assert await code(alice, f.AdminStats()) == "done" and await code(root, f.AdminStats()) == "ADMIN_REQUIRED"
    server.server.data.key()
    credential = server.server.data.admin_credential.read_text(encoding="utf-8").strip()
    other = await server.raw()
    await other.hello()
    assert isinstance(await other.ask(f.Login("alice", credential, Platform.SERVER, "")), f.LoginOk)
    await server.stop()


async def test_what_only_a_gateway_looks_at(tmp_path: Path) -> None:  # ID-06, ID-07
    server = await started(tmp_path)
    stranger = await server.raw()
    await stranger.hello()
    assert await code(stranger, f.Login("", "", Platform.WEB, "")) == "COMMAND_DISABLED"
    await server.reload('[app]\nguests = true\npresence_seen_by = "nobody"\n')
    guest = await server.raw()
    await guest.hello()
    assert await code(guest, f.Login("", "", Platform.WEB, "")) == "done"
    assert server.server.service.presence_seen_by.name == "NOBODY"
    await server.stop()


async def test_devices_pairs_and_lists_follow(tmp_path: Path) -> None:
    """ID-04, C2-01, FC-07: each is read from the configuration that a reload replaces."""
    server = await started(tmp_path)
    await server.reload(
        '[devices]\nweb = 5\n[c2c]\nlist = "white"\nrecall_s = 7\n[app]\nprotected_users = ["bob"]\n'
        'invite_consent = true\nword_spaces = true\nmessage_member_fields = ["a"]\n'
    )
    config = server.server.dispatcher._app_state.config
    assert config.slots[Platform.WEB] == 5 and server.server.dispatcher._sessions.slots[Platform.WEB] == 5
    assert config.pair_list.name == "WHITE" and config.types.pair.recall_s == 7 and config.invite_consent
    assert config.lists.holds(AppList.PROTECTED_USERS, "bob") and config.message_member_fields == ("a",)
    await server.stop()


async def test_the_log_level(tmp_path: Path) -> None:
    server = await started(tmp_path)
    before = logging.getLogger().level
    try:
        await server.reload('[log]\nlevel = "error"\n')
        assert logging.getLogger().level == logging.ERROR
    finally:
        logging.getLogger().setLevel(before)
        await server.stop()


async def test_bounds_of_http_and_the_secret_of_rongcloud(tmp_path: Path) -> None:  # AB-02
    import aiohttp

    secret = tmp_path / "secret"
    secret.write_text("one", encoding="utf-8")
    own = '[http]\non = true\napis = ["native", "rongcloud"]\n@\n'
    own += f'[rongcloud]\napp_key = "{RONG_KEY}"\napp_secret_file = "{secret}"\n'
    server = await started(tmp_path, own.replace("@", ""))
    base = f"http://127.0.0.1:{server.http_port}"
    async with aiohttp.ClientSession() as session:

        async def token(signed_with: str) -> int:
            data = {"userId": "u", "name": "n", "portraitUri": ""}
            async with session.post(
                f"{base}/user/getToken.json", data=data, headers=rong_headers(signed_with)
            ) as got:
                return got.status

        assert (await token("one"), await token("two")) == (200, 401)
        secret.write_text("two", encoding="utf-8")
        rows = await server.reload(own.replace("@", "body_bytes_max = 1024"))
        assert [(row.name, row.before, row.after) for row in rows] == [
            ("http.body_bytes_max", "1048576", "1024"),
            ("rongcloud.app_secret", "(not shown)", "(not shown)"),
        ]
        assert (await token("one"), await token("two")) == (401, 200)
        async with session.post(f"{base}/v1/keys", data=b"x" * 2000) as got:
            assert got.status == 413
    await server.stop()


async def test_a_receiver_that_comes_changes_and_goes(tmp_path: Path, receiver: Receiver) -> None:  # CB-01, CB-04
    """What has happened is told to whoever is the receiver then; nothing is lost and it goes on where it was."""
    after = "Group.CallbackAfterSendMsg"
    section = f'[callbacks]\nallow_private = true\ntimeout_ms = 30000\ncommands = ["{after}"]\nurl = '
    server = await started(tmp_path)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    await alice.ask(send("g", "before"))
    await server.reload(f'{section}"{receiver.url}/one"\n')
    await until(lambda: server.server._back.consumers.outbox.names, "the consumer is there")
    await alice.ask(send("g", "m1"))
    await until(lambda: len(receiver.seen) == 1, "the first receiver is told")
    receiver.answer = says(1, info="not now")
    receiver.release.clear()

    async def holds(request: Any, body: Any) -> Any:
        await receiver.release.wait()
        return await says(0)(request, body)

    receiver.answer = holds
    await alice.ask(send("g", "m2"))
    await until(lambda: len(receiver.seen) == 2, "it is being told")
    other = Receiver()
    await other.start()
    changing = asyncio.create_task(server.reload(f'{section}"{other.url}/two"\n'))
    await alice.ask(send("g", "m3"))
    receiver.release.set()
    await changing
    await until(lambda: server.server._back.consumers._exchanging.done(), "the old one has come to its end")
    await alice.ask(send("g", "m4"))

    def told(one: Receiver) -> set[str]:
        return {body["MsgSeq"] for _, body in one.seen}

    await until(lambda: told(receiver) | told(other) == {2, 3, 4, 5}, "all but the first message is told")
    assert 5 in told(other)
    await until(lambda: server.server._back.consumers._exchanging.done(), "the exchange is over")
    outbox = server.server._back.consumers.outbox
    await until(lambda: outbox.counted()["events_delivered.callbacks"] >= 4, "its counts go on where they were")
    await server.reload("")
    await until(lambda: not server.server._back.consumers.outbox.names, "the consumer is gone")
    await alice.ask(send("g", "m5"))
    assert not server.server.dispatcher._app_state.wanted_events
    await server.stop()
    await other.stop()


async def test_a_further_receiver(tmp_path: Path, receiver: Receiver) -> None:  # CB-06
    """The others go on as they are, and so do their consumers."""
    after = '["Group.CallbackAfterSendMsg"]'
    first = f'[callbacks]\nallow_private = true\ntimeout_ms = 30000\ncommands = {after}\nurl = "{receiver.url}/a"\n'
    more = (
        f'[receivers.more]\nallow_private = true\ntimeout_ms = 30000\ncommands = {after}\nurl = "{receiver.url}/b"\n'
    )
    server = await started(tmp_path, first)
    outbox = server.server._back.consumers.outbox
    alice = await server.member("alice")
    await alice.ask(create("g"))
    rows = await server.reload(first + more)
    assert [(row.name, row.after) for row in rows] == [("receivers.more", "(there)")]
    await until(lambda: outbox.names == {"callbacks", "receivers.more"}, "both are there")
    await alice.ask(send("g", "m1"))
    await until(lambda: len(receiver.seen) == 2, "both are told")
    await server.stop()


async def test_a_stream_and_a_push_provider(tmp_path: Path, receiver: Receiver) -> None:  # CB-04, PU-01
    """Consumers begin and end; those that a change does not concern are the same objects as before."""
    stream = '[streams.a]\nservers = ["nats://127.0.0.1:9"]\nevents = ["message.sent"]\n'
    push = f'[push_providers.phone]\nprovider = "webhook"\nurl = "{receiver.url}"\nallow_private = true\n'
    push += 'secret = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"\n'
    pytest.importorskip("nats")
    server = await started(tmp_path, stream)
    consumers = server.server._back.consumers
    kept = consumers.outbox._consumers["streams.a"]
    assert server.server.dispatcher._app_state.config.push_providers == frozenset()
    await server.reload(stream + push)
    await until(lambda: consumers.outbox.names == {"streams.a", "push.phone"}, "the provider is there")
    assert consumers.outbox._consumers["streams.a"] is kept, "who is not concerned notices nothing"
    assert server.server.dispatcher._app_state.config.push_providers == {"phone"}
    pushing = consumers.push
    await server.reload(stream + push + '[push]\ntitle = "news"\n')
    await until(lambda: consumers.push is not pushing and consumers._exchanging.done(), "push has another title")
    await server.reload("[push]\non = false\n" + push)
    await until(lambda: not consumers.outbox.names, "all are gone")
    assert server.server.dispatcher._app_state.config.push_providers == frozenset()
    await server.stop()


async def test_how_long_the_audit_log_is_kept(tmp_path: Path) -> None:
    server = await started(tmp_path, "[audit]\nkeep_days = 0\n")
    audit = server.server._back.audit
    assert audit._timer is None, "nothing is ever removed"
    await server.reload("[audit]\nkeep_days = 3\n")
    assert audit._timer is not None and audit._keep_days == 3
    await server.stop()


async def test_whom_the_app_asks_before(tmp_path: Path, receiver: Receiver) -> None:  # CB-03
    """A question under way is answered by whom it was asked; the next one goes to the new receiver, or nowhere."""
    section = (
        '[callbacks]\nallow_private = true\ntimeout_ms = 30000\ncommands = ["Group.CallbackBeforeSendMsg"]\nurl = '
    )
    server = await started(tmp_path, f'{section}"{receiver.url}"\n')
    alice = await server.member("alice")
    await alice.ask(create("g"))

    async def refuses_later(request: Any, body: Any) -> Any:
        await receiver.release.wait()
        return await says(10100)(request, body)

    receiver.answer = refuses_later
    asked = asyncio.create_task(code(alice, send("g", "m1")))
    await until(lambda: receiver.seen, "it is asked")
    await server.reload("")
    bob = await server.member("administrator")
    await bob.ask(f.GroupJoin("g", ""))
    assert await code(bob, send("g", "m2")) == "done", "nobody is asked any more"
    receiver.release.set()
    assert await asked == "APP_10100" or (await asked) != "done"
    await server.stop()


async def test_during_a_storm_of_sends_nothing_is_lost(tmp_path: Path) -> None:  # RX-01, MS-01
    server = await started(tmp_path)
    names = [f"u{i}" for i in range(4)]
    members = [await server.member(name) for name in names]
    await members[0].ask(create("g"))
    for one in members[1:]:
        await one.ask(f.GroupJoin("g", ""))

    async def storm(raw: Raw, name: str) -> list[int]:
        found = []
        while not calm:
            found.append(await raw.ask(send("g", f"{name}-{len(found)}")))
        assert all(isinstance(one, f.SendOk) for one in found), found
        return [one.seq for one in found]

    calm: list[bool] = []
    storms = [asyncio.create_task(storm(raw, name)) for raw, name in zip(members, names, strict=True)]
    for i in range(5):
        await server.reload(f"[limits]\nmentions_max = {3 + i % 2}\nbatch_max = {8 + i % 2}\n")
    calm.append(True)
    seqs = sorted(chain.from_iterable(await asyncio.gather(*storms)))
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "each SEQ once, and none is missing"
    await server.stop()


async def test_two_reloads_at_once(tmp_path: Path) -> None:
    """The second waits and reads what is there then; a third is refused."""
    server = await started(tmp_path)
    reloader = server.server.reloader
    server.write("[limits]\nmentions_max = 5\n")
    first = asyncio.create_task(reloader.reload())
    second = asyncio.create_task(reloader.reload())
    await asyncio.sleep(0)
    with pytest.raises(ReloadRefused) as caught:
        await reloader.reload()
    assert caught.value.busy
    assert ([row.name for row in await first], await second) == (["limits.mentions_max"], [])
    await server.stop()


async def test_a_service_manager_is_told_of_each_reload(tmp_path: Path) -> None:
    """Also of one that changes nothing or is refused: it waits for the end of what it has asked for."""
    server = await started(tmp_path)
    said: list[str] = []
    announcement = server.server.reloader._announcement
    announcement.begins, announcement.over = lambda: said.append("begins"), lambda: said.append("over")
    await server.reload("[limits]\nmentions_max = 5\n")
    await server.reload()
    await server.refused("[limits]\nmentions_max = x\n")
    assert said == ["begins", "over"] * 3
    await server.reload("", check_only=True)
    assert len(said) == 6
    await server.stop()


async def test_an_administrator_reloads_and_only_looks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = await started(tmp_path)
    admin, alice = await server.member("administrator"), await server.member("alice")
    assert await code(alice, f.AdminReload(False)) == "ADMIN_REQUIRED"
    server.write("[limits]\nmentions_max = 5\n")
    looked = await admin.ask(f.AdminReload(True))
    assert looked == f.AdminReloadOk([f.SettingChange("limits.mentions_max", "30", "5", False)], 0)
    assert server.server.service.limits.mentions_max == 30
    caplog.set_level(logging.INFO, "rcim.reload")
    assert await admin.ask(f.AdminReload(False)) == looked
    assert server.server.service.limits.mentions_max == 5
    assert 'setting=limits.mentions_max before=30 after=5 state="is in force"' in caplog.text
    assert await admin.ask(f.AdminReload(False)) == f.AdminReloadOk([], 0)
    server.write("[limits]\nmentions_max = x\n")
    refused = await admin.ask(f.AdminReload(False))
    assert isinstance(refused, RcimError) and refused.code.name == "RELOAD_REFUSED" and "rcim.toml" in refused.detail
    codes: list[int] = []
    cursor = ""
    while not codes or cursor:
        page = await admin.ask(f.AdminAudit(0, 0, "", "ADMIN_RELOAD", cursor, 0))
        codes, cursor = [*codes, *(entry.code for entry in page.entries)], page.next
    assert codes == [0, 0, 0, refused.code.number], "it is audited"
    await server.stop()


async def test_a_change_at_run_time_between_preparing_and_putting_into_force(tmp_path: Path) -> None:
    """Both are in force: nothing that was acknowledged is lost."""
    server = await started(tmp_path)
    admin = await server.member("administrator")
    settings = server.server.reloader._read(renew=False)[0]
    assert isinstance(settings, Settings)
    prepared = await server.server.prepare(settings, frozenset())
    assert await code(admin, f.AdminListChange(AppList.REFUSED_WORDS, ["late"], [])) == "done"
    prepared.put_in_force()
    await prepared.finish()
    lists = server.server.dispatcher._app_state.config.lists
    assert isinstance(lists, AppLists) and lists.holds(AppList.REFUSED_WORDS, "late")
    await server.stop()


async def test_a_consumer_may_end_while_the_metrics_look_at_it(tmp_path: Path, receiver: Receiver) -> None:  # OP-02
    section = '[receivers.@]\nallow_private = true\ncommands = ["Group.CallbackAfterSendMsg"]\nurl = '
    sections = [f'{section.replace("@", name)}"{receiver.url}"\n' for name in ("a", "b")]
    server = await started(tmp_path, "".join(sections))
    consumers = server.server._back.consumers
    outbox = consumers.outbox
    read_all, ended = outbox.control.all_rows, []

    async def while_one_ends() -> Any:
        rows = await read_all()
        await server.reload(sections[0])
        await until(lambda: outbox.names == {"receivers.a"}, "the other one is gone")
        ended.append([row.name for row in rows])
        return rows

    outbox.control.all_rows = while_one_ends
    assert {found.labels for found in await outbox.figures(0)} == {("receivers.a",), ("receivers.b",)}
    assert ended == [["receivers.a", "receivers.b"]]
    await server.stop()


async def test_pushes_wait_for_who_is_there_after_a_start_alone(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PU-01: who is there is known when a reload changes a provider."""
    began: list[float] = []

    async def settled(began_s: float) -> None:
        began.append(began_s)

    monkeypatch.setattr("rcim.app.consumers.push.settled", settled)
    secret = tmp_path / "secret"
    secret.write_text("whsec_" + base64.b64encode(b"0" * 24).decode(), encoding="utf-8")
    section = f'[push_providers.own]\nprovider = "webhook"\nsecret_file = "{secret}"\nallow_private = true\nurl = '
    server = await started(tmp_path, f'{section}"{receiver.url}/one"\n')
    async with server.client("bob") as bob:
        await bob.set_push_token("phone", "own", "token of bob")
    async with server.client("alice") as alice:
        await alice.send(User("bob"), "one")
        await until(lambda: len(receiver.seen) == 1, "it is pushed")
        await server.reload(f'{section}"{receiver.url}/two"\n')
        await alice.send(User("bob"), "two")
        await until(lambda: len(receiver.seen) == 2, "it is pushed too")
    assert len(began) >= 2 and len(set(began)) == 1
    await server.stop()
