"""What pieces of work leave is written a table at a time, and each row after what it stands on."""

from __future__ import annotations

from payamak.store.buffer import ANY, Buffer


def open_part(message_id: int) -> tuple[object, ...]:
    """A row of `open_part`."""
    return message_id, 0, 1, 1, "north", "operator", 0


def answer_part(message_id: int, key: str | None) -> tuple[object, ...]:
    """A row of `answer_part`."""
    return "taken", 0, None, key, key, 0, message_id, 0, 1, 1


def written(buffer: Buffer) -> list[tuple[str, int]]:
    """The statements in the order in which they are written, with the number of their rows."""
    buffer.settle([], [])
    return [(name, len(rows)) for name, rows in buffer.drain()]


def test_rows_of_a_kind_are_written_together() -> None:
    """Marks and answers of three messages, one after the other: two statements, not six."""
    buffer = Buffer()
    for message_id in (1, 2, 3):
        buffer.add("open_part", open_part(message_id))
        buffer.add("answer_part", answer_part(message_id, "x"))
    assert written(buffer) == [("open_part", 3), ("answer_part", 3)]
    assert buffer.drain() == []


def test_rows_of_a_message_keep_their_order() -> None:
    """A second attempt of a message comes after the answer to its first, and takes nothing of another's along."""
    buffer = Buffer()
    buffer.add("open_part", open_part(1))
    buffer.add("answer_part", answer_part(1, None))
    buffer.add("open_part", open_part(1))
    buffer.add("answer_part", answer_part(2, "y"))
    assert written(buffer) == [("open_part", 1), ("answer_part", 2), ("open_part", 1)]


def test_what_refers_comes_after() -> None:
    """Messages before their parts, whatever was left first; purses last."""
    buffer = Buffer()
    buffer.add("insert_entry", (0, 1, 7))
    buffer.add("open_part", open_part(1))
    buffer.settle([("insert_message", [(1, "rest")])], [("move_money", [(0, 0, 1)])])
    names = [name for name, _ in buffer.drain()]
    assert names == ["insert_message", "open_part", "insert_entry", "move_money"]


def test_another_statement_keeps_its_place() -> None:
    """A statement of which nobody says what it changes comes after what was left before it, and before the rest."""
    buffer = Buffer()
    buffer.add("open_part", open_part(1))
    buffer.settle([], [])
    buffer.add_other("delete_message", [(7,)])
    buffer.add_other("delete_message", [(8,)])
    buffer.add("open_part", open_part(2))
    assert buffer.is_settled
    assert written(buffer) == [("open_part", 1), ("delete_message", 2), ("open_part", 1)]


def test_what_may_change_an_answer() -> None:
    """A question waits for what is left under its key; without a key of the operator, every key is in doubt."""
    buffer = Buffer()
    buffer.add("answer_part", answer_part(1, "x"))
    asked = [("part", 1), ("part", "x"), ("part", 2), ("part", "y"), ("part", ANY), ("receipt", ANY)]
    assert [buffer.touches(*each) for each in asked] == [True, True, False, False, True, False]
    buffer.add("answer_part", answer_part(2, None))
    assert buffer.touches("part", "y")
