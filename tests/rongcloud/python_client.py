"""Calls every method of PyPI's rc-server-sdk, and prints its answers and the methods that it has. Run by the client's own
interpreter."""

import importlib
import inspect
import json
import os

from rongcloud.rongcloud import RongCloud

rc = RongCloud(os.environ["APP_KEY"], os.environ["APP_SECRET"], os.environ["BASE"])
user, group, room = rc.get_user(), rc.get_group(), rc.get_chatroom()
message, words, push = rc.get_message(), rc.get_sensitive(), rc.get_push()
private, in_group, in_room = message.get_private(), message.get_group(), message.get_chatroom()
system, history, notification = message.get_system(), message.get_history(), rc.get_conversation().get_notification()
answers = {}
called = set()
TEXT = {"content": "你好", "extra": 'say "hi"'}
PUSH_EXT = json.dumps({"title": "t", "pushConfigs": [{"HW": {"channelId": "hw-1"}}]})


def call(method, *args, name="", **more):
    """The answer of a method; kept under its name, or another."""
    made = f"{type(method.__self__).__module__.partition('.')[2]}.{method.__qualname__}"
    called.add(made)
    answers[name or made] = answer = method(*args, **more)
    return answer


def uid(answer):
    return answer["messageUIDs"][0]["messageUID"]


for one in ("ann", "ben", "cat", "dan"):
    call(user.register, one, f"{one} 忘情水", "https://example.com/p.png?where=super")
call(user.update, "ann", "Ann", "https://example.com/ann.png")
call(user.query, "ann")
call(user.check_online, "ann")
block = user.get_block()
call(block.add, ["dan", "ben"], 300)
call(block.query)
call(block.remove, "ben")
black, white, tag = user.get_blacklist(), user.get_whitelist(), user.get_tag()
call(black.add, "ann", ["ben", "cat"])
call(black.remove, "ann", ["cat"])
call(black.query, "ann")
call(white.add, "ann", ["ben", "cat"])
call(white.remove, "ann", "cat")
call(white.query, "ann")
call(tag.set, "ann", ["bj", "男"])
call(tag.set, ["ben", "cat"], ["sh"], name="tags of many")
call(tag.get, ["ann", "ben"])

call(group.create, ["ann", "ben"], "g1", "First")
call(group.join, ["cat", "dan"], "g1", "First")
call(group.sync, "ann", [("g1", "First"), ("g2", "Second")])
call(group.quit, "dan", "g1")
call(group.update, "g1", "群名")
call(group.query, "g1")
call(group.query_user_group, "ann")
call(group.create, "ann", "g3", "Third", name="third")
call(group.dismiss, "ann", "g3")
members = group.get_user()
call(members.query, "g1")
gag, ban = members.get_gag(), members.get_ban()
call(gag.add, ["ben", "cat"], "g1", 10)
call(gag.remove, ["cat"], "g1")
call(gag.query, "g1")
call(ban.get_whitelist().add, ["ann", "ben"], "g1")
call(ban.add, ["g1", "g2"])
call(ban.get_whitelist().remove, "ben", "g1")
call(ban.get_whitelist().query, "g1")
call(ban.remove, "g2")
call(ban.query, ["g1", "g2"])

call(room.create, [("10001", "name1"), ("10002", "name 2")])
call(room.query, ["10001", "10009"])
call(room.destroy, "10002")
inside = room.get_user()
call(inside.query, "10001", 10, 1)
call(inside.isexist, "10001", "ann")
call(inside.isexist, "10001", ["ann", "ben"], name="many in a room")
for one, of_room in ((inside.get_gag(), True), (inside.get_ban(), False), (inside.get_block(), True)):
    rooms = ["10001"] if of_room else []
    call(one.add, ["ann", "ben"], *rooms, 5)
    call(one.remove, ["ben"], *rooms)
    call(one.query, *rooms)
