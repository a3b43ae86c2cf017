"""What can go wrong with a call. No exception here ever holds a password, a text or a whole number.

Every exception keeps its constructor's arguments as `args`, so that it survives pickling.
"""

from typing import ClassVar, Final

from payamak.codes import OPT_OUTS, Code


class PayamakError(Exception):
    """Base of everything the client raises about a call (wrong arguments are ValueError)."""

    may_have_been_sent: bool = False
    """True if the message may have gone out all the same, so that repeating the call could send it twice.
    Always False for `states`."""


class Refusal(PayamakError):
    """The server refused the call and accepted nothing. Use `refusal()` to get the right subclass."""

    codes: ClassVar[frozenset[int]] = frozenset()

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(code, message)
        self.code: Final = code
        """The number as it came, also when `Code` does not know it."""
        self.message: Final = message
        """The server's own words; empty if it gave none, or if they repeated what was sent."""

    def __str__(self) -> str:
        said = f" (server: {self.message})" if self.message not in ("", self.english) else ""
        return f"refused with {self.code}: {self.english}{said}"

    @property
    def known(self) -> Code | None:
        """The code of the contract's table, or None for a number that is not in it."""
        try:
            return Code(self.code)
        except ValueError:
            return None

    @property
    def english(self) -> str:
        """What happened and what to do, in English."""
        return "A code that is not in the table." if self.known is None else self.known.english

    @property
    def persian(self) -> str:
        """What happened and what to do, in Persian."""
        return "کدی که در جدول نیست." if self.known is None else self.known.persian


class CredentialsRefused(Refusal):
    """User name or web-service password missing or wrong."""

    codes = frozenset({Code.CREDENTIALS, Code.AUTHENTICATION})


class AccountUnusable(Refusal):
    """The account is inactive or expired, or may not be used from this address."""

    codes = frozenset({Code.ACCOUNT_INACTIVE, Code.ACCOUNT_EXPIRED, Code.ADDRESS_NOT_ALLOWED})


class NoCredit(Refusal):
    """The account's credit does not cover the message."""

    codes = frozenset({Code.NO_CREDIT})


class RecipientRefused(Refusal):
    """The recipient is no valid number, or its prefix is blocked."""

    codes = frozenset({Code.RECIPIENT_INVALID, Code.PREFIX_BLOCKED})


class LineRefused(Refusal):
    """A line is invalid or not the account's, or may not send advertising at this hour."""

    codes = frozenset({Code.LINE_INVALID, Code.OUTSIDE_HOURS})


class ServiceNotEnabled(Refusal):
    """The route asked for (Chelcheleh, service line) is not enabled for the account, or unknown."""

    codes = frozenset({Code.SERVICE_NOT_ENABLED, Code.SERVICE_TYPE_INVALID})


class TextRefused(Refusal):
    """The text is empty, too long, forbidden, or matches no approved template."""

    codes = frozenset({Code.TEXT_EMPTY, Code.TOO_MANY_PARTS, Code.NO_TEMPLATE, Code.FORBIDDEN_TEXT})


class OptedOut(Refusal):
    """The recipient accepts no message by any step of the plan: 27 blocked advertising, 33 stopped the
    line."""

    codes = OPT_OUTS


class Busy(Refusal):
    """The server was busy through every try."""

    codes = frozenset({Code.BUSY})


class TooSoon(Refusal):
    """The requests came too close together."""

    codes = frozenset({Code.TOO_SOON})


class UnexpectedAnswer(PayamakError):
    """The server answered, but not as the contract says: no JSON, another shape, a wrong count.

    `reason` says what was expected, `http_status` is the answer's, `excerpt` the start of its body with every
    long number masked; it is withheld where it repeats what was sent.
    """

    def __init__(self, reason: str, http_status: int, excerpt: str, may_have_been_sent: bool) -> None:
        super().__init__(reason, http_status, excerpt, may_have_been_sent)
        self.reason: Final = reason
        self.http_status: Final = http_status
        self.excerpt: Final = excerpt
        self.may_have_been_sent = may_have_been_sent

    def __str__(self) -> str:
        return f"{self.reason} (HTTP {self.http_status}, body: {self.excerpt})"


class TransportFailed(PayamakError):
    """No answer came: no connection, a broken one, or silence past the time-out."""

    def __init__(self, reason: str, may_have_been_sent: bool) -> None:
        super().__init__(reason, may_have_been_sent)
        self.reason: Final = reason
        self.may_have_been_sent = may_have_been_sent

    def __str__(self) -> str:
        tail = "the message may have been sent" if self.may_have_been_sent else "no message was sent"
        return f"{self.reason}; {tail}"


_FAMILIES: Final[tuple[type[Refusal], ...]] = (
    CredentialsRefused,
    AccountUnusable,
    NoCredit,
    RecipientRefused,
    LineRefused,
    ServiceNotEnabled,
    TextRefused,
    OptedOut,
    Busy,
    TooSoon,
)


def refusal(code: int, message: str = "") -> Refusal:
    """Return the refusal for `code`, of its family's class where there is one."""
    family = next((each for each in _FAMILIES if code in each.codes), Refusal)
    return family(code, message)
