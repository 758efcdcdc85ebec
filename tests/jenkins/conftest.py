"""The git server, environments and registry that promotions are tested with."""

from tests.delivery.conftest import company, host, mlflow_comes_first, shelf

__all__ = ["company", "host", "mlflow_comes_first", "shelf"]
