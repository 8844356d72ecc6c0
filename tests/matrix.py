"""Who may do what: a table of operation, role and group type, written down by hand from the requirements.

Nothing here is taken from the server's code; where the two differ, one of them is wrong. A cell is what the operation
gives to this role in a group of this type: `ok`, an error of LEGEND, or `-` where there is no such cell.

What the requirements leave open is decided here:

* A refusal is NOT_PERMITTED unless said otherwise.
* A type without admins (Private, BChatRoom, System, Temporary) or without an owner (BChatRoom, System) has no cells for
  them, nor any for what is done to an admin (GR-02, GT-09, GT-04). Admins of an AVChatRoom are appointed by the app
  administrator (GT-09).
* `join` is to a group with FREE_ACCESS. Who is a member already gets ALREADY_MEMBER; a Private group is never joined,
  by nobody (GT-05).
* `leave`: the owner gets OWNER_MAY_NOT_LEAVE where the group can't do without (GT-08). Who is no member, the app
  administrator too, is NOT_PERMITTED.
* `info`: members and the app administrator, because search is off by default, but in System (GT-01).
* `edit_settings`: admins and the owner, in Private the owner alone (GT-02, GR-02).
* `invite`: in Public and ChatRoom only the app administrator (GT-07).
* `block_member`: a policy of its own, which goes with kicking in the built-in types; where nobody may kick, AVChatRooms
  have admins and the owner for it, BChatRooms the app administrator (GR-11). The lists of the muted, the blocked and
  the applications are for who may mute, block, decide.
* An admin may not kick, mute or block an admin; the owner may (GR-02, GT-10, GT-17).
* Muting is for nobody in Private and BChatRoom, not even for the app administrator (GT-17).
* `edit_other_card`: admins and the owner, of members with a lower role (GR-04).
* Nobody is added to a Temporary conversation or removed from it, not even by the app administrator; its owner may edit
  and end it, and leave (SY-02).
* The app administrator here is a member of nothing. What one has as a member (name card, MsgFlag, MsgSeq) it does not
  have: NO_SUCH_MEMBER (GR-04, RX-01).
* `recall_own` and `edit_own` are of a message of one's own, which the app administrator may have sent as who is no
  member; the others are of another member's. Admins and the owner recall and delete any, and edit only their own (MS-10).
* `mention_all` is to send a message that mentions all, `edit_to_mention_all` to change one of one's own so (GT-28,
  MS-17).
* `hide_message`, where messages are not stored, is for nobody: there is nothing to hide (GT-22). `receipts`, like the
  list of members, are not for members of a BChatRoom (GT-03).
* Guests join, leave, hear, and read profile and history where the type allows guests (ID-06, GT-21); all else is
  NOT_PERMITTED. The guest of a cell has joined before, where it can and where joining is not the operation.
* Attributes are for the members of chat rooms, and for the app administrator; guests in the room read them (CR-03).
* What users send to a System conversation is accepted, and is in none that its subscribers see: `elsewhere` (SY-01).
* What is for app administrators alone is ADMIN_REQUIRED for all others, guests too (ID-08): `notice`, `import`, and a
  message in another's name (`send_as`, MS-06).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

ROLES = ("stranger", "member", "admin", "owner", "app", "guest")
"""A user who is no member; the three roles of members; the app administrator, who is no member; a guest."""

LEGEND = {
    "ok": "ok",
    "-": "-",
    "no": "NOT_PERMITTED",
    "adm": "ADMIN_REQUIRED",
    "in": "ALREADY_MEMBER",
    "stay": "OWNER_MAY_NOT_LEAVE",
    "who": "NO_SUCH_MEMBER",
    "else": "elsewhere",
    "id": "BAD_GROUP_ID",
}

PRIVATE = """
                     stranger  member  admin  owner  app  guest
