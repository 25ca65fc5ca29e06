"""Speech-to-text streams for asyncio and trio."""

# The map. Imports point down this list, never up:
#
#   exceptions events moments options metrics voice audio/    values
#   _rules/       pure decisions: lifecycle, grammar, backoff, replay, coverage, clock
#   _util/        what needs no stream: listeners, errors, closing, the wall clock
#   _core/        what carries them out: input queue, reader, attempts, delivery, deadlines
#   _measuring/   what an engine did: metrics of streams and detectors
#   stt stream vad                              what an engine subclasses
#   transcription                               whole recordings: streams that feed themselves
#   adapters/     engines made of engines
#   transports/   websocket and http over anyio
#   workers/      threads and processes that compute off the loop
#   models/       weights: found, pulled, verified
#   detectors/    of the end of turns
#   engines/      one folder each, found by entry point, imported when used
#   batch/        many recordings, side by side
#   testing/      for those who write engines
#   cli/          the command anyio-stt

from .adapters.fallback_adapter import FallbackAdapter as FallbackAdapter
from .adapters.stream_adapter import StreamAdapter as StreamAdapter
from .audio.frame import AudioBuffer as AudioBuffer
from .audio.frame import AudioFrame as AudioFrame
from .audio.frame import calculate_audio_duration as calculate_audio_duration
from .audio.frame import combine_frames as combine_frames
from .events import RecognitionUsage as RecognitionUsage
from .events import SpeechData as SpeechData
from .events import SpeechEvent as SpeechEvent
from .events import SpeechEventType as SpeechEventType
from .events import Utterance as Utterance
from .events import Word as Word
from .exceptions import APIConnectionError as APIConnectionError
from .exceptions import APIError as APIError
from .exceptions import APIStatusError as APIStatusError
from .exceptions import APITimeoutError as APITimeoutError
from .exceptions import AudioLostError as AudioLostError
from .exceptions import InputEndedError as InputEndedError
from .exceptions import StreamClosedError as StreamClosedError
from .exceptions import StreamFullError as StreamFullError
from .metrics import StreamStatistics as StreamStatistics
from .metrics import STTError as STTError
from .metrics import STTMetrics as STTMetrics
from .metrics import VADMetrics as VADMetrics
from .moments import EagerEndOfTurn as EagerEndOfTurn
from .moments import EndOfTurn as EndOfTurn
from .moments import StartOfTurn as StartOfTurn
from .moments import TurnDetector as TurnDetector
from .moments import TurnMoment as TurnMoment
from .moments import TurnResumed as TurnResumed
from .options import DEFAULT_API_CONNECT_OPTIONS as DEFAULT_API_CONNECT_OPTIONS
from .options import APIConnectOptions as APIConnectOptions
from .options import STTCapabilities as STTCapabilities
from .stream import RecognizeStream as RecognizeStream
from .stream import SpeechStream as SpeechStream
from .stt import STT as STT
from .transcription import AudioSource as AudioSource
from .transcription import StreamTranscription as StreamTranscription
from .transcription import TranscribeOptions as TranscribeOptions
from .turns import TurnOptions as TurnOptions
from .turns import Turns as Turns
from .utterances import Utterances as Utterances
from .vad import VAD as VAD
from .vad import VADStream as VADStream
from .voice import VADCapabilities as VADCapabilities
from .voice import VADEvent as VADEvent
from .voice import VADEventType as VADEventType
from .voice import VADOptions as VADOptions
from .windowed_vad import WindowedVADStream as WindowedVADStream
from .workers.threads import WorkerThreads as WorkerThreads

__all__ = (
    "DEFAULT_API_CONNECT_OPTIONS",
    "STT",
    "VAD",
    "APIConnectOptions",
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AudioBuffer",
    "AudioFrame",
    "AudioLostError",
    "AudioSource",
    "EagerEndOfTurn",
    "EndOfTurn",
    "FallbackAdapter",
    "InputEndedError",
    "RecognitionUsage",
    "RecognizeStream",
    "STTCapabilities",
    "STTError",
    "STTMetrics",
    "SpeechData",
    "SpeechEvent",
    "SpeechEventType",
    "SpeechStream",
    "StartOfTurn",
    "StreamAdapter",
    "StreamClosedError",
    "StreamFullError",
    "StreamStatistics",
    "StreamTranscription",
    "TranscribeOptions",
    "TurnDetector",
    "TurnMoment",
    "TurnOptions",
    "TurnResumed",
    "Turns",
    "Utterance",
    "Utterances",
    "VADCapabilities",
    "VADEvent",
    "VADEventType",
    "VADMetrics",
    "VADOptions",
    "VADStream",
    "WindowedVADStream",
    "Word",
    "WorkerThreads",
    "calculate_audio_duration",
    "combine_frames",
)
