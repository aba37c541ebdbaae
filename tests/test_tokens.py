"""What tokens already out are good for: ended sessions, suspended users, changed roles, with and without Redis and PostgreSQL."""
import base64
import concurrent.futures
import contextlib
import json
import os
import signal
import time
import uuid

import pytest

import tokens
from stack import private_stack, wait_until

WORKERS = 4
STAFF = "/v1/roles"  # asks for a permission that guests have not
ROUND = 40  # requests that reach every worker


@pytest.fixture(scope="module")
def stack():
    """Its own, because servers are stopped."""
    with private_stack(options={"workers": str(WORKERS), "database_connect_timeout": "500ms", "redis_timeout": "100ms"}) as private:
        yield private


def codes(stack, token, path="/v1/me", count=ROUND):
    """Statuses of a row of requests, some at a time, so that every worker has some."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return [a.status_code for a in pool.map(lambda _: stack.session(token).get(path), range(count))]


def request_lines(stack, since):
    lines = (line for line in stack.log()[since:].splitlines() if '"message":"request"' in line)
    return [json.loads(line) for line in lines]


def warm(stack, token, path="/v1/me"):
    """Until every worker has seen the token."""
    def seen():
        since = len(stack.log())
        assert set(codes(stack, token, path)) == {200}
        return len({line["pid"] for line in request_lines(stack, since)}) == WORKERS
    wait_until(seen, 20, "every worker to see the token")


def loads(stack, since):
    """How often PostgreSQL was asked who holds a token: what /v1/me needs itself is one statement."""
    return sum(line["statements"] - 1 for line in request_lines(stack, since) if line["op"] == "me_read")


def end_sessions(stack, person):
    answer = person.delete("/v1/me/sessions/" + tokens.claims(person.token)["sid"])
    assert answer.status_code in (200, 204), answer.text


@contextlib.contextmanager
def without(stack, server):
    stack.stop(server)
    try:
        yield
    finally:
        stack.start(server)
        wait_until(lambda: stack.session().get("/readyz").status_code == 200, 20, "/readyz")


# ---- nothing is away

def test_a_bearer_is_loaded_once_per_worker(stack):
    person = stack.user()
    warm(stack, person.token)
    since = len(stack.log())
    assert set(codes(stack, person.token, count=200)) == {200}
    assert loads(stack, since) == 0


def test_a_request_is_one_call_to_redis(stack):
    """Quotas and versions together: no second round trip."""
    person = stack.user()
    warm(stack, person.token)

    def calls():
        said = stack.redis().info("commandstats")
        return {name: said.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "eval")}

    before = calls()
    assert set(codes(stack, person.token, count=100)) == {200}
    after = calls()
    assert after["evalsha"] - before["evalsha"] == 100 and after["eval"] == before["eval"]


def test_logging_out_is_honoured_by_the_next_request_everywhere(stack):
    for _ in range(5):
        person = stack.user()
        warm(stack, person.token)
        end_sessions(stack, person)
        assert set(codes(stack, person.token)) == {401}
        answer = stack.session(person.token).get("/v1/me")
        assert answer.json()["code"] == "session_ended" and 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_only_the_one_concerned_is_loaded_anew(stack):
    person, other = stack.user(), stack.user()
    warm(stack, person.token)
    warm(stack, other.token)
    end_sessions(stack, person)
    since = len(stack.log())
    assert set(codes(stack, other.token)) == {200}
    assert loads(stack, since) == 0


def test_roles_change_for_tokens_already_out(stack):
    """Within a second, on all workers; said by nexusctl, which is no worker."""
    person = stack.user()
    stack.ctl("user", "set-role", "--email", stack.user().email, "admin")  # the last one has to stay one
    warm(stack, person.token)
    assert set(codes(stack, person.token, STAFF)) == {403}
    stack.ctl("user", "set-role", "--email", person.email, "guest", "admin")
    assert set(codes(stack, person.token, STAFF)) == {200}
    stack.ctl("user", "set-role", "--email", person.email, "guest")
    assert set(codes(stack, person.token, STAFF)) == {403}


def test_permissions_of_a_role_change_for_everybody_who_holds_it(stack):
    person, admin = stack.user(), stack.user()
    stack.ctl("user", "set-role", "--email", admin.email, "admin")
    warm(stack, admin.token)
    made = admin.post("/v1/roles", json={"name": "clerk", "doc": "Tests", "permissions": ["account"]})
    assert made.status_code == 201, made.text
    stack.ctl("user", "set-role", "--email", person.email, "clerk")
    warm(stack, person.token)
    assert set(codes(stack, person.token, STAFF)) == {403}
    changed = admin.patch("/v1/roles/clerk", json={"permissions": ["account", "role.manage"]})
    assert changed.status_code == 200, changed.text
    assert set(codes(stack, person.token, STAFF)) == {200}
    assert admin.patch("/v1/roles/clerk", json={"permissions": ["account"]}).status_code == 200
    assert set(codes(stack, person.token, STAFF)) == {403}


def test_a_flush_of_redis_costs_each_worker_one_statement_per_token(stack):
    people = [stack.user() for _ in range(3)]
    for person in people:
        warm(stack, person.token)
    since = len(stack.log())
    stack.redis().flushall()
    for person in people:
        assert set(codes(stack, person.token, count=100)) == {200}
    assert 3 <= loads(stack, since) <= 3 * WORKERS
    since = len(stack.log())
    for person in people:
        assert set(codes(stack, person.token)) == {200}
    assert loads(stack, since) == 0


def test_nothing_is_forgotten_by_a_flush(stack):
    person = stack.user()
    warm(stack, person.token)
    end_sessions(stack, person)
    stack.redis().flushall()
    assert set(codes(stack, person.token)) == {401}


def test_a_change_that_was_never_finished_is_not_relied_on(stack):
    """A worker died between the two announcements: everything is looked up until the mark runs out."""
    person = stack.user()
    warm(stack, person.token)
    prefix = next(key for key in stack.redis().scan_iter("*access:all")).decode().removesuffix("access:all")
    stack.redis().set(f"{prefix}access:u:{person.id}", "pending", ex=60)
    since = len(stack.log())
    assert set(codes(stack, person.token)) == {200}
    assert loads(stack, since) == ROUND
    stack.query("update sessions set ended_at = now(), end_reason = 'revoked' where user_id = %s", person.id)
    assert set(codes(stack, person.token)) == {401}


# ---- suspended, gone, never there

def test_suspended_and_deactivated(stack):
    person = stack.user()
    other = stack.user()
    stack.query("update users set status = 'suspended' where id = %s", person.id)
    stack.query("update users set status = 'deactivated' where id = %s", other.id)
    fresh = tokens.mint(stack, person.id, sid=tokens.claims(person.token)["sid"])
    answer = stack.session(fresh).get("/v1/me")
    assert answer.status_code == 403 and answer.json()["code"] == "account_inactive"
    fresh = tokens.mint(stack, other.id, sid=tokens.claims(other.token)["sid"])
    assert stack.session(fresh).get("/v1/me").json()["code"] == "session_ended"


@pytest.mark.parametrize("change", [
    {"sid": None}, {"sid": str(uuid.uuid4())}, {"sid": ""}, {"sub": str(uuid.uuid4())}, {"client_id": None},
    {"client_id": str(uuid.uuid4())}, {"aud": "other-api"}, {"aud": ["nexus-api"]}, {"iss": "https://evil.example"},
    {"exp": 1}, {"act": {"sub": str(uuid.uuid4())}}, {"act": "x"}, {"scope": ["admin"]}, {"typ": None, "iat": None},
])
def test_odd_tokens_with_a_good_signature(stack, change):
    person = stack.user()
    good = {"sid": tokens.claims(person.token)["sid"]}
    sub = change.get("sub", person.id)
    assert stack.session(tokens.mint(stack, person.id, **good)).get("/v1/me").status_code == 200
    more = {k: v for k, v in {**good, **change}.items() if k != "sub"}
    answer = stack.session(tokens.mint(stack, sub, **more)).get("/v1/me")
    assert answer.status_code == 401, answer.text
    assert answer.json()["code"] in ("unauthenticated", "session_ended")


def test_scopes_leave_less(stack):
    person = stack.user()
    sid = tokens.claims(person.token)["sid"]

    def ask(scope, path):
        return stack.session(tokens.mint(stack, person.id, sid=sid, scope=scope)).get(path).status_code

    assert ask("account", "/v1/me") == 200 and ask("account", "/v1/bookings") == 403
    assert ask("openid profile email phone offline_access", "/v1/me") == 403
    assert ask("openid bookings", "/v1/bookings") == 200
    assert ask("", "/v1/me") == 403 and ask("nonsense", "/v1/me") == 403
    assert ask("admin", "/v1/me") == 200 and ask("admin", STAFF) == 403  # no more than his roles allow
    assert ask("", "/v1/properties?near=42.65,-73.75&radius=5") == 200  # public


def test_clients_on_their_own_behalf(stack):
    client = tokens.make_client(stack, ["admin"])
    token = tokens.client_token(stack, client)
    session = stack.session(token)
    assert session.get("/v1/openapi.json").status_code == 200
    assert session.get("/v1/me").status_code == 403  # there is no person
    assert session.get("/v1/bookings").status_code in (200, 404)
    stack.query("update oauth_clients set disabled_at = now() where id = %s", client)
    fresh = stack.session(tokens.client_token(stack, client))
    assert fresh.get("/v1/openapi.json").json()["code"] == "session_ended"
    unknown = stack.session(tokens.client_token(stack, str(uuid.uuid4())))
    assert unknown.get("/v1/openapi.json").status_code == 401


# ---- Redis is away

def refused_within_a_second(stack, token):
    changed = time.monotonic()
    wait_until(lambda: set(codes(stack, token)) == {401}, 3, "every worker to refuse")
    # One second at most; what the row of requests itself takes comes on top.
    assert time.monotonic() - changed < 2.5
    assert set(codes(stack, token)) == {401}


def test_revoking_without_redis(stack):
    person, other = stack.user(), stack.user()
    warm(stack, person.token)
    warm(stack, other.token)
    with without(stack, "redis"):
        assert set(codes(stack, person.token)) == {200}
        end_sessions(stack, person)
        refused_within_a_second(stack, person.token)
        assert stack.user().get("/v1/me").status_code == 200  # log-ins work
        since = len(stack.log())
        start = time.monotonic()
        assert set(codes(stack, other.token, count=200)) == {200}
        most = WORKERS * (2 + (time.monotonic() - start))
        assert loads(stack, since) <= most  # once a second and worker at most
    assert set(codes(stack, person.token)) == {401}
    assert set(codes(stack, other.token)) == {200}


def test_revoking_while_redis_is_frozen(stack):
    person = stack.user()
    warm(stack, person.token)
    redis = stack.pid("redis")
    os.kill(redis, signal.SIGSTOP)
    try:
        end_sessions(stack, person)
        refused_within_a_second(stack, person.token)
    finally:
        os.kill(redis, signal.SIGCONT)
    for _ in range(5):
        assert set(codes(stack, person.token)) == {401}


def test_what_was_not_announced_is_made_up_for(stack):
    """Redis keeps its keys over the freeze: those who come back must not believe the old versions."""
    person = stack.user()
    warm(stack, person.token)
    redis = stack.pid("redis")
    before = stack.redis().get(next(stack.redis().scan_iter("*access:all")))
    os.kill(redis, signal.SIGSTOP)
    try:
        stack.ctl("user", "set-role", "--email", stack.user().email, "guest")
        end_sessions(stack, person)
    finally:
        os.kill(redis, signal.SIGCONT)
    assert set(codes(stack, person.token)) == {401}
    wait_until(lambda: stack.redis().get(next(stack.redis().scan_iter("*access:all"))) != before, 5, "a new version of everybody")


def test_redis_is_full(stack):
    """It refuses to write: nobody notices but by looking up who holds a token."""
    person = stack.user()
    warm(stack, person.token)
    stack.redis().config_set("maxmemory", "1")
    try:
        assert set(codes(stack, person.token)) == {200}
        end_sessions(stack, person)
        refused_within_a_second(stack, person.token)
    finally:
        stack.redis().config_set("maxmemory", "128mb")
    assert set(codes(stack, person.token)) == {401}


# ---- PostgreSQL is away

def test_without_postgresql_known_tokens_are_good_and_all_else_is_503(stack):
    person, ended = stack.user(), stack.user()
    public = "/v1/openapi.json"
    warm(stack, person.token, public)
    warm(stack, ended.token, public)
    end_sessions(stack, ended)
    assert set(codes(stack, ended.token, public)) == {401}
    fresh = tokens.mint(stack, person.id, sid=tokens.claims(person.token)["sid"])
    with without(stack, "postgresql"):
        assert set(codes(stack, person.token, public)) == {200}
        assert set(codes(stack, ended.token, public)) == {401}
        assert set(codes(stack, fresh, public)) == {503}
        for path in ("/v1/me", "/v1/bookings", "/v1/properties?near=42.65,-73.75&radius=5"):
            answer = stack.session(person.token).get(path)
            assert answer.status_code == 503 and answer.json()["code"] == "unavailable" and answer.headers["Retry-After"]
        bad = stack.session(forged(person.token)).get(public)
        assert bad.status_code == 401
    wait_until(lambda: set(codes(stack, person.token)) == {200}, 10, "reads to work again")


def forged(token):
    head, body, signature = token.split(".")
    said = {**tokens.claims(token), "sub": str(uuid.uuid4())}
    return ".".join([head, base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode(), signature])
