"""Settings from environment variables, and by them the choice of the service and of billing, made here alone."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL

from studio.addresses import ledger_url, sqlite_url, web_address
from studio.errors import SettingsError
from studio.providers.registry import BUILT_IN, all_specs, spec_of
from studio.providers.spec import ProviderSpec

Realm = Literal["luma", "local", "sandbox"]


@dataclass(frozen=True)
class Credentials:
    """The key and the address that the environment gives for one service, and the variable of the key."""

    key: SecretStr | None = None
    key_variable: str = ""
    base_url: str = ""


def _credentials() -> Mapping[str, Credentials]:
    """The credentials of each installed service, from the environment."""
    found = {}
    for spec in all_specs():
        name = next((n for n in spec.key_variables if os.environ.get(n, "").strip()), "")
        key = SecretStr(os.environ[name].strip()) if name else None
        url = os.environ.get(spec.url_variable, "").strip().rstrip("/")
        found[spec.id] = Credentials(key, name or spec.key_variables[0], url)
    return found


class Settings(BaseSettings):
    """The settings that the environment gives. Relative folders are relative to the working folder."""

    model_config = SettingsConfigDict(env_prefix="STUDIO_", env_ignore_empty=True, frozen=True, extra="ignore")

    home: Path = Field(Path(".studio"), description="ledger, clips and sandbox state")
    links: str = Field("http://127.0.0.1:8789", description="the address under which studio serve is reached")
    films: Path = Field(Path("films"), description="where films go: films/<slug>/<run>/; a folder, or s3://…")
    films_store: str = Field("", exclude=True, description="the URL in STUDIO_FILMS; empty where it is a folder")
    films_public: str = Field("", description="the public address of the films in STUDIO_FILMS")
    clips: str = Field("", description="a store of clips and stills that machines share, such as s3://bucket/prefix")
    ledger_url: SecretStr | None = Field(None, description="SQLAlchemy URL of the ledger; default: SQLite in home")
    price_book: Path | None = Field(None, description="a price book of your own (TOML)")
    price_table: str | None = Field(None, description="which table of the book")
    month_cap: Decimal | None = Field(None, ge=0, description="USD that may be spent in a calendar month (UTC)")
    month_creates: int | None = Field(None, ge=0, description="creates in a calendar month (UTC)")
    cap_near: int = Field(80, ge=1, le=100, description="percent of a cap from which it is told to be near")
    tier: Literal["build", "none"] = Field("build", description="the account's limits at Luma; none: no limits")
    at_once: int | None = Field(None, ge=1, description="generations at once, in place of the tier's")
    per_minute: int | None = Field(None, ge=1, description="creates a minute at most; the service may tell fewer")
    wait_timeout: float = Field(1800, gt=0, description="seconds until a run stops waiting for a generation")
    create_attempts: int = Field(3, ge=1, le=10, description="orders of one shot that the service itself fails")
    retry_moderation: int = Field(0, ge=0, le=10, description="orders of one shot again after moderation refused it")
    rate_limit_patience: float = Field(1800, ge=0, description="seconds that a create waits while the service says 429")
    doubt_grace: float = Field(90, ge=0, description="seconds until an order whose answer was lost is sent again")
    new_ledger: bool = Field(False, description="begin a new ledger, although there are signs of an earlier one")
    user_id: bool = Field(True, description="send an opaque id per production with creates of the Agents API")
    callback_url: SecretStr | None = Field(None, description="sent with every create, with the order's key added")
    # No limit of reads is documented. A loop that asks for each of ten generations every 2.5 s asks as often.
    polls_per_minute: int = Field(240, ge=1, description="polls of one service a minute at most, where it is billed")
    publish_url: str | None = Field(None, description="where seed assets go: s3://bucket/prefix, or a served folder")
    publish_base_url: str | None = Field(None, description="the public address that serves the folder")
    publish_seconds: int = Field(86_400, ge=60, le=604_800, description="seconds that a signed URL of an asset lives")
    voices: Path | None = Field(None, description="a folder of voices for piper (.onnx, each with its .onnx.json)")
    voice_command: str = Field("", description="a voice engine of your own, such as: my-voice {voice} {out}")
    c2pa_certificate: Path | None = Field(None, description="the certificate (PEM, with those above it) to sign with")
    c2pa_key: Path | None = Field(None, description="the private key of that certificate (PEM)")
    c2pa_passphrase: SecretStr | None = Field(None, description="the passphrase of that key, where it is encrypted")
    c2pa_authorities: Path | None = Field(None, description="certificates (PEM) that studio verify trusts")
    c2pa_prompts: bool = Field(False, description="write prompts into signed films; without it, their digests")
    prefect_idle: float = Field(
        900, ge=0, le=86_400, description="seconds that an unused Prefect server stays; 0: none"
    )
    log: Literal["text", "json"] = Field("text", description="the log of runs: text, or an object of JSON a line")
    heartbeat: float = Field(30, ge=1, le=45, description="seconds between two signs of life of a run")
    crashed_after: float = Field(
        150, ge=10, le=170, description="seconds without a sign of life until a run counts as crashed"
    )
    sandbox_latency: float = Field(3.0, ge=0, description="seconds that a generation takes in the sandbox")

    #: By service, from the variables that its specification names: no variable of its own is read as JSON for it.
    credentials: Annotated[Mapping[str, Credentials], NoDecode] = Field(default_factory=_credentials, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _films_elsewhere(cls, given: dict[str, Any]) -> dict[str, Any]:
        """If STUDIO_FILMS is a URL, ``films`` is the folder in ``home`` in which films are made before they go
        there."""
        named = str(given.get("films") or "")
        if "://" not in named:
            return given | {"films_store": ""}
        return given | {"films": Path(given.get("home") or ".studio") / "films", "films_store": named.strip()}

    @property
    def ledger(self) -> URL:
        """URL of the ledger. It may hold a password: print its ``ledger_name``. Raises SettingsError."""
        if self.ledger_url is not None:
            return ledger_url(self.ledger_url.get_secret_value().strip())
        return sqlite_url(str((self.home / "ledger.db").absolute()))


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError that names the variable, never its value."""
    settings, faults = _as_given()
    first = next(chain(faults, _faults(settings)), None)
    if first is not None:
        raise first
    return settings


