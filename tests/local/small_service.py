"""A service as small as a real one can be, run as a program by the tests of the supervisor.

    small_service.py PORT [--escapee PORT] [--deaf] [--end CODE] [--crash]

It answers every GET with 200. ``--escapee`` starts a child in a session of its own that serves another port; ``--deaf``
ignores SIGTERM; ``--end`` writes two lines and ends at once; ``--crash`` ends by an exception that followed from
another one, far down.
"""

import argparse
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()


def crash(depth: int) -> None:
    if depth > 1:
        return crash(depth - 1)
    try:
        "".index("nothing")
    except ValueError as error:
        raise RuntimeError("the reader is lost: TimeoutError") from error


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--escapee", type=int)
    parser.add_argument("--deaf", action="store_true")
    parser.add_argument("--end", type=int)
    parser.add_argument("--crash", action="store_true")
    arguments = parser.parse_args()
    if arguments.crash:
        crash(30)
    if arguments.end is not None:
        sys.stdout.write("reading the model\nthe model is not to be had\n")
        sys.exit(arguments.end)
    if arguments.deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = HTTPServer(("127.0.0.1", arguments.port), Handler)
    if arguments.escapee:
        subprocess.Popen([sys.executable, __file__, str(arguments.escapee)], start_new_session=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
