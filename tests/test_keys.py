"""Signing keys while the service runs: rotation refuses nobody, retiring refuses at once."""
import base64
import json
import subprocess
import time

import pytest

from load import Load
from stack import private_stack, wait_until


@pytest.fixture(scope="module")
def rotated(tmp_path_factory):
    # Its keys are changed, so it is nobody else's.
    with private_stack(options={"token_key_wait": "1h", "workers": "4"}) as stack:
        yield stack


def keys(stack):
    return {key["id"]: key for key in json.loads(stack.ctl("keys", "list", "--json").stdout)}


def active(stack):
    return next(name for name, key in keys(stack).items() if key["state"] == "active")


def me(stack, token):
    return stack.session(token).get("/v1/me").status_code


def login(stack, user):
    answer = stack.session().post("/v1/auth/login", json={"email": user.email, "password": user.password})
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def kid(token):
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]


def everywhere(stack, token, status, deadline=5.0):
    """Until each of a row of requests, which go to all workers, is answered so."""
    session = stack.session(token)
    wait_until(lambda: all(session.get("/v1/me").status_code == status for _ in range(30)), deadline, f"{status} everywhere")


def test_a_key_waits_before_it_signs(rotated):
    first = active(rotated)
    made = rotated.ctl("keys", "generate", "--algorithm", "ES256").stdout.strip()
    assert keys(rotated)[made]["state"] == "published" and keys(rotated)[made]["algorithm"] == "ES256"
    refused = rotated.ctl("keys", "activate", made, check=False)
    assert refused.returncode == 75 and "--now" in refused.stderr
    assert rotated.ctl("keys", "activate", "nothere", check=False).returncode == 4
    assert rotated.ctl("keys", "retire", first, check=False).returncode == 1
    assert active(rotated) == first
    rotated.ctl("keys", "retire", made)  # it has signed nothing
    assert made not in keys(rotated)


def test_a_rotation_refuses_nobody(rotated):
    """Under load: publish, switch, keep the old one; every token that was given stays good."""
    people = [rotated.user() for _ in range(2)]
    tokens = [login(rotated, person) for person in people]

    def ask(_, session, rng):
        return "me", session.get("/v1/me", headers={"Authorization": f"Bearer {rng.choice(tokens)}"})

    before = active(rotated)
    with Load(rotated, ask, clients=4) as load:
        for algorithm in ("EdDSA", "ES256", "EdDSA"):
            made = rotated.ctl("keys", "generate", "--algorithm", algorithm).stdout.strip()
            rotated.ctl("keys", "activate", made[:10], "--now")
            wait_until(lambda made=made: kid(login(rotated, people[0])) == made, 5, "the new key to sign")
            tokens.append(login(rotated, people[1]))
            seen = len(load.answers)
            wait_until(lambda seen=seen: len(load.answers) > seen + 200, 20, "more requests")
    assert load.failures == []
    assert {status for _, status, _ in load.answers} == {200}
    assert keys(rotated)[before]["state"] == "old"
    kept = rotated.run_dir / "secret/keys" / f"{before}.pem"
    assert "PRIVATE" not in kept.read_text() and kept.stat().st_mode & 0o077 == 0
    assert rotated.ctl("keys", "retire", before, check=False).returncode == 75  # its tokens live on
    assert me(rotated, tokens[0]) == 200


def test_an_emergency_ends_every_token_of_a_key(rotated):
    person = rotated.user()
    token, name = person.token, active(rotated)
    assert kid(token) == name
    everywhere(rotated, token, 200)
    start = time.monotonic()
    rotated.ctl("keys", "retire", name, "--now")
    everywhere(rotated, token, 401)
    assert time.monotonic() - start < 5
    assert name not in keys(rotated) and not (rotated.run_dir / "secret/keys" / f"{name}.pem").exists()
    assert kid(login(rotated, person)) == active(rotated) != name  # a new one was made, and signs


def test_keys_that_cannot_be_read_change_nothing(rotated):
    person = rotated.user()
    path = rotated.run_dir / "secret/keys/keys"
    good = path.read_bytes()
    path.write_bytes(b"rubbish\n")
    try:
        wait_until(lambda: me(rotated, person.token) == 200 and "signing keys cannot be read" in rotated.log(), 5, "a complaint")
        assert me(rotated, person.token) == 200 and login(rotated, person)
    finally:
        path.write_bytes(good)
    assert rotated.ctl("keys", "list").returncode == 0


def test_two_at_once_do_not_tread_on_each_other(rotated):
    before = set(keys(rotated))
    command = [rotated.run_dir / "bin/nexusctl", "-c", rotated.conf, "keys", "generate"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    made = {process.communicate()[0].strip() for process in running}
    assert all(process.returncode == 0 for process in running) and len(made) == 5
    assert set(keys(rotated)) == before | made
    for name in made:
        rotated.ctl("keys", "retire", name)


def test_no_private_key_is_anywhere_else(rotated):
    """Not in the database, not in what processes show, not in logs."""
    folder = rotated.run_dir / "secret/keys"
    secrets = ["".join(path.read_text().splitlines()[1:-1]) for path in folder.glob("*.pem") if "PRIVATE" in path.read_text()]
    assert secrets
    shown = rotated.log() + "".join(path.read_text(errors="replace") for path in (rotated.run_dir / "log").iterdir() if path.is_file())
    for worker in rotated.workers():
        for name in ("cmdline", "environ"):
            shown += open(f"/proc/{worker}/{name}", errors="replace").read()
    assert not [secret for secret in secrets if secret in shown]


# --- what is told of keys

def told(stack, key):
    return [entry["action"] for entry in json.loads(stack.ctl("audit", "list", "--json", "--target", key).stdout)]


def test_changes_of_keys_are_in_the_audit_log(rotated):
    made = rotated.ctl("keys", "generate").stdout.strip()
    assert rotated.ctl("keys", "activate", made, check=False).returncode == 75  # nothing was done
    assert told(rotated, made) == ["key.generate"]
    rotated.ctl("keys", "activate", made, "--now")
    other = rotated.ctl("keys", "generate").stdout.strip()
    rotated.ctl("keys", "retire", made, "--now")
    assert told(rotated, made) == ["key.retire", "key.activate", "key.generate"]
    assert active(rotated) != made and "key.activate" in told(rotated, active(rotated))
    assert "key.generate" in told(rotated, other)
    assert rotated.ctl("audit", "verify").returncode == 0


def test_keys_change_without_a_database(rotated):
    """An emergency does not wait for PostgreSQL; that nobody was told is said."""
    rotated.stop("postgresql")
    try:
        done = rotated.ctl("keys", "generate")
        assert "the audit log was not told" in done.stderr
        made = done.stdout.strip()
        assert keys(rotated)[made]["state"] == "published"
    finally:
        rotated.start("postgresql")
        rotated.wait_ready()
    assert told(rotated, made) == []
