"""What an engine is asked for: which model, of whom, and how that is changed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, ClassVar

__all__ = ("ChangeableEngine",)


class ChangeableEngine:
    """
    The base's half of an engine with options.

    An engine keeps them in `self._options`, a frozen dataclass whose fields have the names that
    its users know, names in `_changeable` those that may change while a stream runs, and gives
    its streams `options=`.
    """

    _changeable: ClassVar[Collection[str]] = ()
    _provider: ClassVar[str] = "unknown"

    @property
    def model(self) -> str:
        """The model's name; "unknown" where the engine does not say."""
        options = getattr(self, "_options", None)
        return str(getattr(options, "model", None) or "unknown")

    @property
    def provider(self) -> str:
        """Who recognises, a company or a library; "unknown" where the engine does not say."""
        return self._provider

    def prewarm(self) -> None:
        """
        Load what the first stream needs, where an engine has something to load.

        It may take seconds and blocks meanwhile: call it before the event loop runs, or in a
        thread.
        """

    def update_options(self, **options: Any) -> None:
        """
        Change what the engine is asked for: in its open streams, in those made later, and in
        each `recognize` from now on.

        A stream that is open goes by the new options from the next place on where nothing is
        cut, as with its own `update_options`; the last word counts. All is changed, or nothing.

        Args:
            options: by the names that the engine has for them, such as `language`, `model`,
                `keyterms` or `endpointing`.

        Raises:
            TypeError: for an option that the engine cannot change; the message names those it can.
            ValueError: for a value that it does not take.
        """
        self._core_prepare_change(options)()

    def _core_prepare_change(
        self, options: dict[str, Any], *, streams: bool = True
    ) -> Callable[[], None]:
        """
        Check *options*, and return what makes the change, which cannot fail.

        Args:
            options: what changes.
            streams: whether open streams change, too.
        """
        now = getattr(self, "_options", None)
        new = self._changed_options(now, **options)
        opened: list[Any] = list(self._core_streams) if streams else []  # type: ignore[attr-defined]
        changes = [stream._core_prepare_change(options) for stream in opened]  # noqa: SLF001

        def change() -> None:
            if new is not now:
                self._options: Any = new
            for each in changes:
                each()

        return change

    def _core_check_stream_change(self, options: dict[str, Any]) -> None:
        """Raise unless one of its streams may change so."""
        self._changed_options(getattr(self, "_options", None), **options)

    def _changed_options(self, options: Any, **changes: Any) -> Any:
        """
        Return *options*, its own or those of one of its streams, with *changes*.

        An engine that takes other words than the fields of its options overrides it.

        Raises:
            TypeError: for what cannot be changed, and for a value of the wrong kind.
            ValueError: for a value that it does not take.
        """
        label: str = getattr(self, "label", type(self).__name__)
        for name in changes:
            if options is None or name not in self._changeable:
                able = ", ".join(() if options is None else self._changeable) or "nothing"
                raise TypeError(
                    f"{label} cannot change {name} while it runs, but {able}; make another engine"
                )
        checked = {name: _checked(label, name, value) for name, value in changes.items()}
        return replace(options, **checked) if checked else options


def _checked(label: str, name: str, value: Any) -> Any:
    """Return *value* if it is one that the option's name promises everywhere."""
    if name == "keyterms":
        if isinstance(value, str) or not all(isinstance(each, str) for each in value):
            raise TypeError(f"{label}: keyterms takes a sequence of strings, got {value!r}")
        return tuple(value)
    if name in ("language", "model") and not isinstance(value, (str, type(None))):
        raise TypeError(f"{label}: {name} takes a string, got {value!r}")
    return value
