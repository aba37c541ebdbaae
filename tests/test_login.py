"""Log-in safety: which passwords are taken, back-off, the hash pool, second factors, rehashing."""
import base64
import concurrent.futures
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import signal
import struct
import subprocess
import threading
import time
import urllib.parse
import uuid

import pytest

import fcgi
import openapi
from stack import PASSWORD, private_stack, wait_until

GOOD = "seven purple herons dance 41"
DEFAULTS = {"login_failures": "5", "login_failures_network": "50"}


def address():
    return f"log.{uuid.uuid4().hex[:12]}@example.com"


def log_in(session, email, password=PASSWORD, code=None):
    return session.post("/v1/auth/login", json={"email": email, "password": password, **({"code": code} if code else {})})


def problem(response, status, code):
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert response.json()["code"] == code, response.text
    return response.json()


def statuses(stack, jobs):
    """Statuses of functions run at the same time."""
    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        return sorted(answer.status_code for answer in pool.map(lambda job: job(), jobs))


# ---- one-time codes, from the RFC and not from the server

def code_at(secret, step):
    mac = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06}"


def step_now():
    return int(time.time()) // 30


class Factor:
    """A second factor of a user that has been set up."""

    def __init__(self, user):
        self.user = user
        begun = user.post("/v1/me/totp", json={"password": user.password})
        assert begun.status_code == 201, begun.text
        self.secret, self.uri = begun.json()["secret"], begun.json()["uri"]
        self.used = step_now() - 1  # the oldest that is accepted: leaves the present and the next one
        confirmed = user.post("/v1/me/totp/confirm", json={"code": code_at(self.secret, self.used)})
        assert confirmed.status_code == 200, confirmed.text
        self.recovery = confirmed.json()["recovery_codes"]

    def code(self):
        """A code that was not used yet; waits for the next step when all that are accepted were."""
        step = max(self.used + 1, step_now() - 1)
        wait_until(lambda: step <= step_now() + 1, 40, "the next step")
        self.used = step
        return code_at(self.secret, step)

    def wrong(self):
        near = {code_at(self.secret, step_now() + i) for i in range(-3, 4)}
        return next(c for c in (f"{i:06}" for i in range(100)) if c not in near)


