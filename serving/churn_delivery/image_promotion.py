"""Promotion of images: an environment's `version.yaml` names every image by the digest that was signed, by one commit.

What is asked for a signature is what the environment will pull: its own registry, the chart's repositories. Signatures
are checked by what is handed in. It must not know registries.
"""

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from churn_delivery.environment_check import check_environment
from churn_delivery.errors import EnvironmentProblem, PromotionRefused
from churn_delivery.layout import FILES, PARTS, Layout
from churn_delivery.promotion import Place, ready, written
from churn_delivery.released_images import ReleasedImages
from churn_delivery.repository import Checkout
from churn_delivery.yaml_files import read_yaml

VERSION = "version.yaml"
_HEAD = "# The release of this project's images, by digest. `churn promote --images` replaces the whole file."


def promote_images(
    place: Place, environment: str, images: ReleasedImages, require_signed: Callable[[str], None]
) -> dict[str, Any]:
    """Make a release's images those of an environment, once every one of them is proven to be signed.

    Returns:
        environment, version, images (reference by part of the chart), commit (None: nothing had to change), branch.

    Raises:
        PromotionRefused: an image is not signed, the release lacks one, or the environment before has not run it.
        DeliveryError: whatever else keeps it from being written; nothing is, then.
    """
    with Checkout(place.repository) as checkout:
        server, layout = ready(checkout, place, environment)
        references = _references(layout, environment, images, checkout)
        for reference in sorted(set(references.values())):
            require_signed(reference)
        digests = {part: reference.partition("@")[2] for part, reference in references.items()}
        _require_ran_before(layout, environment, images.version, digests, checkout)
        path = layout.path(environment, VERSION)
        text = _text(images.version, digests, _values(path, checkout.read(path)))
        told = {"environment": environment, "version": images.version, "images": references}
        if checkout.read(path) == text:
            return {**told, "commit": None, "branch": server.branch}
        check_environment(layout, environment, checkout.read, {VERSION: text})
        commit = checkout.commit({path: text}, _message(environment, images.version, references))
        identity, branch = written(checkout, server, commit, place.branch)
        return {**told, "commit": identity, "branch": branch}


def deployed_references(layout: Layout, environment: str, checkout: Checkout) -> dict[str, str]:
    """Of every part of an environment the image that it names by digest, as its nodes will pull it.

    Raises:
        PromotionRefused: one is named by a tag alone, which anybody who may push can move.
    """
    path = layout.path(environment, VERSION)
    values = _values(path, checkout.read(path))
    found = {}
    for part, place in _places(layout, environment, checkout).items():
        digest = _image(values, part).get("digest")
        if not digest:
            raise PromotionRefused(f"{path}: {part}.image has no digest; churn promote --images writes one")
        found[part] = f"{place}@{digest}"
    return found


def _references(layout: Layout, environment: str, images: ReleasedImages, checkout: Checkout) -> dict[str, str]:
    """What the environment will pull."""
    found, repositories = {}, _repositories(layout, checkout)
    for part, place in _places(layout, environment, checkout).items():
        digest = images.digests.get(repositories[part])
        if digest is None:
            known = ", ".join(sorted(images.digests))
            raise PromotionRefused(f"the release has no image {repositories[part]}, which {part} needs ({known})")
        found[part] = f"{place}@{digest}"
    return found


def _places(layout: Layout, environment: str, checkout: Checkout) -> dict[str, str]:
    """Of every part the registry and repository that its image is pulled from, by the chart or as the environment says
    instead."""
    registry, repositories = _of_chart(layout, checkout, None, "registry"), _repositories(layout, checkout)
    for name in FILES:
        path = layout.path(environment, name)
        values = _values(path, checkout.read(path))
        registry = _image(values, None).get("registry", registry)
        repositories = {part: _image(values, part).get("repository", known) for part, known in repositories.items()}
    return {part: f"{registry}/{repository}" for part, repository in repositories.items()}


def _repositories(layout: Layout, checkout: Checkout) -> dict[str, str]:
    """Of every part that the chart has the repository of its image."""
    chart = _chart(layout, checkout)
    return {part: _of_chart(layout, checkout, part, "repository") for part in PARTS if part in chart}


def _of_chart(layout: Layout, checkout: Checkout, part: str | None, key: str) -> str:
    found = _image(_chart(layout, checkout), part).get(key)
    if not isinstance(found, str) or not found:
        path = ".".join(each for each in (part, "image", key) if each)
        raise EnvironmentProblem(f"{layout.chart}/values.yaml", "must say where images are pulled from", key=path)
    return found


def _chart(layout: Layout, checkout: Checkout) -> dict[str, Any]:
    path = f"{layout.chart}/values.yaml"
    return _values(path, checkout.read(path))


def _values(path: str, text: bytes | None) -> dict[str, Any]:
    if text is None:
        raise EnvironmentProblem(path, "is not in the repository")
    return read_yaml(path, text).values


def _image(values: Mapping[str, Any], part: str | None) -> dict[str, Any]:
    """The mapping `image` of a part, or that of all."""
    above = values if part is None else values.get(part)
    found = above.get("image") if isinstance(above, Mapping) else None
    return found if isinstance(found, dict) else {}


def _require_ran_before(
    layout: Layout, environment: str, version: str, digests: Mapping[str, str], checkout: Checkout
) -> None:
    before = layout.before[environment]
    if before is None:
        return
    path = layout.path(before, VERSION)
    for state in checkout.states(path):
        if state.text is None:
            continue
        try:
            values = read_yaml(path, state.text).values
        except EnvironmentProblem:
            continue
        if all(_image(values, part).get("digest") == digest for part, digest in digests.items()):
            return
    raise PromotionRefused(
        f"{environment} takes only what {before} ran, and {before} has not run these images of {version}; promote them "
        "there first"
    )


def _text(version: str, digests: Mapping[str, str], former: dict[str, Any]) -> bytes:
    """The whole file; what it says of other images, and of the model in the fallback's, stays."""
    values: dict[str, Any] = {"image": {"tag": version}}
    values |= {part: {"image": {"digest": digest}} for part, digest in digests.items()}
    for name, kept in former.items():
        if name not in ("image", *PARTS):
            values[name] = kept
    model = (former.get("fallback") or {}).get("model")
    if model:
        values["fallback"]["model"] = model
    return f"{_HEAD}\n{yaml.safe_dump(values, sort_keys=False, width=10_000)}".encode()


def _message(environment: str, version: str, references: Mapping[str, str]) -> str:
    told = "\n".join(f"Churn-Image: {reference}" for reference in sorted(set(references.values())))
    return f"Promote the images of {version} to {environment}\n\nThe signature of each was checked.\n\n{told}\n"
