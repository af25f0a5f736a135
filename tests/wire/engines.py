"""Search engines on loopback: a proxy that answers for every host, with a certificate that it made itself.

with SearchEngines(hits(("Title", "https://example.org/", "Some words."))) as engines:
    Engines(names="duckduckgo", proxy=engines.proxy, certificates=engines.certificates)("query", 5)
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import IO
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "html.duckduckgo.com"


def hits(*found: tuple[str, str, str]) -> str:
    """Return a page of hits (title, address, text) as DuckDuckGo writes it."""
    return "".join(
        f'<div class="links_main result__body"><h2><a href="{escape(href)}">{escape(title)}</a></h2>'
        f'<a href="{escape(href)}">{escape(body)}</a></div>'
        for title, href, body in found
    ).join(("<html><body><form></form>", "</body></html>"))


@dataclass
class SearchEngines:
    """What is answered to every question; nothing at all while `silent`. `asked` holds the queries."""

    folder: Path
    proxy: str
    page: str = ""
    status: int = 200
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def certificates(self) -> str:
        """The file of the authority that vouches for the engines."""
        return str(self.folder / "authority.pem")

    def answer(self, connection: socket.socket) -> None:
        """Be the host that a CONNECT names; hang up on whoever does not believe it."""
        _head(connection.makefile("rb"))
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "engine.pem")
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as line:
            self._search(line)

    def _search(self, line: socket.socket) -> None:
        said = line.makefile("rb")
        length = int(_head(said).partition("content-length:")[2].partition("\r\n")[0])
        self.asked += parse_qs(said.read(length).decode())["q"]
        if self.silent:
            said.read()  # until they have had enough
        body = self.page.encode()
        line.sendall(f"HTTP/1.1 {self.status} OK\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)


def _head(said: IO[bytes]) -> str:
    return b"".join(iter(said.readline, b"\r\n")).decode().lower()


NAMES = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName("localhost")])


@contextmanager
def search_engines(folder: Path) -> Iterator[SearchEngines]:
    """Listen while the block runs."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            engines.answer(self.request)

    certify(folder)
    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        engines = SearchEngines(folder, f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever, args=(0.01,), name="engines")
        thread.start()
        yield engines
        server.shutdown()
        thread.join()


def certify(folder: Path) -> None:
    """Make an authority, and a certificate of the engine's host and of this one's."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests")])
    authority = _certificate(issuer, keys[0], keys[0], x509.BasicConstraints(ca=True, path_length=0))
    engine = _certificate(issuer, keys[1], keys[0], NAMES)
    secret = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "authority.pem").write_bytes(authority)
    (folder / "engine.pem").write_bytes(secret + engine)


def _certificate(
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> bytes:
    name = issuer if key is signer else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    whose, by = key.public_key(), signer.public_key()
    made = (
        x509.CertificateBuilder(issuer_name=issuer, subject_name=name, public_key=whose)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(extension, critical=key is signer)
        .add_extension(_uses(signs=key is signer), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(whose), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _uses(*, signs: bool) -> x509.KeyUsage:
    """Say what a certificate is for: Python looks since 3.13."""
    never = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign")
    nothing = dict.fromkeys((*never, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=True, key_cert_sign=signs, **nothing)
