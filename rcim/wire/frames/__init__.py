"""The table of frames (WI-03): the single hand-written source of what goes over the wire.

From it come the codec (schema.py), the construct reference (reference.py), and, by `make spec`,
protocol-spec/frames.json, frames.md, the vectors and the packet dissector.

Requests have types below 0x4000, pushes 0x4000 to 0x7FFF, and a reply is its request's type + 0x8000.
The doc string of a class is its purpose on the spec page; `rules` are sentences for the client's author.
"""

from rcim.wire.frames.accounts import *  # noqa: F403
from rcim.wire.frames.admin import *  # noqa: F403
from rcim.wire.frames.altering import *  # noqa: F403
from rcim.wire.frames.applications import *  # noqa: F403
from rcim.wire.frames.back_ends import *  # noqa: F403
from rcim.wire.frames.broadcasts import *  # noqa: F403
from rcim.wire.frames.conversations import *  # noqa: F403
from rcim.wire.frames.devices import *  # noqa: F403
from rcim.wire.frames.group_lists import *  # noqa: F403
from rcim.wire.frames.group_ownership import *  # noqa: F403
from rcim.wire.frames.group_types import *  # noqa: F403
from rcim.wire.frames.groups import *  # noqa: F403
from rcim.wire.frames.imports import *  # noqa: F403
from rcim.wire.frames.invitations import *  # noqa: F403
from rcim.wire.frames.keys import *  # noqa: F403
from rcim.wire.frames.kinds import AttributeChange as AttributeChange
from rcim.wire.frames.kinds import CustomField as CustomField
from rcim.wire.frames.kinds import SeqEntry as SeqEntry
from rcim.wire.frames.live import *  # noqa: F403
from rcim.wire.frames.member_settings import *  # noqa: F403
from rcim.wire.frames.members import *  # noqa: F403
from rcim.wire.frames.message_log import *  # noqa: F403
from rcim.wire.frames.messages import *  # noqa: F403
from rcim.wire.frames.metrics import *  # noqa: F403
from rcim.wire.frames.moderation import *  # noqa: F403
from rcim.wire.frames.notices import *  # noqa: F403
from rcim.wire.frames.outbox import *  # noqa: F403
from rcim.wire.frames.personal_data import *  # noqa: F403
from rcim.wire.frames.push import *  # noqa: F403
from rcim.wire.frames.queries import *  # noqa: F403
from rcim.wire.frames.reloading import *  # noqa: F403
from rcim.wire.frames.rooms import *  # noqa: F403
from rcim.wire.frames.session import *  # noqa: F403
from rcim.wire.frames.system import *  # noqa: F403
from rcim.wire.frames.ultra import *  # noqa: F403
from rcim.wire.frames.users import *  # noqa: F403
