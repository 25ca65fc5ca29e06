"""
Tools for engine authors: virtual time, fakes, and the checks that an engine must pass.

`anyio_stt.testing.strategies` needs Hypothesis, so import it separately.
"""

from .audio import Spoken as Spoken
from .audio import cut as cut
from .audio import cut_at as cut_at
from .audio import cut_randomly as cut_randomly
from .audio import noise as noise
from .audio import silence as silence
from .audio import spoken as spoken
from .audio import tone as tone
from .cancellation import CancelReport as CancelReport
from .cancellation import Checkpoint as Checkpoint
from .cancellation import cancel_everywhere as cancel_everywhere
from .clock import autojump_backends as autojump_backends
from .conformance import ContractViolation as ContractViolation
from .conformance import Violation as Violation
from .conformance import check_stt as check_stt
from .conformance import check_vad as check_vad
from .heard import Heard as Heard
from .leaks import assert_no_leaks as assert_no_leaks
from .said import end_of_speech as end_of_speech
from .said import final as final
from .said import interim as interim
from .said import preflight as preflight
from .said import start_of_speech as start_of_speech
from .said import usage as usage
from .scripted import ScriptedSTT as ScriptedSTT
from .steps import Delay as Delay
from .steps import Fail as Fail
from .steps import Hang as Hang
from .steps import Hear as Hear
from .steps import HearAll as HearAll
from .steps import HearMarker as HearMarker
from .steps import Repeat as Repeat
from .steps import Say as Say
from .steps import Step as Step
from .steps import Swallow as Swallow
from .streaming import streaming as streaming

__all__ = (
    "CancelReport",
    "Checkpoint",
    "ContractViolation",
    "Delay",
    "Fail",
    "Hang",
    "Hear",
    "HearAll",
    "HearMarker",
    "Heard",
    "Repeat",
    "Say",
    "ScriptedSTT",
    "Spoken",
    "Step",
    "Swallow",
    "Violation",
    "assert_no_leaks",
    "autojump_backends",
    "cancel_everywhere",
    "check_stt",
    "check_vad",
    "cut",
    "cut_at",
    "cut_randomly",
    "end_of_speech",
    "final",
    "interim",
    "noise",
    "preflight",
    "silence",
    "spoken",
    "start_of_speech",
    "streaming",
    "tone",
    "usage",
)
