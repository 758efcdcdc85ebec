"""Names, users and keys of what a release keeps in Secrets and a ConfigMap; the chart's templates use the same ones.

Names alone; it must not make or read anything.
"""

from dataclasses import dataclass

SIGNING = "signing.pem"
VERIFY = "verify.pem"
STARTERS = "starters.json"
"""Beside VERIFY: which of its keys signed a starter model only, and in which image that was."""
API_KEYS = "api-keys.json"
USERS = "users.json"
PSEUDONYM_KEYS = "prediction-log.json"
USER_ID = "AWS_ACCESS_KEY_ID"
USER_SECRET = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - the name of a key, not its value

SERVING = "serving"
TRAINING = "training"
MLFLOW = "mlflow"
CONSUMERS = (SERVING, TRAINING, MLFLOW)
PREDICTION_LOG = "prediction-log"
"""A consumer only where answers are kept."""
MONITORING = "monitoring"
"""A consumer only where somebody looks back at them: drift, outcomes."""
MARKETING = "marketing"
"""A consumer only where there is the app for people: what fetches scores beside it."""


@dataclass(frozen=True)
class Names:
    """Names that start with the release's full name."""

    fullname: str

    @property
    def signing_key(self) -> str:
        """Secret with the private key that signs packages."""
        return f"{self.fullname}-signing-key"

    @property
    def verify_key(self) -> str:
        """ConfigMap with the public keys whose packages are served."""
        return f"{self.fullname}-verify-key"

    @property
    def api_keys(self) -> str:
        """Secret with the hashed keys that the gateway accepts."""
        return f"{self.fullname}-api-keys"

    @property
    def first_api_key(self) -> str:
        """Secret with the one key that is made at the first installation."""
        return f"{self.fullname}-api-key-initial"

    @property
    def pseudonym_keys(self) -> str:
        """Secret with the keys that customers are hashed with in the prediction log."""
        return f"{self.fullname}-prediction-log-keys"

    @property
    def storage_root(self) -> str:
        """Secret with the object storage's administrator."""
        return f"{self.fullname}-object-storage-root"

    @property
    def storage_users(self) -> str:
        """Secret with all users of the object storage."""
        return f"{self.fullname}-object-storage-users"

    @property
    def storage_service(self) -> str:
        """Service of the object storage."""
        return f"{self.fullname}-object-storage"

    def consumer(self, consumer: str) -> str:
        """Secret with the credentials of one who reads or writes objects."""
        return f"{self.fullname}-s3-{consumer}"

    def user(self, consumer: str) -> str:
        """Its user in the object storage."""
        return f"{self.fullname}-{consumer}"
