"""`payamak serve`: the gateway as a process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from payamak.cli.bounds import WHOLE
from payamak.cli.shell import ExitCode, complain, json_line, read_settings, unheard
from payamak.language import sentence_of, worded

if TYPE_CHECKING:
    from payamak.config import BadSettings, Settings
    from payamak.log import Logs
    from payamak.runtime import Gateway

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)
"""The signals that ask us to stop."""


def serve(
    *,
    config: Path | None = None,
    data: Annotated[str | None, Parameter(name=("--data", "--database"))] = None,
    host: str | None = None,
    port: Annotated[int | None, WHOLE] = None,
    log_level: str | None = None,
    restored: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Run the gateway until Ctrl-C or SIGTERM; then it stops cleanly, in under 3 s. A second signal ends it at once.

    SIGHUP reads the settings again and takes over `log_level`, `log_states` and `trusted_networks`; it ends nothing.

    Settings come from `--config FILE` (TOML), from the environment as PAYAMAK_NAME, and from these options, the
    later above the earlier; `payamak config` explains all of them. Logs are JSON lines on standard error.

    Example: `payamak serve --data /var/lib/payamak/store.sqlite --host 0.0.0.0 --port 8080`

    Parameters
    ----------
    config
        The settings file.
    data
        The SQLite file that keeps everything, or the address of a PostgreSQL database.
    host
        The address to listen on.
    port
        The port to listen on; 0 takes a free one.
    log_level
        How much is logged: debug, info, warning, error.
    restored
        The store is a copy that was put back with all that lies beside it (a snapshot of the machine), which cannot
        be noticed: hold what waits in it until `payamak resume restored`. For one start, not for the unit's file.
    json
        Say where it listens as one line of JSON.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to read again

    given: dict[str, Any] = {"database": data, "host": host, "port": port, "log_level": log_level}
    from payamak.config import BadSettings, load_again
    from payamak.log import configure

    try:
        settings = read_settings(config, **given)
    except BadSettings as error:
        return _not_started(error)
    raise_file_limit()
    from payamak.cli.running import run_loop
    from payamak.errors import StoreFailed

    logs = configure(settings.log_level, human=_is_terminal())
    work = _serve(settings, partial(load_again, config, **given), logs, as_json=json, is_restored=restored)
    try:
        return run_loop(work)
    except (StoreFailed, OSError, ValueError) as error:
        logs.output.close()
        return _not_started(error)


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _not_started(error: Exception) -> int:
    """Say why, in the form of the log: whoever reads that reads nothing else. To a person it is a sentence."""
    if _is_terminal():
        complain(worded(f"cannot start: {error}", f"راه نمی‌افتد: {sentence_of(error)}"))
    else:
        from payamak.log import one_line

        with unheard():
            print(one_line("start_failed", part="gateway", reason=str(error)), file=sys.stderr, flush=True)
    return ExitCode.USAGE


async def _serve(
    settings: Settings, read: Callable[[], Settings], logs: Logs, *, as_json: bool, is_restored: bool = False
) -> int:
    from payamak.log import catch_strays, event_logger
    from payamak.runtime import Gateway, side_door

    catch_strays(asyncio.get_running_loop())
    gateway = Gateway(settings, is_restored=is_restored, logs=logs)
    for number in STOPPING:  # the store is opened at one go: a signal ends that by ending us, and nothing is lost
        signal.signal(number, signal.SIG_DFL)
    await gateway.open()
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(130)  # asked twice: what is accepted is on disk, recovery finds it
        stop.set()

    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, Rereading(gateway.reread, read).ask)
    if not await _is_up(gateway, stop):
        return ExitCode.DONE
    door = side_door(gateway)
    await door.open()
    calm_collector()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{gateway.port}"
    if as_json:
        _announce(json_line({"url": url, "database": settings.database, "pid": os.getpid()}))
    else:
        _announce(
            worded(
                f"Payamak listens on {url} and keeps {settings.database}; Ctrl-C stops it.",
                f"پیامک روی {url} گوش می‌دهد و داده‌ها را در {settings.database} نگه می‌دارد؛ با Ctrl-C می‌ایستد.",
            )
        )
    if missing := gateway.store.site.missing_kinds:
        todo = "nobody can send: `payamak apply site.toml` brings what a file says, `payamak init` makes a first one"
        event_logger("gateway")("nothing_to_serve", what=", ".join(missing), todo=todo)
    await stop.wait()
    await door.close()
    await gateway.stop()
    return ExitCode.DONE


def _announce(line: str) -> None:
    """Say on standard output where we listen, without waiting for a reader: it may be the pipe that the log goes to."""
    from payamak.log_output import LogOutput
    from payamak.visible import visible

    with suppress(AttributeError, OSError, ValueError):  # there is none
        LogOutput(sys.stdout.fileno()).write(visible(line) + "\n")


class Rereading:
    """SIGHUP: what the settings say now, as far as it can change under us; a wrong file changes nothing.

    The file is read on a thread, for its disk may hang; one at a time, and once more if we were asked meanwhile.
    """

    def __init__(self, take_over: Callable[[Settings], None], read: Callable[[], Settings]) -> None:
        self._take_over = take_over
        self._read = read
        self._loop = asyncio.get_running_loop()
        self._is_reading = False
        self._is_asked_again = False

    def ask(self) -> None:
        """Read them, now or when the present reading has ended."""
        self._is_asked_again = self._is_reading
        if not self._is_reading:
            self._is_reading = True
            threading.Thread(target=self._work, name="payamak-settings", daemon=True).start()

    def _work(self) -> None:
        from payamak.config import BadSettings

        try:
            found: Settings | BadSettings | None = self._read()
        except BadSettings as error:
            found = error
        except BaseException:
            self._tell(None)
            raise
        self._tell(found)

    def _tell(self, found: Settings | BadSettings | None) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._take, found)

    def _take(self, found: Settings | BadSettings | None) -> None:
        from payamak.config import Settings
        from payamak.log import event_logger

        self._is_reading = False
        if isinstance(found, Settings):
            self._take_over(found)
        elif found is not None:
            event_logger("gateway")("settings_not_read", reason=str(found))
        if self._is_asked_again:
            self._is_asked_again = False
            self.ask()


async def _is_up(gateway: Gateway, stop: asyncio.Event) -> bool:
    """Whether the gateway has come up; False if it was told to stop before, and has. Raises what `start` raises."""
    starting, told = asyncio.create_task(gateway.start()), asyncio.create_task(stop.wait())
    await asyncio.wait((starting, told), return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not starting.done():
        starting.cancel()
    with suppress(asyncio.CancelledError):
        await starting
    return not starting.cancelled()


def calm_collector() -> None:
    """Let the cyclic garbage collector run rarely, and never over what was made while starting.

    Next to nothing that a message leaves behind is a cycle, but at Python's own threshold of 700 new objects the
    collector runs several times in each batch. Measured at full load (make bench, full path): an eighth less processor
    time a message (mean of four pairs).
    """
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def raise_file_limit() -> None:
    """Take as many open files as the system allows: every connection is one."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # some systems name a hard limit that they do not grant
            return
