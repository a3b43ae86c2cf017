"""`payamak init`: a first site, asked for and written to files, applied to a new store, and tried by a message."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

from cyclopts import Parameter

from payamak.cli.bounds import Port, bounded, whole, within
from payamak.cli.passwords import new_password
from payamak.cli.shell import (
    Acting,
    Common,
    ExitCode,
    Failed,
    complain,
    file_to_be,
    interruptible,
    look_at_store,
    now_ms,
    open_store,
    say,
    tell_json,
)
from payamak.domain.money import MOST_PRICE_RIAL, MOST_RIAL
from payamak.domain.numbers import latin_digits, line_key, parse_recipient
from payamak.language import Words, sentence_of, spoken, worded
from payamak.setting import Numbers
from payamak.texts.faults import fault_words

if TYPE_CHECKING:
    from payamak.cli.trial import Start, Trial
    from payamak.domain.site import Account, Line, Link
    from payamak.hands.starter import SettingRow
    from payamak.hands.values import Store

LINK: Final = "operator"
"""What the first link is called."""

PASSWORD_VARIABLE: Final = "OPERATOR_PASSWORD"
"""What has the operator's password, where no other variable is named."""

FILES: Final = ("settings.toml", "site.toml", "secrets.env")

HOMES: Final = {Path("/etc/payamak"): Path("/var/lib/payamak/payamak.sqlite")}
"""Where the store of a folder of settings lies, if not in that folder itself (Filesystem Hierarchy Standard 3.0)."""


PRICE: Final = bounded(0, MOST_PRICE_RIAL)
CREDIT: Final = bounded(0, MOST_RIAL)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class FirstAnswers:
    """What is asked for, each with its flag; None is not answered yet. Prices and credit in rial."""

    operator: Annotated[str | None, Parameter(help="The operator's address: HOST or HOST:PORT.")] = None
    system_id: Annotated[str | None, Parameter(help="The name of the login there.")] = None
    operator_password: Annotated[
        str | None, Parameter(help="The login's password: env:NAME, read now and kept in secrets.env.")
    ] = None
    line: Annotated[str | None, Parameter(help="The sender number.")] = None
    account: Annotated[str | None, Parameter(help="The customer: the name that its programs call by.")] = None
    password: Annotated[str | None, Parameter(help="The customer's web-service password: env:NAME, read now.")] = None
    price: Annotated[int | None, PRICE, Parameter(help="Price of a part of a Persian text, in rial.")] = None
    latin_price: Annotated[int | None, PRICE, Parameter(help="Of a Latin text; else the same.")] = None
    credit: Annotated[int | None, CREDIT, Parameter(help="What the customer has paid in, in rial.")] = None
    to: Annotated[str | None, Parameter(help="A mobile of yours for the test message; empty: none is sent.")] = None


SANDBOX: Final[Mapping[str, Any]] = {
    "operator": "127.0.0.1:2775",
    "system_id": "sandbox",
    "line": "9830003300",
    "account": "shop",
    "price": 900,
    "credit": 1_000_000,
    "to": "09120009000",
}
"""What `--sandbox` answers; the passwords of a sandbox are drawn."""

QUESTIONS: Final[Mapping[str, Words]] = {
    "operator": Words("The operator's address (HOST or HOST:PORT)", "نشانی اپراتور (HOST یا HOST:PORT)"),
    "system_id": Words("Name of your login there (system_id)", "نام کاربری شما نزد اپراتور (system_id)"),
    "line": Words("Your line, the sender number", "خط شما، شمارهٔ فرستنده"),
    "account": Words("Name of the first customer", "نام نخستین مشتری"),
    "price": Words("Price of a part of a Persian text, in rial", "بهای هر بخش متن فارسی، به ریال"),
    "credit": Words("The customer's credit, in rial", "اعتبار مشتری، به ریال"),
    "to": Words("A mobile for the test message (empty: none)", "شمارهٔ همراهی برای پیام آزمایشی (خالی: هیچ)"),
}
"""Asked in this order of whoever has not given the flag; passwords are asked for after them, without an echo."""

FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "operator": ("link", "host"),
    "system_id": ("link", "system_id"),
    "line": ("line", "number"),
    "account": ("account", "username"),
}
"""What an answer becomes: the kind of document, and its field."""

TRIES: Final = 3
"""How often one question is asked before the command gives up."""

Answer = TypeVar("Answer")

NUMBERS: Final = {"price": Numbers(0, MOST_PRICE_RIAL), "credit": Numbers(0, MOST_RIAL)}
"""The answers in rial, and what is allowed in them."""

SMPP_PORT: Final = 2775
"""As registered with IANA, and the default of a link."""

UNWRITTEN: Final = Words("nothing was written", "چیزی نوشته نشد")
ADVICE: Final = Words(
    "nothing is overwritten: change a site with `payamak apply`, or name another folder",
    "روی چیزی نوشته نمی‌شود: پیکربندی را با `payamak apply` تغییر دهید، یا پوشهٔ دیگری نام ببرید",
)


def init(
    folder: Path | None = None,
    /,
    *,
    sandbox: Annotated[bool, Parameter(negative="")] = False,
    answers: FirstAnswers = FirstAnswers(),
    port: Port = 8080,
    data: Annotated[str | None, Parameter(name=("--data", "--database"))] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Make a first site: ask for an operator, a line, a customer and a price, write the files, and send a message.

    Three files are written, for their owner alone: `settings.toml` and `site.toml` have every setting with its
    meaning, what is allowed and its default; `secrets.env` has the operator's password. The site is applied to a new
    store. Then the gateway is started for a moment, binds to the operator and sends the test message.

    What you do not give is asked for; where nobody can be asked every flag but `--to` is needed. Nothing that exists
    is overwritten. Exit code 1 if the files are written and the trial did not come to a good end.

    Example: `payamak init --sandbox`

    Example: `payamak init /etc/payamak --operator smpp.example.ir:2775 --system-id shop --operator-password env:OP
    --line 9830003300 --account shop --password env:SHOP --price 900 --credit 5000000`

    Parameters
    ----------
    folder
        Where the files go; else where PAYAMAK_CONFIG lies, else here.
    sandbox
        A simulated operator in the place of a real one; nothing is asked.
    port
        The port on which HTTP will be served.
    data
        The SQLite file; else payamak.sqlite in the folder, or in /var/lib/payamak for /etc/payamak.
    json
        Answer in JSON, for machines.
    """
    from payamak.cli.running import run_loop

    place = _place(folder)
    if data:
        file_to_be(Common(data=data))  # a database has no folder: `payamak apply` makes its site
    store = Path(data).absolute() if data else HOMES.get(place, place / "payamak.sqlite")
    _check_files(place)
    if store.exists():
        run_loop(_check_store(Common(data=str(store))))
    common = Acting(data=str(store), config=place / "settings.toml")
    start = prepared(_sandbox(answers) if sandbox else _asked(answers), is_sandbox=sandbox)
    _write(place, store, start, port)
    os.environ.update(start.secrets)
    trial = run_loop(_begin(common, start, is_sandbox=sandbox))
    if json:
        password = {"password": start.password} if start.is_drawn else {}
        told = {"says": trial.says, "is_well": trial.is_well}
        tell_json({"folder": str(place), "database": str(store), **password, "trial": told})
    else:
        say(_written(place, store), trial.says, *_next_steps(place, start, is_sandbox=sandbox))
    return ExitCode.DONE if trial.is_well else ExitCode.PROBLEM


def _written(place: Path, store: Path) -> str:
    """Which files there are now."""
    return worded(
        f"Written: {', '.join(FILES)} in {place}, for their owner alone; the store is {store}.",
        f"نوشته شد: {'، '.join(FILES)} در {place}، فقط برای صاحبشان؛ پایگاه داده {store} است.",
    )


# ----------------------------------------------------------------------------------------------- asking


def _place(folder: Path | None) -> Path:
    if folder is None and (named := os.environ.get("PAYAMAK_CONFIG")):
        return Path(named).absolute().parent
    return (folder or Path()).absolute()


def _check_files(place: Path) -> None:
    """Raises Failed where files are there already, before anything is asked."""
    for name in FILES:
        if (place / name).exists():
            raise Failed(
                worded(
                    f"{place / name} is there already, and {ADVICE}", f"{place / name} از پیش هست؛ {spoken(ADVICE)}"
                ),
                ExitCode.USAGE,
            )


async def _check_store(common: Common) -> None:
    """Raises Failed where the store has a site; an empty one is taken."""
    from payamak.domain.site import KINDS

    async with look_at_store(common) as store:
        if store.site.missing_kinds != tuple(KINDS):
            raise Failed(
                worded(
                    f"{common.data} has a site already, and {ADVICE}",
                    f"{common.data} از پیش پیکربندی دارد؛ {spoken(ADVICE)}",
                ),
                ExitCode.USAGE,
            )


def _sandbox(answers: FirstAnswers) -> FirstAnswers:
    """The answers of a sandbox, where none was given."""
    given = {name: getattr(answers, name) for name in SANDBOX}
    return replace(answers, **{name: SANDBOX[name] if value is None else value for name, value in given.items()})


def _asked(answers: FirstAnswers) -> FirstAnswers:
    """Every answer, asked for where it is missing. Raises Failed where nobody can be asked."""
    needed = [name for name in (*QUESTIONS, "operator_password", "password") if name != "to"]
    missing = [f"--{name.replace('_', '-')}" for name in needed if getattr(answers, name) is None]
    if not sys.stdin.isatty():
        if missing:
            raise Failed(
                worded(
                    f"nobody to ask: give {', '.join(missing)}, or --sandbox",
                    f"کسی نیست که بپرسیم: {', '.join(missing)} را بدهید، یا --sandbox",
                ),
                ExitCode.USAGE,
            )
        return replace(answers, to=answers.to or "")
    with interruptible():
        for name, question in QUESTIONS.items():
            if getattr(answers, name) is None:
                answers = replace(answers, **{name: _again(partial(_answer, name, spoken(question)))})
    return answers


def _again(ask: Callable[[], Answer]) -> Answer:
    """Ask until the answer is one, a few times: whoever mistypes the last answer need not give all of them anew."""
    for _ in range(TRIES - 1):
        try:
            return ask()
        except ValueError as error:
            complain(sentence_of(error))
    try:
        return ask()
    except ValueError as error:
        raise Failed(sentence_of(error), ExitCode.USAGE, more=(UNWRITTEN,)) from error


def _answer(name: str, question: str) -> Any:
    """One answer of a person, as it is kept. Raises ValueError with what is allowed, Failed at the end of input."""
    print(f"{question}: ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise Failed(worded("\nnobody answers", "\nکسی پاسخ نمی‌دهد"), ExitCode.USAGE, more=(UNWRITTEN,))
    said = latin_digits(line.strip())
    if name in NUMBERS:
        number = whole(said)
        within(NUMBERS[name])(int, number)
        return number
    if name == "to":
        if said and parse_recipient(said) is None:
            raise ValueError(worded(f"{said} is no mobile number", f"{said} شمارهٔ همراه نیست"))
        return said
    _check_field(name, said)
    return said


def _check_field(name: str, said: str) -> None:
    """Raises ValueError that says what is allowed, where an answer cannot be what its document has of it."""
    from payamak.domain.site.fault import ENGLISH, FaultKind
    from payamak.hands.sitefile import read_field
    from payamak.texts.faults import PERSIAN

    if name == "line" and not line_key(said):
        raise ValueError(worded(ENGLISH[FaultKind.NO_NUMBER], PERSIAN[FaultKind.NO_NUMBER]))
    kind, field = FIELDS[name]
    if name == "operator":
        host, _ = _address(said)
        read_field(kind, field, host)
    else:
        read_field(kind, field, said)
    if name == "system_id":
        _check_login(said, "")


def _address(operator: str) -> tuple[str, int]:
    """Host and port of what was said of the operator. Raises ValueError."""
    address = urlsplit(f"//{latin_digits(operator)}")
    try:
        return address.hostname or "", address.port or SMPP_PORT
    except ValueError:
        raise ValueError(
            worded(
                f"{operator} is no address: write HOST, or HOST:PORT with a port from 1 to 65535",
                f"{operator} نشانی نیست: HOST بنویسید، یا HOST:PORT با درگاهی از ۱ تا ۶۵۵۳۵",
            )
        ) from None


def _check_login(system_id: str, password: str) -> None:
    """Raises ValueError where no bind can hold one of these."""
    from payamak.domain.site import Link
    from payamak.domain.site.faults import login_faults

    link = Link(name=LINK, system_id=system_id, password=f"env:{PASSWORD_VARIABLE}")
    for fault in login_faults(link, {PASSWORD_VARIABLE: password}):
        raise ValueError(fault_words(fault))


def _operators_password() -> str:
    """What a person types, without an echo. Raises ValueError that says what is allowed."""
    import getpass

    password = getpass.getpass(worded("Password of the operator's login: ", "گذرواژهٔ نام کاربری نزد اپراتور: "))
    _check_login("", password)
    return password


def _customers_password() -> str:
    """What a person types twice. Raises ValueError that says what is allowed."""
    from payamak.domain.site.secrets import check_new_password

    try:
        password = new_password(None, stdin=False)
    except Failed as error:
        raise ValueError(error.sentences[0]) from error
    check_new_password(password)
    return password


def _login_password(answers: FirstAnswers, *, is_sandbox: bool) -> tuple[str, str]:
    """The variable that shall have the operator's password, and the password. Raises Failed."""
    import secrets

    from payamak.domain.site.secrets import variable_of

    if answers.operator_password is not None:
        return variable_of(answers.operator_password), new_password(answers.operator_password, stdin=False)
    if is_sandbox:
        return PASSWORD_VARIABLE, secrets.token_hex(4)
    with interruptible():
        return PASSWORD_VARIABLE, _again(_operators_password)


def prepared(answers: FirstAnswers, *, is_sandbox: bool) -> Start:
    """The first site of these answers. Raises Failed, with what is allowed; nothing is written yet."""
    import secrets

    from payamak.cli.trial import Start
    from payamak.domain.site import build_site, faults_of
    from payamak.domain.site.faults import login_faults
    from payamak.domain.site.secrets import check_new_password
    from payamak.front.passwords import hash_password

    variable, login = _login_password(answers, is_sandbox=is_sandbox)
    is_drawn = is_sandbox and answers.password is None
    if is_drawn:
        password = secrets.token_urlsafe(12)
    elif answers.password is None and sys.stdin.isatty():
        password = _again(_customers_password)
    else:
        password = new_password(answers.password, stdin=False)
    try:
        check_new_password(password)
        link, line, account = documents = _documents(answers, variable, hash_password(password), is_sandbox=is_sandbox)
    except ValueError as error:
        raise Failed(sentence_of(error), ExitCode.USAGE, more=(UNWRITTEN,)) from error
    found = (*faults_of(build_site(documents, 0)), *login_faults(link, {variable: login}))
    if faults := [fault_words(fault) for fault in found]:
        raise Failed(faults[0], ExitCode.USAGE, more=(*faults[1:], UNWRITTEN))
    return Start(
        link=link,
        line=line,
        account=account,
        secrets={variable: login},
        password=password,
        is_drawn=is_drawn,
        credit_rial=answers.credit or 0,
        recipient=answers.to or "",
    )


def _documents(
    answers: FirstAnswers, variable: str, password_hash: str, *, is_sandbox: bool
) -> tuple[Link, Line, Account]:
    """The three documents of a first site. Raises ValueError that says what is allowed."""
    from payamak.domain.site import KINDS
    from payamak.hands.sitefile import read_field

    host, port = _address(answers.operator or "")
    number = latin_digits(answers.line or "")
    latin = answers.price if answers.latin_price is None else answers.latin_price
    login = {"system_id": answers.system_id, "password": f"env:{variable}"}
    wanted: dict[str, dict[str, Any]] = {
        "link": {"name": LINK, "host": host, "port": port, **login},
        "line": {"number": number, "links": [LINK], "ucs2_rial": answers.price, "gsm7_rial": latin},
        "account": {"username": answers.account, "password_hash": password_hash, "lines": [number]},
    }
    wanted["account"]["default_line"] = number
    if is_sandbox:
        wanted["line"]["hours"] = "always"
    makers: Mapping[str, Callable[..., Any]] = KINDS
    link, line, account = (
        makers[kind](**{name: read_field(kind, name, value) for name, value in given.items()})
        for kind, given in wanted.items()
    )
    return link, line, account


# ----------------------------------------------------------------------------------------------- doing


def _write(place: Path, store: Path, start: Start, port: int) -> None:
    """Write the three files, each new and for its owner alone; all of them, or none. Raises OSError."""
    from payamak.hands.starter import secrets_file, settings_file, site_file

    texts = (
        settings_file(_settings_rows({"database": str(store), "port": port})),
        site_file((start.link, start.line, start.account)),
        secrets_file(start.secrets),
    )
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    done: list[Path] = []
    try:
        for name, text in zip(FILES, texts, strict=True):
            with open(
                place / name, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)
            ) as new:
                done.append(place / name)
                new.write(text)
    except OSError:
        for path in done:
            path.unlink(missing_ok=True)
        raise


