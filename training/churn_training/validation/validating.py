"""All rules together, against the champion as it is now, or against nobody where there is none.

It must not fetch a champion or read a file.
"""

from collections.abc import Collection

from churn_data.dataset import Dataset
from churn_model.package import Package
from churn_training.comparison.champion_contest import CurrentChampion
from churn_training.comparison.splits import holdout_of
from churn_training.validation.columns import column_faults
from churn_training.validation.faults import Fault, Validation
from churn_training.validation.whole_file import contest_faults, leak_faults, own_faults, volume_faults


def validate(dataset: Dataset, champion: CurrentChampion, accepted: Collection[str] = ()) -> Validation:
    """Validate customers before they are trained on.

    Args:
        dataset: what would be trained on.
        champion: as it is now.
        accepted: columns and checks that somebody has looked at, whose faults refuse nothing.

    Raises:
        DataError: too few customers left or stayed for any training.
    """
    holdout_of(dataset)
    found, against, remark = list(own_faults(dataset)), "", ""
    package = champion.package
    if package is not None and package.manifest.training_data.simulated and not dataset.source.simulated:
        remark = (
            f"version {champion.version}, the champion, was made of simulated customers: nothing is held against it"
        )
    elif package is not None:
        against = champion.version
        found += _beside(dataset, package, f"version {champion.version}")
    elif champion.registered is not None:
        found.append(Fault("contest", champion.problem))
    else:
        remark = "there is no champion yet: the file is held against nothing"
    # One column may break several rules; what it is refused for first says enough.
    first: dict[object, Fault] = {}
    for fault in found:
        first.setdefault((fault.check, fault.column), fault)
    faults = tuple(first.values())
    taken = tuple(fault for fault in faults if fault.accepted_by(accepted))
    return Validation(tuple(fault for fault in faults if fault not in taken), taken, against, remark)


def _beside(dataset: Dataset, package: Package, version: str) -> list[Fault]:
    data = package.manifest.training_data
    if dataset.source.simulated and not data.simulated:
        return [Fault("contest", f"these customers are simulated, {version} was made of real ones")]
    found = column_faults(dataset, package.manifest.schema, data.profile, version)
    found += volume_faults(dataset, data, version)
    found += leak_faults(dataset, data.file, version)
    found += contest_faults(dataset, data, package.manifest.schema)
    return found
