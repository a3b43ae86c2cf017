"""A developer's first hour: from a clone to a program that sends, is told, and meets an operator who is away."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests import traces
from tests.journeys.person import Person, commands, listed
from tests.ports import reserved_port

README, COMMANDS, WEBHOOKS, CLIENT = (
    "README.md",
    "docs/guide/commands.md",
    "docs/guide/webhooks.md",
    "docs/guide/client.md",
)
SANDBOX = "Run"


def free_port() -> str:
    """A port that somebody else may listen at now."""
    with reserved_port() as port:
        return str(port)


def id_in(answer: str) -> str:
    """The id that the gateway gave."""
    found = re.search(r'"message_id":(\d+)', answer)
    assert found, answer
    return found[1]


def value_in(command: str, field: str) -> str:
    """What a call of a page gives as one field."""
    found = re.search(rf"-d {field}=(\S+)", command)
    assert found, command
    return found[1]


def follow(person: Person, demo: str) -> list[str]:
    """The commands that the demo itself has shown, for another terminal."""
    shown = re.findall(r"^  ((?:export|payamak) .+)$", demo, re.MULTILINE)
    assert len(shown) > 5, demo
    for export in [command for command in shown if command.startswith("export")]:
        person.type(export, page="(shown by the demo)")
    return [command for command in shown if command.startswith("payamak")]


@pytest.mark.slow
def test_a_developer(somebody: Callable[[str], Person]) -> None:
    """Every command is one of the README's, of a guide's, or one that the sandbox itself has shown."""
    password = value_in(listed(README, "See it work", "curl"), "password")
    traces.know(traces.Kind.PASSWORD, password)
    person = somebody("a developer")
    secret = person.step(WEBHOOKS, "Webhooks", "python3 -c").strip()
    traces.know(traces.Kind.PASSWORD, secret)
    person.export("SHOP_WEBHOOK_SECRET", secret)
    with person.terminal(README, "See it work", "make demo", until="Ctrl-C stops it.") as demo:
        assert "All 22 messages came out as the manual says." in demo.text
        base_url = re.findall(r"Payamak answers at (http://\S+)\.", demo.text)[0]
        curl = {"http://127.0.0.1:PORT": base_url}
        message_id = id_in(person.step(README, "See it work", "curl", curl))
        demo.until(f"{message_id}  989120009000  delivered")

        shown = follow(person, demo.text)
        look = next(command for command in shown if "show" in command)
        assert "delivered since" in person.type(look.replace("ID", message_id), page="(shown by the demo)")
        assert message_id in person.type(next(command for command in shown if "messages" in command))

        trace = next(command for command in shown if "trace" in command)
        assert "is bound" in person.type(f"{trace} --seconds 1", page="(shown by the demo)")

        assert "The gateway has it" in person.step(COMMANDS, SANDBOX, "payamak simulate say")
        assert "سلام" in person.type(next(command for command in shown if "received" in command))
        person.step(COMMANDS, SANDBOX, "payamak simulate receipt")
        assert "away for 1 s" in person.step(COMMANDS, SANDBOX, "payamak simulate outage", {"outage 20": "outage 1"})
        away = id_in(person.step(README, "See it work", "curl", curl))
        demo.until(f"{away}  989120009000  delivered")
        assert "9033" in person.step(COMMANDS, "Try it without an operator", "payamak simulate --behaviours")

        own = {
            "https://sms.example.ir": base_url,
            'username="…"': 'username="demo"',
            'password="…"': f'password="{password}"',
        }
        assert "9830003300" in person.program(CLIENT, own)

        port = free_port()
        listen = {"--port 9000": f"--port {port}"}
        with person.terminal(
            WEBHOOKS, "See them arrive", "payamak listen --port", listen, until="Ctrl-C ends"
        ) as posts:
            change = {"change shop": "change demo", "127.0.0.1:9000": f"127.0.0.1:{port}"}
            person.step(WEBHOOKS, "See them arrive", "payamak account change", change)
            test = {"test shop": "test demo"}
            assert "200" in person.step(WEBHOOKS, "See them arrive", "payamak webhook test", test)
            told = id_in(person.step(README, "See it work", "curl", curl))
            assert "NOT SIGNED" not in posts.until(f"message {told} delivered  [signed]")
        with person.terminal(WEBHOOKS, "See them arrive", "payamak listen --port", listen, until="Ctrl-C ends") as mine:
            replay = {"127.0.0.1:8000": f"127.0.0.1:{port}"}
            person.step(WEBHOOKS, "See them arrive", "payamak listen --replay", replay)
            mine.until(f"message {told} delivered  [signed]")


def test_the_pages_have_what_is_walked() -> None:
    """No command of the README's first minutes, nor of the sandbox, is passed by."""
    assert [line.split()[0] for line in commands(README, "See it work")][:2] == ["make", "curl"]
    walked = ("payamak simulate say", "payamak simulate receipt", "payamak simulate outage")
    listed = [line for line in commands(COMMANDS, SANDBOX) if re.search(r"simulate (say|receipt|outage) ", line)]
    assert [line for line in listed if not line.startswith(walked)] == []
