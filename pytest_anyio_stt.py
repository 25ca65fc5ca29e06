"""
Adds `pytest --stt my.module:make_stt`, which tries an engine against the contract.

It stands outside the package, and imports it only when the option is given, so that it costs
other test runs nothing.
"""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("anyio_stt").addoption(
        "--stt",
        metavar="MODULE:FUNCTION",
        help="run the checks of anyio_stt.testing.check_stt on the engine that FUNCTION makes, "
        "on every event loop, instead of your own tests; name paths to run those too",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Get to work when the option is given."""
    if config.getoption("--stt"):
        from anyio_stt.testing.pytest_checks import ContractChecks

        config.pluginmanager.register(ContractChecks(config), "anyio_stt_checks")
