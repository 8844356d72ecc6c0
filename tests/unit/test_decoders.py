"""Decoders are made by one thread at a time: two at once would end the process (ADR 0038)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

RCIM = Path(__file__).parents[2] / "rcim"
HERE = "store/decoders.py"

RACE = """
import sys, threading, types
import msgspec
from rcim.store.decoders import converted, json_decoder, msgpack_decoder

sys.setswitchinterval(1e-6)
DEPTH, FIELDS = 7, 6

def field(of, at):
    return f"'A{of - 1}'" if of and at % 3 == 0 else "int"

def value(of):
    return [value(of - 1) if of and at % 3 == 0 else 1 for at in range(FIELDS)]

TEXT = "".join(
    f"class A{of}(msgspec.Struct, array_like=True):\\n"
    + "".join(f"    f{at}: {field(of, at)}\\n" for at in range(FIELDS))
    for of in range(DEPTH)
)
WHOLE, PART = value(DEPTH - 1), value(DEPTH - 4)
PACKED, JSON = msgspec.msgpack.encode(WHOLE), msgspec.json.encode(PART)
done = []

def in_thread(ready, job):
    ready.wait()
    job()
    done.append(1)

for number in range(ROUNDS):
    made = types.ModuleType(f"made{number}")
    made.msgspec = msgspec
    sys.modules[made.__name__] = made
    exec(TEXT, made.__dict__)
    whole, part = getattr(made, f"A{DEPTH - 1}"), getattr(made, f"A{DEPTH - 4}")
    jobs = [
        lambda: msgpack_decoder(whole).decode(PACKED),
        lambda: json_decoder(part).decode(JSON),
        lambda: converted(PART, part),
    ]
    ready = threading.Barrier(len(jobs))
    threads = [threading.Thread(target=in_thread, args=(ready, job)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(len(done))
"""
ROUNDS = 100


def test_threads_that_make_decoders_of_the_same_classes_do_not_end_the_process() -> None:
    text = RACE.replace("ROUNDS", str(ROUNDS))
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [str(3 * ROUNDS).encode()], b"")


BUILT_IN = {"dict", "list", "tuple", "str", "int", "object", "Any", "bytes"}
"""Types of which msgspec keeps nothing in a class."""


def _makes_a_decoder(call: ast.Call) -> bool:
    """True if this call has msgspec look at a class that is not built in."""
    name = ast.unparse(call.func)
    if not name.startswith("msgspec."):
        return False
    if name.endswith(".convert"):
        return True
    types = [one.value for one in call.keywords if one.arg == "type"]
    if name.endswith(".Decoder"):
        types += call.args
    return any(isinstance(one, ast.Name) and one.id not in BUILT_IN for kind in types for one in ast.walk(kind))


def test_no_other_module_makes_one() -> None:
    found = [
        f"{path.relative_to(RCIM)}:{node.lineno}"
        for path in sorted(RCIM.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _makes_a_decoder(node)
    ]
    assert {one.partition(":")[0] for one in found} == {HERE}, found
