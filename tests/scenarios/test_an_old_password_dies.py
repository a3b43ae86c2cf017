"""However an account comes to a new password while the gateway runs, the old one is 18 from the moment it is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import httpx2
import pytest
from tests import traces
from tests.scenarios.cli_program import DEADLINE_S, Shell, site

OLD, NEW = "s3cret رمز", "another رمز"

ASK_EVERY_S = 1.0
"""Between two tries of a password that may not stand yet. A try too early is a failure, of which a name has 20 a minute
before 23 is the answer; a change is seen within half a second, so at most one try of each wait is too early."""


@pytest.fixture
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A gateway for each way: the failures of one way are not counted against the next."""
    with site(tmp_path_factory.mktemp("passwords")) as (shell, _):
        shell.env["NEW_PASSWORD"] = NEW
        shell.env["OLD_PASSWORD"] = OLD
        traces.know(traces.Kind.PASSWORD, OLD, NEW)
        yield shell


def told(shell: Shell, password: str) -> int:
    """What a question with this password is answered: 18, or 24 for its ids if the password is right."""
    fields = {"username": "shop", "password": password, "message_ids": "no id"}
    return int(httpx2.post(f"{shell.env['PAYAMAK_URL']}/api/wsStates.aspx", data=fields).json()["status"])


def until_told(shell: Shell, password: str, wanted: int) -> None:
    """Ask until it is answered so: another process' change is seen within half a second."""
    deadline_s = time.monotonic() + DEADLINE_S
    while told(shell, password) != wanted:
        assert time.monotonic() < deadline_s
        time.sleep(ASK_EVERY_S)


def changed_by_command(shell: Shell) -> None:
    """`account password`."""
    shell.run("account", "password", "shop", "--password", "env:NEW_PASSWORD")


def paid_out(shell: Shell) -> None:
    """What has money is not removed."""
    left = shell.json("account", "show", "shop")["available"]
    if left:
        shell.run("account", "credit", "shop", str(-left))


def removed_and_added(shell: Shell) -> None:
    """`account remove` and `account add`."""
    paid_out(shell)
    shell.run("account", "remove", "shop", "--yes")
    shell.run("account", "add", "shop", "--default-line", "9830003300", "--password", "env:NEW_PASSWORD")


def pruned_and_applied(shell: Shell) -> None:
    """A site file without the account, and one with it again."""
    text = (shell.folder / "site.toml").read_text(encoding="utf-8")
    (shell.folder / "none.toml").write_text(text.partition("[[account]]")[0], encoding="utf-8")
    (shell.folder / "new.toml").write_text(text.replace("env:PAYAMAK_PASSWORD", "env:NEW_PASSWORD"), encoding="utf-8")
    paid_out(shell)
    shell.run("apply", "none.toml", "--prune", "--yes")
    shell.run("apply", "new.toml", "--yes")


def changed_while_suspended(shell: Shell) -> None:
    """Suspended, changed, resumed."""
    shell.run("account", "change", "shop", "--set", "is_active=false")
    until_told(shell, OLD, 16)
    shell.run("account", "password", "shop", "--password", "env:NEW_PASSWORD")
    shell.run("account", "change", "shop", "--set", "is_active=true")


def changed_by_soap(shell: Shell) -> None:
    """The SOAP door's ChangePassword, by the owner himself."""
    envelope = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><ChangePassword>'
        f"<pUsername>shop</pUsername><pPassword>{OLD}</pPassword><pNewPassword>{NEW}</pNewPassword>"
        "</ChangePassword></s:Body></s:Envelope>"
    )
    answer = httpx2.post(f"{shell.env['PAYAMAK_URL']}/almassms.asmx", content=envelope.encode())
    assert "<ChangePasswordResult>-2<" in answer.text


WAYS = (removed_and_added, pruned_and_applied, changed_by_command, changed_while_suspended, changed_by_soap)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_old_password_is_18_as_soon_as_the_new_one_passes(shell: Shell, way: Callable[[Shell], None]) -> None:
    """Whoever has been verified a moment ago is not, once the account has another password; and back again."""
    shell.run("apply", "site.toml", "--yes")
    until_told(shell, OLD, 24)
    assert told(shell, OLD) == 24  # remembered by now
    way(shell)
    until_told(shell, NEW, 24)
    assert [told(shell, password) for password in (OLD, NEW, OLD)] == [18, 24, 18]
    shell.run("account", "password", "shop", "--password", "env:OLD_PASSWORD")
    until_told(shell, OLD, 24)
    assert [told(shell, password) for password in (NEW, OLD)] == [18, 24]
