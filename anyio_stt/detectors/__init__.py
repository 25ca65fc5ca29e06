"""Detectors of the end of a turn."""

from .smart_turn import SmartTurn as SmartTurn

__all__ = ("SmartTurn",)
