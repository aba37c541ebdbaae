"""Secrets that were sent or made show up nowhere: not in logs, errors, the process table, Redis, nor readable in the database.

Marked secrets are planted wherever a client can put one, through every operation; then everything that is kept or shown
is searched for them.
"""
import contextlib
import itertools
import json
import os
import pathlib
import subprocess
import uuid

import pytest

from stack import children, private_stack, wait_until

MEMBERS = ("password", "current_password", "new_password", "refresh_token", "access_token", "id_token", "token", "code", "secret",
           "client_secret", "code_verifier", "assertion")


class Canaries:
    """Texts nobody else would write; every one that was planted is remembered."""

    def __init__(self):
        self.planted = {}

    def make(self, what):
        text = f"cAnAry{uuid.uuid4().hex}"
        self.planted[text] = what
        return text

    def keep(self, what, secret):
        self.planted[secret] = what
        return secret

    def found_in(self, text):
        return sorted({what for secret, what in self.planted.items() if secret in text})


@pytest.fixture(scope="module")
def planted():
    """A stack on which every operation has been given secrets; (stack, canaries, answers)."""
    options = {"rate_read": "100000/m", "rate_search": "0", "rate_write": "0", "rate_login": "0", "log_level": "debug"}
    with private_stack(options=options) as stack:
        canaries, answers = Canaries(), []
        with contextlib.closing(stack.db("postgres")) as db, db.cursor() as cursor:
            cursor.execute("alter system set log_min_duration_statement = 0")  # as somebody does who looks for a slow one
            cursor.execute("select pg_reload_conf()")
        with open(stack.run_dir / "log/redis-commands.log", "w", encoding="utf-8") as out:
            watch = subprocess.Popen(["redis-cli", "-s", stack.run_dir / "sock/redis.sock", "monitor"], stdout=out)
            try:
                wait_until(lambda: "OK" in stack.log("redis-commands"), 5, "redis-cli to watch")
                use(stack, canaries, answers)
            finally:
                watch.terminate()
                watch.wait()
        yield stack, canaries, answers


def use(stack, canaries, answers):
    live(stack, canaries)
    document = stack.session().get("/v1/openapi.json").json()
    for path, item in document["paths"].items():
        for method in item:
            if method in ("get", "post", "put", "patch", "delete"):
                answers += attack(stack, canaries, method, path)


def attack(stack, canaries, method, path):
    """Bad requests with secrets in every place a careless client puts one."""
    target = path.replace("{", "").replace("}", "")
    body = {name: canaries.make(f"{method} {path} /{name}") for name in MEMBERS}
    session = stack.session()
    kinds = [
        {"headers": {"Authorization": "Bearer " + canaries.make("bearer")}, "json": body},
        {"headers": {"Authorization": "Basic " + canaries.make("basic")}, "json": body},
        {"headers": {"Cookie": "__Host-session=" + canaries.make("cookie")}, "data": {n: canaries.make(f"form {n}") for n in MEMBERS}},
        {"headers": {"Idempotency-Key": canaries.make("idempotency key"), "X-Api-Key": canaries.make("header")},
         "data": '{"password": "' + canaries.make("broken JSON")},
        {"params": {"access_token": canaries.make("query"), "code": canaries.make("query")}},
    ]
    return [session.request(method.upper(), target, allow_redirects=False, **kind).text for kind in kinds]


def live(stack, canaries):
    """What people do, with secrets that work."""
    password = canaries.make("password of an account")
    person = stack.user(password=password)
    canaries.keep("access token", person.token.rsplit(".", 1)[1])
    session = stack.session()
    wrong = session.post("/v1/auth/login", json={"email": person.email, "password": canaries.make("wrong password")})
    assert wrong.status_code == 401
    login = session.post("/v1/auth/login", json={"email": person.email, "password": password}).json()
    canaries.keep("refresh token", login["refresh_token"])
    fresh = session.post("/v1/auth/refresh", json={"refresh_token": login["refresh_token"]}).json()
    canaries.keep("second refresh token", fresh["refresh_token"])
    canaries.keep("second access token", fresh["access_token"].rsplit(".", 1)[1])
    path = stack.run_dir / "new.password"
    path.write_text(canaries.make("password given to nexusctl"))
    path.chmod(0o600)
    stack.ctl("user", "create", "--email", "ctl@example.com", "--name", "Ctl", "--password-file", str(path))
    path.unlink()
    for key in (stack.run_dir / "secret/keys").glob("*.pem"):
        canaries.keep("signing key", "".join(key.read_text().splitlines()[1:-1]))
    canaries.keep("secret_file", (stack.run_dir / "secret/cursor.key").read_text().strip())


def test_no_answer_repeats_one(planted):
    _, canaries, answers = planted
    assert len(answers) > 100
    assert canaries.found_in("\n".join(answers)) == []


def test_no_log_has_one(planted):
    stack, canaries, _ = planted
    logs = [path for path in (stack.run_dir / "log").rglob("*") if path.is_file() and path.suffix == ".log"]
    assert len(logs) >= 4 and " duration: " in stack.log("postgresql") and '"op":"auth_refresh"' in stack.log()
    found = {path.name: canaries.found_in(path.read_text(errors="replace")) for path in logs}
    # The server's own log of statements shows parameters when an administrator asks it to; the hashes in it are no secrets.
    assert {name: what for name, what in found.items() if what} == {}


def test_no_process_shows_one(planted):
    stack, canaries, _ = planted
    pids = [stack.pid(name) for name in ("postgresql", "redis", "api", "nginx")]
    pids += [child for pid in pids for child in children(pid)]
    shown = ""
    for pid in pids:
        for name in ("cmdline", "environ", "comm"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                shown += pathlib.Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    assert "nexus" in shown and canaries.found_in(shown) == []


def test_no_crash_writes_memory_to_disk(planted):
    stack, _, _ = planted
    for pid in stack.workers():
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert any(line.split()[4:6] == ["0", "0"] for line in limits.splitlines() if line.startswith("Max core file size"))


def test_redis_is_told_none(planted):
    stack, canaries, _ = planted
    assert "evalsha" in stack.log("redis-commands").lower()
    assert canaries.found_in(stack.log("redis-commands")) == []


def test_the_database_has_none_to_be_read(planted):
    """Every column of every table, but for mails that wait to be sent: their recipient needs the link."""
    stack, canaries, _ = planted
    tables = [row[0] for row in stack.query("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")]
    assert "user_credentials" in tables
    found = {}
    for table in sorted(set(tables) - {"outbox"}):
        text = json.dumps([row[0] for row in stack.query(f"select to_jsonb(t)::text from {table} t")])
        text += "".join(bytes.fromhex(part).decode(errors="replace") for part in hex_runs(text))
        if canaries.found_in(text):
            found[table] = canaries.found_in(text)
    assert found == {}


def hex_runs(text):
    """bytea as PostgreSQL shows it."""
    for part in text.split("\\\\x")[1:]:
        run = "".join(itertools.takewhile(lambda c: c in "0123456789abcdef", part))
        yield run[:len(run) // 2 * 2]


def test_secret_files_are_their_owners_alone(planted):
    stack, _, _ = planted
    for folder, _, names in os.walk(stack.run_dir / "secret"):
        for name in names:
            path = pathlib.Path(folder) / name
            assert path.stat().st_mode & 0o077 == 0, path
