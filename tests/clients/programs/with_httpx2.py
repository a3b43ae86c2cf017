"""A shop's program with `httpx2` on one kept connection: WAY BASE USER PASSWORD MOBILE TEXT LINE [LINE2].

Prints `message_id line mobile status state`, or `refused CODE`.
"""

from __future__ import annotations

import sys
import time

import httpx2


def main() -> None:
    """Send, then ask until the message is final."""
    way, base, username, password, mobile, text, *lines = sys.argv[1:]
    login = {"username": username, "password": password}
    fields = {**login, "mobile": mobile, "message": text, **dict(zip(("line", "line2"), lines, strict=False))}
    with httpx2.Client(base_url=base, timeout=20) as client:
        if way == "json":
            answer = client.post("/services/wsSend.ashx", json=fields)
        elif way == "multipart":
            answer = client.post("/services/wsSend.ashx", files={k: (None, v) for k, v in fields.items()})
        elif way == "get":
            answer = client.get("/services/wsSend.ashx", params=fields)
        else:
            answer = client.post("/services/wsSend.ashx", data=fields)
        told = answer.raise_for_status().json()
        if told["status"] > 0:
            print("refused", told["status"])
            return
        data = told["data"]
        for _ in range(200):
            asked = client.get("/services/wsStates.ashx", params={**login, "message_ids": f"'{data['message_id']}'"})
            states = asked.json()["data"]["states"]
            if states in ("1", "2", "16"):
                break
            time.sleep(0.05)
    print(data["message_id"], data["line"], data["mobile"], told["status"], states)


main()
