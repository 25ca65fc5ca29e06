"""What a model on this machine understands."""

from __future__ import annotations

import os

__all__ = ("language_of", "same_language")


def same_language(language: str, other: str) -> bool:
    """Whether two tags are of one language, "en-GB" and "en_us" are."""
    one, two = (tag.replace("_", "-").lower().partition("-")[0] for tag in (language, other))
    return one == two


def language_of(
    model: str | os.PathLike[str], language: str | None, *, is_known: bool
) -> str | None:
    """
    Return what a model's transcripts are in, `None` where it is left to the model.

    Args:
        model: its name or folder; "-en" or ".en" at its end stands for English.
        language: what the user said.
        is_known: whether it is one of ours, whose name says all; a folder that ends in "-zh-en"
            knows Chinese too.

    Raises:
        ValueError: when a known model does not know the language.
    """
    wanted = None if language in (None, "auto") else language
    if not os.fspath(model).rstrip(os.sep).endswith(("-en", ".en")):
        return wanted
    if is_known and wanted is not None and not same_language(wanted, "en"):
        raise ValueError(
            f"model={os.fspath(model)!r} knows English only, not language={language!r}; give the "
            "name or folder of a model that knows it"
        )
    return wanted or "en"
