"""Runs the unit tests that come with PyPI's rc-server-sdk, unmodified but for the host that they call; prints what became
of each: 200, or what it has failed with. Run by the client's own interpreter, with the folder of the tests as argument.
The groups and rooms that a test expects to be there are made before it."""

import json
import os
import sys
import unittest

from rongcloud.rongcloud import RongCloud

RongCloud.__init__.__defaults__ = (os.environ["BASE"],)
rc = RongCloud(os.environ["APP_KEY"], os.environ["APP_SECRET"])
group, room = rc.get_group(), rc.get_chatroom()


def groups():
    """What the tests of groups and messages expect."""
    for group_id in ("123", "16", "17", "Group_1", "Group_2"):
        group.create(["AAA", "2582", "21", "22"], group_id, "TestGroup")
    room.create([("Chatroom_1", "name")])


def rooms():
    """What the tests of rooms expect; groups and rooms never have the same id here."""
    for group_id in ("10001", "16"):
        group.dismiss("AAA", group_id)
    room.create([("10001", "name1"), ("16", "name2")])


class Codes(unittest.TestResult):
    """What became of each test, by its name."""

    def __init__(self, prepare):
        super().__init__()
        self.found = {}
        self.prepare = prepare

    def startTest(self, test):
        self.prepare()
        super().startTest(test)

    def addSuccess(self, test):
        self.found[test.id()] = 200

    def addFailure(self, test, error):
        self.found[test.id()] = str(error[1])

    addError = addFailure


sys.path.insert(0, sys.argv[1])
found = {}
for name in ("user", "conversation", "group", "push", "sensitive", "message", "chatroom"):
    codes = Codes({"group": groups, "message": groups, "chatroom": rooms}.get(name, lambda: None))
    unittest.defaultTestLoader.loadTestsFromName(f"{name}_unittest").run(codes)
    found.update(codes.found)
print(json.dumps(found))
