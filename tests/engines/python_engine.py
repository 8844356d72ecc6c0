"""An engine made with PyPI's leancloud, unmodified: it runs in an environment of its own, and prints its port."""

import json
import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

from leancloud import Engine

engine = Engine(lambda environ, start_response: [])
NO = {"drop": True, "reject": True, "code": 9890, "detail": "not here"}


def note(hook, params):
    with open(os.environ["CALLS"], "a", encoding="utf-8") as file:
        file.write(json.dumps([hook, params]) + "\n")


@engine.define
def _messageReceived(**params):
    note("_messageReceived", params)
    content = params["content"]
    if "crash" in content:
        raise RuntimeError("a fault of the app")
    if "bad" in content:
        return {"drop": True, "code": 120001, "detail": "mind your words"}
    if "only bob" in content:
        return {"toPeers": ["bob"]}
    if "damn" in content:
        return {"content": content.replace("damn", "***")}
    return None if "nothing" in content else {}


@engine.define
def _messageUpdate(**params):
    note("_messageUpdate", params)
    if params["recall"]:
        return {"drop": True, "detail": "said is said"}
    return {"content": params["content"].replace("damn", "***")}


@engine.define
def _conversationStart(**params):
    note("_conversationStart", params)
    return NO if params["attr"]["name"] == "forbidden" else {}


@engine.define
def _conversationAdd(**params):
    note("_conversationAdd", params)
    return NO if "mallory" in params["members"] else {}


@engine.define
def _conversationRemove(**params):
    note("_conversationRemove", params)
    return NO if "bob" in params["members"] else {}


@engine.define
def _conversationUpdate(**params):
    note("_conversationUpdate", params)
    attr = params["attr"]
    if attr.get("name") == "damn":
        return {"attr": {**attr, "name": "***", "checked": True}}
    return NO if attr.get("name") == "forbidden" else {}


@engine.define
def _rtmClientSign(**params):
    note("_rtmClientSign", params)
    return {"result": False, "error": "banned"} if params["objectId"] == "eve" else {"result": True}


@engine.define
def _receiversOffline(**params):
    note("_receiversOffline", params)
    push = json.dumps({"alert": "news", "badge": "Increment"})
    return {"offlinePeers": ["carol"], "pushMessage": push, "force": True}


@engine.define
def _messageSent(**params):
    note("_messageSent", params)


@engine.define
def _conversationStarted(**params):
    note("_conversationStarted", params)


@engine.define
def _conversationAdded(**params):
    note("_conversationAdded", params)


@engine.define
def _clientOnline(**params):
    note("_clientOnline", params)


@engine.define
def _clientOffline(**params):
    note("_clientOffline", params)


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        """Nothing."""


server = make_server("127.0.0.1", 0, engine, handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
