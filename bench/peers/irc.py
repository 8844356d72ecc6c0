"""inspircd or ngircd: one channel. The sender doesn't get its own messages; the rest do."""

from __future__ import annotations

import os
from collections.abc import Callable

from rcim_bench.peers.driver import HOST, Place, Program
from rcim_bench.peers.receivers import Wire

CHANNEL = b"#rcim"
LINE_BYTES_MAX = 512
HEAD_BYTES_MAX = 100
"""Of a line, for prefix, command and channel, and more than they are."""
SPARE_CONNECTIONS = 100
QUEUE_BYTES_MAX = 1 << 30


class _Irc(Program):
    """What is the same with both."""

    keeps = "nothing: who isn't in the channel never gets it"
    payload_max = LINE_BYTES_MAX - HEAD_BYTES_MAX

    async def join(self, wire: Wire, number: int) -> None:
        """Register and JOIN; returns at the end of the list of names. Raises PeerFailed."""
        nick = b"m%05d" % number
        wire.write(b"NICK %s\r\nUSER %s 0 * :%s\r\n" % (nick, nick, nick))
        await wire.until(b" 001 ")
        wire.write(b"JOIN %s\r\n" % CHANNEL)
        await wire.until(b" 366 ")

    def publisher(self, wire: Wire) -> Callable[[bytes], bytes]:
        """PRIVMSG."""
        return lambda text: b"PRIVMSG %s :%s\r\n" % (CHANNEL, text)


class Inspircd(_Irc):
    """No flood control, no look-ups of names, no history, queues without a bound in practice."""

    name = "inspircd"
    program = "inspircd"
    connecting_at_once = 400  # it finishes registrations once a second, all that wait

    def command(self, program: str, place: Place) -> list[str]:
        """A configuration with one class of users, and TLS by GnuTLS."""
        most = place.connections + SPARE_CONNECTIONS
        profile = 'sslprofile="bench"' if place.tls else ""
        lines = [
            '<server name="irc.bench.local" description="bench" network="bench">',
            '<admin name="bench" nick="bench" email="bench@localhost">',
            f'<bind address="{HOST}" port="{place.port}" type="clients" {profile}>',
            f'<connect name="all" allow="*" timeout="60" pingfreq="1h" hardsendq="{QUEUE_BYTES_MAX}"'
            f' softsendq="{QUEUE_BYTES_MAX}" recvq="{1 << 24}" threshold="1000000000" commandrate="1000000000"'
            f' fakelag="no" localmax="{most}" globalmax="{most}" maxconnwarn="no" resolvehostnames="no"'
            f' useident="no" limit="{most}" modes="">',
            f'<performance somaxconn="511" softlimit="{most}" clonesonconnect="no" quietbursts="yes">',
            f'<path configdir="{place.folder}" datadir="{place.folder}" logdir="{place.folder}"'
            f' runtimedir="{place.folder}">',
            '<log method="file" type="*" level="default" target="inspircd.log">',
        ]
        if place.tls:
            lines += [
                '<module name="ssl_gnutls">',
                f'<sslprofile name="bench" provider="gnutls" certfile="{place.certificate}" keyfile="{place.key}"'
                ' requestclientcert="no">',
            ]
        file = place.folder / "inspircd.conf"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        root = ["--runasroot"] if os.geteuid() == 0 else []
        return [program, f"--config={file}", "--nofork", "--nopid", *root]


class Ngircd(_Irc):
    """No penalties for fast senders, no look-ups of names, no PAM."""

    name = "ngircd"
    program = "ngircd"

    def command(self, program: str, place: Place) -> list[str]:
        """A configuration of one server without others."""
        lines = ["[Global]", "Name = irc.bench.local", "Info = bench", f"Listen = {HOST}"]
        lines += ["MotdPhrase = bench"]
        if not place.tls:
            lines.append(f"Ports = {place.port}")
        if os.geteuid() == 0:
            lines += ["ServerUID = root", "ServerGID = root"]
        lines += ["[Limits]", "MaxConnections = 0", "MaxConnectionsIP = 0", "MaxJoins = 0", "MaxPenaltyTime = 0"]
        lines += ["PingTimeout = 3600", "PongTimeout = 3600"]
        lines += [
            "[Options]",
            "DNS = no",
            "Ident = no",
            "PAM = no",
            f"IncludeDir = {place.folder}",
            "ConnectIPv6 = no",
        ]
        if place.tls:
            lines += ["[SSL]", f"CertFile = {place.certificate}", f"KeyFile = {place.key}", f"Ports = {place.port}"]
        file = place.folder / "ngircd.main"  # no name ending in .conf: those of the folder are read once more
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [program, "-n", "-f", str(file)]