def test_oathtool_agrees_with_the_oracle():
    secret = base64.b32encode(os.urandom(20)).decode()
    shown = subprocess.run(["oathtool", "--totp", "--base32", "--now", "@1234567890", "-"], input=secret, text=True,
                           capture_output=True, check=True).stdout.strip()
    assert shown == code_at(secret, 1234567890 // 30)


# ---- which passwords may be chosen

@pytest.mark.parametrize("password, code", [
    ("password1", "guessable"), ("12345678", "guessable"), ("P@ssw0rd123", "guessable"), ("qwertyuiop", "guessable"),
    ("iloveyou2", "guessable"), ("Lovelace1815", "guessable"), ("aaaaaaaaaaaaaaaaaaaaaaaa", "guessable"),
    ("my byron.ada.99 and more words", "personal"), ("Ada Lovelace is my name, 42", "personal"),
])
def test_weak_passwords_are_refused_with_a_reason(stack, api, password, code):
    email = f"byron.ada.99@{uuid.uuid4().hex[:10]}.example.com"
    answer = api.post("/v1/users", json={"email": email, "password": password, "name": "Ada Lovelace"})
    assert problem(answer, 422, "validation_failed")["errors"][0]["pointer"] == "/password"
    assert answer.json()["errors"][0]["code"] == code
    assert password not in answer.text
    assert stack.query("select count(*) from users where email = %s", email) == [(0,)]


def test_common_passwords_are_refused(stack, tmp_path):
    """Against a list that is not the checker's own: of John the Ripper, those long enough to be sent at all."""
    listed = pathlib.Path("/usr/share/john/password.lst").read_text(encoding="latin-1").splitlines()
    common = [word for word in listed if len(word) >= 8 and not word.startswith("#!")]
    assert len(common) > 500
    session, taken = stack.session(), []
    for word in common[:200]:
        answer = session.post("/v1/users", json={"email": address(), "password": word, "name": "Somebody Else"})
        if answer.status_code != 422:
            taken.append(word)
    assert not taken


def password_file(folder, text):
    file = folder / "password"
    file.write_text(text + "\n")
    file.chmod(0o600)
    return str(file)


def test_the_shell_has_the_same_rules(stack, tmp_path):
    email = f"shell.ada@{uuid.uuid4().hex[:8]}.example.com"
    for text, good in (("password123", False), ("shell.ada has her name in it", False), ("short", False), (GOOD, True)):
        made = stack.ctl("user", "create", "--email", email, "--name", "Ada", "--password-file", password_file(tmp_path, text),
                         check=False)
        assert (made.returncode == 0) == good, made.stderr
        assert text not in made.stderr
    for text, good in (("password123", False), ("shell.ada has her name in it", False), (GOOD + "!", True)):
        changed = stack.ctl("user", "set-password", "--email", email.upper(), "--password-file", password_file(tmp_path, text),
                            check=False)
        assert (changed.returncode == 0) == good, changed.stderr
    assert log_in(stack.session(), email, GOOD).status_code == 401
    assert log_in(stack.session(), email, GOOD + "!").status_code == 200


def test_a_password_set_at_the_shell_ends_sessions(stack, user, tmp_path):
    somebody = user()
    assert somebody.get("/v1/me").status_code == 200
    stack.ctl("user", "set-password", "--email", somebody.email, "--password-file", password_file(tmp_path, GOOD))
    assert stack.query("select distinct end_reason from sessions where user_id = %s", somebody.id) == [("password",)]
    wait_until(lambda: somebody.get("/v1/me").status_code == 401, 5, "the session to be over")
    assert stack.ctl("user", "set-password", "--email", address(), "--password-file", password_file(tmp_path, GOOD),
                     check=False).returncode == 4
    assert stack.ctl("user", "set-password", check=False).returncode == 2


def test_every_byte_of_a_long_passphrase_counts(stack):
    phrase = "".join(chr(0x4E00 + (i * 7919) % 20000) for i in range(1024))  # 3072 bytes
    somebody = stack.user(password=phrase)
    session = stack.session()
    assert log_in(session, somebody.email, phrase).status_code == 200
    assert log_in(session, somebody.email, phrase[:-1] + "x").status_code == 401
    assert log_in(session, somebody.email, phrase[:341] + "x" + phrase[342:]).status_code == 401  # byte 1024
    assert log_in(session, somebody.email, phrase[:-1]).status_code == 401
    assert log_in(session, somebody.email, phrase + "x").status_code == 422


def test_passwords_are_not_folded_or_normalised(stack):
    somebody = stack.user(password="Caf\u00e9 au lait, seven times")
    session = stack.session()
    for other in ("caf\u00e9 au lait, seven times", "Cafe\u0301 au lait, seven times", "Caf\u00e9 au lait,  seven times"):
        assert log_in(session, somebody.email, other).status_code == 401


# ---- suspended and deactivated accounts

@pytest.mark.parametrize("status", ["suspended", "deactivated"])
def test_inactive_accounts_are_told_to_their_owners_only(stack, status):
    somebody = stack.user()
    stack.query("update users set status = %s where id = %s", status, somebody.id)
    session = stack.session()
    problem(log_in(session, somebody.email), 403, "account_inactive")
    wrong, unknown = log_in(session, somebody.email, "wrong " + PASSWORD), log_in(session, address(), "wrong " + PASSWORD)
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}


# ---- rehashing

def hash_of(stack, user):
    return stack.query("select password_hash from user_credentials where user_id = %s", user.id)[0][0]


def test_a_log_in_renews_a_hash_of_lower_cost(fresh_stack):
    stack = fresh_stack(options={"argon2_passes": "1", "argon2_memory": "64KiB"})
    somebody = stack.user()
    before = hash_of(stack, somebody)
    assert "m=64,t=1," in before
    assert log_in(stack.session(), somebody.email).status_code == 200
    assert hash_of(stack, somebody) == before  # today's cost: left alone

    stack.set_options(argon2_passes="3", argon2_memory="128KiB")
    stack.signal("api", signal.SIGHUP)

    def renewed():
        assert log_in(stack.session(), somebody.email, "wrong " + PASSWORD).status_code == 401
        assert log_in(stack.session(), somebody.email).status_code == 200
        return hash_of(stack, somebody) != before

    wait_until(renewed, 20, "a worker with the new cost")
    assert "m=128,t=3," in hash_of(stack, somebody)
    assert log_in(stack.session(), somebody.email).status_code == 200
    assert log_in(stack.session(), somebody.email, "wrong " + PASSWORD).status_code == 401


