"""Where people reach the panel: the one address that its forms are believed from, and the name of its cookie there."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from payamak.language import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelPlace:
    """`origin` as browsers write it; `is_open`: plain HTTP that others than this machine may see."""

    origin: str
    cookie: str
    is_secure: bool
    is_open: bool


def place_of(url: str, port: int, *, over_http: bool) -> PanelPlace:
    """The place that the settings name. Raises ValueError, with what to do, for one that is none or is not safe."""
    url = url.rstrip("/") or f"http://127.0.0.1:{port}"
    parts = urlsplit(url)
    host, scheme = (parts.hostname or "").lower(), parts.scheme
    try:
        named = parts.port
    except ValueError:
        host, named = "", None
    if (
        scheme not in ("http", "https")
        or not host
        or parts.path
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ValueError(
            Words(
                f"panel_url: {url!r} is no address of the panel; write https://HOST, without a path",
                f"panel_url: {url!r} نشانی پنل نیست؛ https://HOST بنویسید، بی مسیر",
            )
        )
    written = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[scheme]
    origin = f"{scheme}://{written}" + (f":{named}" if named not in (None, usual) else "")
    if scheme == "https":
        return PanelPlace(origin=origin, cookie="__Host-payamak", is_secure=True, is_open=False)
    is_open = not _is_loopback(host)
    if is_open and not over_http:
        raise ValueError(
            Words(
                f"panel_url: {origin} would send passwords in clear over the network; put a proxy with TLS in front "
                "and write https://, or take the risk with panel_over_http = true, or turn it off with panel = false",
                f"panel_url: {origin} گذرواژه‌ها را بی رمز از شبکه می‌گذراند؛ پراکسی TLS جلوی آن بگذارید و "
                "https:// بنویسید، یا با panel_over_http = true خطرش را بپذیرید، یا با panel = false پنل را خاموش کنید",
            )
        )
    return PanelPlace(origin=origin, cookie=f"payamak-{named or usual}", is_secure=False, is_open=is_open)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
