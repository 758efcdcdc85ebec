"""Fixtures that several folders share; each plugin says what it is for."""

pytest_plugins = ["sample_package", "real_data", "real_processes"]
