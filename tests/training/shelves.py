"""A registry that tests put versions into, with a run to register them from."""

from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.package import PackageContents
from churn_training.packaging.home import Home
from churn_training.packaging.keys import signing_key
from churn_training.runs.tracking import experiment_of

NAME = "churn-sample"


class Shelf:
    """A registry with a run to register from."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.client = connect(home.tracking_uri)
        self.registry = MlflowRegistry(self.client)
        self.experiment = experiment_of(self.client, NAME, home)
        self.run_id = self.client.create_run(self.experiment).info.run_id
        self.key = signing_key(home)

    def register(self, contents: PackageContents) -> str:
        return self.registry.register(contents, self.key, self.run_id).version


def champion(registry: MlflowRegistry) -> str:
    found = registry.champion(NAME)
    assert found is not None
    return found.version
