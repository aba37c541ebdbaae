"""Handing mails to servers: TLS, log-in, and servers that are slow, refuse or lie. No stack: nexusctl mail."""
import json
import os
import pathlib
import re
import resource
import subprocess
import time

import pytest

import smtp
import stack as stacks

BUILD = pathlib.Path(os.environ.get("NEXUS_BUILD_DIR") or stacks.TOP / "build")
NEXUSCTL = BUILD / "nexusctl"


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return smtp.certificate(tmp_path_factory.mktemp("tls"))


class Sender:
    def __init__(self, folder):
        self.folder, self.options = folder, {"public_url": "https://stay.example.com", "mail_templates": stacks.TOP / "conf/mail",
                                             "smtp_timeout": "2s"}

    def run(self, *args, **options):
        conf = self.folder / "nexus.conf"
        conf.write_text("".join(f'{name} = "{value}"\n' for name, value in {**self.options, **options}.items()))
        env = {"PATH": os.environ["PATH"], "http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"}
        out, err = self.folder / "out", self.folder / "err"
        with out.open("wb") as to, err.open("wb") as complaints, subprocess.Popen([NEXUSCTL, "-c", conf, *args], stdout=to,
                                                                                stderr=complaints, env=env) as process:
            _, status, self.usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        return subprocess.CompletedProcess(args, process.returncode, out.read_text(), err.read_text())

    def send(self, port, to="ada@example.com", scheme="smtp", **options):
        return self.run("mail", "test", to, smtp_url=f"{scheme}://localhost:{port}", **options)

    def password(self, text):
        path = self.folder / "password"
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path


@pytest.fixture
def sender(tmp_path):
    return Sender(tmp_path)


def test_a_relay_without_tls(sender):
    with smtp.server() as (port, mailbox):
        done = sender.send(port, smtp_tls="no", mail_from="Zürich & Co, <stay@example.com>", mail_bounce="bounce+*@example.com")
        assert done.returncode == 0 and done.stdout == "250\n", done.stderr
        mail, = mailbox.mails
        assert mail.envelope_from == "bounce+0@example.com" and mail.envelope_to == ["ada@example.com"] and not mail.tls
        assert mail["From"] == '"Zürich & Co," <stay@example.com>' and mail["To"] == "ada@example.com"
        assert mail["Auto-Submitted"] == "auto-generated" and mail["Message-ID"].endswith("@example.com>")
        assert mail["Subject"] == "A test" and mail.get_content_type() == "multipart/alternative" and not mail.defects
        assert "Mails from here arrive." in smtp.part(mail, "plain") and "Mails from here arrive." in smtp.part(mail, "html")
        assert sender.send(port, smtp_tls="no", mail_from="no address").returncode == 1
        assert sender.send(port, smtp_tls="no", mail_bounce="a b@c").returncode == 1
        assert sender.send(port, smtp_tls="no", to="a@b>\nRCPT TO:<c@d").returncode == 2
        assert len(mailbox.mails) == 1


def test_every_mail_arrives_as_it_is_shown(sender):
    """All topics in both languages through a real server; dots, umlauts and long lines come back as they were."""
    topics = [row["topic"] for row in json.loads(sender.run("mail", "list", "--json").stdout)]
    assert len(topics) > 35
    with smtp.server() as (port, mailbox):
        for topic in topics[::6]:
            shown = json.loads(sender.run("mail", "preview", topic, "--language", "de", "--json").stdout)
            done = sender.run("mail", "test", "ada@example.com", "--topic", topic, "--language", "de",
                              smtp_url=f"smtp://localhost:{port}", smtp_tls="no")
            assert done.returncode == 0, done.stderr
            mail = mailbox.mails[-1]
            assert mail["Subject"] == shown["subject"] and not mail.defects
            assert smtp.part(mail, "plain").strip() == shown["text"].strip() and smtp.part(mail, "html").strip() == shown["html"].strip()
            assert max(map(len, mail.raw.splitlines())) < 200


def test_tls_and_log_in(sender, tls):
    ca, certificate, key = tls
    secret = sender.password("the password")
    with smtp.server((certificate, key), login=True) as (port, mailbox):
        good = {"smtp_ca": ca, "smtp_user": "nexus", "smtp_password_file": secret}
        done = sender.send(port, **good)
        assert done.returncode == 0, done.stderr
        assert mailbox.mails[0].tls and mailbox.mails[0].login
        wrong = sender.send(port, **{**good, "smtp_password_file": sender.password("another one")})
        assert wrong.returncode == 69 and "another one" not in wrong.stdout + wrong.stderr
        assert re.search("535|[Ll]ogin denied|Authentication", wrong.stderr), wrong.stderr
        unknown = sender.send(port, smtp_user="nexus", smtp_password_file=secret)  # a CA that is not the system's
        assert unknown.returncode == 69 and "certificate" in unknown.stderr.lower()
        assert len(mailbox.mails) == 1
    with smtp.server((certificate, key), implicit=True) as (port, mailbox):
        assert sender.send(port, scheme="smtps", smtp_ca=ca).returncode == 0 and len(mailbox.mails) == 1


