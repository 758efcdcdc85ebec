"""Whether images were signed by a key: the adapter to cosign's command, which alone knows how signatures are kept.

By key and without a transparency log, so that nothing but the registry is asked. It must not know environments.
"""

import subprocess
from pathlib import Path

from churn_delivery.errors import PromotionRefused, RegistryAway

_SECONDS = 120.0
_AWAY = ("connection refused", "no such host", "i/o timeout", "context deadline exceeded", "502 ", "503 ")


def require_signed(reference: str, key: Path, cosign: str = "cosign") -> None:
    """That the registry has an image under this digest, and a signature of it by this key.

    Args:
        reference: registry/repository@sha256:...
        key: public key as `cosign generate-key-pair` writes it (PEM).
        cosign: the program, by name or path.

    Raises:
        PromotionRefused: no image, no signature, or none that this key made of this digest; cosign or key is missing.
        RegistryAway: the registry does not answer.
    """
    if not key.is_file():
        raise PromotionRefused(f"{key}: there is no such public key; --image-key names it")
    command = [cosign, "verify", "--key", str(key), "--insecure-ignore-tlog=true", "--output", "json", reference]
    try:
        done = subprocess.run(  # noqa: S603 - a list of words, no shell
            command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_SECONDS
        )
    except FileNotFoundError:
        raise PromotionRefused(f"{cosign} is not installed, so no signature can be checked; nothing goes on") from None
    except subprocess.TimeoutExpired:
        raise RegistryAway(f"{reference}: the registry did not answer in {_SECONDS:.0f} s; try again") from None
    if done.returncode == 0:
        return
    said = next((line for line in done.stderr.splitlines() if line.startswith("Error:")), "Error: cosign failed")
    words = said.removeprefix("Error:").strip()[:300]
    if any(sign in words for sign in _AWAY):
        raise RegistryAway(f"{reference}: the registry does not answer ({words}); try again")
    raise PromotionRefused(
        f"{reference}: is not signed by {key.name} ({words}); sign it by make sign, or do not use it"
    )
