"""The captions page in a real browser, with speech in its microphone, on both event loops."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import anyio_stt.testing
from tests.server.processes import answers, free_port, wait_for

webdriver = pytest.importorskip("selenium.webdriver")
pytest.importorskip("hypercorn")

from shutil import which  # noqa: E402

CHROMIUM, DRIVER = which("chromium") or which("chromium-browser"), which("chromedriver")
KEY = "a-key-for-the-page"
SPOKEN = Path(anyio_stt.testing.__file__).with_name("spoken.wav")

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        CHROMIUM is None or DRIVER is None, reason="chromium and chromedriver are not installed"
    ),
]


@pytest.fixture(params=["asyncio", "trio"])
def page(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the running application."""
    port = free_port()
    command = [
        sys.executable, "-m", "anyio_stt", "serve", "--engine", "pocketsphinx",
        "--backend", request.param, "--port", str(port),
    ]  # fmt: skip
    keys = {"ANYIO_STT_SERVER_KEYS": KEY} if "key" in request.node.name else {}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **keys}
    ) as server:
        try:
            wait_for(lambda: answers(port), "the server to listen")
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.terminate()
            _, errors = server.communicate(timeout=30)
    assert "Traceback" not in errors, errors
    assert server.returncode == 0


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
  constructor(...given) { super(...given); opened.push(this); }
};
"""


def test_a_double_click_opens_one_microphone_and_one_socket(page: str, browser: Any) -> None:
    browser.get(page)
    browser.execute_script(COUNT_SOCKETS + "at('toggle').click(); at('toggle').click();")
    wait_for(lambda: "morning" in text_of(browser, "captions"), "what was said")
    assert browser.execute_script("return opened.length") == 1


def test_a_click_while_the_socket_opens_leaves_the_page_listening(page: str, browser: Any) -> None:
    browser.get(page)
    browser.execute_script("""
    window.WebSocket = class extends WebSocket {
      constructor(...given) { super(...given); setTimeout(() => at('toggle').click(), 0); }
    };
    at('toggle').click();
    """)
    wait_for(lambda: "morning" in text_of(browser, "captions"), "what was said")


def test_a_server_that_is_not_reached_is_said_on_the_page(page: str, browser: Any) -> None:
    browser.get(page)
    browser.execute_script("""
    window.WebSocket = class extends WebSocket { constructor() { super("ws://127.0.0.1:9"); } };
    at('toggle').click();
    """)
    wait_for(lambda: "no connection" in text_of(browser, "state"), "the failure")
    assert browser.find_element("id", "toggle").text == "Start"


def test_a_recording_is_captioned_and_saved(page: str, browser: Any, tmp_path: Path) -> None:
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    browser.get(page)
    assert not browser.find_element("id", "srt").is_enabled()
    browser.find_element("id", "file").send_keys(str(SPOKEN))
    wait_for(lambda: "machine" in text_of(browser, "captions"), "what was said")
    wait_for(lambda: text_of(browser, "state") == "not listening", "the end")
    for kind, beginning in (("srt", "1\n00:00:0"), ("vtt", "WEBVTT\n\n00:00:0")):
        browser.find_element("id", kind).click()
        saved = tmp_path / f"captions.{kind}"
        wait_for(saved.exists, f"the {kind} file")
        wait_for(lambda saved=saved: "machine" in saved.read_text(), "its text")
        assert saved.read_text().startswith(beginning)


def test_what_is_no_recording_is_said_on_the_page(page: str, browser: Any, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.wav"
    nothing.write_text("nothing")
    browser.get(page)
    browser.find_element("id", "file").send_keys(str(nothing))
    wait_for(lambda: "cannot be read" in text_of(browser, "state"), "the refusal")


def test_a_page_that_lags_says_how_far_and_goes_on(page: str, browser: Any) -> None:
    browser.get(page)
    browser.execute_script("""
    const tell = Session.prototype.tell;
    window.deaf = true;
    Session.prototype.tell = function (message) {
      if (window.deaf && message.type !== "Metadata") return;
      tell.call(this, message);
    };
    at("toggle").click();
    """)
    wait_for(lambda: "s behind" in text_of(browser, "state"), "the lag")
    browser.execute_script("window.deaf = false;")
    wait_for(lambda: text_of(browser, "state") == "listening", "having caught up")


def test_a_key_is_asked_for_once_and_is_in_no_address(page: str, browser: Any) -> None:
    browser.get(page)
    browser.find_element("id", "toggle").click()
    asked = browser.find_element("id", "key")
    wait_for(asked.is_displayed, "the question")
    asked.send_keys("wrong-key-wrong\n")
    wait_for(lambda: asked.get_attribute("value") == "" and asked.is_displayed(), "it again")
    asked.send_keys(KEY + "\n")
    wait_for(lambda: text_of(browser, "state").startswith("listening"), "the microphone")
    assert not asked.is_displayed()
    assert KEY not in browser.current_url
    addresses = browser.execute_script(
        "return performance.getEntries().map(entry => entry.name).join(' ') + session.socket.url"
    )
    assert KEY not in addresses


def test_the_page_is_large_and_dark_where_that_is_wanted(page: str, browser: Any) -> None:
    browser.get(page)
    colours = []
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        colours.append(browser.find_element("tag name", "body").value_of_css_property("color"))
    size = browser.find_element("id", "captions").value_of_css_property("font-size")
    assert colours[0] != colours[1]
    assert float(size.removesuffix("px")) >= 24