create               ok        ok      -      ok     ok   no
create_with_members  ok        ok      -      ok     ok   no
send                 no        ok      -      ok     ok   no
mention_all          no        ok      -      ok     ok   no
history              no        ok      -      ok     ok   no
info                 no        ok      -      ok     ok   no
edit_profile         no        ok      -      ok     ok   no
edit_settings        no        no      -      ok     ok   no
join                 no        in      -      in     no   no
leave                no        ok      -      ok     no   no
invite               no        ok      -      ok     ok   no
decide               no        no      -      no     no   no
kick_member          no        no      -      ok     ok   no
kick_admin           -         -       -      -      -    -
block_member         no        no      -      ok     ok   no
list_members         no        ok      -      ok     ok   no
list_muted           no        no      -      no     no   no
list_blocked         no        no      -      ok     ok   no
list_applications    no        no      -      no     no   no
edit_own_card        no        ok      -      ok     who  no
edit_other_card      no        no      -      ok     ok   no
set_own_flag         no        ok      -      ok     who  no
appoint_admin        no        no      -      no     no   no
change_owner         no        no      -      ok     ok   no
mute_member          no        no      -      no     no   no
mute_admin           -         -       -      -      -    -
mute_all             no        no      -      no     no   no
dissolve             no        no      -      no     ok   no
notice               adm       adm     -      adm    ok   adm
import               adm       adm     -      adm    ok   adm
send_as              adm       adm     -      adm    ok   adm
read                 no        ok      -      ok     who  no
recall_own           no        ok      -      ok     ok   no
recall_other         no        no      -      ok     ok   no
edit_own             no        ok      -      ok     ok   no
edit_other           no        no      -      no     ok   no
edit_to_mention_all  no        ok      -      ok     ok   no
delete_message       no        no      -      ok     ok   no
erase_sender         no        no      -      ok     ok   no
hide_message         no        ok      -      ok     who  no
clear                no        ok      -      ok     who  no
receipts             no        ok      -      ok     ok   no
read_attributes      no        no      -      no     no   no
set_attribute        no        no      -      no     no   no
"""

PUBLIC = """
                     stranger  member  admin  owner  app  guest
create               ok        ok      ok     ok     ok   no
create_with_members  ok        ok      ok     ok     ok   no
send                 no        ok      ok     ok     ok   no
mention_all          no        no      ok     ok     ok   no
history              no        ok      ok     ok     ok   no
info                 no        ok      ok     ok     ok   no
edit_profile         no        no      ok     ok     ok   no
edit_settings        no        no      ok     ok     ok   no
join                 ok        in      in     in     ok   no
leave                no        ok      ok     stay   no   no
invite               no        no      no     no     ok   no
decide               no        no      ok     ok     ok   no
kick_member          no        no      ok     ok     ok   no
kick_admin           no        no      no     ok     ok   no
block_member         no        no      ok     ok     ok   no
list_members         no        ok      ok     ok     ok   no
list_muted           no        no      ok     ok     ok   no
list_blocked         no        no      ok     ok     ok   no
list_applications    no        no      ok     ok     ok   no
edit_own_card        no        ok      ok     ok     who  no
edit_other_card      no        no      ok     ok     ok   no
set_own_flag         no        ok      ok     ok     who  no
appoint_admin        no        no      no     ok     ok   no
change_owner         no        no      no     ok     ok   no
mute_member          no        no      ok     ok     ok   no
mute_admin           no        no      no     ok     ok   no
mute_all             no        no      ok     ok     ok   no
dissolve             no        no      no     ok     ok   no
notice               adm       adm     adm    adm    ok   adm
import               adm       adm     adm    adm    ok   adm
send_as              adm       adm     adm    adm    ok   adm
read                 no        ok      ok     ok     who  no
recall_own           no        ok      ok     ok     ok   no
recall_other         no        no      ok     ok     ok   no
edit_own             no        ok      ok     ok     ok   no
edit_other           no        no      no     no     ok   no
edit_to_mention_all  no        no      ok     ok     ok   no
delete_message       no        no      ok     ok     ok   no
erase_sender         no        no      ok     ok     ok   no
hide_message         no        ok      ok     ok     who  no
clear                no        ok      ok     ok     who  no
receipts             no        ok      ok     ok     ok   no
read_attributes      no        no      no     no     no   no
set_attribute        no        no      no     no     no   no
"""

CHAT_ROOM = """
                     stranger  member  admin  owner  app  guest
