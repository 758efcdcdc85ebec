# Stands in for Docker Hub's python:3.11-bookworm: the slim image with pip and venv. No compiler: what the project locks has wheels.
FROM docker.io/library/python:3.11-slim-bookworm
RUN apt-get update -q \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends python3-venv python3-pip \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/* /usr/lib/python3.11/EXTERNALLY-MANAGED
RUN ln -s /usr/bin/pip3 /usr/local/bin/pip
