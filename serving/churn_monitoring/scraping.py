"""Answers scrapers, for every process that looks back: one thread, one port, one registry. It must not know what is
shown there.
"""

from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server


def answer_scrapers(registry: CollectorRegistry, host: str, port: int) -> WSGIServer:
    """Answer scrapers in a thread until the process ends.

    Raises:
        OSError: the port is taken.
    """
    server, _ = start_http_server(port, host, registry)
    return server
