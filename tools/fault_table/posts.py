"""Faults in the posts to customers: whose answer an answer is, what is posted twice, what is never posted."""

from __future__ import annotations

from tools.fault_table.fault import Fault

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="permission to post inwards is everybody's",
        breaks="Security: a customer's URL reaches into the network of the house",
        file="src/payamak/posts/post.py",
        old=" for one in found if post.private_is_allowed or one.is_public]",
        new=" for one in found]",
        tests=("tests/unit/posts/test_post.py",),
    ),
    Fault(
        name="an unread answer is the next post's",
        breaks="P9: an event that nobody has read is done",
        file="src/payamak/posts/kept.py",
        old="        return self.is_reusable and not self.ended.done() and not self._poll.poll(0)\n",
        new="        return self.is_reusable and not self.ended.done()\n",
        tests=("tests/unit/posts/test_kept.py",),
    ),
    Fault(
        name="what follows an answer is passed over",
        breaks="P9: an event that nobody has read is done, by the answer behind another one's",
        file="src/payamak/posts/answers.py",
        old="        return self._keeps_alive and not self.has_more and not self._is_cut\n",
        new="        return self._keeps_alive and not self._is_cut\n",
        tests=("tests/unit/posts/test_answers.py",),
    ),
    Fault(
        name="half a post is left on a connection",
        breaks="P9: the next post is read as the rest of one before it",
        file="src/payamak/posts/kept.py",
        old="        has_left = self._transport.get_write_buffer_size() == 0\n",
        new="        has_left = True\n",
        tests=("tests/unit/posts/test_kept.py",),
    ),
    Fault(
        name="a time-out leaves its connection open",
        breaks="P9: a late answer is another post's",
        file="src/payamak/posts/post.py",
        old="            connection.close()\n            raise\n",
        new="            self._kept.keep(connection)\n            raise\n",
        tests=("tests/unit/posts/test_kept.py",),
    ),
    Fault(
        name="a status before the end of a body",
        breaks="Relay: a handset gets half of the answer",
        file="src/payamak/posts/answers.py",
        old="        if self.status is None or (self.is_body_wanted and (self._has_length or self._is_chunked)):\n",
        new="        if self.status is None:\n",
        tests=("tests/unit/posts/test_answers.py",),
    ),
    Fault(
        name="posts go on while nothing can be stored",
        breaks="Webhooks: a disk that fails, or a kill, repeats all that was posted meanwhile",
        file="src/payamak/posts/rounds.py",
        old="        return not self._is_stopping and target.unstored < UNSTORED\n",
        new="        return not self._is_stopping\n",
        tests=("tests/unit/posts/test_rounds.py",),
    ),
    Fault(
        name="an old answer of the store is posted",
        breaks="P9: what has just been read is posted again",
        file="src/payamak/posts/rounds.py",
        old="                if key not in target.known and key not in target.ended:\n",
        new="                if key not in target.known:\n",
        tests=("tests/unit/posts/test_relay.py",),
    ),
    Fault(
        name="what was read ahead does not rest",
        breaks="Webhooks: who asks for a pause gets a hundred posts more",
        file="src/payamak/posts/rounds.py",
        old="        target.rests_until = until\n        self._forget_ready(target)\n",
        new="        target.rests_until = until\n",
        tests=("tests/unit/posts/test_rounds.py",),
    ),
    Fault(
        name="one end that fails takes the others with it",
        breaks="P9: a bug with one event posts sixty others again, for ever",
        file="src/payamak/posts/rounds.py",
        old="                    await self._store_alone(target, item, end)\n",
        new="                    self._let_go(target, item)\n",
        tests=("tests/unit/posts/test_rounds.py",),
    ),
)
