"""The calls that the load makes, each as the octets of a whole HTTP request; seven # are a recipient's number."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote_plus, urlencode

from bench.house import PASSWORD, WIDE_LINE

TEXT: Final = "Your verification code is 482913, thanks"
THREE_PARTS: Final = ("The quick brown fox jumps over the lazy dog 0123456789. " * 9)[:440]
MOBILE: Final = "98912#######"
FIRST_ID: Final = 1001
_SOAP: Final = "http://www.neginalmas.ir/"


def recipient(number: int) -> int:
    """The recipient with a number, as the operator sees it."""
    return int(MOBILE.replace("#######", f"{number:07d}"))


def _post(path: str, body: str, *heads: str, kind: str = "application/x-www-form-urlencoded") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: {kind}",
        *heads,
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def ws_send(*, account: str = "quiet", password: str = PASSWORD, line: str = WIDE_LINE, text: str = TEXT) -> bytes:
    """One message by wsSend."""
    fields = urlencode({"username": account, "password": password, "line": line, "message": text})
    return _post("/api/wsSend.ashx", f"{fields}&mobile={MOBILE}")


def ws_states(ids: int) -> bytes:
    """The states of the first messages of a store."""
    listed = ",".join(str(FIRST_ID + place) for place in range(ids))
    return _post("/api/wsStates.aspx", urlencode({"username": "quiet", "password": PASSWORD, "message_ids": listed}))


def sendsms(recipients: int) -> bytes:
    """One text to many by sendsms."""
    fields = urlencode({"user": "quiet", "pass": PASSWORD, "line": WIDE_LINE})
    return _post("/sendsms.ashx", f"{fields}&text={quote_plus(TEXT)}&to={','.join([MOBILE] * recipients)}")


def soap_send(recipients: int) -> bytes:
    """One text to many by SOAP."""
    mobiles = f"<string>{MOBILE}</string>" * recipients
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<Send xmlns="{_SOAP}"><pUsername>quiet</pUsername><pPassword>{PASSWORD}</pPassword><line>{WIDE_LINE}</line>'
        f"<messages><string>{TEXT}</string></messages><mobiles>{mobiles}</mobiles>"
        "<UDH></UDH><encodings></encodings><mclass></mclass></Send></soap:Body></soap:Envelope>"
    )
    return _post("/almassms.asmx", body, f'SOAPAction: "{_SOAP}Send"', kind="text/xml; charset=utf-8")