create               ok        ok      ok     ok     ok   no
create_with_members  ok        ok      ok     ok     ok   no
send                 no        ok      ok     ok     ok   no
mention_all          no        no      ok     ok     ok   no
history              no        ok      ok     ok     ok   no
info                 no        ok      ok     ok     ok   no
edit_profile         no        no      ok     ok     ok   no
edit_settings        no        no      ok     ok     ok   no
join                 ok        in      in     in     ok   no
leave                no        ok      ok     stay   no   no
invite               no        no      no     no     ok   no
decide               no        no      ok     ok     ok   no
kick_member          no        no      ok     ok     ok   no
kick_admin           no        no      no     ok     ok   no
block_member         no        no      ok     ok     ok   no
list_members         no        ok      ok     ok     ok   no
list_muted           no        no      ok     ok     ok   no
list_blocked         no        no      ok     ok     ok   no
list_applications    no        no      ok     ok     ok   no
edit_own_card        no        ok      ok     ok     who  no
edit_other_card      no        no      ok     ok     ok   no
set_own_flag         no        ok      ok     ok     who  no
appoint_admin        no        no      no     ok     ok   no
change_owner         no        no      no     ok     ok   no
mute_member          no        no      ok     ok     ok   no
mute_admin           no        no      no     ok     ok   no
mute_all             no        no      ok     ok     ok   no
dissolve             no        no      no     ok     ok   no
notice               adm       adm     adm    adm    ok   adm
import               adm       adm     adm    adm    ok   adm
send_as              adm       adm     adm    adm    ok   adm
read                 no        ok      ok     ok     who  no
recall_own           no        ok      ok     ok     ok   no
recall_other         no        no      ok     ok     ok   no
edit_own             no        ok      ok     ok     ok   no
edit_other           no        no      no     no     ok   no
edit_to_mention_all  no        no      ok     ok     ok   no
delete_message       no        no      ok     ok     ok   no
erase_sender         no        no      ok     ok     ok   no
hide_message         no        ok      ok     ok     who  no
clear                no        ok      ok     ok     who  no
receipts             no        ok      ok     ok     ok   no
read_attributes      no        ok      ok     ok     ok   no
set_attribute        no        ok      ok     ok     ok   no
"""

AV_CHAT_ROOM = """
                     stranger  member  admin  owner  app  guest
create               ok        ok      ok     ok     ok   no
create_with_members  no        no      no     no     no   no
send                 no        ok      ok     ok     ok   no
mention_all          no        no      ok     ok     ok   no
history              no        ok      ok     ok     ok   ok
info                 no        ok      ok     ok     ok   ok
edit_profile         no        no      ok     ok     ok   no
edit_settings        no        no      ok     ok     ok   no
join                 ok        in      in     in     ok   ok
leave                no        ok      ok     stay   no   ok
invite               no        no      no     no     no   no
decide               no        no      ok     ok     ok   no
kick_member          no        no      no     no     no   no
kick_admin           no        no      no     no     no   no
block_member         no        no      ok     ok     ok   no
list_members         no        ok      ok     ok     ok   no
list_muted           no        no      ok     ok     ok   no
list_blocked         no        no      ok     ok     ok   no
list_applications    no        no      ok     ok     ok   no
edit_own_card        no        ok      ok     ok     who  no
edit_other_card      no        no      ok     ok     ok   no
set_own_flag         no        ok      ok     ok     who  no
appoint_admin        no        no      no     no     ok   no
change_owner         no        no      no     ok     ok   no
mute_member          no        no      ok     ok     ok   no
mute_admin           no        no      no     ok     ok   no
mute_all             no        no      ok     ok     ok   no
dissolve             no        no      no     ok     ok   no
notice               adm       adm     adm    adm    ok   adm
import               adm       adm     adm    adm    no   adm
send_as              adm       adm     adm    adm    ok   adm
read                 no        ok      ok     ok     who  no
recall_own           no        ok      ok     ok     ok   no
recall_other         no        no      ok     ok     ok   no
edit_own             no        ok      ok     ok     ok   no
edit_other           no        no      no     no     ok   no
edit_to_mention_all  no        no      ok     ok     ok   no
delete_message       no        no      ok     ok     ok   no
erase_sender         no        no      ok     ok     ok   no
hide_message         no        no      no     no     who  no
clear                no        ok      ok     ok     who  no
receipts             no        ok      ok     ok     ok   no
read_attributes      no        ok      ok     ok     ok   ok
set_attribute        no        ok      ok     ok     ok   no
"""

B_CHAT_ROOM = """
                     stranger  member  admin  owner  app  guest