def settings_faults() -> list[SettingsError]:
    """Every reason for which the settings in the environment cannot be used, each with its variable."""
    settings, faults = _as_given()
    found = [*faults, *_faults(settings), *_fault(choose_service, settings), *_fault(lambda: settings.ledger)]
    return list({str(fault): fault for fault in found}.values())


def _as_given() -> tuple[Settings, list[SettingsError]]:
    """The settings, with the default of each one whose value its field does not take, and what is wrong with those."""
    try:
        return Settings(), []
    except ValidationError as error:
        wrong = {str(one["loc"][0]): one["msg"] for one in error.errors(include_input=False, include_url=False)}
    fields = Settings.model_fields
    faults = [
        SettingsError(
            said, where=f"STUDIO_{name.upper()}",
            hint=f"correct it, or unset it; it is for: {about}" if (about := fields[name].description) else "unset it",
        ) for name, said in wrong.items()
    ]  # fmt: skip
    return Settings(**{name: fields[name].get_default(call_default_factory=True) for name in wrong}), faults


def _faults(settings: Settings) -> Iterator[SettingsError]:
    """The faults of settings whose values their fields take."""
    places = (settings.home, *settings.home.parents)
    blocked = next((place for place in places if os.path.isfile(place)), None)  # noqa: PTH113 - a Path's own may raise
    if blocked is not None:
        yield SettingsError(f"{blocked} is a file, not a folder", where="STUDIO_HOME", hint="name a folder")
    for given in settings.credentials.values():
        key = given.key.get_secret_value() if given.key else ""
        if not (key.isascii() and key.isprintable()):
            told, hint = "the API key has characters that no key contains", "copy it anew from the service's page"
            yield SettingsError(told, where=given.key_variable, hint=hint)
    if settings.films_public:
        yield from _fault(web_address, settings.films_public, "STUDIO_FILMS_PUBLIC")
        if not settings.films_store:
            yield SettingsError(
                "is set, and the films are in a folder", where="STUDIO_FILMS_PUBLIC",
                hint="set STUDIO_FILMS to the bucket that it serves, such as s3://bucket/prefix",
            )  # fmt: skip
    if settings.callback_url is not None:
        callback = settings.callback_url.get_secret_value()
        yield from _fault(partial(web_address, secrets=True), callback, "STUDIO_CALLBACK_URL")
    yield from _fault(web_address, settings.links, "STUDIO_LINKS")


def _fault(check: Callable[..., object], *given: object) -> Iterator[SettingsError]:
    """The error of a check that a setting does not pass."""
    try:
        check(*given)
    except SettingsError as error:
        yield error


@dataclass(frozen=True)
class Access:
    """The address and key of one API. ``account`` identifies the account in the ledger without the key.

    ``base_url`` is empty where the sandbox has to be started first.
    """

    base_url: str
    api_key: str = field(repr=False)
    account: str


