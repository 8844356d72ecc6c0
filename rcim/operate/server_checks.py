"""What `rcim doctor` looks at of the server itself: unsafe settings, files of secrets, the certificate, the store's
clock, and, if a server runs on the data directory, what it says of its own health."""

from __future__ import annotations

import asyncio
import os
import ssl
import stat
import time
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import lmdb
from cryptography import x509

from rcim.app.files.certificates import DAY_S, fault_of, why
from rcim.app.files.datadir import DataDir
from rcim.app.programs.admin_client import Target, TargetError, address_of, admin_client
from rcim.app.settings.all_settings import Settings
from rcim.app.settings.exposure import LOCAL_HOSTS, files_of_secrets, useless_of
from rcim.app.settings.sources import PREFIX
from rcim.app.wiring.nodes import paths_of
from rcim.base.errors import RcimError
from rcim.base.terminal import reason_of
from rcim.operate.findings import Finding, advice, ok, wrong

ASK_S = 5.0
"""How long a running server may take to say how it is."""
SECRET_WORDS = ("SECRET", "TOKEN", "PASSWORD", "KEY")
RATES = ("sends_per_min", "requests_per_min", "reads_per_min", "control_per_min", "input_ms_per_s")
ADMINISTRATORS_MAX = 20
MINUTE_MS = 60_000


