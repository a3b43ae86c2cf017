"""The link under TLS, with an authority of its own and certificates on both sides."""

import ssl
from pathlib import Path

from tests.unit.smpp.link.ends import a_message, centre, peer, soon

from payamak.smpp.link import DownReason
from payamak.smpp.pdu import SubmitSmResp

HERE = Path(__file__).resolve().parent / "tls"


def server_side() -> ssl.SSLContext:
    """A server that wants a certificate of our authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=HERE / "ca.pem")
    context.load_cert_chain(HERE / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_side() -> ssl.SSLContext:
    """A client that trusts our authority and shows its certificate."""
    context = ssl.create_default_context(cafile=HERE / "ca.pem")
    context.load_cert_chain(HERE / "client.pem")
    return context


async def test_own_authority_and_client_certificate() -> None:
    """With both certificates in order messages go through, and the unbind is clean."""
    async with centre(ssl=server_side()) as smsc, peer(smsc, ssl=client_side()) as esme:
        await esme.up()
        assert isinstance(await soon(esme.link.request(a_message())), SubmitSmResp)
        await esme.link.stop(5)
        assert (await esme.down()).reason is DownReason.STOPPED


async def test_name_of_the_certificate() -> None:
    """The name to expect in the certificate can differ from the host we connect to; a wrong one is refused."""
    async with centre(ssl=server_side()) as smsc:
        async with peer(smsc, ssl=client_side(), server_hostname="smsc.test") as esme:
            await esme.up()
        async with peer(smsc, ssl=client_side(), server_hostname="other.test") as esme:
            assert (await esme.down()).reason is DownReason.CONNECT_FAILED


async def test_foreign_authority() -> None:
    """A server that our authorities do not know is not bound to."""
    async with centre(ssl=server_side()) as smsc, peer(smsc, ssl=ssl.create_default_context()) as esme:
        down = await esme.down()
        assert down.reason is DownReason.CONNECT_FAILED
        assert "certificate verify failed" in down.detail


async def test_no_client_certificate() -> None:
    """A server that wants a certificate lets nobody bind without one."""
    bare = ssl.create_default_context(cafile=HERE / "ca.pem")
    async with centre(ssl=server_side()) as smsc, peer(smsc, ssl=bare) as esme:
        await esme.down()
        assert smsc.binds == []
