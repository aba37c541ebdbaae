"""SMTP servers: a real one (aiosmtpd) with TLS and log-in, and ones that hang, trickle, refuse and lie."""
import contextlib
import datetime
import email
import email.policy
import socket
import ssl
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Mailbox:
    """Handler of aiosmtpd: keeps what comes; `refuse` maps addresses to the reply RCPT gets."""

    def __init__(self):
        self.mails, self.refuse, self.data_reply, self.users = [], {}, "250 taken", {"nexus": "the password"}

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server, session, envelope):
        if not self.data_reply.startswith("250"):
            return self.data_reply
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mail.envelope_from, mail.envelope_to = envelope.mail_from, list(envelope.rcpt_tos)
        mail.tls, mail.login = session.ssl is not None, session.authenticated
        mail.raw = envelope.content
        self.mails.append(mail)
        return self.data_reply

    def authenticate(self, server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and self.users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, handled=good)

    def to(self, address, subject=""):
        """Mails to an address whose subject has these words."""
        return [mail for mail in list(self.mails) if address in mail.envelope_to and subject in mail["Subject"]]


def part(mail, kind):
    """The text/KIND half of a mail."""
    return mail.get_body((kind,)).get_content().replace("\r\n", "\n")


@contextlib.contextmanager
def server(tls=None, login=False, implicit=False):
    """A real server on a free port: (port, mailbox). `tls`: (certificate, key), by STARTTLS or from the start."""
    mailbox, context = Mailbox(), None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, tls))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = {"authenticator": mailbox.authenticate, "auth_required": login, "auth_require_tls": bool(tls), "decode_data": False}
    if context and not implicit:
        options |= {"tls_context": context, "require_starttls": True}
    controller = Controller(mailbox, "127.0.0.1", port, ssl_context=context if implicit else None, **options)
    controller.start()
    try:
        yield port, mailbox
    finally:
        controller.stop()


class Hostile:
    """A listener whose every connection is given to `talk(connection)`; counts them."""

    def __init__(self, talk):
        self.talk, self.count = talk, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.over = self.listener.getsockname()[1], threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        with contextlib.suppress(OSError), connection:
            self.talk(connection, self.over)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.listener.close()


def scripted(replies, greeting=b"220 here\r\n"):
    """Answer each command by what `replies` has for its verb (a line, or a function of the connection), else 250."""
    def talk(connection, over):
        connection.sendall(greeting)
        data, lines = False, connection.makefile("rb")
        for line in lines:
            verb = b"." if data and line == b".\r\n" else line.split()[0].upper() if line.split() and not data else b""
            if data and verb != b".":
                continue
            data = False
            reply = replies.get(verb.decode(), "354 go on" if verb == b"DATA" else "250 fine")
            if callable(reply):
                return reply(connection, over)
            connection.sendall(reply.encode() + b"\r\n")
            data = verb == b"DATA" and reply.startswith("354")
        return None
    return talk


def hang(connection, over):
    over.wait(60)


def trickle(connection, over):
    """One byte a tenth of a second, for ever."""
    while not over.is_set():
        connection.sendall(b"2")
        time.sleep(0.1)


def flood(connection, over):
    """Lines without end, as fast as they are taken."""
    while not over.is_set():
        connection.sendall(b"250-more of it, and more\r\n" * 500)


def flood_line(connection, over):
    """One line without end."""
    while not over.is_set():
        connection.sendall(b"250 " + b"x" * 60000)


def close(connection, over):
    connection.shutdown(socket.SHUT_RDWR)


def certificate(folder):
    """A CA and a certificate for localhost and 127.0.0.1: (ca, certificate, key)."""
    now, pem = datetime.datetime.utcnow(), serialization.Encoding.PEM

    def build(name, key, issuer, issuer_key, ca):
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=2))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    (folder / "ca.pem").write_bytes(build(ca_name, ca_key, ca_name, ca_key, True).public_bytes(pem))
    (folder / "cert.pem").write_bytes(build(name, key, ca_name, ca_key, False).public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
