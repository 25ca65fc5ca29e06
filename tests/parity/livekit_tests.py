"""
LiveKit's own tests of this module, by name, and what stands for each here.

A value is what here is its equal: a scenario of `tests/parity` (`both::NAME`), which runs against
both, ours on asyncio and trio, and whose differences are listed with their reasons; a test of ours
alone (`file::test`, under `tests/`), where a record cannot tell it or ours has to prove more; or,
beginning with a dash, why there is none. Names are those of their repository in 2026; a few that are known by what
they assert only are described instead, in lower-case words with spaces.
"""

from __future__ import annotations

__all__ = ("EQUALS",)

_NO_HOOK = "- no such hook here: a session layer's concern"
_NO_SELECT = "- anyio has it: task groups, `anyio.sleep`"
_NAMES = "compat/livekit/test_names.py::"
_OLD_ENGINE = f"{_NAMES}test_an_engine_written_for_livekit_runs_with_its_imports_changed"
_ATTEMPTS, _RECOGNIZE = "contract/test_attempts.py::", "contract/test_recognize.py::"
_ERRORS, _OUTPUT = "test_exceptions.py::", "contract/test_output.py::"
_FALLBACK, _SPEAKERS = (
    "adapters/test_fallback_adapter.py::",
    "adapters/test_multi_speaker_adapter.py::",
)
_MODEL = "adapters/test_names.py::test_model_and_provider_are_those_of_the_engine_behind_an_adapter"
_PREWARM = "adapters/test_names.py::test_prewarm_reaches_the_engine_that_is_asked_first"
_ADAPTERS = "adapters/test_conformance.py::test_each_adapter_keeps_the_contract"

