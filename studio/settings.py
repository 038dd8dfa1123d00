"""Settings, from environment variables. Which service is used, and whether it bills, is decided here alone."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from studio.errors import SettingsError

LUMA_URL = "https://api.lumalabs.ai/dream-machine/v1"
Seller = Literal["luma", "local", "sandbox"]


class Settings(BaseSettings):
    """What the environment says. Relative folders are taken from the working folder."""

    model_config = SettingsConfigDict(env_prefix="STUDIO_", env_ignore_empty=True, frozen=True, extra="ignore")

    home: Path = Field(Path(".studio"), description="ledger, clips and sandbox state")
    films: Path = Field(Path("films"), description="where films go: films/<slug>/<run>/")
    ledger_url: SecretStr | None = Field(None, description="SQLAlchemy URL of the ledger; default: SQLite in home")
    price_book: Path | None = Field(None, description="a price book of your own (TOML)")
    price_table: str | None = Field(None, description="which table of the book")
    month_cap: Decimal | None = Field(None, ge=0, description="USD that may be spent in a calendar month (UTC)")
    month_creates: int | None = Field(None, ge=0, description="creates in a calendar month (UTC)")
    tier: Literal["build", "none"] = Field("build", description="the account's limits at Luma; none: no limits")
    at_once: int | None = Field(None, ge=1, description="generations at once, in place of the tier's")
    per_minute: int | None = Field(None, ge=1, description="creates a minute, in place of the tier's")
    wait_timeout: float = Field(1800, gt=0, description="seconds until a run stops waiting for a generation")
    create_attempts: int = Field(3, ge=1, le=10, description="orders of one shot that the service itself fails")
    retry_moderation: int = Field(0, ge=0, le=10, description="orders of one shot again after moderation refused it")
    rate_limit_patience: float = Field(1800, ge=0, description="seconds that a create waits while the service says 429")
    doubt_grace: float = Field(90, ge=0, description="seconds until an order whose answer was lost is sent again")
    callback_url: SecretStr | None = Field(None, description="sent with every create; carries the order's key")
    sandbox_latency: float = Field(3.0, ge=0, description="seconds that a generation takes in the sandbox")

    luma_api_key: SecretStr | None = Field(None, validation_alias=AliasChoices("LUMAAI_API_KEY", "LUMA_API_KEY"))
    luma_base_url: str | None = Field(None, validation_alias=AliasChoices("LUMAAI_BASE_URL"))

    @property
    def ledger(self) -> str:
        """URL of the ledger. May hold a password: never print it."""
        if self.ledger_url is not None:
            return self.ledger_url.get_secret_value()
        return f"sqlite:///{(self.home / 'ledger.db').absolute()}"


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError that names the variable, never its value."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper()
        variable = name if name.startswith("LUMA") else f"STUDIO_{name}"
        raise SettingsError(first["msg"], where=variable) from None
    key = settings.luma_api_key.get_secret_value().strip() if settings.luma_api_key else ""
    if key and not (key.isascii() and key.isprintable()):
        raise SettingsError("the API key holds characters that no key has", where="LUMAAI_API_KEY")
    return settings


@dataclass(frozen=True)
class Service:
    """Where generations are bought.

    ``seller`` is part of every order's key: a clip of the sandbox never stands in for one of Luma's. ``account``
    tells accounts apart in the books without holding the key. ``billed`` is True where a key is set, whatever the URL.
    """

    seller: Seller
    base_url: str
    api_key: str = field(repr=False)
    account: str
    billed: bool
    start_sandbox: bool = False

    @property
    def title(self) -> str:
        return {"luma": "Luma", "local": "a server on this machine", "sandbox": "the sandbox"}[self.seller]


def choose_service(settings: Settings) -> Service:
    """A key: the live API, or the server that LUMAAI_BASE_URL names. No key: that server if it is on this machine, else
    the sandbox, which is started when it is needed. Raises SettingsError for a URL that cannot be used."""
    key = settings.luma_api_key.get_secret_value().strip() if settings.luma_api_key else ""
    url = (settings.luma_base_url or "").strip().rstrip("/")
    if url:
        _check_url(url)
    if not key and not url:
        return Service("sandbox", "", "sandbox", "sandbox", billed=False, start_sandbox=True)
    local = bool(url) and is_loopback(url)
    if not key and not local:
        raise SettingsError(
            "a base URL is set, but no API key", where="LUMAAI_BASE_URL", hint="set LUMAAI_API_KEY, or unset the URL"
        )
    seller: Seller = "local" if local else "luma"
    account = f"{seller}-{hashlib.sha256(key.encode()).hexdigest()[:8]}" if key else seller
    return Service(seller, url or LUMA_URL, key or "sandbox", account, billed=bool(key))


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine, by its name alone (nothing is looked up)."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError("not an http or https URL", where="LUMAAI_BASE_URL")