def _settings_rows(given: Mapping[str, Any]) -> Iterator[SettingRow]:
    """Every setting of a process, with what is given."""
    from payamak.config import table
    from payamak.hands.starter import SettingRow

    for name, about, default in table():
        value = given.get(name, list(default) if isinstance(default, tuple) else default)
        allowed = ", ".join(filter(None, (about.allowed, about.setting.unit)))
        yield SettingRow(name=name, setting=about.setting, allowed=allowed, value=value, is_given=name in given)


async def _begin(common: Acting, start: Start, *, is_sandbox: bool) -> Trial:
    """Bring the site into the new store, pay the credit in, see that file and store say the same, and try it."""
    from payamak.cli.trial import run

    assert common.config is not None
    try:
        await _settle(common, start)
    except BaseException:  # nothing is served by these files yet: what has failed can be asked for again as it was
        for name in FILES:
            common.config.with_name(name).unlink(missing_ok=True)
        raise
    return await run(common.settings(), start, is_sandbox=is_sandbox)


async def _settle(common: Acting, start: Start) -> None:
    """Bring the site into the new store and pay the credit in. Raises StoreFailed, OSError."""
    from payamak.hands import credit, site

    by = common.by("init", "first site")
    async with open_store(common, create=True) as store:
        await site.put(store, (start.link, start.line, start.account), by, now_ms())
        if start.credit_rial:
            entry = credit.Payment(username=start.account.username, amount=start.credit_rial, note="init")
            await credit.enter(store, entry, by, now_ms())
        _check_same(store, common)