create               no        no      -      -      ok   no
create_with_members  no        no      -      -      no   no
send                 no        no      -      -      ok   no
mention_all          no        no      -      -      ok   no
history              no        ok      -      -      ok   ok
info                 no        ok      -      -      ok   ok
edit_profile         no        no      -      -      ok   no
edit_settings        no        no      -      -      ok   no
join                 ok        in      -      -      ok   ok
leave                no        ok      -      -      no   ok
invite               no        no      -      -      no   no
decide               no        no      -      -      ok   no
kick_member          no        no      -      -      no   no
kick_admin           -         -       -      -      -    -
block_member         no        no      -      -      ok   no
list_members         no        no      -      -      ok   no
list_muted           no        no      -      -      no   no
list_blocked         no        no      -      -      ok   no
list_applications    no        no      -      -      ok   no
edit_own_card        no        ok      -      -      who  no
edit_other_card      no        no      -      -      ok   no
set_own_flag         no        ok      -      -      who  no
appoint_admin        no        no      -      -      no   no
change_owner         no        no      -      -      no   no
mute_member          no        no      -      -      no   no
mute_admin           -         -       -      -      -    -
mute_all             no        no      -      -      no   no
dissolve             no        no      -      -      ok   no
notice               adm       adm     -      -      ok   adm
import               adm       adm     -      -      no   adm
send_as              adm       adm     -      -      ok   adm
read                 no        ok      -      -      who  no
recall_own           no        ok      -      -      ok   no
recall_other         no        no      -      -      ok   no
edit_own             no        ok      -      -      ok   no
edit_other           no        no      -      -      ok   no
edit_to_mention_all  no        no      -      -      ok   no
delete_message       no        no      -      -      ok   no
erase_sender         no        no      -      -      ok   no
hide_message         no        no      -      -      who  no
clear                no        ok      -      -      who  no
receipts             no        no      -      -      ok   no
read_attributes      no        ok      -      -      ok   ok
set_attribute        no        ok      -      -      ok   no
"""

# SY-01: what users send goes to the app, into a conversation of its own, and to no subscriber.
SYSTEM = """
                     stranger  member  admin  owner  app  guest
create               no        no      -      -      ok   no
create_with_members  no        no      -      -      no   no
send                 else      else    -      -      ok   no
mention_all          else      else    -      -      ok   no
history              no        ok      -      -      ok   no
info                 ok        ok      -      -      ok   no
edit_profile         no        no      -      -      ok   no
edit_settings        no        no      -      -      ok   no
join                 ok        in      -      -      ok   no
leave                no        ok      -      -      no   no
invite               no        no      -      -      ok   no
decide               no        no      -      -      ok   no
kick_member          no        no      -      -      ok   no
kick_admin           -         -       -      -      -    -
block_member         no        no      -      -      ok   no
list_members         no        no      -      -      ok   no
list_muted           no        no      -      -      no   no
list_blocked         no        no      -      -      ok   no
list_applications    no        no      -      -      ok   no
edit_own_card        no        ok      -      -      who  no
edit_other_card      no        no      -      -      ok   no
set_own_flag         no        ok      -      -      who  no
appoint_admin        no        no      -      -      no   no
change_owner         no        no      -      -      no   no
mute_member          no        no      -      -      no   no
mute_admin           -         -       -      -      -    -
mute_all             no        no      -      -      no   no
dissolve             no        no      -      -      ok   no
notice               adm       adm     -      -      ok   adm
import               adm       adm     -      -      no   adm
send_as              adm       adm     -      -      ok   adm
read                 no        ok      -      -      who  no
recall_own           no        ok      -      -      ok   no
recall_other         no        no      -      -      ok   no
edit_own             no        ok      -      -      ok   no
edit_other           no        no      -      -      ok   no
edit_to_mention_all  no        no      -      -      ok   no
delete_message       no        no      -      -      ok   no
erase_sender         no        no      -      -      ok   no
hide_message         no        ok      -      -      who  no
clear                no        ok      -      -      who  no
receipts             no        no      -      -      ok   no
read_attributes      no        no      -      -      no   no
set_attribute        no        no      -      -      no   no
"""

# GT-20: as Public, but any member may kick ordinary members. Blocking is a policy of its own (GR-11).
OA_GROUP = """
                     stranger  member  admin  owner  app  guest
