"""Sensitive words: refused or replaced in what users send (SC-05)."""

from __future__ import annotations

from rcim.adapters.rongcloud.codes import TOO_LONG, TOO_MANY_WORDS, RongError
from rcim.adapters.rongcloud.command import Call, Json, command
from rcim.adapters.rongcloud.rooms import list_of
from rcim.base.errors import TOO_MANY_ENTRIES, RcimError
from rcim.base.terms import AppList
from rcim.service import requests
from rcim.service.results import ListAltered

REPLACED, REFUSED, BOTH = 0, 1, 2
WORD_CHARS_MAX, WORDS_AT_ONCE = 32, 50
TURN = "words"
"""Whoever puts a word on one list takes it off the other. Two at once would take it off both."""
STARS = "***"
"""What stands in place of a replaced word, whatever was asked for."""


@command("/sensitiveword/add", "/wordfilter/add")
async def add(call: Call) -> Json:
    """A message with this word is refused; with `replaceWord`, the word is replaced."""
    word = call.form.text("word")
    if len(word) > WORD_CHARS_MAX:
        raise RongError(TOO_LONG, f"Parameter word has {len(word)} characters, at most {WORD_CHARS_MAX}.")
    which = AppList.REPLACED_WORDS if "replaceWord" in call.form else AppList.REFUSED_WORDS
    other = AppList.REFUSED_WORDS if which is AppList.REPLACED_WORDS else AppList.REPLACED_WORDS
    async with call.turns.of(TURN):
        try:
            await call.ask(requests.AdminListChange(which, add=[word]), ListAltered)
        except RcimError as error:
            if error.code == TOO_MANY_ENTRIES:
                raise RongError(TOO_MANY_WORDS, error.detail) from None
            raise
        await call.ask(requests.AdminListChange(other, remove=[word]), ListAltered)
    return {}


@command("/sensitiveword/delete", "/wordfilter/delete")
async def delete(call: Call) -> Json:
    """A word is allowed again."""
    return await _remove(call, [call.form.word("word")])


@command("/sensitiveword/batch/delete")
async def batch_delete(call: Call) -> Json:
    """Words are allowed again."""
    return await _remove(call, call.form.texts("words", WORDS_AT_ONCE))


async def _remove(call: Call, words: list[str]) -> Json:
    async with call.turns.of(TURN):
        for which in (AppList.REFUSED_WORDS, AppList.REPLACED_WORDS):
            await call.ask(requests.AdminListChange(which, remove=words), ListAltered)
    return {}


@command("/sensitiveword/list", "/wordfilter/list")
async def list_(call: Call) -> Json:
    """The words: with `type` 0 those that are replaced, with 1 those that are refused, with 2 all."""
    wanted = call.form.number("type", REFUSED, REPLACED, BOTH)
    found: list[Json] = []
    if wanted in (REPLACED, BOTH):
        replaced = await list_of(call, AppList.REPLACED_WORDS)
        found += [{"type": str(REPLACED), "word": word, "replaceWord": STARS} for word in replaced]
    if wanted in (REFUSED, BOTH):
        refused = await list_of(call, AppList.REFUSED_WORDS)
        found += [{"type": str(REFUSED), "word": word, "replaceWord": ""} for word in refused]
    return {"words": found}