def _check_same(store: Store, common: Common) -> None:
    """Raises BadSiteFile or AssertionError if `payamak apply` of the written file would change anything."""
    from payamak.cli.passwords import passwords
    from payamak.hands.sitefile import parse, plan

    assert common.config is not None
    written = common.config.with_name("site.toml").read_text(encoding="utf-8")
    left = plan(store.site, parse(written), passwords()).differences
    assert not left, left


def _next_steps(place: Path, start: Start, *, is_sandbox: bool) -> Iterator[str]:
    """What to do now, a line each."""
    if start.is_drawn:
        yield worded(
            f"{start.account.username} calls with the password {start.password} (drawn, and shown this once).",
            f"گذرواژهٔ {start.account.username} این است: {start.password} (همین یک بار نشان داده می‌شود).",
        )
    yield worded("To go on:", "برای ادامه:")
    if is_sandbox:
        (login,) = start.secrets.values()
        yield f"    payamak simulate --port {start.link.port} --account {start.link.system_id}:{login} &"
    if place in HOMES:
        yield "    systemctl enable --now payamak payamak-backup.timer"
    else:
        yield f"    set -a; . {place}/secrets.env; set +a"
        yield f"    export PAYAMAK_CONFIG={place}/settings.toml"
        yield "    payamak serve"
