"""
Where this library and LiveKit differ, field by field, and why.

`python -m tests.parity` prints the rows as they are now. An unlisted difference fails the tests,
and so does a row that is no longer true.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ("BOTH", "DIFFERENCES", "NEW", "NOTHING", "OLD", "REASONS", "Difference")

OLD, NEW = ("0.12.7",), ("newest",)
BOTH = (*OLD, *NEW)
NOTHING = "(nothing)"  # the field is not there, because the scenario did not get so far


@dataclass(frozen=True)
class Difference:
    """
    One field of one scenario.

    Args:
        scenario: its name.
        field: what was noted.
        versions: of LiveKit, for which this holds.
        reason: a key of `REASONS`.
        ours: what is noted here.
        theirs: what is noted there.
    """

    scenario: str
    field: str
    versions: tuple[str, ...]
    reason: str
    ours: Any
    theirs: Any


# D: a defect of LiveKit's module. S: a line of the contract, see docs/design.md.
REASONS = {
    "D1": "The next attempt hears again the audio that a failed one had read.",
    "D2": "After a failure behind the end of the input, the audio is heard again; there is no "
    "empty success.",
    "D3": "`timeout` is enforced: an attempt that does not connect, or answer, raises.",
    "D5": "`retryable=False` and 4xx are not retried, and the error is raised as itself; 408, 429 "
    "and 499 are retried. Its text has the status, not the body.",
    "D6": "A final resets the count of failures.",
    "D7": "Each failed attempt is reported to `error` listeners.",
    "D8": "The resampler keeps the channels; stereo was read as mono of twice the length.",
    "D9": "Flushing an idle resampler gives no empty frame.",
    "D11": "A cancelled `__anext__` loses nothing; the next one goes on.",
    "D14": "A usage event without usage is left out and harms nothing.",
    "D15": "A listener that raises `TypeError` is logged, like any other.",
    "D16": "`STT.aclose()` closes its streams.",
    "D18": "The engine's error leaves the block if nobody iterated.",
    "D21": "The exhausted error keeps the last one as its cause.",
    "D22": "An error is raised once, then iteration ends.",
    "D23": "A retry repeats no START_OF_SPEECH.",
    "D25": "`end_input()` after the engine returned early is no error.",
    "D34": "Prewarm, the names of models, speakers, and a detector for a fallback are newer than 0.12.7.",
    "S1": "A stream runs inside its block; use outside raises `StreamClosedError`, a "
    "`RuntimeError`, with the line to write.",
    "S4": "What was said before `aclose()` can still be read.",
    "S6": "A frame holds as many samples as it says; more are refused like fewer.",
    "S8": "A stream takes one format, channels included; `recognize` refuses empty or mixed audio "
    "before any work.",
    "S9": "One marker after audio, none without; after the end of input `InputEndedError`, a "
    "`RuntimeError`.",
    "S11": "The base completes START and END; PREFLIGHT is newer than 0.12.7.",
    "S12": "A newer guess replaces an unread one; events are values and do not change.",
    "S13": "Two readers at once: `anyio.BusyResourceError`.",
    "S15": "The count of attempts is true, the text names the root cause, and `retry_interval` "
    "is the longest wait.",
    "S16": "An engine that returns before it has read the end of its input has failed.",
    "S17": "Times go on across attempts, adapters give them too, and the segment is one.",
    "S20": "The base measures what an engine does not report.",
    "S22": "Audio that a failure cut off is reported to `error` listeners, as an `AudioLostError`.",
}

# fmt: off
DIFFERENCES = (
    Difference("aclose_aborts", "raised", BOTH, "S1", ours='StreamClosedError <RuntimeError>: EngineStream is closed; use it inside its block, `async with stt.stream() as stream:`, and before `aclose()`', theirs=None),
    Difference("aclose_keeps_unread_events", "events", NEW, "S4", ours=[['final_transcript', '', [['en', 'hello', 0.0, 0.01, 0.0]], None], ['end_of_speech', '', [], None]], theirs=[]),
    Difference("aclose_of_the_engine", "push", BOTH, "D16", ours='StreamClosedError <RuntimeError>: EngineStream is closed; use it inside its block, `async with stt.stream() as stream:`, and before `aclose()`', theirs=None),
    Difference("cleanup_that_fails", "block", BOTH, "D18", ours='ValueError: untidy', theirs=None),
    Difference("connecting_takes_too_long", "heard", BOTH, "D3", ours=[[]], theirs=[['160 @ 16000 x 1 = 92bfb775', 'marker']]),
    Difference("connecting_takes_too_long", "raised", BOTH, "D3", ours='APITimeoutError: tests.parity.scenarios.engine.Engine did not ask for audio or send an event within 0.05 s of its start (timeout=0.05); change APIConnectOptions.timeout to give it more time', theirs=None),
    Difference("used_before_its_block", "push", BOTH, "S1", ours='StreamClosedError <RuntimeError>: EngineStream has not been started; write `async with stt.stream() as stream:`, or `stream = stt.stream().start(task_group)`', theirs=None),
    Difference("used_before_its_block", "heard", BOTH, "S1", ours=[[]], theirs=[['160 @ 16000 x 1 = 92bfb775', 'marker']]),
    Difference("failure_before_the_end_of_input", "errors", OLD, "D7", ours=[['APIConnectionError', True]], theirs=[]),
    Difference("failure_before_the_end_of_input", "heard", BOTH, "D1", ours=[['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d'], ['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d', '160 @ 16000 x 1 = ec4e7705', '160 @ 16000 x 1 = 5024d7ad', 'marker']], theirs=[['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d'], ['160 @ 16000 x 1 = ec4e7705', '160 @ 16000 x 1 = 5024d7ad', 'marker']]),
    Difference("failure_before_the_end_of_input", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.04, True]], theirs=[]),
    Difference("failure_after_the_end_of_input", "errors", OLD, "D7", ours=[['APIConnectionError', True]], theirs=[]),
    Difference("failure_after_the_end_of_input", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.04, True]], theirs=[]),
    Difference("failure_after_the_end_of_input", "heard", BOTH, "D2", ours=[['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d', '160 @ 16000 x 1 = ec4e7705', '160 @ 16000 x 1 = 5024d7ad', 'marker'], ['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d', '160 @ 16000 x 1 = ec4e7705', '160 @ 16000 x 1 = 5024d7ad', 'marker']], theirs=[['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d', '160 @ 16000 x 1 = ec4e7705', '160 @ 16000 x 1 = 5024d7ad', 'marker'], []]),
    Difference("failure_three_times", "errors", OLD, "D7", ours=[['APIConnectionError', True], ['APIConnectionError', True], ['APIConnectionError', True]], theirs=[]),
    Difference("failure_three_times", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.04, True]], theirs=[]),
    Difference("failure_without_retries", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.01, True]], theirs=[]),
    Difference("failure_without_retries", "errors", OLD, "D7", ours=[['APIConnectionError', False], ['AudioLostError', False]], theirs=[]),
    Difference("failure_without_retries", "errors", NEW, "S22", ours=[['APIConnectionError', False], ['AudioLostError', False]], theirs=[['APIConnectionError', False]]),
    Difference("failure_exhausted", "heard", BOTH, "D1", ours=[['160 @ 16000 x 1 = 92bfb775'], ['160 @ 16000 x 1 = 92bfb775'], ['160 @ 16000 x 1 = 92bfb775']], theirs=[['160 @ 16000 x 1 = 92bfb775'], ['160 @ 16000 x 1 = d336973d'], ['160 @ 16000 x 1 = ec4e7705']]),
    Difference("failure_exhausted", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.01, True]], theirs=[]),
    Difference("failure_exhausted", "raised", OLD, "D21", ours='APIConnectionError: failed to recognize speech after 3 attempts (caused by APIConnectionError: lost), from APIConnectionError', theirs='APIConnectionError: failed to recognize speech after 3 attempts'),
    Difference("failure_exhausted", "raised", NEW, "S15", ours='APIConnectionError: failed to recognize speech after 3 attempts (caused by APIConnectionError: lost), from APIConnectionError', theirs='APIConnectionError: failed to recognize speech after 2 attempts (caused by APIConnectionError: lost), from APIConnectionError'),
    Difference("failure_exhausted", "errors", OLD, "D7", ours=[['APIConnectionError', True], ['APIConnectionError', True], ['APIConnectionError', False], ['AudioLostError', False]], theirs=[]),
    Difference("failure_exhausted", "errors", NEW, "S22", ours=[['APIConnectionError', True], ['APIConnectionError', True], ['APIConnectionError', False], ['AudioLostError', False]], theirs=[['APIConnectionError', True], ['APIConnectionError', True], ['APIConnectionError', False]]),
    Difference("failure_not_retryable", "heard", OLD, "D5", ours=[['160 @ 16000 x 1 = 92bfb775']], theirs=[['160 @ 16000 x 1 = 92bfb775'], ['160 @ 16000 x 1 = d336973d'], ['160 @ 16000 x 1 = ec4e7705']]),
    Difference("failure_not_retryable", "made", OLD, "D5", ours=1, theirs=3),
    Difference("failure_not_retryable", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.01, True]], theirs=[]),
    Difference("failure_not_retryable", "raised", OLD, "D5", ours='APIStatusError: bad key (status_code=401)', theirs='APIConnectionError: failed to recognize speech after 3 attempts'),
    Difference("failure_not_retryable", "raised", NEW, "D5", ours='APIStatusError: bad key (status_code=401)', theirs="APIStatusError: message='bad key', status_code=401, retryable=False"),
    Difference("failure_not_retryable", "errors", OLD, "D7", ours=[['APIStatusError', False], ['AudioLostError', False]], theirs=[]),
    Difference("failure_not_retryable", "errors", NEW, "S22", ours=[['APIStatusError', False], ['AudioLostError', False]], theirs=[['APIStatusError', False]]),
    Difference("failure_of_too_many_requests", "errors", OLD, "D7", ours=[['APIStatusError', True]], theirs=[]),
    Difference("failure_of_too_many_requests", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.04, True]], theirs=[]),
    Difference("failure_of_another_kind", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.01, True]], theirs=[]),
    Difference("failure_of_another_kind", "errors", OLD, "D7", ours=[['ValueError', False], ['AudioLostError', False]], theirs=[]),
    Difference("failure_of_another_kind", "errors", NEW, "S22", ours=[['ValueError', False], ['AudioLostError', False]], theirs=[['ValueError', False]]),
    Difference("failure_after_events", "events", BOTH, "S11", ours=[['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None], ['end_of_speech', '', [], None]], theirs=[['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None]]),
    Difference("failure_after_events", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.04, True]], theirs=[]),
    Difference("failure_after_events", "errors", OLD, "D7", ours=[['APIConnectionError', False], ['AudioLostError', False]], theirs=[]),
    Difference("failure_after_events", "errors", NEW, "S22", ours=[['APIConnectionError', False], ['AudioLostError', False]], theirs=[['APIConnectionError', False]]),
    Difference("failure_repeats_no_event", "errors", OLD, "D7", ours=[['APIConnectionError', True]], theirs=[]),
    Difference("failure_repeats_no_event", "events", BOTH, "D23", ours=[['start_of_speech', '', [], None], ['interim_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None], ['final_transcript', '', [['en', 'end', 0.0, 0.0, 0.0]], None], ['end_of_speech', '', [], None]], theirs=[['start_of_speech', '', [], None], ['interim_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None], ['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'end', 0.0, 0.0, 0.0]], None], ['end_of_speech', '', [], None]]),
    Difference("failure_repeats_no_event", "heard", BOTH, "D1", ours=[['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d'], ['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d', '160 @ 16000 x 1 = ec4e7705', '160 @ 16000 x 1 = 5024d7ad', 'marker']], theirs=[['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d'], ['160 @ 16000 x 1 = ec4e7705', '160 @ 16000 x 1 = 5024d7ad', 'marker']]),
    Difference("failure_repeats_no_event", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.04, True]], theirs=[]),
    Difference("failure_after_each_final", "errors", OLD, "D7", ours=[['APIConnectionError', True], ['APIConnectionError', True], ['APIConnectionError', True]], theirs=[]),
    Difference("failure_after_each_final", "events", OLD, "D6", ours=[['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None], ['final_transcript', '', [['en', 'heard', 0.01, 0.02, 0.0]], None], ['final_transcript', '', [['en', 'heard', 0.02, 0.03, 0.0]], None], ['final_transcript', '', [['en', 'end', 0.0, 0.0, 0.0]], None], ['end_of_speech', '', [], None]], theirs=[['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None], ['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None], ['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None]]),
    Difference("failure_after_each_final", "events", NEW, "S17", ours=[['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None], ['final_transcript', '', [['en', 'heard', 0.01, 0.02, 0.0]], None], ['final_transcript', '', [['en', 'heard', 0.02, 0.03, 0.0]], None], ['final_transcript', '', [['en', 'end', 0.0, 0.0, 0.0]], None], ['end_of_speech', '', [], None]], theirs=[['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None], ['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None], ['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'heard', 0.0, 0.01, 0.0]], None], ['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'end', 0.0, 0.0, 0.0]], None], ['end_of_speech', '', [], None]]),
    Difference("failure_after_each_final", "heard", OLD, "D6", ours=[['160 @ 16000 x 1 = 92bfb775'], ['160 @ 16000 x 1 = d336973d'], ['160 @ 16000 x 1 = ec4e7705'], ['160 @ 16000 x 1 = 5024d7ad', 'marker']], theirs=[['160 @ 16000 x 1 = 92bfb775'], ['160 @ 16000 x 1 = d336973d'], ['160 @ 16000 x 1 = ec4e7705']]),
    Difference("failure_after_each_final", "made", OLD, "D6", ours=4, theirs=3),
    Difference("failure_after_each_final", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.04, True]], theirs=[]),
    Difference("failure_after_each_final", "raised", OLD, "D6", ours=None, theirs='APIConnectionError: failed to recognize speech after 3 attempts'),
    Difference("failure_is_raised_once", "each", BOTH, "D22", ours=['APIConnectionError', 'StopAsyncIteration', 'StopAsyncIteration'], theirs=['APIConnectionError', 'APIConnectionError', 'APIConnectionError']),
    Difference("failure_that_nobody_read", "block", BOTH, "D18", ours='APIConnectionError: lost', theirs=None),
    Difference("input_flush_twice", "heard", BOTH, "S9", ours=[['160 @ 16000 x 1 = 92bfb775', 'marker', '160 @ 16000 x 1 = d336973d', 'marker']], theirs=[['160 @ 16000 x 1 = 92bfb775', 'marker', 'marker', '160 @ 16000 x 1 = d336973d', 'marker']]),
    Difference("input_flush_then_end", "heard", BOTH, "S9", ours=[['160 @ 16000 x 1 = 92bfb775', 'marker']], theirs=[['160 @ 16000 x 1 = 92bfb775', 'marker', 'marker']]),
    Difference("input_of_another_rate", "other", BOTH, "S8", ours='ValueError: a stream takes one format: it began with 16000 Hz and 1 channel(s), this frame has 8000 Hz and 1; open another stream for it, or resample it first', theirs='ValueError: the sample rate of the input frames must be consistent'),
    Difference("input_of_another_rate_after_a_flush", "heard", BOTH, "S9", ours=[['160 @ 16000 x 1 = 92bfb775', 'marker']], theirs=[['160 @ 16000 x 1 = 92bfb775', 'marker', 'marker']]),
    Difference("input_of_another_rate_after_a_flush", "other", BOTH, "S8", ours='ValueError: a stream takes one format: it began with 16000 Hz and 1 channel(s), this frame has 8000 Hz and 1; open another stream for it, or resample it first', theirs='ValueError: the sample rate of the input frames must be consistent'),
    Difference("input_of_other_channels", "heard", BOTH, "S8", ours=[['160 @ 16000 x 1 = 92bfb775', 'marker']], theirs=[['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 2 = 22c92cda', 'marker']]),
    Difference("input_of_other_channels", "other", BOTH, "S8", ours='ValueError: a stream takes one format: it began with 16000 Hz and 1 channel(s), this frame has 16000 Hz and 2; open another stream for it, or resample it first', theirs=None),
    Difference("resampled_in_segments", "empty_frames", BOTH, "D9", ours=0, theirs=1),
    Difference("resampled_in_segments", "markers", BOTH, "S9", ours=5, theirs=6),
    Difference("resampled_stereo", "formats", BOTH, "D8", ours=['16000 x 2'], theirs=['16000 x 1']),
    Difference("resampled_stereo", "samples", BOTH, "D8", ours=16000, theirs=32000),
    Difference("resampler_flushed_idle", "empty_frames", BOTH, "D9", ours=0, theirs=2),
    Difference("resampler_flushed_idle", "markers", BOTH, "S9", ours=1, theirs=3),
    Difference("end_input_twice", "end", BOTH, "S9", ours='InputEndedError <RuntimeError>: EngineStream: cannot end input after end_input(); audio belongs before it, or in another stream', theirs='RuntimeError: tests.parity.scenarios.engine.EngineStream input ended'),
    Difference("push_after_end", "flush", BOTH, "S9", ours='InputEndedError <RuntimeError>: EngineStream: cannot flush after end_input(); audio belongs before it, or in another stream', theirs='RuntimeError: tests.parity.scenarios.engine.EngineStream input ended'),
    Difference("push_after_end", "push", BOTH, "S9", ours='InputEndedError <RuntimeError>: EngineStream: cannot push after end_input(); audio belongs before it, or in another stream', theirs='RuntimeError: tests.parity.scenarios.engine.EngineStream input ended'),
    Difference("push_after_end", "push_when_finished", BOTH, "S9", ours='InputEndedError <RuntimeError>: EngineStream: cannot push after end_input(); audio belongs before it, or in another stream', theirs='RuntimeError: tests.parity.scenarios.engine.EngineStream input ended'),
    Difference("push_after_close", "end_input", BOTH, "S1", ours='StreamClosedError <RuntimeError>: EngineStream is closed; use it inside its block, `async with stt.stream() as stream:`, and before `aclose()`', theirs='RuntimeError: tests.parity.scenarios.engine.EngineStream input ended'),
    Difference("push_after_close", "flush", BOTH, "S1", ours='StreamClosedError <RuntimeError>: EngineStream is closed; use it inside its block, `async with stt.stream() as stream:`, and before `aclose()`', theirs='RuntimeError: tests.parity.scenarios.engine.EngineStream input ended'),
    Difference("push_after_close", "push", BOTH, "S1", ours='StreamClosedError <RuntimeError>: EngineStream is closed; use it inside its block, `async with stt.stream() as stream:`, and before `aclose()`', theirs='RuntimeError: tests.parity.scenarios.engine.EngineStream input ended'),
    Difference("engine_that_returns_early", "end_input", BOTH, "D25", ours=None, theirs='RuntimeError: tests.parity.scenarios.engine.EngineStream is closed'),
    Difference("engine_that_returns_early", "push", BOTH, "D25", ours='StreamClosedError <RuntimeError>: EngineStream takes no more audio: its engine failed; iterating the stream raises why, from APIConnectionError', theirs='RuntimeError: tests.parity.scenarios.engine.EngineStream is closed'),
    Difference("engine_that_returns_early", "raised", BOTH, "S16", ours='APIConnectionError: tests.parity.scenarios.engine.Engine returned before it had read the end of its input: its _run reads self._input_ch to the end, or raises an APIError', theirs=None),
    Difference("recognise_retried_once", "errors", OLD, "D7", ours=[['APIConnectionError', True]], theirs=[]),
    Difference("recognise_retried_three_times", "errors", OLD, "D7", ours=[['APIConnectionError', True], ['APIConnectionError', True], ['APIConnectionError', True]], theirs=[]),
    Difference("recognise_without_retries", "errors", OLD, "D7", ours=[['APIConnectionError', False]], theirs=[]),
    Difference("recognise_exhausted", "errors", OLD, "D7", ours=[['APIConnectionError', True], ['APIConnectionError', True], ['APIConnectionError', False]], theirs=[]),
    Difference("recognise_exhausted", "raised", OLD, "S15", ours='APIConnectionError: failed to recognize speech after 3 attempts (caused by APIConnectionError: lost), from APIConnectionError', theirs='APIConnectionError: failed to recognize speech after 3 attempts, from APIConnectionError'),
    Difference("recognise_not_retryable", "errors", OLD, "D7", ours=[['APIError', False]], theirs=[]),
    Difference("recognise_not_retryable", "heard", OLD, "D5", ours=[[]], theirs=[[], [], []]),
    Difference("recognise_not_retryable", "made", OLD, "D5", ours=1, theirs=3),
    Difference("recognise_not_retryable", "raised", OLD, "D5", ours='APIError: no', theirs='APIConnectionError: failed to recognize speech after 3 attempts, from APIError'),
    Difference("recognise_unauthorised", "errors", OLD, "D7", ours=[['APIStatusError', False]], theirs=[]),
    Difference("recognise_unauthorised", "heard", OLD, "D5", ours=[[]], theirs=[[], [], []]),
    Difference("recognise_unauthorised", "made", OLD, "D5", ours=1, theirs=3),
    Difference("recognise_unauthorised", "raised", OLD, "D5", ours='APIStatusError: bad key (status_code=401)', theirs='APIConnectionError: failed to recognize speech after 3 attempts, from APIStatusError'),
    Difference("recognise_unauthorised", "raised", NEW, "D5", ours='APIStatusError: bad key (status_code=401)', theirs="APIStatusError: message='bad key', status_code=401, retryable=False"),
    Difference("recognise_another_error", "errors", OLD, "D7", ours=[['ValueError', False]], theirs=[]),
    Difference("recognise_nothing", "heard", BOTH, "S8", ours=[], theirs=[[]]),
    Difference("recognise_nothing", "made", BOTH, "S8", ours=0, theirs=1),
    Difference("recognise_nothing", "metrics", BOTH, "S8", ours=[], theirs=[['r1', 'Engine', 0.0, False]]),
    Difference("recognise_nothing", "raised", BOTH, "S8", ours='ValueError: no audio: the buffer holds no frame', theirs=None),
    Difference("recognise_nothing", "returned", BOTH, "S8", ours='(nothing)', theirs=['final_transcript', 'r1', [['en', 'hello', 0.0, 0.0, 0.0]], None]),
    Difference("recognise_mixed_frames", "heard", BOTH, "S8", ours=[], theirs=[[]]),
    Difference("recognise_mixed_frames", "made", BOTH, "S8", ours=0, theirs=1),
    Difference("recognise_mixed_frames", "metrics", BOTH, "S8", ours=[], theirs=[['r1', 'Engine', 0.03, False]]),
    Difference("recognise_mixed_frames", "raised", BOTH, "S8", ours='ValueError: frames of one buffer must have one format: found 16000 Hz with 1 channel(s) and 8000 Hz with 1; resample them first', theirs=None),
    Difference("recognise_mixed_frames", "returned", BOTH, "S8", ours='(nothing)', theirs=['final_transcript', 'r1', [['en', 'hello', 0.0, 0.0, 0.0]], None]),
    Difference("recognise_too_slowly", "errors", BOTH, "D3", ours=[['APITimeoutError', False]], theirs=[]),
    Difference("recognise_too_slowly", "metrics", BOTH, "D3", ours=[], theirs=[['r1', 'Engine', 0.02, False]]),
    Difference("recognise_too_slowly", "raised", BOTH, "D3", ours="APITimeoutError: tests.parity.scenarios.engine.Engine did not recognise 0.020 s of audio within 0.070 s (timeout=0.05 plus the audio's duration); change APIConnectOptions.timeout to give it more time", theirs=None),
    Difference("recognise_too_slowly", "returned", BOTH, "D3", ours='(nothing)', theirs=['final_transcript', 'r1', [['en', 'hello', 0.0, 0.0, 0.0]], None]),
    Difference("events_complete", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.02, True]], theirs=[]),
    Difference("events_without_start_and_end", "events", BOTH, "S11", ours=[['start_of_speech', '', [], None], ['interim_transcript', '', [['en', 'he', 0.0, 0.0, 0.0]], None], ['final_transcript', '', [['en', 'hello', 0.001, 0.02, 0.5]], None], ['end_of_speech', '', [], None]], theirs=[['interim_transcript', '', [['en', 'he', 0.0, 0.0, 0.0]], None], ['final_transcript', '', [['en', 'hello', 0.001, 0.02, 0.5]], None]]),
    Difference("events_without_start_and_end", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.02, True]], theirs=[]),
    Difference("events_without_end", "events", BOTH, "S11", ours=[['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'hello', 0.001, 0.02, 0.5]], None], ['end_of_speech', '', [], None]], theirs=[['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'hello', 0.001, 0.02, 0.5]], None]]),
    Difference("events_without_end", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.02, True]], theirs=[]),
    Difference("events_two_segments", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.02, True]], theirs=[]),
    Difference("events_final_after_end", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.02, True]], theirs=[]),
    Difference("events_read_late", "events", BOTH, "S12", ours=[['start_of_speech', '', [], None], ['interim_transcript', '', [['en', 'hell', 0.0, 0.0, 0.0]], None], ['final_transcript', '', [['en', 'hello', 0.001, 0.02, 0.5]], None], ['end_of_speech', '', [], None]], theirs=[['start_of_speech', '', [], None], ['interim_transcript', '', [['en', 'he', 0.0, 0.0, 0.0]], None], ['interim_transcript', '', [['en', 'hell', 0.0, 0.0, 0.0]], None], ['final_transcript', '', [['en', 'hello', 0.001, 0.02, 0.5]], None], ['end_of_speech', '', [], None]]),
    Difference("events_read_late", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.02, True]], theirs=[]),
    Difference("events_none", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.02, True]], theirs=[]),
    Difference("events_final_without_text", "events", BOTH, "S11", ours=[['start_of_speech', '', [], None], ['final_transcript', '', [], None], ['end_of_speech', '', [], None]], theirs=[['final_transcript', '', [], None]]),
    Difference("events_final_without_text", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.02, True]], theirs=[]),
    Difference("usage_missing_in_its_event", "broke", OLD, "D14", ours='(nothing)', theirs='AssertionError: recognition_usage must be provided for RECOGNITION_USAGE event'),
    Difference("usage_missing_in_its_event", "heard", OLD, "D14", ours=[['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d', 'marker']], theirs='(nothing)'),
    Difference("usage_missing_in_its_event", "metrics", BOTH, "D14", ours=[['u1', 'Engine', 0.02, True]], theirs=[]),
    Difference("usage_never_reported", "metrics", BOTH, "S20", ours=[['', 'Engine', 0.02, True]], theirs=[]),
    Difference("reader_cancelled_while_it_waits", "events", BOTH, "D11", ours=[['start_of_speech', '', [], None], ['final_transcript', '', [['en', 'hello', 0.0, 0.0, 0.0]], None], ['end_of_speech', '', [], None]], theirs=[]),
    Difference("reader_cancelled_while_it_waits", "raised", BOTH, "D11", ours=None, theirs='InvalidStateError <Exception>: Exception is not set.'),
    Difference("two_readers_at_once", "second", BOTH, "S13", ours=['BusyResourceError <Exception>'], theirs=['RuntimeError']),
    Difference("stream_of_a_batch_engine", "stream", BOTH, "S1", ours='NotImplementedError: tests.parity.scenarios.engine.BatchEngine recognises whole recordings only; StreamAdapter(stt=..., vad=...) makes streams of it', theirs='NotImplementedError: streaming is not supported by this STT, please use a different STT or use a StreamAdapter'),
    Difference("listener_raises_type_error", "raised", BOTH, "D15", ours=None, theirs='TypeError: listener'),
    Difference("listener_raises_type_error", "returned", BOTH, "D15", ours=['final_transcript', 'r1', [['en', 'hello', 0.0, 0.0, 0.0]], None], theirs='(nothing)'),
    Difference("error_listener_raises_type_error", "heard", NEW, "D15", ours=[[], []], theirs=[[]]),
    Difference("error_listener_raises_type_error", "made", NEW, "D15", ours=2, theirs=1),
    Difference("error_listener_raises_type_error", "raised", NEW, "D15", ours=None, theirs='TypeError: listener'),
    Difference("error_listener_raises_type_error", "returned", NEW, "D15", ours=['final_transcript', 'r1', [['en', 'hello', 0.0, 0.0, 0.0]], None], theirs='(nothing)'),
    Difference("stream_listener_raises_type_error", "broke", OLD, "D15", ours='(nothing)', theirs='TypeError: listener'),
    Difference("stream_listener_raises_type_error", "calls", OLD, "D15", ours=3, theirs='(nothing)'),
    Difference("stream_listener_raises_type_error", "calls", NEW, "D15", ours=3, theirs=1),
    Difference("stream_listener_raises_type_error", "heard", OLD, "D15", ours=[['480 @ 16000 x 1 = c48e723e', 'marker']], theirs='(nothing)'),
    Difference("listener_that_wants_more", "emit", BOTH, "D15", ours=None, theirs="TypeError: listener_that_wants_more.<locals>.<lambda>() missing 1 required positional argument: 'b'"),
    Difference("event_types", "types", OLD, "S11", ours={'START_OF_SPEECH': 'start_of_speech', 'INTERIM_TRANSCRIPT': 'interim_transcript', 'PREFLIGHT_TRANSCRIPT': 'preflight_transcript', 'FINAL_TRANSCRIPT': 'final_transcript', 'RECOGNITION_USAGE': 'recognition_usage', 'END_OF_SPEECH': 'end_of_speech'}, theirs={'START_OF_SPEECH': 'start_of_speech', 'INTERIM_TRANSCRIPT': 'interim_transcript', 'FINAL_TRANSCRIPT': 'final_transcript', 'RECOGNITION_USAGE': 'recognition_usage', 'END_OF_SPEECH': 'end_of_speech'}),
    Difference("events_can_be_changed", "assigned", BOTH, "S12", ours="FrozenInstanceError <AttributeError>: cannot assign to field 'request_id'", theirs=None),
    Difference("frame_that_does_not_fit", "long", BOTH, "S6", ours='ValueError', theirs=None),
    Difference("connect_options", "retry_interval", NEW, "S15", ours=5.0, theirs=2.0),
    Difference("errors_as_text", "APIStatusError", OLD, "D5", ours='APIStatusError: no (status_code=404, request_id=r)', theirs='APIStatusError: no'),
    Difference("errors_as_text", "APIStatusError", NEW, "D5", ours='APIStatusError: no (status_code=404, request_id=r)', theirs="APIStatusError: message='no', status_code=404, retryable=False, request_id=r, body={'a': 1}"),
    Difference("errors_that_may_pass", "forced_400", OLD, "D5", ours=False, theirs=True),
    Difference("errors_that_may_pass", "retryable_408", OLD, "D5", ours=True, theirs=False),
    Difference("errors_that_may_pass", "retryable_429", OLD, "D5", ours=True, theirs=False),
    Difference("errors_that_may_pass", "retryable_499", OLD, "D5", ours=True, theirs=False),
    Difference("connection_error_names_its_root_cause", "text", OLD, "S15", ours='could not connect (caused by OSError: no route)', theirs='could not connect'),
    Difference("input_nothing", "heard", BOTH, "S9", ours=[[]], theirs=[['marker']]),
    Difference("input_flush_first", "heard", BOTH, "S9", ours=[['160 @ 16000 x 1 = 92bfb775', 'marker']], theirs=[['marker', '160 @ 16000 x 1 = 92bfb775', 'marker']]),
    Difference("fallback_hears_again", "heard_by_the_next", BOTH, "D1", ours=['160 @ 16000 x 1 = 92bfb775', '160 @ 16000 x 1 = d336973d', '160 @ 16000 x 1 = ec4e7705', '160 @ 16000 x 1 = 5024d7ad', '160 @ 16000 x 1 = 6f5c3795'], theirs=[]),
    Difference("fallback_is_called_by_who_serves", "after", OLD, "D34", ours='second', theirs='unknown'),
    Difference("fallback_is_called_by_who_serves", "before", OLD, "D34", ours='first', theirs='unknown'),
    Difference("prewarm_of_a_fallback", "prewarm", OLD, "D34", ours=[1, 0], theirs='there is none'),
    Difference("prewarm_of_a_stream_adapter", "prewarm", OLD, "D34", ours=[1], theirs='there is none'),
    Difference("prewarm_through_both", "prewarm", OLD, "D34", ours=[1, 0], theirs='a fallback takes no detector'),
    Difference("stream_adapter_recognises_utterances", "has_times", BOTH, "S17", ours=[True, True], theirs=[False, False]),
    Difference("multi_speaker_is_called_by_its_engine", "model", OLD, "D34", ours='wrapped', theirs='there is none'),
    Difference("multi_speaker_is_called_by_its_engine", "prewarmed", OLD, "D34", ours=1, theirs='(nothing)'),
    Difference("multi_speaker_measures_once", "of_the_engine", OLD, "D34", ours='hello', theirs='(nothing)'),
    Difference("multi_speaker_measures_once", "recording", OLD, "D34", ours=[True], theirs='there is none'),
    Difference("multi_speaker_measures_once", "recording_closed", OLD, "D34", ours=1, theirs='(nothing)'),
    Difference("multi_speaker_measures_once", "returned", OLD, "D34", ours='hello', theirs='(nothing)'),
    Difference("multi_speaker_measures_once", "stream", OLD, "D34", ours=[True], theirs='there is none'),
    Difference("multi_speaker_measures_once", "stream_closed", OLD, "D34", ours=1, theirs='(nothing)'),
    Difference("multi_speaker_measures_once", "texts", OLD, "D34", ours=['hello'], theirs='(nothing)'),
    Difference("multi_speaker_measures_once", "texts_raised", OLD, "D34", ours=None, theirs='(nothing)'),
    Difference("multi_speaker_and_a_quiet_one", "primary", OLD, "D34", ours=[['A', True], ['B', False], ['A', True]], theirs='there is none'),
    Difference("multi_speaker_and_nobody", "primary", OLD, "D34", ours=[['A', True], [None, None], ['A', True]], theirs='there is none'),
    Difference("multi_speaker_without_detection", "primary", OLD, "D34", ours=[['A', None], ['B', None]], theirs='there is none'),
    Difference("detector_closed", "events", BOTH, "S1", ours='StreamClosedError <RuntimeError>', theirs=[]),
    Difference("detector_closed", "push", BOTH, "S1", ours='StreamClosedError <RuntimeError>', theirs='RuntimeError'),
)
# fmt: on
