"""How servers that speak Deepgram's protocol differ from it, and what Deepgram does at times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from .faults import Action
from .service import Reply

__all__ = ("bend_results", "goodbye")

_LATER = 0.3  # seconds by which words are late where there are two clocks


def bend_results(reply: Reply, habit: Action | None) -> Iterable[Reply]:
    """Return what *habit* makes of a reply."""
    body = json.loads(str(reply.message))
    if habit is None or body["type"] != "Results":
        return [reply]
    words = body["channel"]["alternatives"][0]["words"]
    match habit:
        case Action.NO_ENDS:
            body["speech_final"] = False
        case Action.COUGHS if not words and body["is_final"] and body["duration"] > 1:
            return [*_cough(body), reply]
        case Action.TWO_SPEAKERS:
            for index, word in enumerate(words):
                word["speaker"] = int(index >= len(words) / 2)
        case Action.OLD_ENDS if len(words) > 1 and not body["is_final"]:
            index = body["channel_index"]
            end = {"type": "UtteranceEnd", "channel": index, "last_word_end": words[0]["end"]}
            return [reply, Reply(json.dumps(end))]
        case Action.DUMB_PAUSES if not words and not body["from_finalize"]:
            return []
        case Action.TWO_CLOCKS:
            for word in words:
                word["start"], word["end"] = word["start"] + _LATER, word["end"] + _LATER
    return [replace(reply, message=json.dumps(body))]


def _cough(final: dict[str, Any]) -> Iterator[Reply]:
    """Begin in the middle of a silence what comes to nothing."""
    at = final["start"] + final["duration"] / 2
    started = {"type": "SpeechStarted", "channel": final["channel_index"], "timestamp": at}
    yield Reply(json.dumps(started))
    word = {"word": "huh", "start": at, "end": at + 0.2, "confidence": 0.3}
    reading = {"transcript": "huh", "confidence": 0.3, "words": [word]}
    guess = {"is_final": False, "speech_final": False, "channel": {"alternatives": [reading]}}
    yield Reply(json.dumps(final | guess))


def goodbye(duration: float) -> Reply:
    """Say what ends a session, of so many seconds of it."""
    body = {"type": "Metadata", "request_id": "early", "duration": duration, "channels": 1}
    return Reply(json.dumps(body))