def unsafe(settings: Settings, environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """What the settings and the modes of files leave open to others."""
    found = [*_open_to_others(settings), *_files(settings), *_environment(environment), *_bounds(settings)]
    yield from found
    for text in useless_of(settings):
        yield advice("settings", text, "what was meant does not happen", "name what is wanted, or remove the section")
    if not found:
        yield ok("settings", "nothing in the settings and files is open to others")


def _open_to_others(settings: Settings) -> Iterator[Finding]:
    server, http = settings.server, settings.http
    for name, on, host, tls in (("server", True, server.host, server.tls), ("http", http.on, http.host, http.tls)):
        if on and host not in LOCAL_HOSTS and not tls:
            reason = "UserSigs, keys and messages can be read on the way"
            yield wrong("settings", f"{name}.host is {host} and {name}.tls is off", reason, f"{name}.tls = true")
    if server.tls and server.host not in LOCAL_HOSTS and not server.certificate:
        reason = "clients can't tell this server from one that pretends to be it, unless they have its file"
        remedy = "server.certificate and server.private_key, of a certificate authority"
        yield advice("settings", "the certificate is self-signed, and others can reach the server", reason, remedy)


def _files(settings: Settings) -> Iterator[Finding]:
    data = DataDir(Path(settings.server.data))
    if data.path.is_dir() and _mode(data.path) & 0o077:
        reason = "other users of this machine can look into it"
        yield wrong("settings", f"{data.path} has mode {_mode(data.path):03o}", reason, f"chmod 700 {data.path}")
    named = [Path(file) for _, file in files_of_secrets(settings) if file]
    for file in (data.signing_key, data.private_key, data.admin_credential, *named):
        if _mode(file) & 0o077:
            reason = "whoever reads it can act as the server or as any user"
            yield wrong("settings", f"{file} has mode {_mode(file):03o}", reason, f"chmod 600 {file}")


def _environment(environment: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted(environment):
        secret = any(word in name.upper() for word in SECRET_WORDS) and not name.upper().endswith("_FILE")
        if name.startswith(PREFIX) and secret and environment[name]:
            reason = "the environment of a process is shown by ps, docker inspect and systemctl show"
            yield advice("settings", f"{name} has a secret", reason, f"{name}_FILE, which names a file with mode 600")


def _bounds(settings: Settings) -> Iterator[Finding]:
    off = [name for name in RATES if getattr(settings.limits, name) == 0]
    if off:
        reason = "one user can take the time of all others"
        yield advice("settings", f"no limit: {', '.join(off)}", reason, f"limits.{off[0]}: leave out the 0")
    count = len(settings.app.administrators)
    if not count:
        reason = "nobody can administer the server, and back ends can't call it"
        yield advice("settings", "there are no administrators", reason, 'app.administrators = ["administrator"]')
    elif count > ADMINISTRATORS_MAX:
        reason = "each of them may do everything"
        yield advice("settings", f"there are {count} administrators", reason, "API keys with scopes instead")


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


def certificate(settings: Settings) -> Iterator[Finding]:
    """The certificate, its chain and its key (OP-03)."""
    if not settings.server.tls:
        yield ok("certificate", "TLS is off")
        return
    path, key = paths_of(settings)
    if not settings.server.certificate and not path.exists():
        yield ok("certificate", "the first start makes a self-signed one")
        return
    remedy = "new files in server.certificate and server.private_key, then SIGHUP"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, key)
        chain = x509.load_pem_x509_certificates(path.read_bytes())
        fault = fault_of(path, time.time())
    except PermissionError as error:
        yield ok("certificate", f"not looked at: {error.filename}: {error.strerror} (run it as the server's user)")
        return
    except (OSError, ValueError) as error:
        yield wrong("certificate", f"{path}: {why(error)}", "clients can't connect over TLS", remedy)
        return
    if fault is not None:
        yield wrong("certificate", fault, "clients refuse the connection", remedy)
        return
    yield from _order(path, chain, remedy)
    days = int((min(one.not_valid_after_utc.timestamp() for one in chain) - time.time()) // DAY_S)
    what = f"{path}: {days} days left, for {', '.join(_names(chain[0])) or 'no names'}; the key fits"
    if days < settings.health.certificate_days:
        yield advice("certificate", what, "clients refuse it when it has ended", remedy)
    else:
        yield ok("certificate", what)


def _order(path: Path, chain: list[x509.Certificate], remedy: str) -> Iterator[Finding]:
    for one, above in pairwise(chain):
        if one.issuer != above.subject:
            what = f"{path}: {one.subject.rfc4514_string()} is not followed by its issuer"
            yield wrong("certificate", what, "clients that check the chain refuse it", remedy)


def _names(one: x509.Certificate) -> list[str]:
    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in names]


def store_clock(settings: Settings) -> Iterator[Finding]:
    """The machine's clock beside the newest time in the store, while no server runs on it."""
    newest_ms = _newest_ms(Path(settings.server.data) / "store")
    if newest_ms is None:
        return
    off_ms = int(time.time() * 1000) - newest_ms
    if off_ms < -MINUTE_MS or off_ms > settings.limits.clock_off_max_ms:
        days = abs(off_ms) / (DAY_S * 1000)
        way = "before" if off_ms < 0 else "after"
        reason = "the server starts with its clock in doubt, and deletes nothing by age"
        remedy = "set the clock, or, if it is right, rcim accept-clock"
        yield advice("clock", f"the clock is {days:.1f} days {way} the newest time in the store", reason, remedy)
    else:
        yield ok("clock", "the clock agrees with the newest time in the store")


def _newest_ms(store: Path) -> int | None:
    """The newest time in the store, in ms. None if there is no store, it can't be read, or it has no time."""
    if not (store / "data.mdb").exists():
        return None
    try:  # without a lock file, which is a change: no server runs on it
        with lmdb.open(str(store), readonly=True, create=False, lock=False, max_dbs=1) as env:
            meta = env.open_db(b"meta", create=False)
            with env.begin(db=meta) as txn:
                data = txn.get(b"time")
    except (lmdb.Error, OSError):
        return None
    return int.from_bytes(data, "big") if data is not None and len(data) == 8 else None


def _silent(error: Exception) -> Finding:
    """A server runs, and does not say how it is."""
    reason = "a server that can't answer an administrator may not serve clients either"
    return wrong("health", f"a server runs, and does not answer: {reason_of(error)}", reason, "look at its log")


async def running(settings: Settings) -> list[Finding] | None:
    """What a server on the data directory says of itself; None if none runs there."""
    data = DataDir(Path(settings.server.data))
    try:
        host, port, _ = address_of(data)
        async with asyncio.timeout(ASK_S):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
    except (OSError, ValueError):  # TimeoutError is an OSError
        return None
    target = Target(data.path)
    try:
        async with asyncio.timeout(ASK_S):
            async with admin_client(target)[0] as client:
                checks = (await client.health()).checks
    except TargetError as error:
        if isinstance(error.__cause__, PermissionError):
            return [ok("health", f"a server runs; not asked: {error.__cause__.filename}: {error.__cause__.strerror}")]
        return [_silent(error)]
    except (OSError, ssl.SSLError, RcimError) as error:
        return [_silent(error)]
    found = []
    for check in checks:
        name = f"{check.name} of {check.process}"
        if check.state == "ok":
            continue
        make = wrong if check.state == "failed" else advice
        remedy = "docs/operate/health.md says what it means"
        found.append(make("health", f"{name}: {check.reason}", "the running server says so", remedy))
    return found or [ok("health", f"the running server is well: {len(checks)} checks")]