def test_no_password_and_no_mail_without_tls(sender):
    """A server, or whoever stands in front of it, that does not offer STARTTLS gets nothing."""
    seen = []

    def talk(connection, over):
        connection.sendall(b"220 here\r\n")
        for line in connection.makefile("rb"):
            seen.append(line)
            connection.sendall(b"250-here\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"250 fine\r\n")
    secret = sender.password("the password")
    with smtp.Hostile(talk) as server:
        for options in ({}, {"smtp_user": "nexus", "smtp_password_file": secret},
                        {"smtp_user": "nexus", "smtp_password_file": secret, "smtp_tls": "no"}):
            assert sender.send(server.port, **options).returncode == 69
    assert not [line for line in seen if line.split()[0] in (b"AUTH", b"MAIL", b"RCPT", b"DATA")], seen


@pytest.mark.parametrize("reply, exit_code", [("550 5.1.1 nobody of that name", 1), ("450 4.2.0 come back later", 1)])
def test_recipients_that_are_refused(sender, reply, exit_code):
    with smtp.server() as (port, mailbox):
        mailbox.refuse["ada@example.com"] = reply
        done = sender.send(port, smtp_tls="no")
        assert done.returncode == exit_code and reply in done.stderr and not mailbox.mails
        mailbox.refuse.clear()
        mailbox.data_reply = "554 5.7.1 spam"
        done = sender.send(port, smtp_tls="no")
        assert done.returncode == 1 and "554 5.7.1 spam" in done.stderr


BAD = {
    "busy": {"greeting": b"421 too busy\r\n"},
    "another protocol": {"greeting": b"HTTP/1.1 200 OK\r\n\r\n"},
    "hangs up after mail": {"replies": {"MAIL": smtp.close}},
    "hangs up instead of answering the mail": {"replies": {".": smtp.close}},
    "no sender is good enough": {"replies": {"MAIL": "530 who are you"}},
    "a mail that is never answered": {"replies": {".": smtp.hang}},
    "hangs at once": {"talk": smtp.hang},
    "trickles its greeting": {"talk": smtp.trickle},
    "trickles a reply": {"replies": {"RCPT": smtp.trickle}},
    "says too much": {"replies": {"EHLO": smtp.flood}},
    "a line without end": {"replies": {"RCPT": smtp.flood_line}},
}


@pytest.mark.parametrize("name", BAD)
def test_bad_servers(sender, name):
    """Each is over within the time-out, in little memory, and counts as trouble with the server, to be tried again."""
    how = BAD[name]
    talk = how.get("talk") or smtp.scripted(how.get("replies", {}), how.get("greeting", b"220 here\r\n"))
    begin = time.monotonic()
    with smtp.Hostile(talk) as server:
        done = sender.send(server.port, smtp_tls="no", smtp_timeout="1s")
    assert done.returncode == 69, done.stderr
    assert time.monotonic() - begin < 20
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # a child's peak counts from before its exec
    assert sender.usage.ru_maxrss < ours + 40 * 1024


def test_a_server_that_is_away(sender):
    done = sender.send(1, smtp_tls="no")
    assert done.returncode == 69 and "not sent" in done.stderr
    assert sender.run("mail", "test", "ada@example.com").returncode == 69  # no smtp_url


def test_preview(sender):
    assert sender.run("mail", "preview", "no.such").returncode == 4
    text = sender.run("mail", "preview", "booking.confirmed.guest").stdout
    assert text.startswith("Subject: Your stay at Lake House is booked\n") and "1,234.50 EUR" in text
    assert "24. Dezember 2026" in sender.run("mail", "preview", "booking.confirmed.guest", "--language", "de-AT").stdout
    assert sender.run("mail", "preview", "mail.test", "--html").stdout.startswith("<!DOCTYPE html>")
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in sender.run("mail", "preview", "booking.confirmed.host", "--message").stdout
    own = sender.folder / "own/en"
    own.mkdir(parents=True)
    (own / "mail.test.subject").write_text("{{?never}}")
    bad = sender.run("mail", "preview", "mail.test", mail_templates=sender.folder / "own")
    assert bad.returncode == 3 and "every section ends" in bad.stderr