create               ok        ok      ok     ok     ok   no
create_with_members  ok        ok      ok     ok     ok   no
send                 no        ok      ok     ok     ok   no
mention_all          no        no      ok     ok     ok   no
history              no        ok      ok     ok     ok   no
info                 no        ok      ok     ok     ok   no
edit_profile         no        no      ok     ok     ok   no
edit_settings        no        no      ok     ok     ok   no
join                 ok        in      in     in     ok   no
leave                no        ok      ok     stay   no   no
invite               no        no      no     no     ok   no
decide               no        no      ok     ok     ok   no
kick_member          no        ok      ok     ok     ok   no
kick_admin           no        no      no     ok     ok   no
block_member         no        no      ok     ok     ok   no
list_members         no        ok      ok     ok     ok   no
list_muted           no        no      ok     ok     ok   no
list_blocked         no        no      ok     ok     ok   no
list_applications    no        no      ok     ok     ok   no
edit_own_card        no        ok      ok     ok     who  no
edit_other_card      no        no      ok     ok     ok   no
set_own_flag         no        ok      ok     ok     who  no
appoint_admin        no        no      no     ok     ok   no
change_owner         no        no      no     ok     ok   no
mute_member          no        no      ok     ok     ok   no
mute_admin           no        no      no     ok     ok   no
mute_all             no        no      ok     ok     ok   no
dissolve             no        no      no     ok     ok   no
notice               adm       adm     adm    adm    ok   adm
import               adm       adm     adm    adm    ok   adm
send_as              adm       adm     adm    adm    ok   adm
read                 no        ok      ok     ok     who  no
recall_own           no        ok      ok     ok     ok   no
recall_other         no        no      ok     ok     ok   no
edit_own             no        ok      ok     ok     ok   no
edit_other           no        no      no     no     ok   no
edit_to_mention_all  no        no      ok     ok     ok   no
delete_message       no        no      ok     ok     ok   no
erase_sender         no        no      ok     ok     ok   no
hide_message         no        ok      ok     ok     who  no
clear                no        ok      ok     ok     who  no
receipts             no        ok      ok     ok     ok   no
read_attributes      no        no      no     no     no   no
set_attribute        no        no      no     no     no   no
"""

TEMPORARY = """
                     stranger  member  admin  owner  app  guest
create               ok        ok      -      ok     ok   no
create_with_members  ok        ok      -      ok     ok   no
send                 no        ok      -      ok     ok   no
mention_all          no        ok      -      ok     ok   no
history              no        ok      -      ok     ok   no
info                 no        ok      -      ok     ok   no
edit_profile         no        no      -      ok     ok   no
edit_settings        no        no      -      ok     ok   no
join                 no        in      -      in     no   no
leave                no        ok      -      ok     no   no
invite               no        no      -      no     no   no
decide               no        no      -      no     no   no
kick_member          no        no      -      no     no   no
kick_admin           -         -       -      -      -    -
block_member         no        no      -      no     no   no
list_members         no        ok      -      ok     ok   no
list_muted           no        no      -      no     no   no
list_blocked         no        no      -      no     no   no
list_applications    no        no      -      no     no   no
edit_own_card        no        ok      -      ok     who  no
edit_other_card      no        no      -      ok     ok   no
set_own_flag         no        ok      -      ok     who  no
appoint_admin        no        no      -      no     no   no
change_owner         no        no      -      ok     ok   no
mute_member          no        no      -      no     no   no
mute_admin           -         -       -      -      -    -
mute_all             no        no      -      no     no   no
dissolve             no        no      -      ok     ok   no
notice               adm       adm     -      adm    ok   adm
import               adm       adm     -      adm    no   adm
send_as              adm       adm     -      adm    ok   adm
read                 no        ok      -      ok     who  no
recall_own           no        ok      -      ok     ok   no
recall_other         no        no      -      ok     ok   no
edit_own             no        ok      -      ok     ok   no
edit_other           no        no      -      no     ok   no
edit_to_mention_all  no        ok      -      ok     ok   no
delete_message       no        no      -      ok     ok   no
erase_sender         no        no      -      ok     ok   no
hide_message         no        ok      -      ok     who  no
clear                no        ok      -      ok     who  no
receipts             no        ok      -      ok     ok   no
read_attributes      no        no      -      no     no   no
set_attribute        no        no      -      no     no   no
"""

ULTRA_GROUP = PUBLIC
"""UG-01: as Public. What it has besides are channels."""

CHANNEL = """
                     stranger  member  admin  owner  app  guest
