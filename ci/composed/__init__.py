"""What must hold of `compose.yaml` once it runs; `ci/compose-podman` asks it."""
