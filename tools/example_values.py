"""Values that the examples of frames share."""

from __future__ import annotations

from rcim.base.terms import ChangeKind, ImageFormat, ImageKind, Priority
from rcim.content.elements import (
    Custom,
    Face,
    File,
    GroupTip,
    Image,
    ImageVariant,
    Location,
    Merged,
    MergedMessage,
    Sound,
    Text,
    TypedBytes,
    Video,
    encode_body,
)
from rcim.wire import frames as f

TIME = 1_795_000_000_000
SDKAPPID = 1400000000
KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"
"""The key of the vectors; it is public and signs nothing else."""
SIG = "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkKmCKKlOVrJQcNQwMNEvzS1LLMxJLNJVqAU5dEGo_"
HELLO_TEXT = encode_body([Text("hello 你好")])
MESSAGE = f.Message(7, TIME, 562949953421319, Priority.NORMAL, "alice", "Alice", "", "", "c-0001", HELLO_TEXT)
TIP = encode_body([GroupTip(ChangeKind.JOINED, "bob", ["bob"], 1, 2, 4)])
WHERE = "https://example.org/media/1"
MEDIA = encode_body(
    [
        Face(7, b"wink"),
        Image("i-1", ImageFormat.PNG, [ImageVariant(ImageKind.ORIGINAL, 12_345, 640, 480, WHERE)]),
        Sound(WHERE, "s-1", 23_456, 12),
        Video(WHERE, "v-1", 3_456_789, 60, "mp4", WHERE, 4_567, 320, 240, "jpg"),
        File(WHERE, "f-1", 56_789, "plan.pdf"),
        Location("Cape Horn", -55_983_000, -67_267_000),
        Merged("Chess", ["bob: e4"], "[Chat history]", [MergedMessage("bob", "Bob", TIME, HELLO_TEXT)]),
    ]
)
MIXED = encode_body([Text("see"), Custom(b"\x00\xff", "a map", "{}"), TypedBytes("app.dice", b"\x06")])
