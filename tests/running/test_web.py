"""The web server itself, with a small application: what it adds to daphne."""

from __future__ import annotations

import base64
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import ROOT, Clock, free_port, listens, wait_for


class Server:
    """The server in a process of its own."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.running.plain_application", str(self.port)],
            cwd=ROOT,
            env=os.environ | (environment or {}),
        )
        wait_for(lambda: listens(self.port), "the server")

    def get(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path)
        return connection.getresponse()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20)

    def websocket(self, origin: str = "", path: str = "/ws") -> tuple[str, socket.socket]:
        """The status line of a handshake, and the connection."""
        connection = self.connect()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            *([f"Origin: {origin}"] if origin else []),
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            received = connection.recv(1)
            if not received:
                break
            answer += received
        return answer.decode().splitlines()[0], connection

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def echoed(connection: socket.socket, text: bytes) -> bytes:
    """Send a text frame; the text frame that comes back."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(text))
    connection.sendall(bytes([0x81, 0x80 | len(text)]) + mask + masked)
    return frame(connection)[1]


def frame(connection: socket.socket) -> tuple[int, bytes]:
    """One short frame: opcode and payload."""
    first, length = exactly(connection, 2)
    return first & 0x0F, exactly(connection, length)


def exactly(connection: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        received = connection.recv(count - len(read))
        assert received, "closed"
        read += received
    return read


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.stop()


@pytest.fixture
def start_server() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(environment: dict[str, str] | None = None) -> Server:
        started.append(Server(environment))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def test_it_serves_and_does_not_say_with_what(server: Server) -> None:
    response = server.get("/")

    assert response.read() == b"hello"
    assert response.getheader("Server") is None


def test_a_reader_that_stops_reading_holds_up_the_body_and_nobody_else(server: Server) -> None:
    with server.connect() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        reader.sendall(b"GET /large HTTP/1.0\r\n\r\n")
        wait_for(lambda: settled(server), "the body being held up")

        assert int(server.get("/sent").read()) < 20 * 1024 * 1024

        total = 0
        while received := reader.recv(1 << 20):
            total += len(received)
    assert total > 640 * 65536


def settled(server: Server) -> bool:
    """Whether the large body has begun and goes no further for the moment."""
    before = int(server.get("/sent").read())
    time.sleep(0.2)
    return 0 < before == int(server.get("/sent").read())


def test_a_request_of_a_megabyte_is_taken_and_a_larger_one_cut_off(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("POST", "/length", body=bytes(1000 * 1000))
    assert connection.getresponse().read() == b"1000000"

    with server.connect() as large:
        large.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
            for _ in range(1000):
                large.sendall(bytes(65536))


def test_a_websocket_of_origin_null_is_refused(server: Server) -> None:
    status, refused = server.websocket("null")
    refused.close()
    assert "101" not in status

    status, accepted = server.websocket(f"http://127.0.0.1:{server.port}")
    with accepted:
        assert "101" in status
        assert echoed(accepted, b"hello") == b"hello"


def test_a_websocket_whose_reader_takes_nothing_is_cut_and_the_others_go_on(
    start_server: Callable[..., Server],
) -> None:
    server = start_server()
    _, other = server.websocket()
    status, deaf = server.websocket(path="/flood")
    assert "101" in status

    wait_for(lambda: server.get("/cut").read() == b"1", "the end of the one that takes nothing", 15)

    with deaf, other:
        assert echoed(other, b"still here") == b"still here"


def test_a_websocket_that_answers_no_ping_is_cut_and_one_that_does_is_not(
    start_server: Callable[..., Server],
) -> None:
    server = start_server({"PLAIN_PING_SECONDS": "1", "PLAIN_PONG_SECONDS": "1"})
    _, living = server.websocket()
    _, dead = server.websocket()
    with living, dead:
        for _ in range(2):
            opcode, payload = frame(living)
            assert opcode == 9
            mask = os.urandom(4)
            masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
            living.sendall(bytes([0x8A, 0x80 | len(payload)]) + mask + masked)

        wait_for(lambda: server.get("/cut").read() == b"1", "the end of the dead one", 10)
        opcode, _payload = frame(dead)
        assert opcode == 9
        assert ended(dead)
        assert not ready(living), "the living one was cut too"


def ready(connection: socket.socket) -> bool:
    """Whether its end has come: nothing is to be read from it that is no ping."""
    connection.settimeout(0)
    try:
        return connection.recv(1) in (b"", b"\x88")
    except BlockingIOError:
        return False


def ended(connection: socket.socket) -> bool:
    """No more comes: it was closed, in order or not."""
    try:
        return connection.recv(1 << 16) == b""
    except ConnectionResetError:
        return True


def test_an_end_in_order_finishes_requests_and_tells_websockets_to_come_back(
    start_server: Callable[..., Server],
) -> None:
    server = start_server()
    _, websocket = server.websocket()
    bodies: list[bytes] = []
    slow = threading.Thread(target=lambda: bodies.append(server.get("/slow?1").read()))
    slow.start()
    assert echoed(websocket, b"hello") == b"hello"

    wait_for(lambda: server.get("/").status == 200)  # the slow one, which was before, is in flight
    server.process.send_signal(signal.SIGTERM)

    opcode, payload = frame(websocket)
    assert opcode == 8
    assert int.from_bytes(payload[:2], "big") == 1012
    slow.join()
    assert bodies == [b"hello"]
    websocket.close()
    assert server.process.wait(10) == 0


def test_a_clock_that_jumps_cuts_nobody_off(start_server: Callable[..., Server], tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    server = start_server(clock.environment())
    _, websocket = server.websocket()
    responses: list[int] = []
    slow = threading.Thread(target=lambda: responses.append(server.get("/slow?2.5").status))
    slow.start()
    assert echoed(websocket, b"hello") == b"hello"

    clock.set(days=2)

    slow.join()  # daphne looks for what has timed out every two seconds
    assert responses == [200]
    assert echoed(websocket, b"still here") == b"still here"
    websocket.close()
