"""Sends messages to many domains over 20 kept-open connections: inject.py PORT MESSAGES SIZE DOMAINS. Pipelined, one process, next to no work a message."""
import selectors
import socket
import sys

port, messages, size, domains = (int(argument) for argument in sys.argv[1:5])
body = (b"Subject: bench\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * max(0, size // 72 - 2)) + b".\r\n"
left = messages
number = 0
selector = selectors.DefaultSelector()


class Session:
    """EHLO, then per message: MAIL, RCPT and DATA in one write, the content in the next."""

    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.state = "greeting"
        selector.register(self.socket, selectors.EVENT_READ, self)

    def read(self):
        data = self.socket.recv(65536)
        if not data:
            raise SystemExit(f"closed by the server in {self.state}")
        self.buffer += data
        while self.step():
            pass

    def replies(self, count):
        """The last lines of so many replies, or None while they are not all here."""
        lines, rest = [], self.buffer
        while len(lines) < count:
            line, found, rest = rest.partition(b"\r\n")
            if not found:
                return None
            if line[3:4] != b"-":
                lines.append(line)
        self.buffer = rest
        return lines

    def step(self):
        replies = self.replies(3 if self.state == "envelope" else 1)
        if replies is None:
            return False
        if any(reply[:1] not in (b"2", b"3") for reply in replies):
            raise SystemExit(f"{self.state}: {replies}")
        if self.state == "greeting":
            self.socket.sendall(b"EHLO source.test\r\n")
            self.state = "ehlo"
        elif self.state in ("ehlo", "content"):
            self.next()
        elif self.state == "envelope":
            self.socket.sendall(body)
            self.state = "content"
        return bool(self.buffer)

    def next(self):
        global left, number
        if left == 0:
            selector.unregister(self.socket)
            self.socket.sendall(b"QUIT\r\n")
            self.socket.close()
            self.buffer = b""
            return
        left -= 1
        number += 1
        self.socket.sendall(b"MAIL FROM:<sender@source.test>\r\nRCPT TO:<user@d%04d.test>\r\nDATA\r\n" % (number % domains))
        self.state = "envelope"


sessions = [Session() for _ in range(20)]
while selector.get_map():
    for key, _ in selector.select(30):
        key.data.read()
