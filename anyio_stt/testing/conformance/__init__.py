"""The contract as a suite of checks that any engine can be put through."""

from .suite import check_stt as check_stt
from .violations import ContractViolation as ContractViolation
from .violations import Violation as Violation
from .voice_suite import check_vad as check_vad

__all__ = ("ContractViolation", "Violation", "check_stt", "check_vad")
