"""The SDK's requests about messages that were sent: recall, edit, delete, receipts (MS-10, MS-11)."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.client.model import Where
from rcim.client.requests import Requests
from rcim.content import elements
from rcim.wire import frames


class AlteringRequests(Requests):
    """Part of the client. After a reconnection only what a second time changes nothing is asked again: recall, delete,
    receipts; the others raise ConnectionGone if the connection ends before the answer."""

    async def recall(self, where: Where, seq: int) -> int:
        """Take a message back; returns when it was. Raises RcimError."""
        frame = frames.MessageRecall(self._conversation(where), seq)
        return (await self.request(frame, frames.MessageRecallOk)).changed_ms

    async def edit_message(
        self,
        where: Where,
        seq: int,
        content: str | Sequence[elements.Element],
        *,
        mentions: Sequence[str] | None = None,
        mentions_all: bool | None = None,
        cloud_data: bytes | None = None,
    ) -> int:
        """Give a message another text, or other elements, and with those of the options that are not None other mentions
        and other `cloud_data` (MS-17); returns when it was edited. Raises RcimError, and ConnectionGone if the connection
        ends before the answer: it is not asked again, since it might undo an edit that came after it."""
        parts = [elements.Text(content)] if isinstance(content, str) else content
        named = None if mentions is None else list(mentions)
        frame = frames.MessageEdit(
            conversation=self._conversation(where),
            seq=seq,
            body=elements.encode_body(parts),
            mentions=named,
            mentions_all=mentions_all,
            cloud_data=cloud_data,
        )
        return (await self.request(frame, frames.MessageEditOk, repeat=False)).changed_ms

    async def delete_message(self, where: Where, seq: int) -> int:
        """Delete a message for all; returns when it was. Raises RcimError."""
        frame = frames.MessageDelete(self._conversation(where), seq)
        return (await self.request(frame, frames.MessageDeleteOk)).changed_ms

    async def erase_messages(self, where: Where, sender: str) -> None:
        """Delete for all what a user has sent so far. Raises RcimError."""
        frame = frames.MessagesErase(self._conversation(where), sender)
        await self.request(frame, frames.MessagesEraseOk, repeat=False)

    async def hide_messages(self, where: Where, seqs: Sequence[int]) -> None:
        """Delete 1 to 100 messages for oneself. Raises RcimError."""
        frame = frames.MessagesHide(self._conversation(where), [frames.SeqEntry(seq) for seq in seqs])
        await self.request(frame, frames.MessagesHideOk, repeat=False)

    async def clear_conversation(self, where: Where) -> None:
        """Delete for oneself all messages that there are. Raises RcimError."""
        frame = frames.ConversationClear(self._conversation(where))
        await self.request(frame, frames.ConversationClearOk, repeat=False)

    async def receipts(self, where: Where, seq: int) -> tuple[list[str], list[str]]:
        """Who has read a message, and who has not, by user id. Raises RcimError."""
        conversation = self._conversation(where)

        async def users(read: bool) -> list[str]:
            return await self._pages(
                lambda cursor: frames.MessageReceipts(
                    conversation=conversation, seq=seq, read=read, cursor=cursor, limit=0
                ),
                frames.MessageReceiptsOk,
                lambda page: page.users,
            )

        return await users(True), await users(False)
