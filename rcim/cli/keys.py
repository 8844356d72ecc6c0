"""`rcim token` and `rcim rotate-key`: what is made with the signing key, and another key."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from rcim.base.limits import USERSIG_EXPIRE_S_MAX
from rcim.base.terminal import printable
from rcim.cli.options import ConfigOption, DataOption, SetOption, fail, settings_and_source, settings_of


def token(
    user: Annotated[str, typer.Option(help="User id that the UserSig is for.")],
    config: ConfigOption = None,
    data: DataOption = None,
    expire: Annotated[int, typer.Option(min=1, max=USERSIG_EXPIRE_S_MAX, help="Seconds until it expires.")] = 180
    * 86400,
    set_: SetOption = None,
) -> None:
    """Print a UserSig, with which a user logs in.

    It is signed with the key in the data directory of the server, and is for
    its app: app.sdkappid of the settings, or else that of the server.
    """
    from rcim.app.files.datadir import DataDir, DataDirError
    from rcim.base.errors import RcimError
    from rcim.base.ids import check_user_id
    from rcim.session.usersig import mint

    settings, source = settings_and_source(config, set_, data)
    folder = DataDir(Path(settings.server.data))
    sdkappid = settings.app.sdkappid
    if not source.gives("app", "sdkappid"):
        sdkappid = folder.sdkappid_in_use() or sdkappid
    try:
        check_user_id(user)
        key = folder.key()
    except RcimError as error:
        raise fail(error.detail) from None
    except DataDirError as error:
        raise fail(f"{error}. Has a server been started with this data directory?") from None
    print(mint(sdkappid, key, user, int(time.time()), expire))


def rotate_key(
    config: ConfigOption = None,
    data: DataOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also if a rotation is under way: its previous key is lost.")
    ] = False,
    drop_previous: Annotated[
        bool, typer.Option("--drop-previous", help="End the rotation: the previous key is no longer good.")
    ] = False,
    set_: SetOption = None,
) -> None:
    """Make a new signing key; the one before stays good.

    UserSigs of both keys are accepted until --drop-previous. A running server
    takes the change with `rcim-admin reload` or SIGHUP: docs/operate/keys.md.
    """
    from rcim.app.files.datadir import DataDir, DataDirError
    from rcim.operate import key_rotation

    if replace and drop_previous:
        raise fail("--replace and --drop-previous: only one of them")
    folder = DataDir(Path(settings_of(config, set_, data).server.data))
    try:
        if drop_previous:
            key_rotation.drop_previous(folder)
            print(f"{printable(str(folder.previous_key))} is removed.")
        else:
            key_rotation.rotate(folder, replace=replace)
            print(f"{printable(str(folder.signing_key))} is new; {folder.previous_key.name} is the one before.")
    except DataDirError as error:
        raise fail(str(error)) from None
    print("A running server takes this with `rcim-admin reload`.")
