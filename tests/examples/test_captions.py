"""The captions page in a real browser, with speech in its microphone, on both event loops."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import anyio_stt.testing

webdriver = pytest.importorskip("selenium.webdriver")
pytest.importorskip("hypercorn")

from shutil import which  # noqa: E402

CHROMIUM, DRIVER = which("chromium") or which("chromium-browser"), which("chromedriver")
APP = Path(__file__).parents[2] / "docs" / "examples" / "captions" / "captions.py"
SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")
PATIENCE = 90.0  # seconds; the machine may be busy

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        CHROMIUM is None or DRIVER is None, reason="chromium and chromedriver are not installed"
    ),
]


@pytest.fixture(params=["asyncio", "trio"])
def page(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the running application."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(APP), "--backend", request.param, "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            wait_for(lambda: answers(port), "the server to listen")
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()
            _, errors = server.communicate(timeout=30)
    assert "Traceback" not in errors, errors


def answers(port: int) -> bool:
    with socket.socket() as knocking:
        return knocking.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what: Any, name: str) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"waited {PATIENCE} s for {name}")


@pytest.fixture
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={SPOKEN}", f"--user-data-dir={tmp_path}",
        *getattr(request, "param", ("--use-fake-ui-for-media-stream",)),
    ):  # fmt: skip
        options.add_argument(argument)
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield driver
    finally:
        driver.quit()


def text_of(browser: Any, id_: str) -> str:
    return str(browser.find_element("id", id_).text)


def test_what_is_said_into_the_microphone_stands_on_the_page(page: str, browser: Any) -> None:
    browser.get(page)
    assert text_of(browser, "state") == "not listening"
    toggle = browser.find_element("id", "toggle")
    toggle.click()
    wait_for(lambda: text_of(browser, "state") == "listening", "the microphone")
    wait_for(lambda: text_of(browser, "interim"), "an interim caption")
    wait_for(lambda: "morning" in text_of(browser, "captions"), "what was said")
    toggle.click()
    wait_for(lambda: text_of(browser, "state") == "not listening", "the end")
    assert toggle.text == "Start"


def test_a_second_tab_is_captioned_by_itself_after_the_first_was_closed(
    page: str, browser: Any
) -> None:
    browser.get(page)
    browser.find_element("id", "toggle").click()
    wait_for(lambda: text_of(browser, "state") == "listening", "the microphone")
    browser.get("about:blank")
    browser.get(page)
    browser.find_element("id", "toggle").click()
    wait_for(lambda: "morning" in text_of(browser, "captions"), "what was said")


@pytest.mark.parametrize("browser", [("--deny-permission-prompts",)], indirect=True)
def test_a_refused_microphone_is_said_on_the_page(page: str, browser: Any) -> None:
    browser.get(page)
    browser.find_element("id", "toggle").click()
    wait_for(lambda: "no microphone" in text_of(browser, "state"), "the refusal")
    assert browser.find_element("id", "toggle").text == "Start"


COUNT_SOCKETS = """
window.opened = [];
window.WebSocket = class extends WebSocket {
  constructor(address) { super(address); opened.push(this); }
};
"""


def test_a_double_click_opens_one_microphone_and_one_socket(page: str, browser: Any) -> None:
    browser.get(page)
    browser.execute_script(COUNT_SOCKETS + "toggle.click(); toggle.click();")
    wait_for(lambda: "morning" in text_of(browser, "captions"), "what was said")
    assert browser.execute_script("return opened.length") == 1


def test_a_click_while_the_socket_opens_leaves_the_page_listening(page: str, browser: Any) -> None:
    browser.get(page)
    browser.execute_script("""
    window.WebSocket = class extends WebSocket {
      constructor(address) { super(address); setTimeout(() => toggle.click(), 0); }
    };
    toggle.click();
    """)
    wait_for(lambda: "morning" in text_of(browser, "captions"), "what was said")


def test_a_server_that_is_not_reached_is_said_on_the_page(page: str, browser: Any) -> None:
    browser.get(page)
    browser.execute_script("""
    window.WebSocket = class extends WebSocket { constructor() { super("ws://127.0.0.1:9"); } };
    toggle.click();
    """)
    wait_for(lambda: "no connection" in text_of(browser, "state"), "the failure")
    assert browser.find_element("id", "toggle").text == "Start"
