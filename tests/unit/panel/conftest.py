"""A panel on a house of unit tests, asked without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace as changed
from tests.unit.house import ACCOUNT, NOW, Gate, HandClock, House

from payamak.domain.people import HOUSE, User, UserRole, name_key
from payamak.front.accept import Front
from payamak.front.guesses import ProofKind
from payamak.front.passwords import Credential
from payamak.http.request import Network, Request, Response
from payamak.http.url import Routes
from payamak.panel.door import Panel
from payamak.panel.place import PanelPlace, place_of
from payamak.panel.visit import Rooms
from payamak.store.sqlite.store import SqliteStore

PASSWORD = "four words apart"
URL = "http://127.0.0.1:8080"


async def verify(username: str, password: str, credential: Credential | None, address: str, kind: ProofKind) -> bool:
    """Everybody's password is the same."""
    return credential is not None and password == PASSWORD


class PanelHouse:
    """The house, its panel, and who has signed in."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.place: PanelPlace = place_of(URL, 8080, over_http=False)
        self.networks: tuple[Network, ...] = ()

    @property
    def panel(self) -> Panel:
        """The panel, as it is set up now."""
        rooms = Rooms(front=self.house.front, store=self.house.store, verify=verify, clock=self.house.clock)
        return Panel(rooms, lambda: self.place, self.networks)

    async def person(self, role: UserRole, account: str = "shop", name: str = "") -> str:
        """A person of this role who has signed in; what his browser holds."""
        store = self.house.store
        account_id = None if role in HOUSE else store.site.accounts[account].id
        name = name or f"{role.value}-{account}"
        if await store.people.user(name_key(name)) is None:
            await store.people.add(
                User(name=name, key=name_key(name), password_hash="h", account_id=account_id, role=role, made_at=NOW)
            )
        token = await self.house.front.sessions.sign_in(verify, name, PASSWORD, "127.0.0.1")
        assert token is not None
        return token

    async def form_token(self, token: str) -> str:
        """What a form of this session brings back."""
        person = await self.house.front.sessions.person(token)
        assert person is not None
        return person.form_token

    async def get(self, path: str, token: str = "", **headers: str) -> Response:
        """A page."""
        return await self.ask("GET", path, token, body=b"", **headers)

    async def post(self, path: str, token: str = "", *, is_ours: bool = True, **fields: str) -> Response:
        """A form, as a page of ours sends it."""
        if token and is_ours:
            fields = {"form_token": await self.form_token(token), **fields}
        body = urlencode(fields).encode()
        if not is_ours:
            return await self.ask("POST", path, token, body=body)
        return await self.ask("POST", path, token, body=body, sec_fetch_site="same-origin")

    async def ask(self, method: str, path: str, token: str = "", body: bytes = b"", **headers: str) -> Response:
        """A request by the panel's own address, unless a header says otherwise."""
        path, _, query = path.partition("?")
        found = Routes(self.panel.routes).find(method, path.encode(), query.encode())
        assert found is not None, path
        route, parameters = found
        told = {"host": self.place.origin.partition("//")[2], **{k.replace("_", "-"): v for k, v in headers.items()}}
        if token:
            told["cookie"] = f"{self.place.cookie}={token}"
        if body:
            told["content-type"] = "application/x-www-form-urlencoded"
        return await route.handler(
            Request(
                method=method,
                path=route.path,
                query=query.encode(),
                body=body,
                client_address="203.0.113.9",
                headers=told,
                parameters=parameters,
                scheme=self.place.origin.partition(":")[0],
            )
        )


def text_of(response: Response) -> str:
    """The page."""
    return response.body.decode()


def header(response: Response, name: str) -> str:
    """The first header of this name; empty if there is none."""
    return next((value for each, value in response.headers if each == name), "")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[PanelHouse]:
    """A house with two accounts, and its panel."""
    store, clock = SqliteStore(tmp_path / "payamak.db"), HandClock()
    await store.take_over(clock.now())
    house = House(store, clock, Front(store, clock, Gate().admits))
    await house.put()
    await store.put_documents([changed(ACCOUNT, username="bank")], [], NOW)
    yield PanelHouse(house)
    await store.close()