# ---- the hash pool

def slow_stack(fresh_stack, **cost):
    """One turn at hashing, and from now on hashes of this cost; accounts were made at less."""
    stack = fresh_stack(options={"hash_slots": "1", "hash_wait": "200ms", "workers": "8"})
    before = set(stack.workers())
    stack.set_options(**cost)
    stack.signal("api", signal.SIGHUP)
    wait_until(lambda: not before & set(stack.workers()), 20, "workers with the new cost")
    stack.wait_ready()
    return stack


def threads(pid):
    """(main thread?, nice value) of each thread."""
    found = []
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            found.append((int(task.name) == pid, int(fields[16])))
    return found


def hashing(stack):
    """(pid, nice value) of who hashes now."""
    return [(pid, nice) for pid in stack.workers() for main, nice in threads(pid) if not main]


def hash_threads(stack):
    with contextlib.suppress(OSError):
        return {int(task.name) for pid in stack.workers() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()} - set(stack.workers())
    return set()


def test_a_storm_is_turned_away_and_leaves_the_others_alone(fresh_stack):
    stack = slow_stack(fresh_stack, argon2_memory="64MiB", argon2_passes="6")
    session, stop, seen = stack.session(), threading.Event(), []

    def storm():
        own = stack.session()
        while not stop.is_set():
            seen.append(log_in(own, "nobody@example.com"))

    pool = [threading.Thread(target=storm) for _ in range(16)]
    for thread in pool:
        thread.start()
    try:
        wait_until(lambda: [a for a in seen if a.status_code == 503], 20, "somebody to be turned away")
        for _ in range(30):  # workers are left for everybody else
            assert session.get("/v1/properties", timeout=5).status_code == 200
            # A turn may pass on between the look at one worker and the next: who is seen twice was there in between.
            first = hash_threads(stack)
            assert len(first & hash_threads(stack)) <= 1
    finally:
        stop.set()
        for thread in pool:
            thread.join()
    refused = [answer for answer in seen if answer.status_code == 503]
    assert {answer.status_code for answer in seen} <= {401, 503}
    problem(refused[0], 503, "busy")
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 5
    assert log_in(session, "nobody@example.com").status_code == 401  # nothing is stuck


def test_a_killed_worker_leaves_no_turn_behind(fresh_stack):
    stack = slow_stack(fresh_stack, argon2_memory="256MiB", argon2_passes="20")
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            lost = pool.submit(log_in, stack.session(), "nobody@example.com")
            busy = wait_until(lambda: hashing(stack), 20, "a worker to hash")
            os.kill(busy[0][0], signal.SIGKILL)
            assert lost.result().status_code == 502
    stack.set_options(argon2_memory="64KiB", argon2_passes="1")
    stack.signal("api", signal.SIGHUP)
    wait_until(lambda: log_in(stack.session(), "nobody@example.com").status_code == 401, 30, "a turn at hashing")


def test_hashing_gives_way_to_others(fresh_stack):
    stack = slow_stack(fresh_stack, argon2_memory="128MiB", argon2_passes="8")
    base = {nice for pid in stack.workers() for main, nice in threads(pid) if main}
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(log_in, stack.session(), "nobody@example.com")
        wait_until(lambda: [n for _, n in hashing(stack) if n > max(base)], 20, "a thread of low priority that hashes")
        assert {nice for pid in stack.workers() for main, nice in threads(pid) if main} == base
        assert answer.result().status_code == 401


# ---- back-off

@pytest.fixture(scope="module")
def counting_stack():
    with private_stack(options={**DEFAULTS, "login_cooldown": "1m", "argon2_memory": "64KiB", "redis_timeout": "5s"}) as running:
        yield openapi.guard(running)


@pytest.fixture
def counting(counting_stack):
    """A stack on which nobody has failed yet. It cools down for longer than a test takes."""
    counting_stack.redis().flushall()
    return counting_stack


def wrong(session, email, times):
    return [log_in(session, email, "wrong " + PASSWORD) for _ in range(times)]


