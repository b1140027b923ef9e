"""A minimal WebSocket client that replaces a browser in tests of a backend. (For more, use pysher.)"""

import json
import os
import socket


class Browser:
    def __init__(self, port, key):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._stream = self._socket.makefile("rb")
        self._socket.sendall(
            (
                "GET /app/%s?protocol=7 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" % key
            ).encode()
        )
        assert b" 101 " in self._stream.readline()
        while self._stream.readline() != b"\r\n":
            pass
        self.socket_id = json.loads(self._wait_for("pusher:connection_established")["data"])["socket_id"]

    def join(self, channel, authorization):
        """Subscribes, and returns once the subscription is accepted."""
        self._send({"event": "pusher:subscribe", "data": {"channel": channel, **authorization}})
        self._wait_for("pusher_internal:subscription_succeeded")

    def close(self):
        self._stream.close()
        self._socket.close()

    def _send(self, message):
        text = json.dumps(message).encode()
        # Client frames must be masked.
        mask = os.urandom(4)
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(text))
        self._socket.sendall(b"\x81" + length + mask + masked)

    def _wait_for(self, event):
        while True:
            message = self._receive()
            if message["event"] == event:
                return message
            assert message["event"] not in ("pusher:error", "pusher:subscription_error"), message

    def _receive(self):
        length = self._stream.read(2)[1]
        if length == 126:
            length = int.from_bytes(self._stream.read(2), "big")
        return json.loads(self._stream.read(length))
