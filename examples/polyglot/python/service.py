"""A service in Python: python service.py NAME PORT SERVER."""

import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.request import urlopen

import nacre

name, port, server = sys.argv[1], int(sys.argv[2]), sys.argv[3]
client = nacre.Client(server)
greeting = "hello"


def change(event: nacre.ConfigEvent) -> None:
    global greeting
    greeting = event.content or "hello"


def ask(other: str) -> str:
    instance = client.naming.select_one(other)
    if instance is None:
        raise LookupError(f"nobody serves {other}")
    with urlopen(f"http://{instance.address}/greet", timeout=5) as answer:
        return f"{name} heard: {answer.read().decode()}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            text = ask(self.path[5:]) if self.path.startswith("/ask/") else f"{greeting} from {name} in Python"
            status = 200
        except (nacre.NacreError, LookupError, OSError) as error:
            status, text = 503, str(error)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments: object) -> None:
        pass


http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
signal.signal(signal.SIGTERM, lambda *_: Thread(target=http.shutdown).start())
with client:
    client.config.watch("greeting.txt", change)
    client.naming.register(name, nacre.Instance("127.0.0.1", port, metadata={"language": "python"}))
    http.serve_forever()
