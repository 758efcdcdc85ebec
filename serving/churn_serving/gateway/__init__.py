"""The front door: FastAPI beside two plain ASGI routes and a gRPC service, all on the same decision path."""