EQUALS: dict[str, str | tuple[str, ...]] = {
    # tests/test_stt.py, against real providers
    "test_stt::test_recognize": (
        "engines/pocketsphinx/test_stt.py::test_a_recording_is_recognised_whatever_its_rate_and_channels",
    ),
    "test_stt::test_stream": (
        "engines/pocketsphinx/test_stream.py::test_what_was_said_comes_back_with_guesses_words_and_times",
        f"{_OUTPUT}test_what_an_engine_leaves_out_is_completed",
    ),
    # tests/test_stt_base.py
    "test_stt_base::test_start_time_seeded_on_init": (_OLD_ENGINE,),
    "test_stt_base::test_start_time_setter_accepts_valid_values": (_OLD_ENGINE,),
    "test_stt_base::test_start_time_setter_rejects_negative": (_OLD_ENGINE,),
    "test_stt_base::test_start_time_reseeded_on_retry": (
        "contract/test_replay.py::test_the_clock_counts_pushed_audio_not_outages",
        _OLD_ENGINE,
    ),
    "test_stt_base::test_non_retryable_error_is_not_retried": (
        "both::failure_not_retryable",
        f"{_ATTEMPTS}test_nothing_else_is_retried_and_the_original_is_raised",
    ),
    "test_stt_base::test_recognize_does_not_retry_non_retryable_error": (
        "both::recognise_unauthorised",
        "both::recognise_not_retryable",
        f"{_RECOGNIZE}test_it_raises_the_original_when_nothing_helps",
    ),
    "test_stt_base::test_recognize_retries_retryable_error": (
        "both::recognise_retried_once",
        "both::recognise_retried_three_times",
        f"{_RECOGNIZE}test_it_retries_what_may_pass_and_counts_truly",
    ),
    "test_stt_base::test_stream_adapter_keeps_vad_speech_end_on_delayed_final": (
        "both::stream_adapter_recognises_utterances",
        "adapters/test_stream_adapter.py::test_each_utterance_is_recognised_with_its_times_on_the_streams_clock",
    ),
    "test_stt_base::test_retry_budget_resets_after_an_attempt_that_outlived_the_connect_timeout": (
        "both::failure_after_each_final",
        f"{_ATTEMPTS}test_a_long_healthy_attempt_starts_the_count_anew",
    ),
    "test_stt_base::test_retry_budget_still_gives_up_on_consecutive_short_lived_attempts": (
        "both::failure_exhausted",
        f"{_ATTEMPTS}test_a_short_attempt_does_not",
    ),
    # tests/test_exceptions.py
    "test_exceptions::test_str_without_cause_is_the_message": (
        f"{_ERRORS}test_without_a_cause_it_is_the_message",
    ),
    "test_exceptions::test_str_names_the_cause": (
        "both::connection_error_names_its_root_cause",
        f"{_ERRORS}test_the_cause_is_named_and_the_message_stays_alone",
    ),
    "test_exceptions::test_str_reports_the_root_of_the_chain": (
        f"{_ERRORS}test_the_root_of_the_chain_is_named_not_what_is_between",
    ),
    "test_exceptions::test_str_survives_a_cause_whose_str_raises": (
        f"{_ERRORS}test_a_cause_whose_text_fails_is_named_by_its_class",
    ),
    "test_exceptions::test_str_terminates_on_a_cyclic_chain": (
        f"{_ERRORS}test_a_chain_that_is_a_circle_ends",
        f"{_ERRORS}test_a_chain_that_leads_back_to_the_error_ends",
    ),
    "test_exceptions::terminates on a cause that is itself": (
        f"{_ERRORS}test_an_error_that_causes_itself_is_the_message",
    ),
    "test_exceptions::stops after ten causes": (
        f"{_ERRORS}test_a_long_chain_is_followed_ten_steps",
    ),
    "test_exceptions::no separator for an empty text": (
        f"{_ERRORS}test_a_cause_without_text_is_named_by_its_class",
    ),
    "test_exceptions::test_timeout_subclass_keeps_its_own_message": (
        f"{_ERRORS}test_a_cause_without_text_is_named_by_its_class",
    ),
    "test_exceptions::test_raise_from_populates_the_message": (
        f"{_ERRORS}test_what_raise_from_sets_is_named",
    ),
    # tests/test_stt_fallback.py
    "test_stt_fallback::test_stt_fallback": (
        "both::fallback_recognises",
        "both::fallback_of_engines_that_all_fail",
        "both::fallback_streams",
        f"{_FALLBACK}test_a_recording_goes_to_the_next_engine_when_one_fails",
        f"{_FALLBACK}test_a_recording_that_no_engine_recognises_says_which_were_asked",
        "adapters/test_availability.py::test_one_failure_takes_a_member_down_and_is_told_once",
    ),
    "test_stt_fallback::test_stt_stream_fallback": (
        "both::fallback_streams",
        "both::fallback_streams_without_audio",
        "both::fallback_hears_again",
        f"{_FALLBACK}test_the_next_engine_hears_all_that_no_final_covers_wherever_one_fails",
    ),
    "test_stt_fallback::test_stt_stream_fallback_propagates_start_time_offset": (
        f"{_FALLBACK}test_what_a_final_covers_is_not_heard_again_and_times_go_on",
    ),
    # Nothing runs in the background without a stream: who is down is asked again by the next
    # recording that is due, or by a stream's probes.
    "test_stt_fallback::test_stt_recover": ("both::fallback_recovers",),
    "test_stt_fallback::test_stt_stream_recovery_failure_doesnt_block_main": (
        "both::fallback_beside_an_engine_that_hangs",
        f"{_FALLBACK}test_a_stream_returns_to_the_first_engine_once_that_has_answered_two_probes",
        f"{_FALLBACK}test_a_probe_does_not_outlive_its_stream",
    ),
    "test_stt_fallback::reports the active instance's model and provider": (
        "both::fallback_is_called_by_who_serves",
        "adapters/test_names.py::test_a_fallback_is_called_by_the_member_that_serves",
        f"{_FALLBACK}test_the_members_reports_come_through_once_with_their_labels",
    ),
    # tests/test_multi_speaker_adapter.py
    "test_multi_speaker_adapter::test_wrapped_stt_exposed": _NO_HOOK,
    "test_multi_speaker_adapter::test_keyterms_reach_the_wrapped_stt": _NO_HOOK,
    "test_multi_speaker_adapter::test_keyterm_detector_reaches_the_wrapped_stt": _NO_HOOK,
    "test_multi_speaker_adapter::test_conversation_items_reach_the_wrapped_stt": _NO_HOOK,
    "test_multi_speaker_adapter::test_prewarm_reaches_the_wrapped_stt": (
        "both::multi_speaker_is_called_by_its_engine",
        _PREWARM,
    ),
    "test_multi_speaker_adapter::test_model_and_provider_come_from_the_wrapped_stt": (
        "both::multi_speaker_is_called_by_its_engine",
        _MODEL,
    ),
    "test_multi_speaker_adapter::test_metrics_are_forwarded_and_detached_on_aclose": (
        "both::multi_speaker_measures_once",
        "adapters/test_stream_adapter.py::test_a_closed_adapter_hears_no_more_of_its_engine",
        _ADAPTERS,
    ),
    "test_multi_speaker_adapter::test_recognize_reports_usage_once": (
        "both::multi_speaker_measures_once",
        _ADAPTERS,
    ),
    "test_multi_speaker_adapter::test_stream_reports_usage_once": (
        "both::multi_speaker_measures_once",
        _ADAPTERS,
    ),
    "test_multi_speaker_adapter::test_successful_transcript_forgives_earlier_hiccups": (
        "- an engine that makes its attempts itself is forgiven; behind an adapter an engine that "
        "ignores conn_options dies with its budget, because the deepest layer alone retries"
    ),
    # tests/test_multi_speaker_primary.py
    "test_multi_speaker_primary::a quiet speaker never takes over": (
        "both::multi_speaker_and_a_quiet_one",
        f"{_SPEAKERS}test_who_is_louder_takes_over",
        "adapters/test_primary_speaker.py::test_a_little_louder_is_not_enough",
    ),
    "test_multi_speaker_primary::an unattributed segment keeps the primary": (
        "both::multi_speaker_and_nobody",
        f"{_SPEAKERS}test_what_nobody_is_known_to_have_said_changes_nothing",
    ),
    "test_multi_speaker_primary::without detection nobody is primary": (
        "both::multi_speaker_without_detection",
        f"{_SPEAKERS}test_without_detection_nobody_is_primary",
    ),
    # tests/test_stt_prewarm.py
    "test_stt_prewarm::test_fallback_adapter_prewarms_primary_stt": (
        "both::prewarm_of_a_fallback",
        _PREWARM,
    ),
    "test_stt_prewarm::test_stream_adapter_forwards_prewarm": (
        "both::prewarm_of_a_stream_adapter",
        _PREWARM,
    ),
    "test_stt_prewarm::test_prewarm_reaches_non_streaming_primary": (
        "both::prewarm_through_both",
        _PREWARM,
    ),
    # tests/test_vad.py, of their detectors with recordings
    "test_vad::a detector tells where speech begins and ends": (
        "both::detector_to_the_end",
        "both::detector_closed",
        "engines/livekit/test_plugins.py::test_livekits_detector_finds_speech_here",
    ),
    # tests/test_aio.py: what Chan did, the journal and the delivery do
    "test_aio::test_channel": (
        "contract/test_input.py::test_an_engine_reads_what_was_pushed_in_order_and_once",
        "core/test_channel.py::test_items_come_out_in_the_order_they_went_in_also_after_the_end",
        "core/test_channel.py::test_every_task_that_waits_is_woken_by_the_end",
        "core/test_delivery.py::test_a_cancelled_wait_does_not_keep_the_next_reader_out",
    ),
    "test_aio::test_select": _NO_SELECT,
    "test_aio::test_select_timeout": _NO_SELECT,
    "test_aio::test_interval": _NO_SELECT,
    "test_aio::test_sleep": _NO_SELECT,
    # tests/test_aio_itertools.py: there is no tee; events have one reader, metrics listeners
    "test_aio_itertools::test_tee_basic": (
        "contract/test_metrics.py::test_each_usage_event_gives_one_measurement",
    ),
    "test_aio_itertools::test_tee_exception_propagation": (
        "core/test_delivery.py::test_the_failure_comes_after_the_events_once_and_then_the_end",
    ),
    "test_aio_itertools::test_tee_exception_concurrent": (
        f"{_OUTPUT}test_two_consumers_at_once_are_refused_and_the_first_goes_on",
    ),
    "test_aio_itertools::one cancelled peer leaves the others whole": (
        f"{_OUTPUT}test_a_cancelled_next_loses_nothing",
    ),
    "test_aio_itertools::test_tee_empty_iterator": (
        "contract/test_metrics.py::test_a_stream_that_heard_nothing_reports_nothing",
    ),
    # whole files
    "test_language": (
        f"{_NAMES}test_a_language_is_written_one_way",
        f"{_NAMES}test_the_parts_of_a_language_can_be_asked_for",
    ),
    "test_audio_array_buffer": (
        "audio/test_cutting.py::test_frames_of_one_length_come_out_and_the_rest_on_flush",
        "audio/test_mixing.py::test_equal_channels_keep_their_level_to_the_ends_of_the_scale",
    ),
    "test_agent_session": "- a session is not part of this library",
}
