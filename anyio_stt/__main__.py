"""`python -m anyio_stt` is the command `anyio-stt`."""

from anyio_stt.cli import main

if __name__ == "__main__":
    main()
