"""Language tags, written one way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ("LanguageCode",)

# name, ISO 639-3, ISO 639-1: what providers call languages
_LANGUAGES = """
afrikaans afr af, albanian sqi sq, amharic amh am, arabic ara ar, armenian hye hy,
azerbaijani aze az, basque eus eu, belarusian bel be, bengali ben bn, bosnian bos bs,
bulgarian bul bg, burmese mya my, catalan cat ca, chinese zho zh, croatian hrv hr, czech ces cs,
danish dan da, dutch nld nl, english eng en, estonian est et, finnish fin fi, french fra fr,
galician glg gl, georgian kat ka, german deu de, greek ell el, gujarati guj gu, hausa hau ha,
hebrew heb he, hindi hin hi, hungarian hun hu, icelandic isl is, indonesian ind id, irish gle ga,
italian ita it, japanese jpn ja, javanese jav jv, kannada kan kn, kazakh kaz kk, khmer khm km,
korean kor ko, lao lao lo, latin lat la, latvian lav lv, lithuanian lit lt, macedonian mkd mk,
malay msa ms, malayalam mal ml, maltese mlt mt, mandarin cmn zh, maori mri mi, marathi mar mr,
mongolian mon mn, nepali nep ne, norwegian nor no, pashto pus ps, persian fas fa, polish pol pl,
portuguese por pt, punjabi pan pa, romanian ron ro, russian rus ru, serbian srp sr, slovak slk sk,
slovenian slv sl, somali som so, spanish spa es, swahili swa sw, swedish swe sv, tagalog tgl tl,
tajik tgk tg, tamil tam ta, telugu tel te, thai tha th, turkish tur tr, ukrainian ukr uk,
urdu urd ur, uzbek uzb uz, vietnamese vie vi, welsh cym cy, yoruba yor yo, zulu zul zu
"""
_ROWS = [row.split() for row in _LANGUAGES.replace("\n", " ").split(",")]
_SHORT = {each: short for name, long, short in _ROWS for each in (name, long)}
_NAMES = {short: name for name, _, short in reversed(_ROWS)}
_SCRIPT = 4  # letters of a script, as in zh-Hans-CN


class LanguageCode(str):
    """
    A language tag: "English", "eng" and "EN" are "en", "en_us" is "en-US"; others stay.

    It is a string, so that everything here takes it.
    """

    __slots__ = ()

    def __new__(cls, code: str) -> Self:
        """Write *code* the one way."""
        return super().__new__(cls, _normalised(code))

    @property
    def language(self) -> str:
        """The language alone, by its shortest code."""
        first = self.partition("-")[0]
        return _SHORT.get(first, first)

    @property
    def iso(self) -> str:
        """The language alone, with its region if there is one."""
        return f"{self.language}-{self.region}" if self.region else self.language

    @property
    def region(self) -> str | None:
        """The region, such as "US"."""
        parts = [part for part in self.split("-")[1:] if len(part) != _SCRIPT]
        return parts[0] if parts else None

    def to_language_name(self) -> str | None:
        """Return the language's English name."""
        return _NAMES.get(self.language)


def _normalised(code: str) -> str:
    lowered = code.strip().lower()
    if lowered in _SHORT:
        return _SHORT[lowered]
    first, *rest = lowered.replace("_", "-").split("-")
    return "-".join([first, *(_subtag(part) for part in rest)])


def _subtag(part: str) -> str:
    return part.capitalize() if len(part) == _SCRIPT else part.upper()
