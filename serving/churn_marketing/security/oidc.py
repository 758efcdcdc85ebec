"""Signing in with an OpenID Connect issuer: code flow with PKCE, state, nonce and a proven identity token, by Authlib.

Who may do what is said by one claim of that token. It must not know pages.
"""

from dataclasses import dataclass
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask, Response
from joserfc.errors import JoseError

from churn_marketing.errors import MarketingError, SettingError
from churn_marketing.security.users import Role
from churn_marketing.settings import Settings

_SECONDS = 5.0


class SignInRefused(MarketingError):
    """The issuer did not vouch for somebody, or for somebody who may not come in; one sentence for that person."""


@dataclass(frozen=True)
class Stranger:
    """Whom the issuer has vouched for: the name that people are shown, the issuer's own name for them, and the role."""

    name: str
    subject: str
    role: Role


class OpenIdConnect:
    """One issuer, asked for its addresses and keys when somebody signs in."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        """Register the issuer.

        Raises:
            SettingError: the file of the secret cannot be read.
        """
        self._settings = settings
        secret = None
        if settings.oidc_client_secret_file is not None:
            try:
                secret = settings.oidc_client_secret_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                problem = f"CHURN_MARKETING_OIDC_CLIENT_SECRET_FILE: {settings.oidc_client_secret_file}: cannot be read"
                raise SettingError(problem) from error
        issuer = str(settings.oidc_issuer).rstrip("/")
        self._client = OAuth(app).register(
            "issuer",
            client_id=settings.oidc_client_id,
            client_secret=secret,
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
                "default_timeout": _SECONDS,
            },
        )

    def begin(self, back: str) -> Response:
        """Send the browser to the issuer, which sends it ``back``.

        Raises:
            SignInRefused: the issuer does not answer.
        """
        try:
            answer: Response = self._client.authorize_redirect(back)
        except (OSError, httpx.HTTPError, AuthlibBaseError, RuntimeError) as error:
            raise SignInRefused("The sign-in service does not answer. Try again in a moment.") from error
        return answer

    def finish(self) -> Stranger:
        """Whom the issuer vouches for in the request that it sent back.

        Raises:
            SignInRefused: nobody, or somebody without a role here.
        """
        try:
            token: dict[str, Any] = self._client.authorize_access_token()
        except (OSError, httpx.HTTPError, AuthlibBaseError, JoseError, RuntimeError, ValueError) as error:
            raise SignInRefused("The sign-in service did not confirm who you are. Try again.") from error
        claims = token.get("userinfo") or {}
        role = self._role(claims)
        subject = str(claims.get("sub", ""))
        if role is None or not subject:
            raise SignInRefused("You have no access to this app. Ask whoever runs it to make you a viewer or planner.")
        told = str(claims.get("preferred_username") or claims.get("email") or "")
        # Whatever is not seen (line ends, what turns the direction of writing) would make another name of it.
        name = "".join(letter for letter in told if letter.isprintable()).strip()
        return Stranger(name[:64] or subject[:64], subject[:256], role)

    def _role(self, claims: dict[str, Any]) -> Role | None:
        given = claims.get(self._settings.oidc_role_claim, [])
        values = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        if self._settings.oidc_planners in values:
            return "planner"
        return "viewer" if self._settings.oidc_viewers in values else None