protected = inside.get_whitelist()
call(protected.add, "10001", ["ann", "ben"])
call(protected.remove, "10001", "ben")
call(protected.query, "10001")
distribution = room.get_message()
call(distribution.stop_distribution, "10001")
call(distribution.resume_distribution, "10001")
for one in (distribution.get_priority(), room.get_whitelist()):
    call(one.add, ["RC:VcMsg", "RC:ImgMsg"])
    call(one.remove, "RC:ImgMsg")
    call(one.query)
keep = room.get_keepalive()
call(keep.add, "10001")
call(keep.query)
call(keep.remove, "10001")

call(message.set_user_info, "ann", "Ann", "icon")
sent = call(private.send, "ann", ["ben", "cat"], "RC:TxtMsg", TEXT, "push", "data", expansion=True, push_ext=PUSH_EXT)
call(private.recall, "ann", "ben", uid(sent), 1)
values = [{"{c}": "1", "{d}": "x"}, {"{c}": "2", "{d}": "y"}]
pushed = ["p{c}", "p{d}"]
template = {"content": "{c}-{d}", "extra": "bb"}
call(private.send_template, "cat", ["ann", "ben"], "RC:TxtMsg", values, template, pushed, pushed)
call(private.send_status_message, "ann", ["ben", "cat"], "RC:TxtMsg", TEXT)
mention = {"content": "@ben", "mentionedInfo": {"type": 2, "userIdList": ["ben"], "mentionedContent": "you"}}
sent = call(in_group.send, "ann", "g1", "RC:TxtMsg", mention, is_mentioned=1, disable_push=True)
call(in_group.send, "ann", "g1", "RC:TxtMsg", {"content": "to stay"}, name="another into the group")
call(in_group.send_direction, "ann", "g1", ["cat"], "RC:TxtMsg", {"content": "to cat"})
call(in_group.recall, "ann", "g1", uid(sent), 1)
call(in_group.send_status_message, "ann", ["g1", "g2"], "RC:TxtMsg", TEXT)
sent = call(in_room.send, "cat", "10001", "RC:TxtMsg", TEXT)
call(in_room.recall, "cat", "10001", uid(sent), 1)
call(in_room.broadcast, "cat", "RC:TxtMsg", TEXT)
call(system.send, "ann", ["dan"], "RC:TxtMsg", {"content": "system"})
call(system.send_template, "ann", ["ben", "dan"], "RC:TxtMsg", template, values, pushed, pushed)
call(message.broadcast, "ann", "RC:TxtMsg", {"content": "to all"})
call(history.query, "2019010101")
call(history.remove, "2019010101")
call(words.add, "我们", "你们")
call(words.add, "坏话", name="refused word")
call(words.query, 2)
call(words.remove, "我们")
call(words.remove, ["坏话", "none"], name="many words")
call(notification.set, 1, "ann", "ben", 1)
call(notification.get, 1, "ann", "ben")
to_tags = (["ios", "android"], "ann", ["bj", "男"], None, None, False)
call(push.broadcast, *to_tags, TEXT, "RC:TxtMsg", "alert", "ios", {"id": "1"}, 1, "android", {"id": "1"})
call(push.push, ["ios"], None, None, ["ann"], None, False, "alert", *[None] * 9)


def methods():
    """Every method that sends something."""
    for name in ("user", "group", "chatroom", "message", "sensitive", "push", "conversation"):
        module = importlib.import_module(f"rongcloud.{name}")
        for kind in vars(module).values():
            if inspect.isclass(kind) and kind.__module__ == module.__name__:
                for method, _ in inspect.getmembers(kind, inspect.isfunction):
                    if method in vars(kind) and not method.startswith(("_", "get_")):
                        yield f"{name}.{kind.__name__}.{method}"


for name, answer in answers.items():
    if isinstance(answer, bytes):
        answers[name] = {"undecoded": answer.decode()}
print(json.dumps({"answers": answers, "called": sorted(called), "methods": sorted(set(methods()))}))
