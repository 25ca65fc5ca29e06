"""What providers of realtime sessions do at times, and servers that copy them always."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from .faults import Action
from .service import Reply

__all__ = ("RealtimeHabits",)

_ITEM = "conversation.item.input_audio_transcription."
_BUFFER = "input_audio_buffer."
_THERE_ALREADY = {
    "type": "error",
    "event_id": "event_1",
    "error": {
        "type": "invalid_request_error",
        "code": "item_create_duplicate",
        "message": "the item with id 'item_0' already exists",
    },
}


class RealtimeHabits:
    """Bends the replies of one connection."""

    def __init__(self) -> None:
        self._held: list[Reply] = []
        self._coughs = 0

    def bend(self, replies: Iterable[Reply], habit: Action | None, *, flushed: bool) -> list[Reply]:
        """Return what *habit* makes of replies, the last of them if the client has *flushed*."""
        said = [bent for reply in replies for bent in self._bend(reply, habit)]
        if flushed:
            said += self._take()
        return said

    def _bend(self, reply: Reply, habit: Action | None) -> list[Reply]:
        body = json.loads(str(reply.message))
        kind: str = body["type"]
        completed = kind in (f"{_ITEM}completed", "transcription.done")
        match habit:
            case Action.NO_ENDS if kind == f"{_BUFFER}speech_stopped":
                return []
            case Action.COUGHS if kind == f"{_BUFFER}speech_started" and body["audio_start_ms"]:
                return [*self._cough(body["audio_start_ms"]), reply]
            case Action.LATE_FINALS if kind.startswith(_ITEM):
                self._held.append(reply)
                return []
            case Action.LATE_FINALS if kind == f"{_BUFFER}speech_started":
                return [reply, *self._take()]
            case Action.TOKENS if completed:
                body["usage"] = {"type": "tokens", "input_tokens": 10, "output_tokens": 2}
            case Action.EMPTY_TEXTS if completed:
                body["text" if kind == "transcription.done" else "transcript"] = ""
            case Action.COMPLAINTS if kind == f"{_BUFFER}committed":
                return [reply, Reply(json.dumps(_THERE_ALREADY))]
        return [replace(reply, message=json.dumps(body))]

    def _take(self) -> list[Reply]:
        held, self._held = self._held, []
        return held

    def _cough(self, before: int) -> Iterable[Reply]:
        """Begin, end and commit what comes to nothing, before what begins at so many ms."""
        self._coughs += 1
        item = {"event_id": "event_1", "item_id": f"cough_{self._coughs}"}
        for kind, fields in (
            (f"{_BUFFER}speech_started", {"audio_start_ms": max(0, before - 200)}),
            (f"{_BUFFER}speech_stopped", {"audio_end_ms": max(0, before - 100)}),
            (f"{_BUFFER}committed", {"previous_item_id": None}),
            (f"{_ITEM}completed", {"content_index": 0, "transcript": ""}),
        ):
            yield Reply(json.dumps({"type": kind, **item, **fields}))
