"""
What an operator wants to see, sent where operators look.

`anyio_stt.observability.opentelemetry` and `.prometheus` each need their package (extras
`[opentelemetry]` and `[prometheus]`) and are imported by name, so that nobody loads what they do
not use.
"""

from .observer import Observer as Observer

__all__ = ("Observer",)
