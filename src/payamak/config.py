"""The settings of one process: where the store is, where to listen, what to log.

They come from one TOML file (`--config`, else PAYAMAK_CONFIG, else none) and from the environment, which wins:
`PAYAMAK_PORT=8080`. What a site is made of (accounts, lines, links) is not here but in the database. Each setting
carries its description, unit and default; `payamak config` prints this table and the reference page is made of it.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from payamak.language import Words, persian_of
from payamak.setting import Items, Numbers, Setting, Text, misfits, shown


class BadSettings(Exception):
    """A setting is wrong; the text says where it stands, what came and what is allowed, in both languages (Words)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a person must know of one setting: `setting` with its bounds, what is allowed in words, how it is read."""

    setting: Setting
    allowed: Words
    read: Callable[[Any], Any]


def _setting(default: Any, setting: Setting, read: Callable[[Any], Any], allowed: Words) -> Any:
    return field(default=default, metadata={"about": About(setting=setting, allowed=allowed, read=read)})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _database(value: Any) -> str:
    """A path or an address. One with a password in it is refused: addresses are shown, logged and listed by `ps`."""
    text = _text(value)
    if "://" in text:
        parts = urlsplit(text)
        if parts.scheme not in ("postgresql", "postgres") or parts.password or "password=" in parts.query:
            raise ValueError
    return text


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError
    return int(value)


_WORDS: Final = {
    "true": True,
    "yes": True,
    "1": True,
    "on": True,
    "false": False,
    "no": False,
    "0": False,
    "off": False,
}


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return _WORDS[str(value).lower()]


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return read


Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


def _networks(value: Any) -> Networks:
    texts = value.split(",") if isinstance(value, str) else value
    return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts if text.strip())


def _prefixes(value: Any) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    texts = tuple(str(int(item)) for item in items)  # whose digits may be Persian
    if not all(re.fullmatch("9[0-9]", text) for text in texts):
        raise ValueError
    return tuple(sorted(set(texts)))


DEFAULT_PREFIXES: Final = ("90", "91", "92", "93", "94", "99")
"""As domain.numbers.RECIPIENT_PREFIXES, where the source stands; a test holds the two together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything one `payamak serve` has to be told. Times in seconds where the name says `_s`."""

    database: str = _setting(
        "payamak.sqlite",
        Setting(
            "The SQLite file that keeps everything, or the address of a PostgreSQL database.",
            "",
            Text(4_096, least=1),
            fa="پایگاه داده",
        ),
        _database,
        Words(
            "a path; its folder is made; or postgresql://USER@HOST/DATABASE, its password in PGPASSFILE or PGPASSWORD",
            "یک مسیر که پوشه‌اش ساخته می‌شود؛ یا postgresql://USER@HOST/DATABASE با گذرواژه در PGPASSFILE یا PGPASSWORD",
        ),
    )
    host: str = _setting(
        "127.0.0.1",
        Setting("The address on which HTTP is served.", "", Text(253, least=1), fa="نشانی HTTP"),
        _text,
        Words("an address, 0.0.0.0 for all", "یک نشانی؛ 0.0.0.0 برای همه"),
    )
    port: int = _setting(
        8080,
        Setting("The port on which HTTP is served.", "", Numbers(0, 65_535), fa="درگاه HTTP"),
        _whole,
        Words("0 (a free one) to 65535", "0 (درگاهی آزاد) تا 65535"),
    )
    max_connections: int = _setting(
        10_000,
        Setting(
            "Connections to the HTTP port at one time. One more, and of the address that holds most the one that waits "
            "longest for its caller is closed; one whose request is being answered never is. "
            "Less where the system grants fewer open files.",
            "connections",
            Numbers(8, 1_000_000),
            fa="بیشترین اتصال هم‌زمان",
        ),
        _whole,
        Words("8 to 1000000", "8 تا 1000000"),
    )
    allow_get: bool = _setting(
        True,
        Setting(
            "Whether wsSend and wsStates are served by GET too. It puts a password into the caller's URL.",
            fa="پذیرش GET",
        ),
        _truth,
        Words("true or false", "true یا false"),
    )
    trusted_networks: Networks = _setting(  # noqa: RUF009 - field(), by another name
        (),
        Setting(
            "Proxies whose X-Forwarded-For is believed when a client's address is checked.",
            "",
            Items(1_000),
            fa="پراکسی‌های معتمد",
        ),
        _networks,
        Words(
            "addresses or networks such as 10.0.0.0/8, joined by commas",
            "نشانی یا شبکه مانند 10.0.0.0/8، با کاما از هم جدا",
        ),
    )
    keep_alive_s: int = _setting(
        75,
        Setting(
            "How long an idle connection is kept for its caller's next request. Longer than callers and proxies "
            "in front keep theirs, or they send into a connection that is just being closed.",
            "seconds",
            Numbers(1, 3_600),
            fa="نگه‌داشتن اتصال بیکار",
        ),
        _whole,
        Words("1 to 3600", "1 تا 3600"),
    )
    recipient_prefixes: tuple[str, ...] = _setting(
        DEFAULT_PREFIXES,
        Setting(
            "The first two digits behind 98 that mobiles have. A recipient with others is refused with 1; a sender "
            "with others is no mobile: it stays as it came, and a reply to it is refused.",
            "",
            Items(10, least=1),
            fa="پیش‌شماره‌های همراه",
        ),
        _prefixes,
        Words(
            "1 to 10 pairs of digits that begin with 9, joined by commas",
            "1 تا 10 جفت رقم که با 9 آغاز می‌شوند، با کاما از هم جدا",
        ),
    )
    metrics_networks: Networks = _setting(  # noqa: RUF009 - field(), by another name
        (),
        Setting(
            "Who may read /metrics, and the reasons that /readyz gives, beside this machine itself.",
            "",
            Items(1_000),
            fa="شبکه‌های پایش",
        ),
        _networks,
        Words(
            "addresses or networks such as 10.0.0.0/8, joined by commas",
            "نشانی یا شبکه مانند 10.0.0.0/8، با کاما از هم جدا",
        ),
    )
    metrics_balances: bool = _setting(
        False,
        Setting(
            "Whether /metrics tells what each account has, by its name.",
            fa="مانده حساب‌ها در پایش",
        ),
        _truth,
        Words("true or false", "true یا false"),
    )
    panel: bool = _setting(
        True,
        Setting(
            "Whether the panel is served, under /panel, to people added by `payamak user add`. Until there is one it "
            "shows that command and nothing else.",
            fa="پنل",
        ),
        _truth,
        Words("true or false", "true یا false"),
    )
    panel_url: str = _setting(
        "",
        Setting(
            "Where people reach the panel, as their browsers write it: https://panel.example.ir behind a proxy. A "
            "request by another address is sent there. Nothing: http://127.0.0.1 with the port.",
            "",
            Text(200),
            fa="نشانی پنل",
        ),
        _text,
        Words(
            "nothing, or https://HOST or http://HOST:PORT without a path",
            "خالی، یا https://HOST یا http://HOST:PORT بی مسیر",
        ),
    )
    panel_over_http: bool = _setting(
        False,
        Setting(
            "Whether the panel may be reached over plain HTTP from other machines. Passwords are then read by whoever "
            "sees the traffic; people who may credit accounts are kept out.",
            fa="پنل بدون HTTPS",
        ),
        _truth,
        Words("true or false", "true یا false"),
    )
    panel_networks: Networks = _setting(  # noqa: RUF009 - field(), by another name
        (),
        Setting(
            "From which addresses the panel is reached; to all others it is not there. Nothing: from all.",
            "",
            Items(1_000),
            fa="شبکه‌های پنل",
        ),
        _networks,
        Words(
            "addresses or networks such as 10.0.0.0/8, joined by commas",
            "نشانی یا شبکه مانند 10.0.0.0/8، با کاما از هم جدا",
        ),
    )
    log_level: str = _setting(
        "info",
        Setting("How much is logged.", fa="میزان گزارش"),
        _one_of("debug", "info", "warning", "error"),
        Words("debug, info, warning, error", "debug، info، warning، error"),
    )
    log_states: str = _setting(
        "ends",
        Setting(
            "Which changes of a message are logged, at the levels debug and info: its acceptance and its end, or all, "
            "each with the event that made it.",
            fa="وضعیت‌های ثبت‌شونده در گزارش",
        ),
        _one_of("ends", "all"),
        Words("ends, all", "ends، all"),
    )
    calendar: str = _setting(
        "iso",
        Setting(
            "How commands show instants: iso, in local time, or jalali, in Tehran's. Either is read, and in JSON they "
            "are milliseconds since 1970 UTC.",
            fa="تقویم",
        ),
        _one_of("iso", "jalali"),
        Words("iso, jalali", "iso، jalali"),
    )


def table() -> list[tuple[str, About, Any]]:
    """Every setting: name, what to know of it, default."""
    return [(item.name, item.metadata["about"], item.default) for item in fields(Settings)]


def named_file(path: Path | None, environment: Mapping[str, str]) -> Path | None:
    """The settings file: as given, or as PAYAMAK_CONFIG has it."""
    named = environment.get("PAYAMAK_CONFIG")
    return Path(named) if path is None and named else path


def load_again(path: Path | None, environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """The same at another time. Raises BadSettings, also for a pipe: it was emptied by the first reading."""
    file = named_file(path, os.environ if environment is None else environment)
    if file is not None and file.exists() and not file.is_file():
        raise BadSettings(
            Words(
                f"{file}: no file that can be read twice (a pipe?); name a regular file, or restart",
                f"{file}: فایلی نیست که دو بار خوانده شود (لوله است؟)؛ فایلی معمولی نام ببرید، یا از نو راه‌اندازی کنید",
            )
        )
    return load(path, environment, **given)


def load(path: Path | None, environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Settings from the file, the environment and, above both, `given` (None: not given). Raises BadSettings."""
    environment = os.environ if environment is None else environment
    path = named_file(path, environment)
    known = {name: about for name, about, _ in table()}
    values: dict[str, Any] = {}
    if path is not None:
        values.update(_from_file(path, known))
    for name, about in known.items():
        if (text := environment.get(f"PAYAMAK_{name.upper()}")) is not None:
            values[name] = _read(about, name, text, f"PAYAMAK_{name.upper()}")
    for name, value in given.items():
        if value is not None:
            values[name] = _read(known[name], name, value, f"--{name.replace('_', '-')}")
    return Settings(**values)


