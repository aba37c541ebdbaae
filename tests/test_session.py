"""Sessions: refreshing, copies of tokens, ending, lifetimes, what is kept of them."""
import base64
import concurrent.futures
import contextlib
import hashlib
import json
import pathlib
import sys
import threading
import uuid

import pytest

from stack import wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "bench"))

import statements  # noqa: E402  (after the path is set)


def refresh(session, token, **headers):
    return session.post("/v1/auth/refresh", json={"refresh_token": token}, headers=headers)


def refused(response):
    assert response.status_code == 401, response.text
    assert response.json()["code"] == "invalid_refresh_token"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    return response


def good(response):
    assert response.status_code == 200, response.text
    return response.json()


def next_token(session, token):
    return good(refresh(session, token))["refresh_token"]


def problem(response, status, code):
    assert response.status_code == status, response.text
    assert response.json()["code"] == code
    return response.json()


def row(stack, somebody, columns):
    """Of the one session of a user."""
    found = stack.query(f"select {columns} from sessions where user_id = %s", somebody.id)
    assert len(found) == 1
    return found[0]


def change(stack, somebody, assignments):
    stack.query(f"update sessions set {assignments} where user_id = %s", somebody.id)


def log_in(stack, somebody, **headers):
    """One more session of a user: its refresh token, and requests with its access token."""
    tokens = good(stack.session().post("/v1/auth/login", json={"email": somebody.email, "password": somebody.password},
                                       headers=headers))
    return tokens["refresh_token"], stack.session(tokens["access_token"])


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def accepted(stack, session, times=1):
    """How often the access token of a session of requests is taken, over connections of its own."""
    token = session.headers["Authorization"].split()[1]
    return sum(stack.session(token).get("/v1/me").status_code == 200 for _ in range(times))


def assert_ended(stack, session):
    """Refused at once, whichever worker is asked."""
    assert accepted(stack, session, 4 * len(stack.workers())) == 0


# ---- refreshing

def test_a_refresh_gives_the_next_tokens(stack, api, user):
    somebody = user()
    answer = refresh(api, somebody.refresh_token)
    body = good(answer)
    assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert body["token_type"] == "Bearer" and body["expires_in"] == 900
    assert body["refresh_token"] != somebody.refresh_token
    assert "no-store" in answer.headers["Cache-Control"] and "ETag" not in answer.headers
    assert stack.session(body["access_token"]).get("/v1/me").json()["id"] == somebody.id
    assert next_token(api, body["refresh_token"]) not in (somebody.refresh_token, body["refresh_token"])


def test_a_session_keeps_its_name_and_moment(stack, api, user):
    somebody = user()
    first, then = claims(somebody.token), claims(good(refresh(api, somebody.refresh_token))["access_token"])
    assert first["sid"] == then["sid"] == row(stack, somebody, "id")[0]
    assert first["auth_time"] == then["auth_time"]
    assert first["jti"] != then["jti"]


def test_a_refresh_is_one_statement(stack, api, user):
    somebody = user()
    answer = refresh(api, somebody.refresh_token)
    line, = (line for line in stack.log().splitlines() if answer.headers["X-Request-Id"] in line)
    assert json.loads(line)["op"] == "auth_refresh" and json.loads(line)["statements"] == 1


def test_a_long_chain(stack, api, user):
    somebody = user()
    token, seen = somebody.refresh_token, {somebody.refresh_token}
    for _ in range(30):
        token = next_token(api, token)
        assert token not in seen
        seen.add(token)
    assert row(stack, somebody, "ended_at") == (None,)


def test_only_hashes_are_stored(stack, api, user):
    somebody = user()
    first, then = somebody.refresh_token, next_token(api, somebody.refresh_token)
    head, previous, text = row(stack, somebody, "head, previous, sessions::text")
    assert bytes(head) == hashlib.sha256(then.encode()).digest()
    assert bytes(previous) == hashlib.sha256(first.encode()).digest()
    for token in (first, then):
        raw = base64.urlsafe_b64decode(token[4:] + "=" * (-len(token[4:]) % 4))
        for part in (raw, raw[16:], raw[16:48]):  # the session's id in front is none
            assert part.hex() not in text
        assert token not in text


