"""What records, as PortAudio knows it; what is missing is told with what to do."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from .errors import MicrophoneError

__all__ = ("InputDevice", "chosen_device", "load_sounddevice", "microphones", "opening_failed")

_NOT_A_RATE, _NOT_CHANNELS, _TAKEN = -9997, -9998, -9985


@dataclass(frozen=True)
class InputDevice:
    """A recording device."""

    index: int
    """Its number in PortAudio's list."""
    name: str
    """What the system calls it."""
    num_channels: int
    """The most channels it records."""
    sample_rate: int
    """The rate it records at unless told otherwise."""
    is_default: bool
    """Whether it is taken where none is chosen."""


def load_sounddevice() -> Any:
    """
    Import sounddevice, which initialises PortAudio.

    Raises:
        ImportError: when it is not installed.
        MicrophoneError: when there is no PortAudio, or it does not start.
    """
    try:
        return import_module("sounddevice")
    except ModuleNotFoundError as exc:
        raise ImportError(
            "a microphone needs sounddevice, which is not installed: "
            "pip install 'anyio-stt[microphone]'",
            name="sounddevice",
        ) from exc
    except OSError as exc:
        raise MicrophoneError(
            "a microphone needs the library PortAudio, which is not on this machine: "
            "apt install libportaudio2, dnf install portaudio, or what your system calls it"
        ) from exc
    except Exception as exc:  # its own error, which cannot be imported now
        raise MicrophoneError(f"PortAudio does not start: {exc}") from exc


def microphones() -> list[InputDevice]:
    """
    Return the devices that record, as they were when PortAudio was first used.

    Asks the system, which may take a while: call it from a thread where an event loop runs.

    Raises:
        ImportError: when sounddevice is not installed.
        MicrophoneError: when there is no PortAudio, or it does not start.
    """
    sounddevice = load_sounddevice()
    default = sounddevice.default.device[0]
    return [
        InputDevice(
            index,
            each["name"],
            each["max_input_channels"],
            round(each["default_samplerate"]),
            is_default=index == default,
        )
        for index, each in enumerate(sounddevice.query_devices())
        if each["max_input_channels"] > 0
    ]


def chosen_device(wanted: int | str | None) -> InputDevice:
    """
    Return the device of that number, or the one whose name has *wanted* in it.

    Raises:
        ImportError: when sounddevice is not installed.
        MicrophoneError: when there is no such device, or no PortAudio.
    """
    there = microphones()
    if not there:
        raise MicrophoneError("no microphone: the system has no recording device")
    if wanted is None:
        return next((each for each in there if each.is_default), there[0])
    fitting = [each for each in there if wanted in (each.index, each.name)]
    if not fitting and isinstance(wanted, str):
        fitting = [each for each in there if wanted.lower() in each.name.lower()]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(f"{each.index} ({each.name})" for each in fitting)
        raise MicrophoneError(f"{wanted!r} matches several devices: choose one of {names}")
    names = ", ".join(f"{each.index} ({each.name})" for each in there)
    raise MicrophoneError(f"no recording device is called {wanted!r}; there are: {names}")


def opening_failed(device: InputDevice, rate: int, channels: int, error: Exception) -> Exception:
    """Return the error to raise when *device* could not be opened, with what to do about it."""
    code = error.args[1] if len(error.args) > 1 else None
    text = str(error.args[0] if error.args else error).removeprefix(
        "Error opening RawInputStream: "
    )
    advice = {
        _NOT_A_RATE: f"{rate} samples a second, but perhaps {device.sample_rate}",
        _NOT_CHANNELS: f"{channels} channels, but up to {device.num_channels}",
    }
    if code in advice:
        return MicrophoneError(f"{device.name} does not record {advice[code]}")
    if code == _TAKEN:
        text += "; another program may have it, or it was unplugged"
    return MicrophoneError(f"{device.name} cannot be opened: {text}")
