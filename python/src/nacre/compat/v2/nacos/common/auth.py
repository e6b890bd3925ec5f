"""Keys for signing requests."""

from __future__ import annotations

from typing import Any, Optional


class Credentials:
    """A pair of keys, perhaps with a token."""

    def __init__(
        self, access_key_id: Optional[str], access_key_secret: Optional[str], security_token: Optional[str] = None
    ) -> None:
        self.access_key_id = access_key_id
        self.access_key_secret = access_key_secret
        self.security_token = security_token

    def get_access_key_id(self) -> Optional[str]:
        return self.access_key_id

    def get_access_key_secret(self) -> Optional[str]:
        return self.access_key_secret

    def get_security_token(self) -> Optional[str]:
        return self.security_token


class CredentialsProvider:
    """Gives the keys when a service is made."""

    def get_credentials(self) -> Any:
        return None


class StaticCredentialsProvider(CredentialsProvider):
    """Keys that are known from the start."""

    def __init__(
        self,
        access_key_id: Optional[str] = "",
        access_key_secret: Optional[str] = "",
        security_token: Optional[str] = "",
    ) -> None:
        self.credentials = Credentials(access_key_id, access_key_secret, security_token)

    def get_credentials(self) -> Credentials:
        return self.credentials

    def set_access_key_id(self, access_key_id: str) -> None:
        self.credentials.access_key_id = access_key_id

    def set_access_key_secret(self, access_key_secret: str) -> None:
        self.credentials.access_key_secret = access_key_secret
