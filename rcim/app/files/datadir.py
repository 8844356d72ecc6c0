"""The data directory: what the first start makes in it, and how others of the same system user find it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import re
import secrets
import stat
import time
from pathlib import Path
from typing import NamedTuple

from rcim.base.errors import USERSIG_BAD_KEY, RcimError
from rcim.base.limited_log import Log
from rcim.base.texts import read_text
from rcim.session.usersig import mint, read, verify

log = Log("rcim.server")

ADMIN_CREDENTIAL_S = 10 * 365 * 86400
"""The local administrator's credential is made anew when the signing key changes, and not before."""

ADMIN_CREDENTIALS_MAX = 4
"""Of keys that were made one after the other, without a reload."""
MINTED_S = 3600
"""How long a credential is good that `rcim-admin` makes for itself."""


CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
"""In PEM. A file may have other things before it, such as the key."""


class DataDirError(Exception):
    """The data directory can't be used; the text says why."""


class Keys(NamedTuple):
    """The signing keys of an app (ID-01)."""

    current: str
    """Whatever is signed now is signed with it."""
    previous: str = ""
    """What it has signed is good as well, while keys are being rotated; empty: they are not."""


class DataDir:
    """Paths and secrets below one directory. Files are readable by their owner alone (ID-08)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = path / "store"
        self.signing_key = path / "signing.key"
        self.previous_key = path / "signing.previous.key"
        self.certificate = path / "cert.pem"
        self.private_key = path / "key.pem"
        self.address = path / "address"
        self.certificate_in_use = path / "certificate-in-use"
        self.trail = path / "trail"
        self.audit = path / "audit"
        self.admin_credential = path / "admin.usersig"
        self.last_backup = path / "last-backup"
        self.restoring = path / "restoring"
        self._lock = path / "lock"
        self._lock_fd = -1

    def prepare(self) -> list[str]:
        """Make what is missing; returns what was made, in words. Raises DataDirError."""
        made = []
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._check_private()
            self._take_lock()
            self._check_whole()
            if not self.signing_key.exists():
                write_private(self.signing_key, secrets.token_hex(32).encode() + b"\n")
                made.append(f"signing key {self.signing_key}")
            if not self.certificate.exists() or not self.private_key.exists():
                self._make_certificate(time.time())
                made.append(f"self-signed certificate {self.certificate}")
            elif self.renew_certificate(time.time()):
                made.append(f"self-signed certificate {self.certificate} anew: the one before it ends soon")
        except OSError as error:
            raise DataDirError(f"{error.filename or self.path}: {error.strerror}") from None
        return made

    def hold(self, *, whole: bool = True) -> None:
        """Keep servers and others away until `release`. Raises DataDirError if one is there, or, with `whole`, if a
        restore has not been finished."""
        try:
            self._take_lock()
            if whole:
                self._check_whole()
        except OSError as error:
            raise DataDirError(f"{error.filename or self.path}: {error.strerror}") from None

    def _check_whole(self) -> None:
        """ST-03: half a restore is no data directory. One of which only its empty folder is left was finished, or had not
        begun. Raises DataDirError."""
        with contextlib.suppress(OSError):
            self.restoring.rmdir()
        if self.restoring.exists():
            self.release()
            raise DataDirError(
                f"{self.path}: a restore or an import into it was broken off: run it again, and then start the server"
            )

    def _check_private(self) -> None:
        """ID-08: who can write here can give itself every right, and who can read the keys too. Raises DataDirError,
        OSError."""
        mode = stat.S_IMODE(self.path.stat().st_mode)
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise DataDirError(f"{self.path}: other users can write there (mode {mode:03o}): chmod 700 {self.path}")
        secret = (self.signing_key, self.previous_key, self.private_key, self.admin_credential)
        for file in sorted(file for file in self.path.iterdir() if file.is_file()):
            mode = stat.S_IMODE(file.stat().st_mode)
            if mode & (0o077 if file in secret else stat.S_IWGRP | stat.S_IWOTH):
                raise DataDirError(f"{file}: other users can get at it (mode {mode:03o}): chmod 600 {file}")

    def check_user(self) -> None:
        """ID-08: what root makes in another user's directory the server can't read. Raises DataDirError, OSError."""
        owner = self.path.stat().st_uid
        if os.geteuid() == 0 and owner != 0:
            try:
                name = pwd.getpwuid(owner).pw_name
            except KeyError:
                name = f"#{owner}"
            raise DataDirError(
                f"{self.path} belongs to another user, and the server could not read what root makes there: "
                f"run this with `sudo -u {name}`"
            )

    def _take_lock(self) -> None:
        self.check_user()
        self._lock_fd = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            if isinstance(error, BlockingIOError):
                raise DataDirError(f"{self.path} is in use by another rcim server") from None
            raise DataDirError(f"{self._lock}: it can't be locked: {error.strerror}") from None

    def release(self) -> None:
        """Give the directory to others."""
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def key(self) -> str:
        """The app's signing key. Raises DataDirError."""
        try:
            key = read_text(self.signing_key).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise DataDirError(f"{self.signing_key}: {getattr(error, 'strerror', None) or 'it is no text'}") from None
        if not key:
            raise DataDirError(f"{self.signing_key} is empty")
        return key

    def keys(self) -> Keys:
        """The signing key, and the one before it while keys are being rotated (ID-01). Raises DataDirError."""
        current = self.key()
        try:
            previous = read_text(self.previous_key).strip()
        except FileNotFoundError:
            return Keys(current)
        except (OSError, UnicodeDecodeError) as error:
            raise DataDirError(
                f"{self.previous_key}: {getattr(error, 'strerror', None) or 'it is no text'}"
            ) from None
        if not previous:
            raise DataDirError(f"{self.previous_key} is empty")
        return Keys(current, previous if previous != current else "")

    def admin_credentials(self) -> list[str]:
        """The local administrator's credentials, one a line: the one to try first, and those of keys that processes which
        have not reloaded yet may have in force (ID-08). Raises OSError, UnicodeDecodeError."""
        return read_text(self.admin_credential).split()[:ADMIN_CREDENTIALS_MAX]

    def sdkappid_in_use(self) -> int | None:
        """The app of the server that runs on the directory, or was the last to: its local administrator's credential says
        it. None: there is none that can be read."""
        try:
            return int(read(self.admin_credentials()[0])["TLS.sdkappid"])
        except (OSError, UnicodeDecodeError, IndexError, RcimError):
            return None

    def last_backup_ms(self) -> int | None:
        """When the last complete backup was begun, in milliseconds since 1970 (ST-03); None: none is known, or the note
        can't be read, which `rcim doctor` says."""
        try:
            return int(json.loads(read_text(self.last_backup))["at_ms"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def minted_for_admin(self, like: str) -> str:
        """A credential for the user of `like`, one of `admin_credentials`, with the key that the files have now. Raises
        RcimError, DataDirError."""
        fields = read(like)
        return mint(
            sdkappid=fields["TLS.sdkappid"],
            key=self.key(),
            user_id=fields["TLS.identifier"],
            now_s=int(time.time()),
            expire_s=MINTED_S,
        )

    def keep_admin_credential(self, sdkappid: int, administrator: str, *, starting: bool = False) -> bool:
        """Make the local administrator's credential if there is no good one; True if it was made (ID-08). Without room
        for it the server goes on without it (ST-04).

        `starting`: other processes may not have reloaded since keys were changed. One of the previous key is good too,
        and those of other keys are kept beside the new one. Without it all processes have the keys that the files have.
        """
        keys, now_s = self.keys(), int(time.time())
        good: list[str] = []
        others: list[str] = []
        kept: list[str] = []
        with contextlib.suppress(OSError, UnicodeDecodeError):
            kept = self.admin_credentials()
        for token in kept:
            try:
                verify(
                    token=token,
                    sdkappid=sdkappid,
                    key=keys.current,
                    user_id=administrator,
                    now_s=now_s,
                    previous_key=keys.previous if starting else "",
                )
                good.append(token)
            except RcimError as error:
                if error.code is USERSIG_BAD_KEY:
                    others.append(token)
        if good and (starting or len(kept) == 1):
            return False
        sig = mint(
            sdkappid=sdkappid, key=keys.current, user_id=administrator, now_s=now_s, expire_s=ADMIN_CREDENTIAL_S
        )
        tokens = [*(good[:1] or [sig]), *(others if starting else ())]
        del tokens[ADMIN_CREDENTIALS_MAX - 1 : -1]  # the last one is that of the last reload
        data = "".join(f"{token}\n" for token in tokens).encode()
        return write_hint(self.admin_credential, data, old_is_good=True) and not good

    def keep_address(self, host: str, port: int, tls: bool) -> None:
        """Write down where the server of this directory listens, if there is room for it (ST-04)."""
        write_hint(self.address, f"{host}:{port}:{int(tls)}\n".encode())

    def keep_certificate_in_use(self, file: Path | None) -> None:
        """Copy the server's own certificate, the first in `file`, so that programs on this machine know the server by it;
        None: it is the one of this directory, which they know."""
        try:
            if file is None:
                self.certificate_in_use.unlink(missing_ok=True)
                return
            first = CERTIFICATE.search(file.read_bytes())
        except OSError as error:
            log.error("the certificate can't be read", file=file or self.certificate_in_use, error=error.strerror)
            return
        if first is not None:  # a server that has begun has one
            write_hint(self.certificate_in_use, first[0] + b"\n")

    def renew_certificate(self, now_s: float) -> bool:
        """Give the self-signed certificate that ends soon a successor (OP-03); True if that was done. What stands in its
        way is logged: the one that is there is used then."""
        from rcim.app.files import certificates  # every other command does without it

        try:
            made = certificates.renewed(self.certificate, self.private_key, now_s)
        except (OSError, ValueError) as error:
            log.error("the certificate can't be read", file=self.certificate, error=error)
            return False
        if made is None:
            return False
        try:
            write_private(self.certificate, made)
        except OSError as error:
            log.error("the certificate can't be renewed", file=self.certificate, error=error.strerror)
            return False
        return True

    def _make_certificate(self, now_s: float) -> None:
        from rcim.app.files import certificates

        key = certificates.new_key()
        write_private(self.private_key, certificates.key_pem(key))
        write_private(self.certificate, certificates.self_signed(key, now_s))


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    fresh.rename(path)


def write_hint(path: Path, data: bytes, *, old_is_good: bool = False) -> bool:
    """`write_private` for what the server can do without: on a full disk there is no such file then, rather than one
    that says what was true before (unless that is as good), and the log says so. True if it was written."""
    try:
        write_private(path, data)
        return True
    except OSError as error:
        log.error("a file can't be written", file=path, error=error.strerror)
    if old_is_good:
        return False
    try:
        path.unlink(missing_ok=True)
    except OSError:
        log.exception("a file can't be removed", file=path)
    return False