def cools_down(stack, email, known):
    session = stack.session()
    assert [a.status_code for a in wrong(session, email, 3)] == [401] * 3
    refused = log_in(session, email.upper())  # other spelling, right password or no account at all: the same
    body = problem(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 2
    assert email not in json.dumps(body)
    assert log_in(session, address()).status_code == 401  # others are not concerned
    wait_until(lambda: log_in(session, email, "wrong " + PASSWORD).status_code == 401, 5, "the end of the cool-down")
    again = log_in(session, email)
    problem(again, 429, "rate_limited")
    assert int(again.headers["Retry-After"]) == 2  # twice as long
    if known:
        wait_until(lambda: log_in(session, email).status_code == 200, 10, "the cool-down to end")
        assert [a.status_code for a in wrong(session, email, 3)] == [401] * 3  # counted from the start


def test_wrong_passwords_make_wait(fresh_stack):
    stack = fresh_stack(options={**DEFAULTS, "login_failures": "3", "argon2_memory": "64KiB", "redis_timeout": "5s"})
    people = [stack.user() for _ in range(2)]
    stack.redis().flushall()
    cools_down(stack, people[0].email, True)
    unknown = address()
    cools_down(stack, unknown, False)
    stored = " ".join(k.decode() for k in stack.redis().keys("*"))
    assert "login:" in stored and unknown not in stored and people[0].email not in stored
    stack.stop("redis")
    cools_down(stack, people[1].email, True)
    cools_down(stack, address(), False)


def test_any_number_of_guesses_at_a_time_count(counting):
    stack = counting
    somebody = stack.user()
    stack.redis().flushall()
    answers = statuses(stack, [lambda: log_in(stack.session(), somebody.email, "wrong " + PASSWORD)] * 20)
    assert answers == [401] * 5 + [429] * 15


def test_a_network_that_tries_many_accounts_waits(counting):
    stack = counting
    somebody = stack.user()
    stack.redis().flushall()
    session = stack.session()
    assert [log_in(session, address()).status_code for _ in range(50)] == [401] * 50
    refused = log_in(session, somebody.email)
    problem(refused, 429, "rate_limited")
    assert int(refused.headers["Retry-After"]) <= 60


def test_the_owner_is_not_kept_out_by_others(counting):
    """Who has logged in from a network before counts for himself there. Requests go to the workers' socket with other
    addresses, as Nginx would pass them on."""
    stack = counting
    somebody = stack.user()
    stack.redis().flushall()

    def attempt(password, network):
        return from_address(stack, network, {"email": somebody.email, "password": password})

    assert attempt(PASSWORD, "192.0.2.7") == 200
    assert [attempt("wrong " + PASSWORD, f"198.51.{i}.7") for i in range(8)] == [401] * 5 + [429] * 3
    assert attempt(PASSWORD, "203.0.113.9") == 429   # a place never seen before
    assert attempt(PASSWORD, "192.0.2.200") == 200   # the same network as before
    assert attempt("wrong " + PASSWORD, "198.51.100.7") == 429  # which does not help the others
    assert [attempt("wrong " + PASSWORD, "192.0.2.7") for _ in range(7)] == [401] * 5 + [429] * 2


def from_address(stack, network, body):
    return fcgi.call(stack.socket, method="POST", path="/v1/auth/login", body=json.dumps(body).encode(), REMOTE_ADDR=network,
                     CONTENT_TYPE="application/json", HTTP_CONTENT_TYPE="application/json")[0]


# ---- second factors

def test_a_second_factor_from_the_beginning_to_the_end(stack, user):
    somebody = user()
    session = stack.session()
    assert somebody.get("/v1/me/totp").json() == {"enabled": False, "recovery_codes_left": 0}
    factor = Factor(somebody)
    uri = urllib.parse.urlsplit(factor.uri)
    said = urllib.parse.parse_qs(uri.query)
    assert uri.scheme == "otpauth" and uri.netloc == "totp" and said["secret"] == [factor.secret] and said["digits"] == ["6"]
    assert urllib.parse.unquote(uri.path) == f"/Nexus:{somebody.email}"
    assert len(set(factor.recovery)) == 10
    assert somebody.get("/v1/me/totp").json() == {"enabled": True, "recovery_codes_left": 10}

    problem(log_in(session, somebody.email), 401, "second_factor_required")
    problem(log_in(session, somebody.email, code=factor.wrong()), 401, "second_factor_wrong")
    problem(log_in(session, somebody.email, "wrong " + PASSWORD), 401, "bad_credentials")
    problem(log_in(session, somebody.email, "wrong " + PASSWORD, factor.wrong()), 401, "bad_credentials")
    assert log_in(session, somebody.email, code=factor.code()).status_code == 200
    methods = stack.query("select methods from sessions where user_id = %s order by created_at desc limit 1", somebody.id)[0][0]
    assert methods == ["pwd", "otp", "mfa"]

    gone = somebody.post("/v1/me/totp/disable", json={"password": PASSWORD, "code": factor.recovery[0]})
    assert gone.status_code == 204, gone.text
    assert log_in(session, somebody.email).status_code == 200
    assert stack.query("select count(*) from recovery_codes where user_id = %s", somebody.id) == [(0,)]
    actions = [row[0] for row in stack.query("select action from audit_log where target_id = %s order by id", somebody.id)]
    assert [a for a in actions if a.startswith("second")] == ["second_factor.on", "second_factor.off"]


def test_codes_are_good_once(stack, user):
    somebody = user()
    factor = Factor(somebody)
    code = code_at(factor.secret, factor.used)
    problem(log_in(stack.session(), somebody.email, code=code), 401, "second_factor_wrong")  # confirmed with it
    code = factor.code()
    assert log_in(stack.session(), somebody.email, code=code).status_code == 200
    problem(log_in(stack.session(), somebody.email, code=code), 401, "second_factor_wrong")
    older = code_at(factor.secret, factor.used - 1)
    problem(log_in(stack.session(), somebody.email, code=older), 401, "second_factor_wrong")


def test_a_code_is_good_once_however_many_race(stack, user):
    somebody = user()
    factor = Factor(somebody)
    code = factor.code()
    assert statuses(stack, [lambda: log_in(stack.session(), somebody.email, code=code)] * 8) == [200] + [401] * 7
    recovery = factor.recovery[3]
    assert statuses(stack, [lambda: log_in(stack.session(), somebody.email, code=recovery)] * 8) == [200] + [401] * 7
    assert somebody.get("/v1/me/totp").json()["recovery_codes_left"] == 9


def test_recovery_codes_are_good_once_each_as_typed(stack, user):
    somebody = user()
    factor = Factor(somebody)
    session = stack.session()
    for code, typed in zip(factor.recovery[:3], (str, str.upper, lambda c: c.replace("-", " "))):
        assert log_in(session, somebody.email, code=typed(code)).status_code == 200
        problem(log_in(session, somebody.email, code=code), 401, "second_factor_wrong")
    stored = [bytes(row[0]) for row in stack.query("select hash from recovery_codes where user_id = %s", somebody.id)]
    assert len(stored) == 10 and all(len(h) == 32 for h in stored)

    renewed = somebody.post("/v1/me/totp/recovery-codes", json={"password": PASSWORD, "code": factor.recovery[4]})
    assert renewed.status_code == 200, renewed.text
    problem(log_in(session, somebody.email, code=factor.recovery[5]), 401, "second_factor_wrong")
    assert log_in(session, somebody.email, code=renewed.json()["recovery_codes"][9]).status_code == 200


def test_the_secret_is_stored_sealed(stack, user):
    somebody, other = user(), user()
    one, two = Factor(somebody), Factor(other)
    sealed = bytes(stack.query("select secret from user_totp where user_id = %s", somebody.id)[0][0])
    assert base64.b32decode(one.secret) not in sealed and one.secret.encode() not in sealed
    # Put under another account it opens nothing: it is bound to its owner.
    stack.query("update user_totp set secret = %s where user_id = %s", sealed, other.id)
    problem(log_in(stack.session(), other.email, code=one.code()), 401, "second_factor_wrong")
    problem(log_in(stack.session(), other.email, code=two.code()), 401, "second_factor_wrong")
    assert "a second factor cannot be read" in stack.log("api")
    assert log_in(stack.session(), other.email, code=two.recovery[0]).status_code == 200


def test_setting_up_asks_for_proof(stack, user):
    somebody = user()
    problem(somebody.post("/v1/me/totp", json={"password": "wrong " + PASSWORD}), 403, "wrong_password")
    problem(somebody.post("/v1/me/totp/confirm", json={"code": "000000"}), 409, "conflict")
    begun = somebody.post("/v1/me/totp", json={"password": PASSWORD}).json()["secret"]
    anew = somebody.post("/v1/me/totp", json={"password": PASSWORD}).json()["secret"]
    assert begun != anew
    problem(somebody.post("/v1/me/totp/confirm", json={"code": code_at(begun, step_now())}), 403, "wrong_code")
    assert log_in(stack.session(), somebody.email).status_code == 200  # not confirmed: not asked for
    problem(somebody.post("/v1/me/totp/disable", json={"password": PASSWORD, "code": "000000"}), 409, "conflict")
    problem(somebody.post("/v1/me/totp/recovery-codes", json={"password": PASSWORD, "code": "000000"}), 409, "conflict")

    answers = statuses(stack, [lambda: stack.session(somebody.token).post(
        "/v1/me/totp/confirm", json={"code": code_at(anew, step_now())})] * 6)
    assert answers == [200] + [409] * 5
    assert stack.query("select count(*) from recovery_codes where user_id = %s", somebody.id) == [(10,)]
    problem(somebody.post("/v1/me/totp", json={"password": PASSWORD}), 409, "second_factor_exists")
    for path in ("/v1/me/totp/disable", "/v1/me/totp/recovery-codes"):
        problem(somebody.post(path, json={"password": PASSWORD, "code": "000000"}), 403, "wrong_code")
        problem(somebody.post(path, json={"password": "wrong " + PASSWORD, "code": code_at(anew, step_now() + 1)}), 403, "wrong_password")
    problem(stack.session().post("/v1/me/totp", json={"password": PASSWORD}), 401, "unauthenticated")


def test_guessing_codes_is_held_too(counting):
    """The password is known: leaving the code out now and then must not start the count anew."""
    stack = counting
    somebody = stack.user()
    factor = Factor(somebody)
    stack.redis().flushall()
    session, codes = stack.session(), []
    for _ in range(8):
        codes.append(log_in(session, somebody.email, code=factor.wrong()).status_code)
        codes.append(log_in(session, somebody.email).status_code)
    assert codes == [401] * 9 + [429] * 7, codes

    stack.redis().flushall()
    codes = []
    for _ in range(8):
        codes.append(somebody.post("/v1/me/totp/disable", json={"password": PASSWORD, "code": factor.wrong()}).status_code)
    assert codes == [403] * 5 + [429] * 3, codes


def test_secrets_are_in_no_log(stack, user):
    somebody = user(password="canary purple herons " + uuid.uuid4().hex)
    factor = Factor(somebody)
    code = factor.recovery[0]
    assert log_in(stack.session(), somebody.email, somebody.password, code).status_code == 200
    for name in ("api", "nginx", "nginx-access", "postgresql"):
        text = stack.log(name)
        for secret in (somebody.password, factor.secret, *factor.recovery):
            assert secret not in text, name


# ---- roles that need a second factor

def test_a_role_can_need_a_second_factor(fresh_stack):
    stack = fresh_stack(options={"totp_required_roles": "admin, support"})
    admin, guest = stack.user(), stack.user()
    session = stack.session(admin.token)
    assert session.get("/v1/me/properties").status_code == 200
    stack.ctl("user", "set-role", "--email", admin.email, "guest", "host", "admin")

    wait_until(lambda: session.get("/v1/me/properties").status_code == 403, 35, "the role to take effect")
    problem(session.get("/v1/me/properties"), 403, "second_factor_missing")
    fresh = stack.session(log_in(stack.session(), admin.email).json()["access_token"])
    for method, path in (("get", "/v1/me/properties"), ("get", "/v1/bookings"), ("get", "/v1/me/sessions"), ("patch", "/v1/me")):
        problem(getattr(fresh, method)(path, **({"json": {"name": "X"}} if method == "patch" else {})), 403, "second_factor_missing")
    assert fresh.get("/v1/me").status_code == 200
    assert fresh.get("/v1/me/totp").json()["enabled"] is False
    assert guest.get("/v1/me/properties").status_code == 200

    factor = Factor(admin)  # with the token from before
    assert fresh.get("/v1/me/properties").status_code == 200  # at once
    assert session.get("/v1/bookings").status_code == 200
    problem(log_in(stack.session(), admin.email), 401, "second_factor_required")
    assert log_in(stack.session(), admin.email, code=factor.code()).status_code == 200

    stack.ctl("user", "disable-totp", "--email", admin.email)
    wait_until(lambda: fresh.get("/v1/me/properties").status_code == 403, 35, "its removal to take effect")
    assert stack.ctl("user", "disable-totp", "--email", admin.email, check=False).returncode == 1
    assert stack.ctl("user", "disable-totp", "--email", address(), check=False).returncode == 4