@dataclass(frozen=True)
class Service:
    """The services that generations are bought from, each by the id of its provider.

    ``realm`` is part of every order's key: a clip of the sandbox never replaces one that was billed (its value
    ``luma`` means any service that is not on this machine). ``billed`` is True where a key is set, whatever the URL.
    """

    realm: Realm
    apis: Mapping[str, Access]
    billed: bool
    start_sandbox: bool = False

    @property
    def title(self) -> str:
        if self.realm == "luma":
            return " and ".join(dict.fromkeys(spec_of(api).vendor for api in self.apis))
        return {"local": "a server on this machine", "sandbox": "the sandbox"}[self.realm]

    def access(self, api: str) -> Access:
        """The access to an API. Raises SettingsError where it is not set up."""
        found = self.apis.get(api)
        if found is None:
            spec = spec_of(api)
            key = spec.key_variables[0]
            raise SettingsError(
                f"{told(spec)} needs a key, and none is set", where=key, hint=f"set {key}; nothing was bought"
            )
        return found


def _titles(specs: Sequence[ProviderSpec]) -> str:
    return f"{' and '.join(spec.title for spec in specs)} {'is' if len(specs) == 1 else 'are'}"


def told(spec: ProviderSpec) -> str:
    """A service and the models that it sells: ``Luma's Agents API (ray-3)``."""
    return f"{spec.title} ({', '.join(model.name for model in spec.models)})"


def choose_service(settings: Settings) -> Service:
    """The service to use. With a key: the live API, or the server at its base URL. Without: that server if on this
    machine, else the sandbox, which is started when it is needed. Raises SettingsError for unusable settings."""
    found = {spec.id: access for spec in all_specs() if (access := _access(spec, settings.credentials)) is not None}
    if not found:
        accesses = {spec.id: Access("", "sandbox", "sandbox") for spec in all_specs() if spec.sandbox}
        return Service("sandbox", accesses, billed=False, start_sandbox=True)
    realms = {realm for realm, _, _ in found.values()}
    if len(realms) > 1:
        here = [spec_of(api) for api, (realm, _, _) in found.items() if realm == "local"]
        away = [spec_of(api) for api, (realm, _, _) in found.items() if realm != "local"]
        raise SettingsError(
            f"{_titles(here)} on this machine, {_titles(away)} not",
            where=", ".join(spec.url_variable for spec in (*here, *away)),
            hint=f"set {' and '.join(spec.url_variable for spec in away)} to this machine, too, or unset "
            f"{' and '.join(spec.url_variable for spec in here)}",
        )
    (realm,) = realms
    apis = {api: access for api, (_, access, _) in found.items()}
    if realm == "local":
        apis |= _beside(apis)
    return Service(realm, apis, billed=any(has_key for _, _, has_key in found.values()))


def _beside(apis: Mapping[str, Access]) -> dict[str, Access]:
    """Further APIs of a vendor whose first API is served on this machine: such a server may have them, as the sandbox.

    An API that is set up alone stays alone: nothing says that its server has another one.
    """
    first: dict[str, str] = {}
    for spec in all_specs():
        first.setdefault(spec.vendor, spec.id)
    added = {}
    for spec in all_specs():
        same = apis.get(first[spec.vendor])
        if same is not None and spec.id not in apis and spec.local_path:
            origin = urlsplit(same.base_url)
            added[spec.id] = replace(same, base_url=f"{origin.scheme}://{origin.netloc}{spec.local_path}")
    return added


def _access(spec: ProviderSpec, credentials: Mapping[str, Credentials]) -> tuple[Realm, Access, bool] | None:
    """Realm, access, and True if there is a key; None where the API is not set up."""
    given = credentials.get(spec.id, Credentials())
    key = given.key.get_secret_value() if given.key else ""
    url = given.base_url
    if url:
        web_address(url, spec.url_variable)
    if not key and not url:
        return None
    local = bool(url) and is_loopback(url)
    if not key and not local:
        raise SettingsError(
            "a base URL is set, but no API key", where=spec.url_variable,
            hint=f"set {spec.key_variables[0]}, or unset the URL",
        )  # fmt: skip
    realm: Realm = "local" if local else "luma"
    # What two services say of lists, limits and balances is kept by account: those that came later have their own.
    where = realm if spec.id in BUILT_IN else f"{realm}-{spec.id}"
    account = f"{where}-{hashlib.sha256(key.encode()).hexdigest()[:8]}" if key else where
    return realm, Access(url or spec.base_url, key or "sandbox", account), bool(key)


def is_loopback(url: str) -> bool:
    """True if a URL's host is this machine, by its name alone (nothing is looked up)."""
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
