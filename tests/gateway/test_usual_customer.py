"""The customer whom the API's documentation shows is as its model's largest segment has them."""

from typing import Any

from churn_model import PackageContents, open_package
from churn_serving.gateway.documentation_examples import usual_customer
from sample_package import Keys, PackageMaker


def test_a_mean_is_shown_as_it_is_wherever_the_schema_has_no_bound(
    make_package: PackageMaker, contents: PackageContents, keys: Keys
) -> None:
    """Means above 50 had become 50, so that the usual customer was nobody's."""
    means = {"tenure": 30.4, "charges": 3057.1467, "Senior Citizen": -2.0}
    shares = {"Contract": {"Month-to-month": 0.2, "Two year": 0.8}}
    segments: dict[str, Any] = contents.segments | {
        "segments": [
            segment | {"size": 0.7 if segment["id"] == 2 else 0.1, "profile": {"means": means, "shares": shares}}
            for segment in contents.segments["segments"]
        ]
    }
    description = open_package(make_package(segments=segments), keys.trusted).description
    bounds = {feature.name: (feature.minimum, feature.maximum) for feature in description.schema.features}
    usual = usual_customer(description)
    assert bounds["charges"][1] is None
    assert usual["charges"] == 3057
    assert usual["tenure"] == 30
    assert usual["Contract"] == "Two year"
    assert (bounds["Senior Citizen"][0], usual["Senior Citizen"]) == (None, -2)
    assert set(usual) == set(description.schema.names)
