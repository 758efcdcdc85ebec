"""The files that settings name and whoever chose them wrote, read before anything is served.

It must not know what serves: who only asks whether settings will do has an answer before that is loaded.
"""

from churn_model.prediction_log.pseudonyms import read_pseudonym_keys
from churn_serving.gateway.canary_weight import read_canary_share
from churn_serving.gateway.key_file import read_keys
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.runtime.tls import Authorities


def check_files(settings: GatewaySettings) -> None:
    """Read the files that the settings name and whoever chose them wrote.

    Raises:
        KeyFileError, CanaryWeightError, PseudonymKeyError, TlsFileError: one cannot be used.
    """
    if settings.tls_authority is not None:
        Authorities(settings.tls_authority)
    if settings.key_file is not None:
        read_keys(settings.key_file)
    if settings.canary_percent_file is not None:
        read_canary_share(settings.canary_percent_file)
    if settings.prediction_log is not None:
        read_pseudonym_keys(settings.prediction_log_key_path)
