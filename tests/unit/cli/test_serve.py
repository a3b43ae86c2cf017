"""`payamak serve` and its signals, without a gateway."""

import asyncio
import threading

from payamak.cli.serve import Rereading
from payamak.config import Settings


async def test_a_settings_file_that_hangs_holds_up_nothing() -> None:
    """SIGHUP reads on a thread, once at a time; of many that came meanwhile one more reading follows."""
    go, read, taken = threading.Event(), list[threading.Thread](), asyncio.Queue[Settings]()

    def hangs() -> Settings:
        read.append(threading.current_thread())
        assert go.wait(30)
        return Settings(port=len(read))

    rereading = Rereading(taken.put_nowait, hangs)
    for _ in range(100):
        rereading.ask()
    go.set()
    async with asyncio.timeout(30):
        assert [(await taken.get()).port for _ in range(2)] == [1, 2]
        rereading.ask()
        assert (await taken.get()).port == 3
    assert threading.current_thread() not in read
    assert all(each.daemon for each in read)  # nor do they hold up the end
