"""A browser without a window, driven over HTTP: as much of W3C WebDriver as the tests of the report need (chromedriver)."""
import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

START_SECONDS = 60
CALL_SECONDS = 60


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Browser:
    def __init__(self, downloads):
        self.folder = tempfile.mkdtemp(prefix="splinter-browser-")
        self.port = _free_port()
        self.session = None
        # A group of its own: the driver's children end with it, whatever state they are in.
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True, env={**os.environ, "HOME": self.folder, "TMPDIR": self.folder})
        try:
            self._await_driver()
            self.session = self._start(downloads)
        except BaseException:
            self.close()
            raise

    def _await_driver(self):
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if time.monotonic() > end or self.driver.poll() is not None:
                    raise RuntimeError("chromedriver does not answer") from None
                time.sleep(0.05)

    def _start(self, downloads):
        options = {
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
                     "--disable-background-networking", "--no-first-run", "--hide-scrollbars", "--force-color-profile=srgb",
                     f"--user-data-dir={self.folder}/profile", "--window-size=1280,900"],
            "prefs": {"download.default_directory": str(downloads), "download.prompt_for_download": False},
        }
        for name in ("chromium", "chromium-browser", "google-chrome"):
            if shutil.which(name):
                options["binary"] = shutil.which(name)
                break
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        return self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=CALL_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {json.load(error)['value'].get('message', error)}") from None

    def call(self, path, body):
        return self._call("POST", f"/session/{self.session}{path}", body)

    def open(self, url):
        self.call("/url", {"url": url})

    def run(self, script, *arguments):
        """The value that the script returns; its arguments are arguments[0], ...."""
        return self.call("/execute/sync", {"script": script, "args": list(arguments)})

    def log(self, kind):
        """Entries since the last call: "browser" is the console, "performance" what DevTools see."""
        return self.call("/se/log", {"type": kind})

    def devtools(self, command, **parameters):
        return self.call("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def hover(self, x, y):
        self.devtools("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.devtools("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def set_size(self, width, height, phone=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def screenshot(self, path):
        """Of the whole page, also what is below the window, as far as Chromium can (16384 pixels)."""
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
        shot = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def print_page(self, path):
        paper = self.devtools("Page.printToPDF", printBackground=True, preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69)
        with open(path, "wb") as file:
            file.write(base64.b64decode(paper["data"]))

    def close(self):
        if self.session is not None:
            try:
                self._call("DELETE", f"/session/{self.session}")
            except (RuntimeError, OSError):
                pass
        self.driver.terminate()
        try:
            self.driver.wait(10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
            self.driver.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
