"""Settings of the process: in bounds, whichever way they come; where a wrong one stands is told."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from payamak.config import BadSettings, Settings, load, load_again
from payamak.domain.numbers import RECIPIENT_PREFIXES
from payamak.http.limits import HttpLimits

WRONG = [
    ("port", 99_999_999),
    ("port", -1),
    ("port", True),
    ("port", 10**30),
    ("port", float("nan")),
    ("max_connections", 7),
    ("max_connections", 10**9),
    ("host", ""),
    ("host", "h" * 254),
    ("host", "a\0b"),
    ("database", ""),
    ("log_level", "loud"),
    ("log_states", "none"),
    ("keep_alive_s", 0),
    ("recipient_prefixes", "9"),
    ("recipient_prefixes", "21"),
    ("recipient_prefixes", ""),
    ("trusted_networks", "10.0.0.0/33"),
    ("trusted_networks", ",".join(["10.0.0.0/8"] * 1_001)),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_by_every_way(name: str, value: object, tmp_path: Path) -> None:
    """From a file, from the environment, from an option: refused with place, name, value and what is allowed."""
    file = tmp_path / "settings.toml"
    written = repr(value).lower() if isinstance(value, int | float) else '"' + str(value).replace("\0", "\\u0000") + '"'
    file.write_text(f"{name} = {written}\n", encoding="utf-8")
    ways: dict[str, Callable[[], object]] = {
        f"settings.toml, line 1: {name} cannot be": lambda: load(file, {}),
        f"PAYAMAK_{name.upper()}: {name} cannot be": lambda: load(None, {f"PAYAMAK_{name.upper()}": str(value)}),
        f"--{name.replace('_', '-')} cannot be": lambda: load(None, {}, **{name: value}),
    }
    for said, way in ways.items():
        with pytest.raises(BadSettings, match=r"; allowed: \S") as refused:
            way()
        assert said in str(refused.value)
        assert len(str(refused.value)) < 400


def test_what_is_right(tmp_path: Path) -> None:
    """The option is above the environment, and that above the file."""
    file = tmp_path / "settings.toml"
    file.write_text(
        'port = 1\nhost = "::1"\nmax_connections = 8\nrecipient_prefixes = [90, "۹۱"]\n', encoding="utf-8-sig"
    )
    settings = load(file, {"PAYAMAK_PORT": "2", "PAYAMAK_MAX_CONNECTIONS": "9"}, port=65_535, host=None)
    assert (settings.port, settings.host, settings.max_connections) == (65_535, "::1", 9)
    assert set(Settings().recipient_prefixes) == RECIPIENT_PREFIXES
    assert HttpLimits().keep_alive_s == Settings().keep_alive_s, "where nothing is set the server's own is the same"
    assert (settings.recipient_prefixes, settings.keep_alive_s) == (("90", "91"), 75)


@pytest.mark.parametrize("octets", [b'host = "\xff"\n', b"a = " + b"[" * 100_000])
def test_what_is_no_settings_file(tmp_path: Path, octets: bytes) -> None:
    """A file that is no UTF-8, or that nests without end, is refused with a sentence that says so, like any other."""
    file = tmp_path / "payamak.toml"
    file.write_bytes(octets)
    with pytest.raises(BadSettings, match=r"no UTF-8 text|without end"):
        load(file, {})


def test_a_pipe_is_not_read_again(tmp_path: Path) -> None:
    """Settings from a pipe (`--config <(...)`) stay as they are: empty by now, it would say that nothing is set."""
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    with pytest.raises(BadSettings, match="no file that can be read twice"):
        load_again(pipe, {})
    with pytest.raises(BadSettings, match="no file that can be read twice"):
        load_again(None, {"PAYAMAK_CONFIG": str(pipe)})
    with pytest.raises(BadSettings, match="cannot be read"):
        load_again(file, {})
    file.write_text("port = 99\n")
    assert load_again(file, {}).port == 99
