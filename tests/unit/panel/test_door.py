"""The panel's door: every page with every role, forms of others, addresses, cookies, and what each answer carries."""

from __future__ import annotations

import ipaddress
import re

import pytest
from tests.unit.house import SUBMISSION
from tests.unit.panel.conftest import PASSWORD, URL, PanelHouse, header, text_of

from payamak.domain.people import RIGHTS, Right, UserRole
from payamak.http.request import READ
from payamak.panel.pages import PAGES, ROOT, Access, PanelPage
from payamak.panel.place import place_of

#: Who may come to a page, as the specification has it; a page without a row fails.
ROW: dict[str, str] = {
    ROOT: "all",
    f"{ROOT}/enter": "all",
    f"{ROOT}/leave": "all",
    f"{ROOT}/me": "all",
    f"{ROOT}/me/end": "all",
    f"{ROOT}/messages": "owner sender viewer",
    f"{ROOT}/messages/search": "owner sender viewer",
    f"{ROOT}/messages/{{id}}": "owner sender viewer",
    f"{ROOT}/messages/{{id}}/take-back": "owner sender",
    f"{ROOT}/send": "owner sender",
    f"{ROOT}/send/check": "owner sender",
    f"{ROOT}/send/{{draft}}": "owner sender",
    f"{ROOT}/send/{{draft}}/go": "owner sender",
    f"{ROOT}/money": "owner sender viewer",
    f"{ROOT}/opt-outs": "owner sender",
    f"{ROOT}/opt-outs/more": "owner sender",
    f"{ROOT}/opt-outs/add": "owner sender",
    f"{ROOT}/customers": "clerk operator administrator observer",
    f"{ROOT}/audit": "administrator",
}


def test_every_page_has_its_row() -> None:
    """The table above is of the pages that there are."""
    assert {page.path for page in PAGES} == set(ROW)


def may_come(page: PanelPage, role: UserRole) -> bool:
    """What the table says."""
    return ROW[page.path] == "all" or role.value in ROW[page.path].split()


@pytest.mark.parametrize("role", UserRole)
async def test_every_page_with_every_role(home: PanelHouse, role: UserRole) -> None:
    """It is shown, or a sentence says which right is missing and who has it; another account's message is not there."""
    sent = await home.house.send(SUBMISSION)
    for page in PAGES:
        token = await home.person(role)
        path = page.path.replace("{id}", str(sent.message_id))
        for method in sorted(page.methods - {"HEAD"}):
            answer = await home.get(path, token) if method == "GET" else await home.post(path, token)
            if not may_come(page, role):
                assert answer.status == 403
                assert "این نقش‌ها آن را دارند" in text_of(answer)
            elif page.path != f"{ROOT}/enter":
                # a draft of that name there is none
                assert answer.status in ((404,) if "{draft}" in path else (200, 303, 422)), (path, method)
    if may_come(next(page for page in PAGES if "{id}" in page.path), role):
        token = await home.person(role, "bank")
        assert (await home.get(f"{ROOT}/messages/{sent.message_id}", token)).status == 404
        assert (await home.get(f"{ROOT}/messages/99", token)).status == 404


@pytest.mark.parametrize("page", [page for page in PAGES if page.access is not Access.ANYBODY], ids=lambda p: p.path)
async def test_who_has_not_signed_in(home: PanelHouse, page: PanelPage) -> None:
    """He is sent to the sign-in, and back afterwards where that can be."""
    await home.person(UserRole.OWNER)
    path = page.path.replace("{id}", "1001")
    if page.methods >= READ:
        answer = await home.get(path)
        assert answer.status == 302
        assert header(answer, "location").startswith(f"{ROOT}/enter")
    else:
        assert (await home.post(path)).status == 303


