"""A shop's program with `requests`: WAY BASE USER PASSWORD MOBILE TEXT LINE [LINE2]. Reads the answer strictly.

Prints `message_id line mobile status state`, or `refused CODE`.
"""

from __future__ import annotations

import sys
import time

import requests


def main() -> None:
    """Send, then ask until the message is final."""
    way, base, username, password, mobile, text, *lines = sys.argv[1:]
    fields = {"username": username, "password": password, "mobile": mobile, "message": text}
    fields |= dict(zip(("line", "line2"), lines, strict=False))
    url = f"{base}/api/wsSend.ashx"
    if way == "form":
        answer = requests.post(url, data=fields, timeout=20)
    elif way == "json":
        answer = requests.post(url, json=fields, timeout=20)
    elif way == "multipart":
        answer = requests.post(url, files={name: (None, value) for name, value in fields.items()}, timeout=20)
    else:
        answer = requests.get(url, params=fields, timeout=20)
    answer.raise_for_status()
    told = answer.json()
    if told["status"] != -1 or type(told["status"]) is not int:
        print("refused", told["status"])
        return
    data = told["data"]
    assert type(data["message_id"]) is int
    assert type(data["line"]) is int
    assert type(data["mobile"]) is str
    ask = {"username": username, "password": password, "message_ids": data["message_id"]}
    for _ in range(200):
        states = requests.post(f"{base}/api/wsStates.aspx", data=ask, timeout=20).json()["data"]["states"]
        if states in ("1", "2", "16"):
            break
        time.sleep(0.05)
    print(data["message_id"], data["line"], data["mobile"], told["status"], states)


main()
