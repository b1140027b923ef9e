"""Starts one emulator for all tests. Each test has its own backend and its own app."""

import json
import os
import shlex
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from backend import Backend
from browser import Browser

# Do not use npx, which does not forward the signal that stops the emulator.
COMMAND = os.environ.get("EMULATOR", "node_modules/.bin/soketify-emulator")


class Soketify:
    """The emulator, through its control API. Its clock stands still until a test moves it."""

    def __init__(self):
        command = shlex.split(COMMAND) + ["--port", "0", "--control", "virtual"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        for line in self._process.stdout:
            entry = json.loads(line)
            if entry["msg"] == "listening":
                self.port = entry["port"]
                break
        else:
            raise RuntimeError("The emulator exited with %d before it listened" % self._process.wait())
        # Read the rest of the log, so that the pipe does not fill up.
        threading.Thread(target=self._process.stdout.read, daemon=True).start()

    def control(self, method, path, body=None):
        """Calls the control API. If the request is refused, the test fails with the message of the response."""
        request = urllib.request.Request(
            "http://127.0.0.1:%d/control/%s" % (self.port, path),
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            pytest.fail("%s %s: %d %s" % (method, path, error.code, error.read().decode()), pytrace=False)

    def advance(self, ms):
        self.control("POST", "clock/advance", {"ms": ms})

    def close(self):
        self._process.terminate()
        assert self._process.wait(timeout=20) == 0


class App:
    """One app of the emulator. Its records, faults and clients do not affect other tests."""

    def __init__(self, soketify, backend, secret):
        self._soketify = soketify
        self._backend = backend
        self._browsers = []
        app = soketify.control("POST", "apps", {"secret": secret, "webhooks": [{"url": backend.url}]})
        self.id = app["id"]
        self.key = backend.key = app["key"]

    def visit(self, user_id, channel="presence-online"):
        """Opens a page as this user."""
        browser = Browser(self._soketify.port, self.key)
        self._browsers.append(browser)
        browser.join(channel, self._backend.authorize(browser.socket_id, channel, user_id))
        return browser

    def wait_for(self, **match):
        """Returns the first matching event once the backend has accepted it. Moves the clock as far as necessary."""
        return self._soketify.control("POST", "webhooks/wait-for", {"app": self.id, "match": match})

    def expect_none(self, after=None, **match):
        """Lets the grace period pass, and fails if a matching event is sent."""
        options = {} if after is None else {"after": after["id"]}
        self._soketify.control("POST", "webhooks/expect-none", {"app": self.id, "match": match, **options})

    def fail_webhooks(self, **fault):
        self._soketify.control("POST", "faults/webhooks", {"app": self.id, **fault})

    def close(self):
        for browser in self._browsers:
            browser.close()
        self._soketify.control("DELETE", "apps/%s" % self.id)


@pytest.fixture(scope="session")
def soketify():
    soketify = Soketify()
    yield soketify
    soketify.close()


@pytest.fixture
def backend():
    backend = Backend("a-secret-of-this-test")
    yield backend
    backend.close()


@pytest.fixture
def app(soketify, backend):
    app = App(soketify, backend, "a-secret-of-this-test")
    yield app
    app.close()
