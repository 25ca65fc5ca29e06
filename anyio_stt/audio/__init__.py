"""Audio as values: frames, joining and cutting them, resampling, reading files."""

from .arriving import open_audio_stream as open_audio_stream
from .errors import AudioFileError as AudioFileError
from .errors import MicrophoneError as MicrophoneError
from .frame import AudioBuffer as AudioBuffer
from .frame import AudioFrame as AudioFrame
from .frame import FrameLike as FrameLike
from .frame import as_frame as as_frame
from .frame import calculate_audio_duration as calculate_audio_duration
from .frame import combine_frames as combine_frames
from .microphone import Microphone as Microphone
from .microphone import microphone as microphone
from .mixing import mix_down as mix_down
from .pcm import PCMFormat as PCMFormat
from .portaudio import InputDevice as InputDevice
from .portaudio import microphones as microphones
from .reader import AudioReader as AudioReader
from .reading import open_audio as open_audio
from .resampling import Resampler as Resampler
from .resampling import ResamplerBackend as ResamplerBackend
from .resampling import ResamplerQuality as ResamplerQuality

__all__ = (
    "AudioBuffer",
    "AudioFileError",
    "AudioFrame",
    "AudioReader",
    "FrameLike",
    "InputDevice",
    "Microphone",
    "MicrophoneError",
    "PCMFormat",
    "Resampler",
    "ResamplerBackend",
    "ResamplerQuality",
    "as_frame",
    "calculate_audio_duration",
    "combine_frames",
    "microphone",
    "microphones",
    "mix_down",
    "open_audio",
    "open_audio_stream",
)
