"""One TOML file, the environment over it, secrets from either: the site's configuration."""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cattrs
import typed_settings
from attrs import Factory, fields, frozen

from mediacore.errors import ConfigError
from mediacore.house import Policy
from mediacore.redaction.detectors import KINDS

FILE = "mediacore.toml"
PREFIX = "MEDIACORE_"
TABLES = {"site": "[site]", "inbox": "[inbox.NAME]", "shared": "[shared.NAME]"}


@frozen
class SiteSettings:
    """The ``[site]`` table; each key can also be given as ``MEDIACORE_<KEY>`` in the environment.

    Args:
        data: the folder that holds everything; relative paths count from the configuration's folder.
        public_url: where providers and customers reach this runner, such as ``https://media.example.com``; without
            it there are no links, and channels whose provider fetches files cannot send.
        listen: host and port to listen on.
        database: an SQLAlchemy URL; SQLite in the data folder when empty.
        secret: signs addresses of files; made once and kept in the data folder when empty.
        ocr: read pictures when searching for personal data; needs ``pip install mediacore[ocr]``.
        min_jail: the weakest confinement (0 to 3) under which files are worked on.
        poll: seconds between two looks into a mailbox.
    """

    data: str = "mediacore-data"
    public_url: str = ""
    listen: str = "127.0.0.1:8025"
    database: str = ""
    secret: str = typed_settings.secret(default="")
    ocr: bool = True
    min_jail: int = 1
    poll: float = 2.0


@frozen
class Config:
    """A whole configuration.

    Args:
        site: the ``[site]`` table.
        inboxes: the ``[inbox.NAME]`` tables, unread; mounting reads them.
        policies: each inbox's ``policy`` table.
        folder: where relative paths count from.
        shared: the ``[shared.NAME]`` tables: plugins that every inbox gets beside its channel, the last asked first.
    """

    site: SiteSettings
    inboxes: Mapping[str, Mapping[str, Any]]
    policies: Mapping[str, Policy] = Factory(dict)
    folder: Path = Path()
    shared: Mapping[str, Mapping[str, Any]] = Factory(dict)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / self.site.data

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.site.database or f"sqlite:///{self.data / 'ledger.db'}"

    def link_secret(self) -> str:
        """The secret that signs addresses of files; made on first use."""
        if self.site.secret:
            return str(self.site.secret)
        path = self.data / "link-secret"
        if not path.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as sink:
                sink.write(secrets.token_urlsafe(32))
        return path.read_text()


def load(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        ConfigError: it is missing or not well formed, with everything that is wrong in it.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no configuration at {path}: run 'mediacore init' to write one") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    unknown = sorted(set(table) - set(TABLES))
    if unknown:
        raise ConfigError(f"{path}: unknown table {', '.join(unknown)}; it knows {', '.join(TABLES.values())}")
    for name, written in TABLES.items():
        if not isinstance(table.get(name, {}), Mapping):
            raise ConfigError(f"{path}: {name} must be a table, written as {written}")
    site = _site(path)
    return from_tables(site, table.get("inbox", {}), path.parent, table.get("shared", {}))


def from_tables(
    site: SiteSettings,
    inboxes: Mapping[str, Mapping[str, Any]],
    folder: Path,
    shared: Mapping[str, Mapping[str, Any]] | None = None,
) -> Config:
    """A configuration from parsed tables.

    Raises:
        ConfigError: an inbox has an odd name or an odd policy.
    """
    odd = [name for name in inboxes if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", name)]
    if odd:
        raise ConfigError(f"inbox names are lower-case letters, digits, - and _: {', '.join(odd)}")
    for sort, tables in (("inbox", inboxes), ("shared", shared or {})):
        if flat := [name for name, table in tables.items() if not isinstance(table, Mapping)]:
            raise ConfigError(f"settings stand below [{sort}.NAME], so these are in the wrong place: {', '.join(flat)}")
    policies = {name: _policy(name, table.get("policy", {})) for name, table in inboxes.items()}
    return Config(site, inboxes, policies, folder, shared or {})


def _site(path: Path) -> SiteSettings:
    try:
        return typed_settings.load(
            SiteSettings, "mediacore", config_files=[path], config_file_section="site", config_files_var=None,
            env_prefix=PREFIX,
        )  # fmt: skip
    except typed_settings.exceptions.TsError as error:
        told = "; ".join(str(each) for each in getattr(error, "exceptions", (error,)))
        raise ConfigError(f"{path}: [site]: {told}") from error


def _policy(name: str, table: Mapping[str, Any]) -> Policy:
    if not isinstance(table, Mapping):
        raise ConfigError(f'inbox {name!r}: policy must be a table, such as {{ redact_inbound = ["card"] }}')
    letters = [key for key in ("redact_inbound", "redact_outbound") if isinstance(table.get(key), str)]
    if letters:  # a bare word would silently be taken for its letters, and nothing would be hidden
        raise ConfigError(f'inbox {name!r}: policy: {", ".join(letters)} must be a list of words, such as ["card"]')
    try:
        policy = cattrs.Converter(forbid_extra_keys=True).structure(table, Policy)
    except Exception as error:
        told = "; ".join(cattrs.transform_error(error)) if isinstance(error, cattrs.BaseValidationError) else str(error)
        raise ConfigError(
            f"inbox {name!r}: policy: {told}; it knows {', '.join(a.name for a in fields(Policy))}"
        ) from error
    unknown = sorted({*policy.redact_inbound, *policy.redact_outbound} - set(KINDS))
    if unknown:
        raise ConfigError(f"inbox {name!r}: policy: nothing finds {', '.join(unknown)}; known are {', '.join(KINDS)}")
    if policy.media == "reference" and policy.redact_inbound:
        raise ConfigError(f"inbox {name!r}: policy: nothing can be painted over in files that are not kept (reference)")
    if policy.media_ttl < 1:
        raise ConfigError(f"inbox {name!r}: policy: media_ttl is seconds, 1 at least, not {policy.media_ttl}")
    if not re.fullmatch(r"[A-Z]{2}", policy.region):
        raise ConfigError(f"inbox {name!r}: policy: region is two capital letters such as US, not {policy.region!r}")
    return policy
