"""
The protocols as codecs, without I/O, clocks or sockets.

`session` says what a client's half is; `deepgram`, `vosk`, `wyoming`, `openai_realtime`, `speaches`
and `vllm` are those of their protocols, `openai` reads the answers to recordings. `sse` and
`wyoming_events` are what both halves are framed in. `server_session` says what a server's half is;
the modules whose names end in `_server` are those of their protocols.
"""