# ---- many at a time, and again

def test_fifty_at_a_time_get_one_successor(stack, user):
    somebody = user()
    together = threading.Barrier(50)

    def ask(_):
        session = stack.session()
        session.get("/healthz")  # connected before all start
        together.wait(30)
        return refresh(session, somebody.refresh_token)

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = [good(answer) for answer in pool.map(ask, range(50))]
    successors = {answer["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert len({answer["access_token"] for answer in answers}) == 50
    head, = row(stack, somebody, "head")
    assert bytes(head) == hashlib.sha256(successors.pop().encode()).digest()
    assert next_token(stack.session(), answers[0]["refresh_token"])
    assert row(stack, somebody, "ended_at") == (None,)


def test_the_token_just_used_gives_the_same_successor(stack, api, user):
    somebody = user()
    successors = {next_token(api, somebody.refresh_token) for _ in range(5)}
    assert len(successors) == 1
    assert next_token(api, successors.pop())


def test_after_the_grace_a_used_token_ends_the_session(stack, api, user):
    somebody = user()
    successor = next_token(api, somebody.refresh_token)
    change(stack, somebody, "rotated_at = now() - interval '11 seconds'")
    refused(refresh(api, somebody.refresh_token))
    assert row(stack, somebody, "end_reason") == ("reuse",)
    refused(refresh(api, successor))
    assert_ended(stack, somebody.session)


def test_the_token_before_the_last_ends_the_session_at_once(stack, api, user):
    somebody = user()
    second = next_token(api, somebody.refresh_token)
    third = next_token(api, second)
    newest = log_in(stack, somebody)  # another session of the same user is left alone
    refused(refresh(api, somebody.refresh_token))
    assert stack.query("select end_reason from sessions where id = %s", claims(somebody.token)["sid"]) == [("reuse",)]
    for token in (second, third, somebody.refresh_token):
        refused(refresh(api, token))
    assert stack.query("select after from audit_log where action = 'session.reuse' and target_id = %s", somebody.id) == [
        ({"session": claims(somebody.token)["sid"]},)]
    assert_ended(stack, somebody.session)
    assert accepted(stack, newest[1], 20) == 20
    assert next_token(api, newest[0])


def test_the_thief_and_the_owner(stack, user):
    """Whoever of the two is first, the second use of a token that is too old ends it for both."""
    somebody = user()
    thief, owner = stack.session(), stack.session()
    stolen = somebody.refresh_token
    theirs = next_token(thief, stolen)
    theirs = next_token(thief, theirs)
    refused(refresh(owner, stolen))
    refused(refresh(thief, theirs))


def test_old_tokens_race_with_new_ones(stack, user):
    """A copy and the good token at a time: the session always ends, and nothing comes of what was given out meanwhile."""
    for _ in range(10):
        somebody = user()
        last = next_token(stack.session(), next_token(stack.session(), somebody.refresh_token))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(refresh, stack.session(), token) for token in [somebody.refresh_token, last] * 4]
            answers = [future.result() for future in asked]
        assert {answer.status_code for answer in answers} <= {200, 401}
        assert row(stack, somebody, "end_reason") == ("reuse",)
        for answer in answers:
            if answer.status_code == 200:
                refused(refresh(stack.session(), answer.json()["refresh_token"]))


# ---- refused

def altered(token, at):
    raw = bytearray(base64.urlsafe_b64decode(token[4:] + "=" * (-len(token[4:]) % 4)))
    raw[at] ^= 1
    return "nxr_" + base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()


def alike(response):
    body = refused(response).json()
    body.pop("request_id")
    return body, {name.lower() for name in response.headers} - {"date"}


def test_refusals_are_not_told_apart(stack, api, user):
    used, expired, idle, ended, foreign = (user() for _ in range(5))
    next_token(api, next_token(api, used.refresh_token))
    change(stack, expired, "expires_at = now()")
    change(stack, idle, "used_at = now() - interval '7 days 1 second'")
    ended.post("/v1/auth/logout", json={})
    client = str(uuid.uuid4())
    stack.query("insert into oauth_clients (id, name, grants, scopes) values (%s, 'Other', '{refresh_token}', '{}')", client)
    change(stack, foreign, f"client_id = '{client}'")
    tokens = [somebody.refresh_token for somebody in (used, expired, idle, ended, foreign)]
    tokens += ["x", "nxr_", "nxr_" + "A" * 86, altered(used.refresh_token, 60), used.token[:128]]
    assert len({json.dumps([body, sorted(headers)]) for body, headers in (alike(refresh(api, t)) for t in tokens)}) == 1
    for somebody in (expired, idle, foreign):
        assert row(stack, somebody, "end_reason") == (None,)


def test_an_invented_token_ends_nothing(stack, api, user):
    """The session's id is no secret: it stands in every access token."""
    somebody = user()
    last = next_token(api, next_token(api, somebody.refresh_token))
    for at in (16, 40, 47, 48, 63):
        refused(refresh(api, altered(last, at)))
        refused(refresh(api, altered(somebody.refresh_token, at)))
    refused(refresh(api, last[:-1]))
    refused(refresh(api, last + "A"))
    refused(refresh(api, last[4:]))
    assert row(stack, somebody, "ended_at") == (None,)
    assert next_token(api, last)


def test_a_token_is_good_for_its_own_session_only(stack, api, user):
    one, other = user(), user()
    refused(refresh(api, altered(one.refresh_token, 3)))
    assert claims(good(refresh(api, one.refresh_token))["access_token"])["sub"] == one.id
    assert claims(good(refresh(api, other.refresh_token))["access_token"])["sub"] == other.id


@pytest.mark.parametrize("body, at", [
    ({}, "/refresh_token"), ({"refresh_token": ""}, "/refresh_token"), ({"refresh_token": None}, "/refresh_token"),
    ({"refresh_token": 5}, "/refresh_token"), ({"refresh_token": ["x"]}, "/refresh_token"),
    ({"refresh_token": "x" * 129}, "/refresh_token"), ({"refresh_token": "x\u0000"}, "/refresh_token"),
    ({"refresh_token": "x", "user_id": str(uuid.uuid4())}, "/user_id"),
])
def test_bad_bodies_name_the_member(api, body, at):
    answer = problem(api.post("/v1/auth/refresh", json=body), 422, "validation_failed")
    assert {error["pointer"] for error in answer["errors"]} == {at}


def test_a_suspended_user_refreshes_nothing(stack, api, user):
    somebody = user()
    stack.query("update users set status = 'suspended' where id = %s", somebody.id)
    refused(refresh(api, somebody.refresh_token))


# ---- lifetimes

def test_lifetimes_are_those_of_the_options(stack, api, user):
    somebody = user()
    lifetime = "extract(epoch from expires_at - created_at)::integer, idle_seconds, expires_at"
    before = row(stack, somebody, lifetime)
    assert before[:2] == (30 * 86400, 7 * 86400)
    next_token(api, somebody.refresh_token)
    assert row(stack, somebody, lifetime) == before  # however much it is used


def test_options_set_lifetimes_and_grace(fresh_stack):
    stack = fresh_stack(options={"session_lifetime": "2h", "session_idle_lifetime": "90s", "refresh_grace": "0s"})
    somebody, api = stack.user(), stack.session()
    assert row(stack, somebody, "extract(epoch from expires_at - created_at)::integer, idle_seconds") == (7200, 90)
    successor = next_token(api, somebody.refresh_token)
    refused(refresh(api, somebody.refresh_token))
    refused(refresh(api, successor))
    assert row(stack, somebody, "end_reason") == ("reuse",)


def test_the_oldest_sessions_make_room(fresh_stack):
    stack = fresh_stack(options={"session_limit": "3"})
    somebody = stack.user()
    tokens = [somebody.refresh_token] + [log_in(stack, somebody)[0] for _ in range(4)]
    for token in tokens[:2]:
        refused(refresh(stack.session(), token))
    for token in tokens[2:]:
        next_token(stack.session(), token)
    assert stack.query("select count(*) from sessions where end_reason = 'limit'") == [(2,)]


def test_use_keeps_a_session_alive(stack, api, user):
    somebody = user()
    change(stack, somebody, "used_at = now() - interval '6 days 23 hours'")
    token = next_token(api, somebody.refresh_token)
    assert row(stack, somebody, "used_at > now() - interval '1 minute'") == (True,)
    change(stack, somebody, "used_at = now() - interval '7 days 1 second'")
    refused(refresh(api, token))


# ---- what is kept

def test_where_a_session_is_used_from(stack, api, user):
    somebody = user()
    refresh(api, somebody.refresh_token, **{"User-Agent": "Tea Pot/1.0"})
    network, agent = row(stack, somebody, "network::text, user_agent")
    assert network in ("127.0.0.0/24", "::/48")  # never the whole address
    assert agent == "Tea Pot/1.0"


@pytest.mark.parametrize("sent, kept", [
    ("x" * 4000, "x" * 256), ("a\tb", "ab"), (b"caf\xc3\xa9".decode("latin-1"), "caf\u00e9"),
    (b"bad\xff\xc3bytes".decode("latin-1"), "badbytes"), ("\u00e9".encode("latin-1").decode("latin-1"), None),
    ("'; drop table sessions --", "'; drop table sessions --"),
])
def test_any_user_agent_is_kept_as_text(stack, user, sent, kept):
    somebody = user()
    assert refresh(stack.session(), somebody.refresh_token, **{"User-Agent": sent.encode("latin-1")}).status_code == 200
    assert row(stack, somebody, "user_agent") == (kept,)


def test_tokens_are_in_no_log(stack, user):
    """Not even when PostgreSQL logs every statement with its parameters."""
    with statements.logging(stack):
        statements.awaken(stack)
        somebody = user()
        tokens = [somebody.refresh_token]
        tokens += [next_token(stack.session(), tokens[-1])]
        tokens += [next_token(stack.session(), tokens[-1])]
        refused(refresh(stack.session(), tokens[0]))
        stack.session().post("/v1/auth/logout", json={"refresh_token": tokens[1]})
        stack.session().post("/v1/auth/refresh", json={"refresh_token": tokens[1], "bad": 1})
        stack.session().post(f"/v1/auth/refresh?refresh_token={tokens[1]}", json={})
        text = statements.settled(stack, 0)
    assert "update sessions" in text
    for token in tokens:
        raw = base64.urlsafe_b64decode(token[4:] + "=" * (-len(token[4:]) % 4))
        for name in ("api", "nginx", "nginx-access", "postgresql"):
            log = stack.log(name)
            assert token not in log and raw[16:].hex() not in log and raw[16:48].hex() not in log


# ---- listing

def test_sessions_are_listed_with_the_present_one_marked(stack, user):
    somebody, stranger = user(), user()
    _, phone = log_in(stack, somebody, **{"User-Agent": "Phone"})
    answer = good(phone.get("/v1/me/sessions"))
    assert [item["current"] for item in answer["data"]] == [True, False]
    item = answer["data"][0]
    assert set(item) == {"id", "current", "kind", "client", "methods", "network", "user_agent", "authenticated_at", "created_at",
                         "used_at", "expires_at"}
    assert item["kind"] == "direct" and item["client"] is None and item["methods"] == ["pwd"] and item["user_agent"] == "Phone"
    assert item["id"] == claims(phone.headers["Authorization"].split()[1])["sid"]
    assert [item["current"] for item in good(somebody.get("/v1/me/sessions"))["data"]] == [False, True]
    assert len(good(stranger.get("/v1/me/sessions"))["data"]) == 1
    page = good(phone.get("/v1/me/sessions?limit=1&fields=user_agent"))
    assert page["data"] == [{"user_agent": "Phone"}] and page["page"]["has_more"]
    rest = good(phone.get(f"/v1/me/sessions?limit=1&fields=current&cursor={page['page']['next_cursor']}"))
    assert rest["data"] == [{"current": False}] and not rest["page"]["has_more"]


def test_only_living_sessions_are_listed(stack, user):
    somebody = user()
    for assignment in ("expires_at = now()", "used_at = now() - interval '8 days'", "ended_at = now(), end_reason = 'revoked'"):
        log_in(stack, somebody, **{"User-Agent": "Dead"})
        stack.query(f"update sessions set {assignment} where user_id = %s and user_agent = 'Dead'", somebody.id)
    assert len(good(somebody.get("/v1/me/sessions"))["data"]) == 1


def test_the_client_is_named(stack, user):
    somebody, client = user(), str(uuid.uuid4())
    stack.query("insert into oauth_clients (id, name, grants, scopes) values (%s, 'Planner', '{refresh_token}', '{}')", client)
    log_in(stack, somebody, **{"User-Agent": "App"})
    stack.query("update sessions set client_id = %s, kind = 'oauth' where user_id = %s and user_agent = 'App'", client, somebody.id)
    first = good(somebody.get("/v1/me/sessions"))["data"][0]
    assert (first["client"], first["kind"]) == ("Planner", "oauth")


# ---- ending

def test_a_session_is_ended_by_its_name(stack, user):
    somebody = user()
    token, other = log_in(stack, somebody)
    assert accepted(stack, other, 20) == 20
    name = good(other.get("/v1/me/sessions"))["data"][0]["id"]
    assert somebody.delete(f"/v1/me/sessions/{name}").status_code == 204
    assert_ended(stack, other)
    refused(refresh(stack.session(), token))
    assert accepted(stack, somebody.session, 20) == 20
    problem(somebody.delete(f"/v1/me/sessions/{name}"), 404, "not_found")
    assert stack.query("select end_reason from sessions where id = %s", name) == [("revoked",)]


def test_sessions_of_others_are_missing(stack, user):
    somebody, stranger = user(), user()
    name = claims(somebody.token)["sid"]
    missing = problem(stranger.delete(f"/v1/me/sessions/{uuid.uuid4()}"), 404, "not_found")
    theirs = problem(stranger.delete(f"/v1/me/sessions/{name}"), 404, "not_found")
    assert {**missing, "request_id": 0} == {**theirs, "request_id": 0}
    assert somebody.get("/v1/me").status_code == 200
    problem(stack.session().delete(f"/v1/me/sessions/{name}"), 401, "unauthenticated")
    assert somebody.delete("/v1/me/sessions/x").status_code in (400, 404, 422)


def test_one_may_end_the_present_session(stack, user):
    somebody = user()
    assert somebody.delete(f"/v1/me/sessions/{claims(somebody.token)['sid']}").status_code == 204
    assert_ended(stack, somebody.session)


def test_all_other_sessions_are_ended(stack, user):
    somebody, stranger = user(), user()
    others = [log_in(stack, somebody) for _ in range(3)]
    assert sum(accepted(stack, session, 5) for _, session in others) == 15
    assert somebody.delete("/v1/me/sessions").status_code == 204
    for token, session in others:
        assert_ended(stack, session)
        refused(refresh(stack.session(), token))
    assert accepted(stack, somebody.session, 20) == accepted(stack, stranger.session, 20) == 20
    assert next_token(stack.session(), somebody.refresh_token)
    assert somebody.delete("/v1/me/sessions").status_code == 204  # there are none any more


def test_a_repeated_ending_is_the_first_one(stack, user):
    somebody = user()
    _, other = log_in(stack, somebody)
    name, key = claims(other.headers["Authorization"].split()[1])["sid"], str(uuid.uuid4())
    codes = [somebody.delete(f"/v1/me/sessions/{name}", headers={"Idempotency-Key": key}).status_code for _ in range(3)]
    assert codes == [204, 204, 204]
    assert_ended(stack, other)


# ---- log-out

def test_log_out_ends_the_session_everywhere(stack, user):
    somebody = user()
    _, other = log_in(stack, somebody)
    assert accepted(stack, somebody.session, 20) == 20
    answer = somebody.post("/v1/auth/logout", json={})
    assert answer.status_code == 204 and not answer.content
    assert_ended(stack, somebody.session)
    refused(refresh(stack.session(), somebody.refresh_token))
    assert stack.query("select end_reason from sessions where id = %s", claims(somebody.token)["sid"]) == [("logout",)]
    assert other.get("/v1/me").status_code == 200


def test_log_out_without_a_body(stack, user):
    somebody = user()
    assert somebody.post("/v1/auth/logout").status_code == 204
    assert_ended(stack, somebody.session)


def test_log_out_by_refresh_token(stack, api, user):
    somebody = user()
    last = next_token(api, somebody.refresh_token)
    assert api.post("/v1/auth/logout", json={"refresh_token": last}).status_code == 204
    assert_ended(stack, somebody.session)
    refused(refresh(api, last))


def test_log_out_with_a_used_token_ends_the_session_too(stack, api, user):
    somebody = user()
    next_token(api, next_token(api, somebody.refresh_token))
    assert api.post("/v1/auth/logout", json={"refresh_token": somebody.refresh_token}).status_code == 204
    assert_ended(stack, somebody.session)


def test_log_out_of_nothing(stack, api, user):
    somebody = user()
    problem(api.post("/v1/auth/logout", json={}), 401, "unauthenticated")
    for token in ("x", "nxr_" + "A" * 86, altered(somebody.refresh_token, 20)):
        assert api.post("/v1/auth/logout", json={"refresh_token": token}).status_code == 204
    assert somebody.get("/v1/me").status_code == 200


def test_log_out_by_both_ends_both(stack, user):
    one, other = user(), user()
    assert one.post("/v1/auth/logout", json={"refresh_token": other.refresh_token}).status_code == 204
    assert_ended(stack, one.session)
    assert_ended(stack, other.session)


# ---- log-in beside other changes

@contextlib.contextmanager
def logging_in_beside(stack, somebody, *changes):
    """A log-in that has checked the password and waits for a transaction that is about to commit: its answer, then."""
    answers = []
    with contextlib.closing(stack.db()) as connection, connection.cursor() as cursor:
        connection.autocommit = False
        for change_sql in changes:
            cursor.execute(change_sql, (somebody.id,))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(lambda: stack.session().post("/v1/auth/login", json={"email": somebody.email,
                                                                                     "password": somebody.password}))
            wait_until(lambda: stack.query("select 1 from pg_locks where not granted"), 10, "the log-in to wait")
            connection.commit()
            answers.append(asked.result())
    yield answers[0]


def test_no_session_begins_for_who_is_suspended_meanwhile(stack, user):
    somebody = user()
    with logging_in_beside(stack, somebody, "update users set status = 'suspended' where id = %s") as answer:
        problem(answer, 403, "account_inactive")
    assert row(stack, somebody, "count(*)") == (1,)  # that of the sign-up


def test_no_session_begins_with_a_password_that_is_replaced_meanwhile(stack, user):
    somebody = user()
    with logging_in_beside(stack, somebody, "select from users where id = %s for no key update",
                           "update user_credentials set changed_at = now() where user_id = %s") as answer:
        problem(answer, 401, "bad_credentials")
    assert row(stack, somebody, "count(*)") == (1,)
    log_in(stack, somebody)


# ---- forgetting

def sessions_of(stack, somebody):
    return {name for name, in stack.query("select id from sessions where user_id = %s", somebody.id)}


def test_what_is_over_is_forgotten(stack, user):
    somebody = user()
    begun = [claims(log_in(stack, somebody)[1].headers["Authorization"].split()[1])["sid"] for _ in range(3)]
    for name, assignments in zip(begun, ("expires_at = now() - interval '1 second'",
                                         "ended_at = now() - interval '25 hours', end_reason = 'logout'",
                                         "ended_at = now() - interval '23 hours', end_reason = 'logout'")):
        stack.query(f"update sessions set {assignments} where id = %s", name)
    assert len(sessions_of(stack, somebody)) == 4
    stack.ctl("maintenance", "prune")
    assert len(sessions_of(stack, somebody)) == 2


def test_log_ins_forget_what_is_over(stack, user):
    somebody = user()
    for _ in range(3):
        log_in(stack, somebody)
    stack.query("update sessions set expires_at = now() - interval '40 days' where user_id = %s and id <> %s", somebody.id,
                claims(somebody.token)["sid"])
    log_in(stack, somebody)
    assert len(sessions_of(stack, somebody)) == 2
