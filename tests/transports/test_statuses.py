"""What a status says about waiting."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from anyio_stt.transports.statuses import retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-1", None),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_seconds_are_read_and_nonsense_is_nothing(value: str, seconds: float | None) -> None:
    assert retry_after(value) == seconds


def test_a_date_is_seconds_from_now() -> None:
    later = datetime.now(timezone.utc) + timedelta(seconds=100)
    seconds = retry_after(format_datetime(later, usegmt=True))
    assert seconds is not None
    assert 95 < seconds <= 100
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
