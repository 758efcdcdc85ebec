"""Whose starter models a release trusts: the keys of two images, one after the other, and no more."""

from pathlib import Path

import pytest

from churn_data.errors import DataError
from churn_model.errors import UntrustedPackage
from churn_model.signing import SigningKey, TrustedKeys
from churn_training.cluster.kubernetes_api import KubernetesApi
from small_api_server import ApiServer
from tests.training.bootstrapped import VERIFY_KEY, api, make, secret, server, settings

__all__ = ["api", "server"]  # fixtures


class Images:
    """Builds of the images, each of which signs its starter with a key of its own, and installs them."""

    def __init__(self, api: KubernetesApi, server: ApiServer, folder: Path) -> None:
        self.api, self.server, self.folder = api, server, folder
        self.builds = 0

    def build(self) -> SigningKey:
        self.builds += 1
        return SigningKey.generate(self.folder / f"{self.builds}.pem")

    def install(self, key: SigningKey, image: str, **changes: str) -> None:
        (self.folder / "verify.pem").write_bytes(key.public_pem())
        make(self.api, settings(STARTER_KEY=str(self.folder / "verify.pem"), STARTER_IMAGE=image, **changes))

    def trusted(self, key: SigningKey) -> bool:
        keys = TrustedKeys.from_pem(self.pem.encode())
        try:
            keys.verify(b"x", key.sign(b"x"))
        except UntrustedPackage:
            return False
        return True

    @property
    def pem(self) -> str:
        return str(self.server.objects[VERIFY_KEY]["data"]["verify.pem"])

    def own(self) -> SigningKey:
        (self.folder / "own.pem").write_text(secret(self.server, "churn-signing-key")["signing.pem"])
        return SigningKey.load(self.folder / "own.pem")


@pytest.fixture
def images(api: KubernetesApi, server: ApiServer, tmp_path: Path) -> Images:
    return Images(api, server, tmp_path)


def test_starters_of_this_image_and_the_one_before_are_trusted(images: Images) -> None:
    builds = [images.build() for _ in range(4)]
    for number, key in enumerate(builds):
        images.install(key, f"0.1.{number}")
    assert [images.trusted(key) for key in builds] == [False, False, True, True]
    assert images.trusted(images.own())


def test_the_same_image_again_takes_nothing_away(images: Images) -> None:
    first, second = images.build(), images.build()
    images.install(first, "0.1.0")
    images.install(second, "0.2.0")
    before = images.pem
    for _ in range(3):
        images.install(second, "0.2.0")
    assert images.pem == before


def test_who_went_back_may_go_forward_again(images: Images) -> None:
    first, second, third = images.build(), images.build(), images.build()
    images.install(first, "0.1.0")
    images.install(second, "0.2.0")
    images.install(first, "0.1.0")
    assert (images.trusted(first), images.trusted(second)) == (True, True)
    images.install(third, "0.3.0")
    assert [images.trusted(key) for key in (first, second, third)] == [True, False, True]


def test_an_image_built_again_under_its_tag_is_trusted_whichever_build_is_stored(images: Images) -> None:
    builds = [images.build() for _ in range(3)]
    for key in builds:
        images.install(key, "0.1.0")
    assert [images.trusted(key) for key in builds] == [True, True, True]
    images.install(images.build(), "0.2.0")
    images.install(images.build(), "0.3.0")
    assert not any(images.trusted(key) for key in builds)


def test_no_starter_is_trusted_once_models_are_ones_own(images: Images) -> None:
    first, second = images.build(), images.build()
    images.install(first, "0.1.0")
    images.install(second, "0.2.0", TRUST_STARTER="false")
    assert (images.trusted(first), images.trusted(second), images.trusted(images.own())) == (False, False, True)
    images.install(second, "0.2.0")
    assert images.trusted(second)


def test_keys_that_a_person_added_stay(images: Images) -> None:
    """Also those of a release that did not write down which keys are starters': the present one's it knows."""
    person, starter = images.build(), images.build()
    images.install(images.build(), "0.1.0", PARTS="signing")
    images.install(starter, "0.1.0")
    del images.server.objects[VERIFY_KEY]["data"]["starters.json"]
    images.server.objects[VERIFY_KEY]["data"]["verify.pem"] += "# a colleague's\n" + person.public_pem().decode()
    for number in range(2, 5):
        images.install(images.build(), f"0.{number}.0")
    assert images.trusted(person)
    images.install(starter, "0.1.0", TRUST_STARTER="false")
    assert (images.trusted(person), images.trusted(starter)) == (True, False)
    assert "# a colleague's" in images.pem


def test_a_list_of_starters_that_is_none_is_named(images: Images) -> None:
    images.install(images.build(), "0.1.0")
    images.server.objects[VERIFY_KEY]["data"]["starters.json"] = '{"image": 1}'
    with pytest.raises(
        DataError, match=r"^starters\.json of the public keys: is no list of images and keys; take it out"
    ):
        images.install(images.build(), "0.2.0")


def test_a_switch_that_is_none_is_named() -> None:
    with pytest.raises(DataError, match=r"^CHURN_BOOTSTRAP_TRUST_STARTER: 'no' is neither true nor false$"):
        settings(TRUST_STARTER="no")