def _from_file(path: Path, known: Mapping[str, About]) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text)
    except OSError as error:
        raise BadSettings(
            Words(f"{path}: cannot be read: {error.strerror}", f"{path}: خوانده نمی‌شود: {error.strerror}")
        ) from error
    except UnicodeDecodeError as error:
        raise BadSettings(
            Words(
                f"{path}: this is no UTF-8 text: write it anew as UTF-8",
                f"{path}: متن UTF-8 نیست: آن را دوباره با UTF-8 ذخیره کنید",
            )
        ) from error
    except RecursionError as error:
        raise BadSettings(
            Words(
                f"{path}: lists or tables within each other without end",
                f"{path}: فهرست‌ها یا جدول‌ها بی‌پایان تودرتو هستند",
            )
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(Words(f"{path}: no TOML: {error}", f"{path}: TOML نیست: {error}")) from error
    values = {}
    for name, value in document.items():
        line = _line_of(text, name)
        where = Words(f"{path}, line {line}", f"{path}، سطر {line}")
        if name not in known:
            raise BadSettings(
                Words(
                    f"{where}: there is no setting {name!r}; known are: {', '.join(sorted(known))}",
                    f"{where.fa}: تنظیمی به نام {name!r} نیست؛ این‌ها هستند: {', '.join(sorted(known))}",
                )
            )
        values[name] = _read(known[name], name, value, where)
    return values


def _line_of(text: str, name: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if line.split("=")[0].strip().strip("\"'") == name or line.strip() == f"[{name}]":
            return number
    return 1


def _read(about: About, name: str, value: Any, where: str) -> Any:
    """The value of a setting. Raises BadSettings, with the option or with the place and the name."""
    if not where.startswith("--"):
        where = Words(f"{where}: {name}", f"{persian_of(where)}: {name}")
    try:
        read = about.read(value)
        if not any(misfits(about.setting, read, name)):
            return read
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    came = shown(value)
    raise BadSettings(
        Words(
            f"{where} cannot be {came}; allowed: {about.allowed}",
            f"{persian_of(where)} نمی‌تواند {persian_of(came)} باشد؛ مجاز: {about.allowed.fa}",
        )
    )
