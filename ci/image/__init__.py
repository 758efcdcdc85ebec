"""Builds the container images and proves them: ``ci/images``."""
