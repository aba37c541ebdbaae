"""Sign-up, log-in, one's own account, and the limits around them."""
import base64
import concurrent.futures
import json
import statistics
import time
import uuid

import pytest

from stack import PASSWORD


def address():
    return f"Acc.{uuid.uuid4().hex[:12]}@Example.com"


def sign_up(session, key=None, **changes):
    body = {"email": address(), "password": PASSWORD, "name": "Ada", **changes}
    return session.post("/v1/users", json=body, headers={"Idempotency-Key": key} if key else {})


def log_in(session, email, password=PASSWORD):
    return session.post("/v1/auth/login", json={"email": email, "password": password})


def problem(response, status, code):
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert response.json()["code"] == code
    return response.json()


def pointers(response):
    return {error["pointer"] for error in problem(response, 422, "validation_failed")["errors"]}


# ---- sign-up

def test_sign_up_answers_with_the_account(stack, api):
    email = address()
    answer = sign_up(api, email=email, name="Ada Lovelace")
    assert answer.status_code == 201, answer.text
    account = answer.json()
    assert account["email"] == email.lower()
    assert account["name"] == "Ada Lovelace"
    assert account["roles"] == ["guest", "host"]
    assert uuid.UUID(account["id"]).version == 7
    assert "password" not in answer.text
    assert answer.headers["ETag"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_passwords_are_stored_as_argon2id_only(stack, api):
    password = f"canary {uuid.uuid4()}"
    account = sign_up(api, password=password).json()
    assert log_in(api, account["email"], password).status_code == 200
    assert log_in(api, account["email"], password + "!").status_code == 401
    stored = stack.query("select password_hash from user_credentials where user_id = %s", account["id"])[0][0]
    assert stored.startswith("$argon2id$v=19$m=")
    for name in ("api", "nginx", "nginx-access", "postgresql"):
        assert password not in stack.log(name)
        assert account["email"] not in stack.log(name)


@pytest.mark.parametrize("changes, at", [
    ({"email": "no address"}, {"/email"}),
    ({"email": "a@b@c"}, {"/email"}),
    ({"email": "x" * 65 + "@example.com"}, {"/email"}),
    ({"email": None}, {"/email"}),
    ({"email": 5}, {"/email"}),
    ({"email": " ada@example.com"}, {"/email"}),
    ({"email": "ada@example.com\r\nBcc: eve@example.com"}, {"/email"}),
    ({"password": "1234567"}, {"/password"}),
    ({"password": "x" * 1025}, {"/password"}),
    ({"password": "with\u0000 a nul"}, {"/password"}),
    ({"password": ["a list of them"]}, {"/password"}),
    ({"name": ""}, {"/name"}),
    ({"name": " Ada"}, {"/name"}),
    ({"name": "x" * 201}, {"/name"}),
    ({"name": "Ada\u0000"}, {"/name"}),
    ({"email": "bad", "password": "short", "name": ""}, {"/email", "/password", "/name"}),
    ({"roles": ["admin"]}, {"/roles"}),
    ({"id": str(uuid.uuid4()), "is_admin": True}, {"/id", "/is_admin"}),
])
def test_bad_sign_ups_name_every_member(stack, api, changes, at):
    before = stack.query("select count(*) from users")[0][0]
    answer = sign_up(api, **changes)
    assert pointers(answer) == at
    password = changes.get("password")
    assert not isinstance(password, str) or len(password) > 1000 or password not in answer.text
    assert stack.query("select count(*) from users")[0][0] == before


@pytest.mark.parametrize("password", ["8 p\u00fcgK#%", "\u00e4\u00f6\u00fc\u4e2d\u6587\U0001f600\U0001f601x", "  blanks at both ends  ",
                                      "".join(chr(33 + i * i % 89) for i in range(1024)),
                                      "".join(chr(0x1f300 + i * 7 % 500) for i in range(1024)), "quotes \" ' \\ and %n"])
def test_passwords_are_taken_exactly(stack, api, password):
    account = sign_up(api, password=password).json()
    assert log_in(api, account["email"], password).status_code == 200
    assert log_in(api, account["email"], password.strip() + "x").status_code in (401, 422)
    if password != password.strip():
        assert log_in(api, account["email"], password.strip()).status_code == 401


def test_a_repeated_sign_up_is_the_first_one(stack, api):
    key, email = str(uuid.uuid4()), address()
    first, again = (sign_up(api, key, email=email) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    problem(sign_up(api, key, email=email, name="Another"), 422, "idempotency_mismatch")
    assert stack.query("select count(*) from users where email = %s", email.lower())[0][0] == 1


# ---- log-in

def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_log_in_gives_a_token_that_works(stack, api):
    account = sign_up(api).json()
    answer = log_in(api, account["email"].upper())
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 900
    assert "no-store" in answer.headers["Cache-Control"]
    assert "ETag" not in answer.headers
    said = claims(answer.json()["access_token"])
    assert said["sub"] == account["id"]
    assert said["exp"] - said["iat"] == 900
    assert "roles" not in said  # they are the database's
    assert uuid.UUID(said["client_id"]).int == 0 and "scope" not in said
    assert abs(said["auth_time"] - said["iat"]) <= 5
    assert account["email"] not in json.dumps(said)
    me = stack.session(answer.json()["access_token"]).get("/v1/me")
    assert me.json()["id"] == account["id"]


def alike(response):
    """What must not differ between an unknown address and a wrong password."""
    body = problem(response, 401, "bad_credentials")
    body.pop("request_id")
    headers = {name.lower() for name in response.headers} - {"date"}
    return body, headers, response.headers["WWW-Authenticate"]


def test_unknown_address_and_wrong_password_look_alike(stack, api):
    known = sign_up(api).json()["email"]
    wrong, unknown = log_in(api, known, "not the password"), log_in(api, address(), "not the password")
    assert alike(wrong) == alike(unknown)
    assert len(wrong.content) == len(unknown.content)


def test_unknown_address_and_wrong_password_take_alike(stack, api):
    known = sign_up(api).json()["email"]
    times = {known: [], address(): []}
    for _ in range(25):
        for email, spent in times.items():
            started = time.perf_counter()
            assert log_in(api, email, "not the password").status_code == 401
            spent.append(time.perf_counter() - started)
    with_account, without = (statistics.median(spent) for spent in times.values())
    # Without the hash it would be nearly nothing; tests/test_login_timing.py looks closer.
    assert abs(with_account - without) < 0.5 * with_account, times


@pytest.mark.parametrize("body, at", [
    ({}, {"/email", "/password"}),
    ({"email": "ada@example.com"}, {"/password"}),
    ({"email": "ada@example.com", "password": ""}, {"/password"}),
    ({"email": {"$ne": None}, "password": {"$ne": None}}, {"/email", "/password"}),
    ({"email": "ada@example.com", "password": "x", "admin": True}, {"/admin"}),
])
def test_bad_log_ins_name_every_member(api, body, at):
    assert pointers(api.post("/v1/auth/login", json=body)) == at


def test_injection_is_just_a_wrong_address(api):
    answer = log_in(api, "'or'1'='1'--@example.com", "' or 1=1 --")
    assert answer.status_code in (401, 422)


# ---- tokens over HTTP

def forged(token, **changes):
    """The same token with other claims under the old signature."""
    head, _, signature = token.split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims(token), **changes}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def unsigned(token):
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


@pytest.mark.parametrize("mistreat", [
    lambda t: "Bearer " + forged(t, roles=["admin"]),
    lambda t: "Bearer " + forged(t, sub=str(uuid.uuid4())),
    lambda t: "Bearer " + unsigned(t),
    lambda t: "Bearer " + t[:-1],
    lambda t: "Bearer " + t + "=",
    lambda t: "Bearer " + "A" * 8000,
    lambda t: "Bearer " + t + " " + t,
    lambda t: "Bearer",
    lambda t: "Bearer ",
    lambda t: "Basic " + t,
    lambda t: t,
    lambda t: "Bearer null",
])
def test_bad_tokens_are_refused_alike(stack, user, mistreat):
    somebody = user()
    answer = stack.session().get("/v1/me", headers={"Authorization": mistreat(somebody.token)})
    body = problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert somebody.token not in json.dumps(body)


def test_the_scheme_has_no_case(stack, user):
    somebody = user()
    assert stack.session().get("/v1/me", headers={"Authorization": "bEaReR " + somebody.token}).status_code == 200


def test_me_needs_a_token(api):
    problem(api.get("/v1/me"), 401, "unauthenticated")
    problem(api.patch("/v1/me", json={"name": "Eve"}), 401, "unauthenticated")


# ---- one's own account

def test_me_is_the_caller(user):
    one, other = user(name="One"), user(name="Other")
    assert one.get("/v1/me").json()["name"] == "One"
    assert other.get("/v1/me").json()["id"] == other.id != one.id


def test_me_answers_conditionally_and_in_part(user):
    somebody = user()
    answer = somebody.get("/v1/me")
    assert set(answer.json()) == {"id", "email", "email_verified", "name", "photo_url", "phone", "about", "languages",
                                  "preferences", "roles", "actor_id", "created_at", "updated_at"}
    again = somebody.get("/v1/me", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and not again.content
    assert somebody.get("/v1/me?fields=name").json() == {"name": "Test User"}
    head = somebody.head("/v1/me")
    assert head.status_code == 200 and head.headers["ETag"] == answer.headers["ETag"] and not head.content
    problem(somebody.get("/v1/me?fields=password_hash"), 400, "bad_parameter")


def test_a_name_is_changed(stack, user):
    somebody = user(name="Before")
    before = somebody.get("/v1/me")
    answer = somebody.patch("/v1/me", json={"name": "After"}, headers={"If-Match": before.headers["ETag"]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["name"] == "After"
    assert answer.headers["ETag"] != before.headers["ETag"]
    assert somebody.get("/v1/me").json() == answer.json() | {"actor_id": None}
    assert stack.query("select version from users where id = %s", somebody.id) == [(2,)]


def test_a_stale_change_is_refused(user):
    somebody = user(name="Before")
    stale = somebody.get("/v1/me").headers["ETag"]
    assert somebody.patch("/v1/me", json={"name": "First"}, headers={"If-Match": stale}).status_code == 200
    problem(somebody.patch("/v1/me", json={"name": "Second"}, headers={"If-Match": stale}), 412, "precondition_failed")
    assert somebody.get("/v1/me").json()["name"] == "First"
    assert somebody.patch("/v1/me", json={"name": "Third"}, headers={"If-Match": "*"}).json()["name"] == "Third"
    assert somebody.patch("/v1/me", json={"name": "Fourth"}).json()["name"] == "Fourth"


def test_simultaneous_changes_lose_nothing(stack, user):
    somebody = user(name="Before")
    tag = somebody.get("/v1/me").headers["ETag"]

    def change(number):
        return stack.session(somebody.token).patch("/v1/me", json={"name": f"N{number}"}, headers={"If-Match": tag})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        codes = sorted(answer.status_code for answer in pool.map(change, range(8)))
    assert codes == [200] + [412] * 7


def test_nothing_given_changes_nothing(stack, user):
    somebody = user()
    before = somebody.get("/v1/me")
    answer = somebody.patch("/v1/me", json={})
    assert answer.status_code == 200 and answer.json() | {"actor_id": None} == before.json()
    assert stack.query("select version from users where id = %s", somebody.id) == [(1,)]


@pytest.mark.parametrize("body, at", [
    ({"name": None}, {"/name"}), ({"name": ""}, {"/name"}), ({"name": 1}, {"/name"}), ({"email": "new@example.com"}, {"/email"}),
    ({"roles": ["admin"]}, {"/roles"}), ({"id": str(uuid.uuid4())}, {"/id"}), ({"version": 9}, {"/version"}),
])
def test_bad_changes_name_every_member(user, body, at):
    somebody = user()
    before = somebody.get("/v1/me").json()
    assert pointers(somebody.patch("/v1/me", json=body)) == at
    assert somebody.get("/v1/me").json() == before
