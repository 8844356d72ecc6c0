"""ejabberd and prosody: one room of XEP-0045, without and with an archive of it."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path

from rcim_bench.peers.driver import HOST, Place, Program, version_of
from rcim_bench.peers.receivers import PeerFailed, Wire

DOMAIN = "localhost"
ROOM = "rcim@conference.localhost"
SPARE_CONNECTIONS = 100
STANZAS_MAX = 10_000_000
"""In queues of the server, and in the archive: above all that a bench sends."""
_STREAM = (
    f"<?xml version='1.0'?><stream:stream to='{DOMAIN}' xmlns='jabber:client'"
    " xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
).encode()


class _Xmpp(Program):
    """What is the same with both. TLS from the first byte, as on port 5223."""

    sender_receives = True

    async def join(self, wire: Wire, number: int) -> None:
        """Stream, SASL PLAIN with any password, resource, room; returns at the room's subject. Raises PeerFailed."""
        user = f"m{number:05d}"
        secret = base64.b64encode(f"\0{user}\0x".encode()).decode()
        wire.write(_STREAM)
        await wire.until(b"</stream:features>")
        wire.write(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>".encode())
        if b"<failure" in await wire.until(b"<success", b"</failure>"):
            raise PeerFailed("refused a login")
        await wire.until(b">")
        wire.write(_STREAM)
        await wire.until(b"</stream:features>")
        wire.write(
            b"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>"
        )
        await wire.until(b"</bind>")
        await wire.until(b"</iq>")
        wire.write(
            f"<presence to='{ROOM}/{user}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"
            "</presence>".encode()
        )
        if b"type='error'" in await wire.until(b"<subject", b"type='error'"):
            raise PeerFailed(f"refused to let {user} into the room")

    def publisher(self, wire: Wire) -> Callable[[bytes], bytes]:
        """A message of type groupchat."""
        head, number = f"<message to='{ROOM}' type='groupchat' id='".encode(), 0

        def publish(text: bytes) -> bytes:
            nonlocal number
            number += 1
            return b"%s%08x'><body>%s</body></message>" % (head, number, text)

        return publish


class Ejabberd(_Xmpp):
    """No shapers, no history, no presence between members; Erlang's schedulers don't spin when idle."""

    program = "ejabberdctl"
    rest_s = 2.0

    def __init__(self, *, archive: bool) -> None:
        self.archive = archive
        self.name = "ejabberd MUC, archive" if archive else "ejabberd MUC"
        if archive:
            self.keeps = (
                "each message by a Mnesia transaction (disc_only_copies) before it goes out; not fsynced each"
            )

    def version(self, program: str) -> str:
        """From the folder of its library: the program itself only says it when a server runs."""
        found = sorted(path.name for path in _erlang_libraries(program).glob("ejabberd-*"))
        match = re.search(r"\d+\.\d+(\.\d+)*", found[0]) if found else None
        return match.group() if match else version_of([program, "--version"])

    def command(self, program: str, place: Place) -> list[str]:
        """Erlang itself without a node name, so that no daemon for names of nodes is started."""
        (place.folder / "ejabberd.yml").write_text(self._settings(place), encoding="utf-8")
        flags = [
            "+K",
            "true",
            "+P",
            "1000000",
            "+Q",
            "65536",
            "+sbwt",
            "none",
            "+sbwtdcpu",
            "none",
            "+sbwtdio",
            "none",
        ]
        database = ["-mnesia", "dir", f'"{place.folder / "mnesia"}"']
        return ["erl", "-noinput", *flags, *database, "-s", "ejabberd"]

    def environment(self, place: Place) -> dict[str, str]:
        """Where its libraries and files are."""
        return {
            "ERL_LIBS": str(_erlang_libraries(self.find() or "")),
            "ERL_CRASH_DUMP": str(place.folder / "crash.dump"),
            "EJABBERD_CONFIG_PATH": str(place.folder / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(place.folder / "ejabberd.log"),
            "ERL_MAX_PORTS": "65536",
        }

    def _settings(self, place: Place) -> str:
        most = place.connections + SPARE_CONNECTIONS
        archive = "  mod_mam:\n    db_type: mnesia\n    default: never\n" if self.archive else ""
        return f"""\
loglevel: error
hosts: [{DOMAIN}]
certfiles: ["{place.certificate}", "{place.key}"]
acme:
  auto: false
auth_method: [anonymous]
anonymous_protocol: login_anon
allow_multiple_connections: true
max_fsm_queue: {STANZAS_MAX}
listen:
  -
    port: {place.port}
    ip: "{HOST}"
    module: ejabberd_c2s
    backlog: 511
    max_stanza_size: 65536
    max_fsm_queue: {STANZAS_MAX}
    shaper: none
    access: all
    starttls: false
    tls: {str(place.tls).lower()}
modules:
  mod_muc:
    history_size: 0
    max_users: {most}
    min_message_interval: 0
    min_presence_interval: 0
    user_message_shaper: none
    user_presence_shaper: none
    room_shaper: none
    default_room_options:
      max_users: {most}
      presence_broadcast: []
      persistent: false
      logging: false
      mam: {str(self.archive).lower()}
{archive}"""


def _erlang_libraries(program: str) -> Path:
    """The folder with ejabberd's libraries, as its control script names it."""
    try:
        match = re.search(
            r"^ERL_LIBS=[\"']?([^\"'\n]+)", Path(program).read_text(encoding="utf-8", errors="replace"), re.MULTILINE
        )
    except OSError:
        match = None
    return Path(match[1]) if match else Path("/usr/lib")


class Prosody(_Xmpp):
    """No limits, no history, no presence between members."""

    program = "prosody"

    def __init__(self, *, archive: bool) -> None:
        self.archive = archive
        self.name = "prosody MUC, archive" if archive else "prosody MUC"
        if archive:
            self.keeps = "each message appended to a file of the room before it goes out; no fsync"

    def version(self, program: str) -> str:
        """From the file beside its sources, which its script names: its own command for it reads the system's
        configuration, which not everybody may."""
        try:
            found = re.search(
                r"^CFG_SOURCEDIR=['\"]([^'\"]+)", Path(program).read_text(encoding="utf-8"), re.MULTILINE
            )
            return (Path(found[1]) / "prosody.version").read_text(encoding="utf-8").strip() if found else "unknown"
        except OSError:
            return "unknown"

    def command(self, program: str, place: Place) -> list[str]:
        """A configuration with accounts that need no making."""
        ports = "c2s_direct_tls_ports" if place.tls else "c2s_ports"
        file = place.folder / "prosody.cfg.lua"
        file.write_text(
            f"""\
run_as_root = {str(os.geteuid() == 0).lower()}
data_path = "{place.folder}/data"
pidfile = "{place.folder}/prosody.pid"
log = {{ error = "*console" }}
interfaces = {{ "{HOST}" }}
c2s_ports = {{ }}
c2s_direct_tls_ports = {{ }}
{ports} = {{ {place.port} }}
modules_enabled = {{ "saslauth", "tls" }}
modules_disabled = {{ "s2s", "offline", "posix" }}
ssl = {{ certificate = "{place.certificate}", key = "{place.key}" }}
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
network_settings = {{ tcp_backlog = 511, read_timeout = 86400, send_timeout = 86400 }}
storage = "internal"
storage_archive_item_limit = {STANZAS_MAX}
VirtualHost "{DOMAIN}"
Component "conference.{DOMAIN}" "muc"
  modules_enabled = {{ {'"muc_mam"' if self.archive else ""} }}
  muc_log_by_default = {str(self.archive).lower()}
  muc_room_locking = false
  muc_room_default_history_length = 0
  muc_room_default_presence_broadcast = {{ visitor = false, participant = false, moderator = false }}
""",
            encoding="utf-8",
        )
        return [program, "--config", str(file), "-F"]
