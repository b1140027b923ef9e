"""A backend that tracks online users with Soketify's webhooks. It uses only the standard library."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Backend:
    def __init__(self, secret):
        self.secret = secret.encode()
        self.key = None
        self.online = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = "http://127.0.0.1:%d/webhooks/soketify" % self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def receive(self, body, signature):
        """Returns the status for a webhook. The signature covers the received bytes, so they are verified before they are parsed."""
        expected = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        # Unlike ==, this takes the same time however much of a guessed signature is correct.
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return 401
        for event in json.loads(body)["events"]:
            if event["name"] == "member_added":
                self.online.add(event["user_id"])
            elif event["name"] == "member_removed":
                self.online.discard(event["user_id"])
        return 200

    def authorize(self, socket_id, channel, user_id):
        """Returns the authorization with which a client joins a presence channel as this user."""
        member = json.dumps({"user_id": user_id})
        text = "%s:%s:%s" % (socket_id, channel, member)
        signature = hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()
        return {"auth": "%s:%s" % (self.key, signature), "channel_data": member}

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = backend.receive(body, self.headers.get("X-Pusher-Signature", ""))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler
