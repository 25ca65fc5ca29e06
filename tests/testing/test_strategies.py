from __future__ import annotations

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anyio_stt import AudioFrame, StreamFullError, combine_frames
from anyio_stt.testing import ScriptedSTT, Step, noise, strategies
from anyio_stt.testing.strategies import Operation

AUDIO = noise(0.5, seed=9)


@given(strategies.frames())
def test_frames_keep_to_their_bounds(frame: AudioFrame) -> None:
    assert frame.duration <= 0.5
    assert frame.num_channels in (1, 2)


@given(strategies.chunkings(AUDIO))
def test_chunkings_add_up_to_the_audio(pieces: list[AudioFrame]) -> None:
    assert combine_frames(pieces) == AUDIO
    assert len(pieces) <= 20


@given(st.data())
@settings(max_examples=30)
async def test_whatever_the_script_everything_is_recognised(data: st.DataObject) -> None:
    script: list[list[Step]] = data.draw(strategies.scripts(seconds=AUDIO.duration))
    pieces: list[AudioFrame] = data.draw(strategies.chunkings(AUDIO))
    stt = ScriptedSTT(*script)
    with anyio.fail_after(60):
        async with stt.stream() as stream:
            await stream.feed(pieces)
            async for _ in stream:
                pass
    assert stream.statistics().recognised == pytest.approx(AUDIO.duration)
    assert all(len(heard.audio) <= len(AUDIO.data) * 2 for heard in stt.heard)


@given(strategies.operations())
@settings(max_examples=50)
async def test_whatever_the_operations_only_promised_errors_come(
    operations: list[Operation],
) -> None:
    with anyio.fail_after(60):
        async with ScriptedSTT().stream() as stream:
            for operation in operations:
                try:
                    if operation.name == "push":
                        stream.push_frame(noise(operation.seconds))
                    elif operation.name == "wait":
                        await anyio.sleep(operation.seconds)
                    elif operation.name == "aclose":
                        await stream.aclose()
                    else:
                        getattr(stream, operation.name)()
                except (RuntimeError, StreamFullError):
                    pass


def test_the_error_without_hypothesis_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "anyio_stt.testing.strategies")
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ImportError, match=r"anyio-stt\[testing\]"):
        import anyio_stt.testing.strategies  # noqa: F401