FOREIGN = [
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": "none"},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_forms_of_others_do_nothing(home: PanelHouse, headers: dict[str, str]) -> None:
    """Cross-site, from nowhere, from another origin: also with the right token; and at the sign-in too."""
    token = await home.person(UserRole.OWNER)
    body = f"form_token={await home.form_token(token)}".encode()
    assert (await home.ask("POST", f"{ROOT}/leave", token, body=body, **headers)).status == 403
    assert (await home.get(f"{ROOT}/me", token)).status == 200, "still signed in"
    login = f"name=owner-shop&password={PASSWORD.replace(' ', '+')}".encode()
    assert (await home.ask("POST", f"{ROOT}/enter", body=login, **headers)).status == 403


@pytest.mark.parametrize("given", ["", "form_token=", "form_token=0123456789abcdef0123456789abcdef"])
async def test_a_form_without_its_token_does_nothing(home: PanelHouse, given: str) -> None:
    """Whoever sends it from this very site."""
    token = await home.person(UserRole.OWNER)
    answer = await home.ask("POST", f"{ROOT}/leave", token, body=given.encode() or b"a=b", sec_fetch_site="same-origin")
    assert answer.status == 403


async def test_a_browser_without_fetch_metadata(home: PanelHouse) -> None:
    """Is known by the Origin of the form."""
    token = await home.person(UserRole.OWNER)
    body = f"form_token={await home.form_token(token)}".encode()
    assert (await home.ask("POST", f"{ROOT}/leave", token, body=body, origin=URL)).status == 303


async def test_in_and_out(home: PanelHouse) -> None:
    """A right password leads to where one wanted; the cookie is for no script; out takes it back."""
    await home.person(UserRole.OWNER)
    answer = await home.post(f"{ROOT}/enter", name="Owner-Shop", password=PASSWORD, next=f"{ROOT}/messages/1001")
    assert (answer.status, header(answer, "location")) == (303, f"{ROOT}/messages/1001")
    cookie = header(answer, "set-cookie")
    assert re.fullmatch(r"payamak-8080=[A-Za-z0-9_-]{22}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax", cookie), (
        cookie
    )
    token = cookie.partition("=")[2].partition(";")[0]
    assert (await home.get(f"{ROOT}/messages", token)).status == 200
    out = await home.post(f"{ROOT}/leave", token)
    assert "Max-Age=0" in header(out, "set-cookie")
    assert "cookies" in header(out, "clear-site-data")
    assert (await home.get(f"{ROOT}/messages", token)).status == 302


@pytest.mark.parametrize("next_", ["https://evil.example", "//evil.example", "/api/wsSend.ashx", f"{ROOT}/../x", ""])
async def test_nobody_is_sent_elsewhere(home: PanelHouse, next_: str) -> None:
    """What stands in `next` is a path of the panel, or nothing."""
    await home.person(UserRole.OWNER)
    answer = await home.post(f"{ROOT}/enter", name="owner-shop", password=PASSWORD, next=next_)
    assert header(answer, "location") == ROOT


@pytest.mark.parametrize("name", ["owner-shop", "nobody"])
async def test_a_wrong_password(home: PanelHouse, name: str) -> None:
    """Is told as a name that nobody has; the name stays in the field, the password does not; the code is counted."""
    await home.person(UserRole.OWNER)
    answer = await home.post(f"{ROOT}/enter", name=name, password="wrong-and-secret")
    assert (answer.status, answer.codes) == (422, (18,))
    page = text_of(answer)
    assert f'value="{name}"' in page
    assert "wrong-and-secret" not in page
    assert header(answer, "set-cookie") == ""


async def test_until_there_is_a_user(home: PanelHouse) -> None:
    """The sign-in shows the command that adds the first, and no form."""
    page = text_of(await home.get(f"{ROOT}/enter"))
    assert "payamak user add NAME --role administrator --site" in page
    assert "<form" not in page


async def test_what_every_page_carries(home: PanelHouse) -> None:
    """A strict policy, no cache, no frame, the referrer for ourselves alone."""
    token = await home.person(UserRole.OWNER)
    for answer in (await home.get(f"{ROOT}/messages", token), await home.get(f"{ROOT}/enter")):
        policy = header(answer, "content-security-policy")
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert header(answer, "referrer-policy") == "same-origin"
        assert header(answer, "cross-origin-opener-policy") == "same-origin"
        assert answer.cache == "no-store"
        assert header(answer, "strict-transport-security") == "", "over plain HTTP it says nothing"


async def test_another_address(home: PanelHouse) -> None:
    """A page asked for by another host or scheme is to be found at the panel's own; a form from there does nothing."""
    token = await home.person(UserRole.OWNER)
    answer = await home.get(f"{ROOT}/messages?state=queued", token, host="localhost:8080")
    assert (answer.status, header(answer, "location")) == (302, f"{URL}{ROOT}/messages?state=queued")
    assert (await home.ask("POST", f"{ROOT}/leave", token, body=b"a=b", host="evil.example")).status == 421


async def test_over_https(home: PanelHouse) -> None:
    """The cookie is bound to the host and to TLS, and the browser is told to stay with that."""
    home.place = place_of("https://panel.example.ir", 8080, over_http=False)
    token = await home.person(UserRole.OWNER)
    answer = await home.get(f"{ROOT}/messages", token)
    assert answer.status == 200
    assert header(answer, "strict-transport-security").startswith("max-age=")
    entered = await home.post(f"{ROOT}/enter", name="owner-shop", password=PASSWORD)
    assert header(entered, "set-cookie").startswith("__Host-payamak=")
    assert header(entered, "set-cookie").endswith("; Secure")


async def test_over_plain_http_in_a_network(home: PanelHouse) -> None:
    """Each page says so, and whoever may move money is kept out."""
    home.place = place_of("http://10.0.0.5:8080", 8080, over_http=True)
    owner, clerk = await home.person(UserRole.OWNER), await home.person(UserRole.CLERK)
    assert "بی HTTPS" in text_of(await home.get(f"{ROOT}/messages", owner))
    assert (await home.get(f"{ROOT}/customers", clerk)).status == 403
    assert Right.CREDIT in RIGHTS[UserRole.CLERK]


async def test_from_where_it_is_reached(home: PanelHouse) -> None:
    """To all others it is not there, its files included."""
    home.networks = (ipaddress.ip_network("10.0.0.0/8"),)
    assert (await home.get(f"{ROOT}/enter")).status == 404
    assert (await home.get(f"{ROOT}/static/panel.css")).status == 404


async def test_a_live_page(home: PanelHouse) -> None:
    """Its piece alone, under a name of its state; asking is no use of the session, whose end it is told."""
    token = await home.person(UserRole.OWNER)
    answer = await home.get(f"{ROOT}/messages", token, hx_request="true")
    assert answer.etag
    assert "<html" not in text_of(answer)
    assert (await home.get(f"{ROOT}/messages", token, hx_request="true")).etag == answer.etag
    home.house.clock.now_ms += 8 * 3_600_000
    assert (await home.get(f"{ROOT}/messages", token, hx_request="true")).status == 401
