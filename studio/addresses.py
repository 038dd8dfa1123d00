"""Parsing and checking of URLs in the settings, and printable forms of them that hold no secret.

The printable form has scheme, host, port and path (of a database: its name or file), never a user, a password, a
query or a fragment. An error names the variable and what is wrong, and repeats nothing of the value.
"""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from studio.errors import SettingsError, StudioError

LEDGER = "STUDIO_LEDGER_URL"
SUCH_AS = "such as sqlite:////data/ledger.db or postgresql://user:password@host/studio"
PSYCOPG = "postgresql+psycopg"
DRIVERS = {
    "sqlite": "sqlite", "sqlite+pysqlite": "sqlite", "postgres": PSYCOPG, "postgresql": PSYCOPG, PSYCOPG: PSYCOPG,
    "postgresql+psycopg2": "postgresql+psycopg2",
}  # fmt: skip
#: The parameters that SQLite accepts in a query. Anything else after a `?` belongs to a path, and would name the wrong
#: file.
SQLITE_OPTIONS = frozenset(
    {"timeout", "check_same_thread", "cached_statements", "detect_types", "uri", "mode", "cache", "vfs", "nolock",
     "immutable", "psow"}
)  # fmt: skip
#: Parameters of a PostgreSQL query that errors may repeat.
KNOWN_OPTIONS = frozenset(
    {"host", "hostaddr", "port", "user", "dbname", "password", "connect_timeout", "options", "application_name",
     "client_encoding", "sslmode", "sslcert", "sslkey", "sslrootcert", "target_session_attrs"}
)  # fmt: skip


def web_address(text: str, where: str, *, secrets: bool = False) -> SplitResult:
    """Split an http or https address into its parts. ``secrets``: it may have a user, a password and a query.

    Raises SettingsError, which names ``where`` and repeats nothing of the address.
    """
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        usable = False
    if not usable or not text.isprintable() or " " in text:
        raise SettingsError("is no http or https address", where=where, hint="such as https://example.com/path")
    if parts.fragment or text.endswith("#"):
        raise SettingsError("has a fragment (#), which no server is sent", where=where, hint="leave it out")
    if not secrets and ("@" in text or parts.query or text.endswith("?")):
        raise SettingsError(
            "is no http or https address alone",
            where=where,
            hint="without credentials, query and fragment: none is used",
        )
    return parts


def shown(url: str) -> str:
    """The address in printable form: without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "an address that cannot be read"
    # An `@` after the host may be the rest of a password that was not percent-encoded.
    path = "" if "@" in parts.path else parts.path
    place = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{place}{'' if port is None else f':{port}'}{path}"


def sqlite_url(file: str) -> URL:
    """Build the URL of a SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=file)


def ledger_url(given: str | URL, *, error: type[StudioError] = SettingsError) -> URL:
    """Parse and check the URL of a ledger's database. Raises ``error``, which names STUDIO_LEDGER_URL and repeats no
    value."""

    def refuse(message: str, hint: str = SUCH_AS) -> NoReturn:
        raise error(message, where=LEDGER, hint=hint)

    url = given if isinstance(given, URL) else _parsed(given)
    if url is None:
        refuse("not a database URL")
    driver = DRIVERS.get(url.drivername)
    if driver is None:
        refuse("names a database or a driver that no ledger is kept in")
    url = url.set(drivername=driver)
    if driver == "sqlite":
        if url.host or url.username or url.port:
            refuse("not a database URL", "a file has three slashes before its path, or four: sqlite:////data/ledger.db")
        if not _is_sqlite_query(given, url):
            refuse("has a query that SQLite does not know", "for a path with a ? in it, set STUDIO_HOME")
        return url
    if url.port is not None and not 0 < url.port < 65536:
        refuse("has an invalid port", "1 to 65535; PostgreSQL's own is 5432")
    several = isinstance(given, str) and given.count("@") > 1
    if several or "@" in f"{url.host}{url.database}":
        refuse("has more than one @", "write a @ in a password as %40, a / as %2F, a ? as %3F, a # as %23")
    if "?" in (url.username or "") or any("@" in key for key in url.query):
        refuse("has a ? before its host", "write a ? in a password as %3F")
    password = url.query.get("password")
    if isinstance(password, str):  # where its own repr hides it
        url = url.difference_update_query(["password"]).set(password=url.password or password)
    return url


def ledger_name(url: URL) -> str:
    """The printable form of a ledger's address: driver, host, port and name of the database, or the file."""
    kind = url.get_backend_name()
    if kind == "sqlite":
        return sqlite_url(url.database or "").render_as_string()
    database = (url.database or "").partition("#")[0]
    return URL.create(kind, host=url.host, port=url.port, database=database or None).render_as_string()


def secrets_of(url: URL) -> list[str]:
    """The secrets of a URL, the longest first: user, password, and the names and values of its query (an ``&`` in a
    password turns the rest of it into such a name)."""
    values = [url.username or "", str(url.password or "")]
    for key, value in url.query.items():
        values += [key] if key not in KNOWN_OPTIONS else []
        values += [value] if isinstance(value, str) else value
    return sorted({value for value in values if len(value) > 2}, key=len, reverse=True)


def _parsed(text: str) -> URL | None:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):  # a ValueError: a port that is no number
        return None


def _is_sqlite_query(given: str | URL, url: URL) -> bool:
    """True if SQLite knows every part of the query; a part that cannot be parsed would be dropped without an error."""
    _, mark, query = given.partition("?") if isinstance(given, str) else ("", "", "")
    told = parse_qsl(query, keep_blank_values=True)
    whole = all(name in SQLITE_OPTIONS and value for name, value in told)
    return whole and bool(told) == bool(mark) and {*url.query} <= SQLITE_OPTIONS
