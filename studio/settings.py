"""Settings, from environment variables. Which service is used, and whether it bills, is decided here alone."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL

from studio.addresses import ledger_url, sqlite_url, web_address
from studio.errors import SettingsError
from studio.providers.luma.models import Api

LUMA_URL = "https://api.lumalabs.ai/dream-machine/v1"
LUMA_AGENTS_URL = "https://agents.lumalabs.ai/v1"
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
    per_minute: int | None = Field(None, ge=1, description="creates a minute at most; the service may tell fewer")
    wait_timeout: float = Field(1800, gt=0, description="seconds until a run stops waiting for a generation")
    create_attempts: int = Field(3, ge=1, le=10, description="orders of one shot that the service itself fails")
    retry_moderation: int = Field(0, ge=0, le=10, description="orders of one shot again after moderation refused it")
    rate_limit_patience: float = Field(1800, ge=0, description="seconds that a create waits while the service says 429")
    doubt_grace: float = Field(90, ge=0, description="seconds until an order whose answer was lost is sent again")
    new_ledger: bool = Field(False, description="begin new books, although there are signs of earlier ones")
    user_id: bool = Field(True, description="send an opaque id per production with creates of the Agents API")
    callback_url: SecretStr | None = Field(None, description="sent with every create; carries the order's key")
    publish_url: str | None = Field(None, description="where seed assets go: s3://bucket/prefix, or a served folder")
    publish_base_url: str | None = Field(None, description="the public address that serves the folder")
    publish_seconds: int = Field(86_400, ge=60, le=604_800, description="seconds that a signed URL of an asset lives")
    sandbox_latency: float = Field(3.0, ge=0, description="seconds that a generation takes in the sandbox")

    luma_api_key: SecretStr | None = Field(None, validation_alias=AliasChoices("LUMAAI_API_KEY", "LUMA_API_KEY"))
    luma_base_url: str | None = Field(None, validation_alias=AliasChoices("LUMAAI_BASE_URL"))
    luma_agents_api_key: SecretStr | None = Field(None, validation_alias=AliasChoices("LUMA_AGENTS_API_KEY"))
    luma_agents_base_url: str | None = Field(None, validation_alias=AliasChoices("LUMA_BASE_URL"))

    @property
    def ledger(self) -> URL:
        """URL of the ledger. It may hold a password: print its ``ledger_name``. Raises SettingsError."""
        if self.ledger_url is not None:
            return ledger_url(self.ledger_url.get_secret_value().strip())
        return sqlite_url(str((self.home / "ledger.db").absolute()))


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError that names the variable, never its value."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper()
        variable = name if name.startswith("LUMA") else f"STUDIO_{name}"
        raise SettingsError(first["msg"], where=variable) from None
    places = (settings.home, *settings.home.parents)
    blocked = next((place for place in places if os.path.isfile(place)), None)  # noqa: PTH113 - a Path's own may raise
    if blocked is not None:
        raise SettingsError(f"{blocked} is a file, not a folder", where="STUDIO_HOME", hint="name a folder")
    for secret, where in (
        (settings.luma_api_key, "LUMAAI_API_KEY"),
        (settings.luma_agents_api_key, "LUMA_AGENTS_API_KEY"),
    ):
        key = secret.get_secret_value().strip() if secret else ""
        if key and not (key.isascii() and key.isprintable()):
            raise SettingsError("the API key holds characters that no key has", where=where)
    if settings.callback_url is not None:
        web_address(settings.callback_url.get_secret_value(), "STUDIO_CALLBACK_URL", secrets=True)
    return settings


@dataclass(frozen=True)
class Access:
    """How one of the two APIs is reached. ``account`` tells accounts apart in the books without holding the key."""

    base_url: str
    api_key: str = field(repr=False)
    account: str


@dataclass(frozen=True)
class Service:
    """Where generations are bought, through one or both of Luma's APIs.

    ``seller`` is part of every order's key: a clip of the sandbox never stands in for one of Luma's. ``billed`` is
    True where a key is set, whatever the URL.
    """

    seller: Seller
    apis: Mapping[Api, Access]
    billed: bool
    start_sandbox: bool = False

    @property
    def title(self) -> str:
        return {"luma": "Luma", "local": "a server on this machine", "sandbox": "the sandbox"}[self.seller]

    def access(self, api: Api) -> Access:
        """How an API is reached. Raises SettingsError where it is not set up."""
        found = self.apis.get(api)
        if found is None:
            what, key, _ = VARIABLES[api]
            raise SettingsError(
                f"{what} needs a key, and none is set", where=key, hint=f"set {key}; nothing was bought"
            )
        return found


#: What each API sells, and the variables that set it up.
VARIABLES: Mapping[Api, tuple[str, str, str]] = {
    "dream-machine": ("Luma's Dream Machine (ray-2, ray-flash-2)", "LUMAAI_API_KEY", "LUMAAI_BASE_URL"),
    "agents": ("Luma's Agents API (ray-3)", "LUMA_AGENTS_API_KEY", "LUMA_BASE_URL"),
}
LUMA_URLS: Mapping[Api, str] = {"dream-machine": LUMA_URL, "agents": LUMA_AGENTS_URL}


def choose_service(settings: Settings) -> Service:
    """A key: the live API, or the server that its base URL names. No key: that server if it is on this machine, else
    the sandbox, which is started when it is needed. Raises SettingsError for what cannot be used."""
    given = {
        "dream-machine": (settings.luma_api_key, settings.luma_base_url),
        "agents": (settings.luma_agents_api_key, settings.luma_agents_base_url),
    }
    apis: dict[Api, tuple[Seller, Access, bool]] = {}
    for api in VARIABLES:
        found = _access(api, *given[api])
        if found is not None:
            apis[api] = found
    if not apis:
        accesses: dict[Api, Access] = {api: Access("", "sandbox", "sandbox") for api in VARIABLES}
        return Service("sandbox", accesses, billed=False, start_sandbox=True)
    sellers = {seller for seller, _, _ in apis.values()}
    if len(sellers) > 1:
        raise SettingsError(
            "one of the two APIs is on this machine, the other one is not", where="LUMAAI_BASE_URL, LUMA_BASE_URL",
            hint="set both, or neither",
        )  # fmt: skip
    (seller,) = sellers
    if seller == "local" and "agents" not in apis:
        # A server that stands in for Luma on this machine may have both APIs, as the sandbox has.
        same = apis["dream-machine"][1]
        origin = urlsplit(same.base_url)
        apis["agents"] = (seller, replace(same, base_url=f"{origin.scheme}://{origin.netloc}/v1"), False)
    billed = any(has_key for _, _, has_key in apis.values())
    return Service(seller, {api: access for api, (_, access, _) in apis.items()}, billed=billed)


def _access(api: Api, secret: SecretStr | None, base_url: str | None) -> tuple[Seller, Access, bool] | None:
    """Seller, access, and whether there is a key; None where the API is not set up."""
    _, key_name, url_name = VARIABLES[api]
    key = secret.get_secret_value().strip() if secret else ""
    url = (base_url or "").strip().rstrip("/")
    if url:
        web_address(url, url_name)
    if not key and not url:
        return None
    local = bool(url) and is_loopback(url)
    if not key and not local:
        raise SettingsError(
            "a base URL is set, but no API key", where=url_name, hint=f"set {key_name}, or unset the URL"
        )
    seller: Seller = "local" if local else "luma"
    account = f"{seller}-{hashlib.sha256(key.encode()).hexdigest()[:8]}" if key else seller
    return seller, Access(url or LUMA_URLS[api], key or "sandbox", account), bool(key)


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine, by its name alone (nothing is looked up)."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