create               id        id      id     id     id   id
create_with_members  id        id      id     id     id   id
send                 no        ok      ok     ok     ok   no
mention_all          no        no      ok     ok     ok   no
history              no        ok      ok     ok     ok   no
info                 no        ok      ok     ok     ok   no
edit_profile         no        no      ok     ok     ok   no
edit_settings        no        no      ok     ok     ok   no
join                 no        no      no     no     no   no
leave                no        no      no     no     no   no
invite               no        no      no     no     no   no
decide               no        no      no     no     no   no
kick_member          no        no      no     no     no   no
kick_admin           no        no      no     no     no   no
block_member         no        no      no     no     no   no
list_members         no        ok      ok     ok     ok   no
list_muted           no        no      ok     ok     ok   no
list_blocked         no        no      no     no     no   no
list_applications    no        no      no     no     no   no
edit_own_card        no        no      no     no     no   no
edit_other_card      no        no      no     no     no   no
set_own_flag         no        ok      ok     ok     who  no
appoint_admin        no        no      no     no     no   no
change_owner         no        no      no     no     no   no
mute_member          no        no      ok     ok     ok   no
mute_admin           no        no      no     ok     ok   no
mute_all             no        no      ok     ok     ok   no
dissolve             no        no      ok     ok     ok   no
notice               adm       adm     adm    adm    ok   adm
import               adm       adm     adm    adm    id   adm
send_as              adm       adm     adm    adm    ok   adm
read                 no        ok      ok     ok     who  no
recall_own           no        ok      ok     ok     ok   no
recall_other         no        no      ok     ok     ok   no
edit_own             no        ok      ok     ok     ok   no
edit_other           no        no      no     no     ok   no
edit_to_mention_all  no        no      ok     ok     ok   no
delete_message       no        no      ok     ok     ok   no
erase_sender         no        no      ok     ok     ok   no
hide_message         no        ok      ok     ok     who  no
clear                no        ok      ok     ok     who  no
receipts             no        ok      ok     ok     ok   no
read_attributes      no        no      no     no     no   no
set_attribute        no        no      no     no     no   no
"""
"""UG-02: roles are those of its ultra group, and who is a member is asked there."""

TABLES = {
    "Private": PRIVATE,
    "Public": PUBLIC,
    "ChatRoom": CHAT_ROOM,
    "AVChatRoom": AV_CHAT_ROOM,
    "BChatRoom": B_CHAT_ROOM,
    "System": SYSTEM,
    "OAGroup": OA_GROUP,
    "Temporary": TEMPORARY,
    "UltraGroup": ULTRA_GROUP,
    "Channel": CHANNEL,
}

TRACELESS = frozenset(
    {"history", "info", "list_members", "list_muted", "list_blocked", "list_applications", "notice"}
    | {"receipts", "hide_message", "clear", "read_attributes", "set_attribute"}
)
"""Operations that change nothing that the app administrator sees; a guest's joining and leaving is not kept either
(ID-06)."""


class Cell(NamedTuple):
    """One cell: what `operation` gives to `role` in a group of `type_`."""

    type_: str
    operation: str
    role: str
    expected: str

    @property
    def exists(self) -> bool:
        return self.expected != "-"

    @property
    def leaves_a_trace(self) -> bool:
        """True if it is allowed and something kept is different after it."""
        by_guest = self.role == "guest"
        return self.expected == "ok" and self.operation not in TRACELESS and not by_guest


def cells(type_: str) -> Iterator[Cell]:
    """All cells of a type, also those that do not exist."""
    head, *rows = TABLES[type_].strip().splitlines()
    assert tuple(head.split()) == ROLES, head
    for row in rows:
        operation, *words = row.split()
        for role, word in zip(ROLES, words, strict=True):
            yield Cell(type_, operation, role, LEGEND[word])
