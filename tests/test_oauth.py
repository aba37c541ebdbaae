"""The authorization server: what a client and a browser get, step by step, and everything that has to be refused."""
import base64
import concurrent.futures
import hashlib
import json
import time
import urllib.parse

import jwt
import pytest

import oauth
from oauth import LOGGED_OUT, REDIRECT, Browser, Client, Form, sent_back
from stack import wait_until


@pytest.fixture(scope="module")
def client(stack):
    return Client(stack)


@pytest.fixture(scope="module")
def public(stack):
    return Client(stack, confidential=False)


@pytest.fixture(scope="module")
def ada(stack):
    """A user whose profile is complete."""
    user = stack.user(name="Ada Lovelace")
    stack.query("update users set phone = '+4930123456', photo_url = 'https://example.com/ada.jpg', languages = '{en,de}', "
                "email_verified_at = now() where id = %s", user.id)
    return user


@pytest.fixture
def browser(stack, ada):
    return Browser(stack, ada)


@pytest.fixture(scope="module")
def logged_in(stack, ada, client):
    """A browser in which Ada is logged in and has allowed everything."""
    browser = Browser(stack, ada)
    browser.code(client.params(scope=" ".join(oauth.SCOPES)))
    return browser


def claims_of(stack, client, tokens):
    return oauth.read_token(stack, tokens["id_token"], audience=client.id)


def works(stack, token, path="/oauth/userinfo"):
    return stack.session(token).get(path).status_code == 200


# ---- the code flow

def test_code_flow(stack, client, browser, ada):
    before = int(time.time())
    tokens = client.tokens(browser)
    assert browser.pages == ["/oauth/login", "/oauth/consent"]
    assert tokens["token_type"] == "Bearer" and tokens["scope"] == "openid" and "refresh_token" not in tokens
    claims = claims_of(stack, client, tokens)
    assert claims["iss"] == stack.url and claims["sub"] == ada.id and claims["azp"] == client.id and claims["nonce"] == "the nonce"
    assert before <= claims["auth_time"] <= claims["iat"] <= time.time() < claims["exp"] and claims["amr"] == ["pwd"]
    access = oauth.read_token(stack, tokens["access_token"], audience="nexus-api")
    assert access["sub"] == ada.id and access["client_id"] == client.id and access["scope"] == "openid"


def test_id_token_signature_and_hash(stack, client, logged_in):
    tokens = client.tokens(logged_in)
    header = jwt.get_unverified_header(tokens["id_token"])
    keys = stack.session().get("/.well-known/jwks.json").json()["keys"]
    assert header["alg"] in ("EdDSA", "ES256") and header["typ"] == "JWT" and header["kid"] in [key["kid"] for key in keys]
    assert all(not {"d", "k", "p", "q"} & set(key) for key in keys)
    digest = (hashlib.sha512 if header["alg"] == "EdDSA" else hashlib.sha256)(tokens["access_token"].encode()).digest()
    half = base64.urlsafe_b64encode(digest[:len(digest) // 2]).rstrip(b"=").decode()
    assert claims_of(stack, client, tokens)["at_hash"] == half


def test_id_tokens_are_never_unsigned(stack, client, logged_in):
    """Nor is an ID token an access token."""
    metadata = stack.session().get("/.well-known/openid-configuration").json()
    assert set(metadata["id_token_signing_alg_values_supported"]) <= {"EdDSA", "ES256"}
    tokens = client.tokens(logged_in)
    assert stack.session(tokens["id_token"]).get("/v1/me").status_code == 401


def test_response_type_missing(client, browser):
    assert browser.answer(client.params(response_type=None))["error"] == "invalid_request"
    for kind in ("token", "id_token", "code token", "none", "CODE"):
        assert browser.answer(client.params(response_type=kind))["error"] == "unsupported_response_type"


def test_answers_say_who_made_them_and_bring_the_state_back(stack, client, logged_in):
    for state in ("x", "a b&c=d%2F+?#/\"'<>\\", "\u00e4\u6f22", "  ", "a" * 1024):
        assert sent_back(logged_in.authorize(client.params(state=state)), REDIRECT).keys() == {"code", "state", "iss"}
        found = logged_in.answer(client.params(state=state))
        assert found["state"] == state and found["iss"] == stack.url
        wrong = logged_in.answer(client.params(state=state, prompt="nonsense"))
        assert wrong["state"] == state and wrong["iss"] == stack.url and wrong["error"] == "invalid_request"
    assert "state" not in logged_in.answer(client.params(state=None))


def test_request_without_nonce(stack, client, logged_in):
    assert "nonce" not in claims_of(stack, client, client.tokens(logged_in, nonce=None))


def test_authorization_by_post(stack, client, ada):
    browser = Browser(stack, ada)
    answer = browser.post("/oauth/authorize", client.params(), headers={"Origin": "https://app.example.com", "Sec-Fetch-Site": "cross-site"})
    assert client.exchange(sent_back(browser.finish(answer), REDIRECT)["code"]).status_code == 200


@pytest.mark.parametrize("more", [{"display": "page"}, {"display": "popup"}, {"ui_locales": "se en"}, {"claims_locales": "se"},
                                  {"acr_values": "1 2"}, {"extra": "foobar"}, {"login_hint": "ada@example.com"}, {"audience": "x"},
                                  {"response_mode": "query"}, {"scope": "profile openid"}])
def test_what_changes_nothing(client, logged_in, more):
    assert client.exchange(logged_in.code(client.params(**more))).status_code == 200


def test_login_hint_fills_the_form(client, browser):
    page = browser.get("/oauth/authorize", **client.params(login_hint="bob@example.com"))
    assert Form(page.text).fields["email"] == "bob@example.com"


# ---- what is told of the user

@pytest.mark.parametrize("scope, names", [
    ("openid", set()), ("openid profile", {"name", "picture", "locale", "updated_at"}), ("openid email", {"email", "email_verified"}),
    ("openid phone", {"phone_number", "phone_number_verified"}), ("openid address", set()),
    ("openid profile email address phone", {"name", "picture", "locale", "updated_at", "email", "email_verified", "phone_number",
                                            "phone_number_verified"})])
def test_scopes_bring_claims_to_userinfo(stack, client, logged_in, ada, scope, names):
    tokens = client.tokens(logged_in, scope=scope)
    info = stack.session(tokens["access_token"]).get("/oauth/userinfo").json()
    assert info.pop("sub") == ada.id and set(info) == names
    assert not names & set(claims_of(stack, client, tokens)), "claims of scopes belong to userinfo"


@pytest.mark.parametrize("how", ["get", "post header", "post body"])
def test_userinfo(stack, client, logged_in, ada, how):
    token = client.tokens(logged_in, scope="openid email")["access_token"]
    session = stack.session(None if how == "post body" else token)
    answer = session.get("/oauth/userinfo") if how == "get" else session.post(
        "/oauth/userinfo", data={"access_token": token} if how == "post body" else None)
    assert answer.status_code == 200 and answer.json() == {"sub": ada.id, "email": ada.email, "email_verified": True}
    assert "no-store" in answer.headers["Cache-Control"]


def test_userinfo_is_for_tokens_with_openid(stack, client, logged_in, ada):
    for session in (stack.session(), stack.session("x.y.z")):
        for answer in (session.get("/oauth/userinfo"), session.post("/oauth/userinfo")):
            assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")
    token = client.tokens(logged_in, scope="bookings")["access_token"]
    own = client.post("/oauth/token", grant_type="client_credentials", scope="bookings").json()["access_token"]
    for bearer in (token, own, ada.token):
        answer = stack.session(bearer).get("/oauth/userinfo")
        assert answer.status_code == 403 and 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    both = stack.session(token).post("/oauth/userinfo", data={"access_token": token})
    assert both.status_code == 400 and both.json()["error"] == "invalid_request"
    assert stack.session().post("/oauth/userinfo", data={"access_token": "x"}).status_code == 401


def test_single_claims(stack, client, logged_in, ada):
    asked = oauth.claims(userinfo={"name": {"essential": True}, "address": None}, id_token={"email": {"essential": True}, "auth_time": None})
    tokens = client.tokens(logged_in, claims=asked)
    assert stack.session(tokens["access_token"]).get("/oauth/userinfo").json() == {"sub": ada.id, "name": "Ada Lovelace"}
    assert claims_of(stack, client, tokens)["email"] == ada.email


def test_single_claims_need_the_right_and_the_consent(stack, ada):
    asked = oauth.claims(userinfo={"email": None, "phone_number": None})
    narrow = Client(stack, scopes=["openid", "email"])
    browser = Browser(stack, ada)
    page = browser.log_in(browser.get("/oauth/authorize", **narrow.params(claims=asked)))
    assert Form(page.text).items == ["Know who you are", "See your e-mail address"]
    code = sent_back(browser.submit(page, decision="allow"), REDIRECT)["code"]
    token = narrow.exchange(code).json()["access_token"]
    assert set(stack.session(token).get("/oauth/userinfo").json()) == {"sub", "email"}


def test_claims_may_name_the_user(stack, client, logged_in, ada):
    other = stack.user()
    wanted = oauth.claims(id_token={"sub": {"value": ada.id}})
    assert "code" in logged_in.answer(client.params(claims=wanted, prompt="none"))
    wanted = oauth.claims(id_token={"sub": {"value": other.id}})
    assert logged_in.answer(client.params(claims=wanted, prompt="none"))["error"] == "login_required"


@pytest.mark.parametrize("claims", ["x", "[]", '{"userinfo":1}', '{"userinfo":{"email":true}}', '{"id_token":{"sub":{"value":"x"}}}'])
def test_malformed_claims(client, logged_in, claims):
    assert logged_in.answer(client.params(claims=claims))["error"] == "invalid_request"


# ---- prompt, max_age, hints

def test_prompt_none(client, stack, logged_in, ada):
    assert Browser(stack, ada).answer(client.params(prompt="none"))["error"] == "login_required"
    assert "code" in logged_in.answer(client.params(prompt="none"))
    fresh = Client(stack)
    assert logged_in.answer(fresh.params(prompt="none"))["error"] == "consent_required"


def test_prompt_login_asks_again(stack, client, ada):
    browser = Browser(stack, ada)
    first = claims_of(stack, client, client.tokens(browser))
    session = browser.cookie("__Host-nexus_session").value
    wait_until(lambda: time.time() > first["auth_time"] + 1, 5, "the next second")
    second = claims_of(stack, client, client.tokens(browser, prompt="login"))
    assert browser.pages == ["/oauth/login"] and second["auth_time"] > first["auth_time"]
    assert browser.cookie("__Host-nexus_session").value != session and second["sid"] != first["sid"]
    client.tokens(browser, prompt="select_account")
    assert browser.pages == ["/oauth/login"]


def test_prompt_consent_asks_again(client, logged_in):
    client.tokens(logged_in, prompt="consent")
    assert logged_in.pages == ["/oauth/consent"]


@pytest.mark.parametrize("prompt", ["none login", "nothing", " login", "None"])
def test_malformed_prompts(client, logged_in, prompt):
    assert logged_in.answer(client.params(prompt=prompt))["error"] == "invalid_request"


def test_max_age(stack, client, ada):
    browser = Browser(stack, ada)
    first = claims_of(stack, client, client.tokens(browser, max_age="10000"))
    again = claims_of(stack, client, client.tokens(browser, max_age="10000"))
    assert browser.pages == [] and again["auth_time"] == first["auth_time"], "auth_time is when the user logged in"
    stack.query("update sessions set authenticated_at = authenticated_at - interval '5 s' where id = %s", first["sid"])
    assert browser.answer(client.params(max_age="1", prompt="none"))["error"] == "login_required"
    later = claims_of(stack, client, client.tokens(browser, max_age="1"))
    assert browser.pages == ["/oauth/login"] and later["auth_time"] >= first["auth_time"]
    client.tokens(browser, max_age="0")
    assert browser.pages == ["/oauth/login"]
    for bad in ("-1", "x", "1.5", "9" * 12 + "9"):
        assert browser.answer(client.params(max_age=bad))["error"] == "invalid_request"


def test_id_token_hint(stack, client, logged_in):
    hint = client.tokens(logged_in)["id_token"]
    assert "code" in logged_in.answer(client.params(prompt="none", id_token_hint=hint))
    other = Browser(stack, stack.user())
    other.code(client.params())
    assert other.answer(client.params(prompt="none", id_token_hint=hint))["error"] == "login_required"
    for bad in ("x", "a.b.c", hint[:-8] + "AAAAAAAA", client.tokens(logged_in)["access_token"]):
        assert logged_in.answer(client.params(id_token_hint=bad))["error"] == "invalid_request"


@pytest.mark.parametrize("more, error", [({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
                                         ({"request_uri": "https://app.example.com/r"}, "request_uri_not_supported"),
                                         ({"registration": "{}"}, "registration_not_supported"),
                                         ({"response_mode": "fragment"}, "invalid_request"), ({"response_mode": "form_post"}, "invalid_request")])
def test_what_is_not_supported_is_refused_in_the_right_words(client, logged_in, more, error):
    assert logged_in.answer(client.params(**more))["error"] == error


def test_request_object_with_another_redirect_uri(client, logged_in):
    """Nothing in a request object counts: not even where the refusal goes."""
    body = base64.urlsafe_b64encode(b'{"redirect_uri":"https://evil.example/"}').rstrip(b"=").decode()
    assert logged_in.answer(client.params(request=f"eyJhbGciOiJub25lIn0.{body}."))["error"] == "request_not_supported"


# ---- where users are sent

@pytest.mark.parametrize("uri", [
    None, "", "https://app.example.com/", "https://app.example.com/done/", "https://app.example.com/DONE", "https://APP.example.com/done",
    "https://app.example.com:443/done", "https://app.example.com./done", "https://app.example.com/done?x=1", "https://app.example.com/done#x",
    "https://app.example.com/%64one", "http://app.example.com/done", "https://app.example.com@evil.example/done", "https://evil.example/done",
    "https://app.example.com/done%0d%0aX: y", "//app.example.com/done", "javascript:alert(1)", "https://app.example.com/../done",
    "https://app.example.com\\@evil.example/done", "https://app.example.com/done\t", "a" * 1200])
def test_nobody_is_sent_elsewhere(client, logged_in, uri):
    answer = logged_in.get("/oauth/authorize", **client.params(redirect_uri=uri))
    assert answer.status_code == 400 and "Location" not in answer.headers
    assert answer.headers["Content-Type"].startswith("text/html") and Form(answer.text).heads


@pytest.mark.parametrize("more", [{"client_id": None}, {"client_id": "x"}, {"client_id": "0192f3a4-5b6c-7d8e-9f01-23456789abcd"}])
def test_unknown_clients_send_nobody_anywhere(client, logged_in, more):
    answer = logged_in.get("/oauth/authorize", **client.params(**more))
    assert answer.status_code == 400 and "Location" not in answer.headers


def test_parameters_given_twice(stack, client, logged_in):
    query = urllib.parse.urlencode(client.params())
    for name, kind in (("client_id", 400), ("redirect_uri", 400), ("scope", 303), ("state", 303), ("unheard_of", 303)):
        answer = logged_in.get(f"/oauth/authorize?{query}&{name}=x&{name}=x")
        assert answer.status_code == kind, name
        if kind == 303:
            assert sent_back(answer, REDIRECT)["error"] == "invalid_request"


def test_a_port_is_free_for_public_clients_on_the_loopback_interface_only(stack, ada):
    uris = ["http://127.0.0.1/done", "http://[::1]/done", "http://localhost:5000/done", "com.example.app:/done"]
    public = Client(stack, confidential=False, redirect_uris=uris)
    browser = Browser(stack, ada)
    for uri in ("http://127.0.0.1:49152/done", "http://[::1]:8/done", *uris):
        params = public.params(redirect_uri=uri)
        code = sent_back(browser.authorize(params), uri)["code"]
        assert "/oauth/consent" in browser.pages, "nobody knows which program answers there"
        assert public.exchange(code, redirect_uri=uri).status_code == 200
    for uri in ("http://localhost:5001/done", "http://127.0.0.1:49152/other", "http://127.0.0.2/done", "com.example.app:/done2"):
        assert browser.get("/oauth/authorize", **public.params(redirect_uri=uri)).status_code == 400
    confidential = Client(stack, redirect_uris=["http://127.0.0.1/done"])
    assert browser.get("/oauth/authorize", **confidential.params(redirect_uri="http://127.0.0.1:5/done")).status_code == 400


# ---- codes

def test_pkce_is_required(client, public, logged_in):
    for who in (client, public):
        for more in ({"code_challenge": None}, {"code_challenge_method": None}, {"code_challenge_method": "plain"},
                     {"code_challenge_method": "s256"}, {"code_challenge": "short"}, {"code_challenge": "+" * 43},
                     {"code_challenge": "a" * 44}, {"code_challenge": None, "code_challenge_method": None}):
            assert logged_in.answer(who.params(**more))["error"] == "invalid_request", more


def test_the_verifier_has_to_fit(client, logged_in):
    code = logged_in.code(client.params())
    for verifier in (None, client.verifier[:-1], client.verifier + "a", client.verifier.swapcase(), "a" * 43, "a" * 42):
        answer = client.exchange(code, code_verifier=verifier)
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_grant", verifier
    assert client.exchange(code).status_code == 200


def test_a_code_belongs_to_its_client_and_place(stack, client, logged_in):
    other = Client(stack)
    code = logged_in.code(client.params())
    other.verifier = client.verifier
    assert other.exchange(code).json()["error"] == "invalid_grant"
    for uri in (None, REDIRECT + "/", "https://evil.example/"):
        assert client.exchange(code, redirect_uri=uri).json()["error"] == "invalid_grant"
    assert client.exchange("x" * 43).json()["error"] == "invalid_grant"
    assert client.exchange(None).json()["error"] == "invalid_request"
    assert client.exchange(code).status_code == 200


def test_a_code_lives_for_a_minute(stack, client, logged_in):
    code = logged_in.code(client.params())
    rest, = stack.query("select extract(epoch from max(expires_at) - now()) from oauth_codes where client_id = %s", client.id)[0]
    assert 50 < rest <= 60
    stack.query("update oauth_codes set expires_at = now() - interval '1 ms' where client_id = %s and used_at is null", client.id)
    assert client.exchange(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("age", ["0 s", "30 s"])
def test_a_code_shown_twice_takes_back_what_it_gave(stack, client, logged_in, age):
    code = logged_in.code(client.params(scope="openid offline_access"))
    tokens = client.exchange(code).json()
    assert works(stack, tokens["access_token"])
    stack.query(f"update oauth_codes set used_at = used_at - interval '{age}', expires_at = expires_at - interval '{age}' "
                "where client_id = %s and used_at is not null", client.id)
    again = client.exchange(code)
    assert again.status_code == 400 and again.json()["error"] == "invalid_grant"
    for _ in range(12):  # every worker
        assert not works(stack, tokens["access_token"])
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_of_many_who_show_a_code_at_once_one_is_served(client, logged_in):
    code = logged_in.code(client.params())
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: client.exchange(code), range(24)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 23


# ---- clients

def test_secrets_are_form_urlencoded_in_basic(stack, client):
    """RFC 6749, 2.3.1: whatever a client chooses to encode."""
    ask = {"grant_type": "client_credentials", "scope": "bookings"}
    every = "".join(f"%{ord(c):02x}" for c in client.secret)
    assert stack.session().post("/oauth/token", data=ask, headers=oauth.basic(client.id.replace("-", "%2D"), every)).status_code == 200
    for secret in (client.secret + "%", client.secret + "%zz", client.secret + "+", "%00" + client.secret, client.secret[:-1], ""):
        answer = stack.session().post("/oauth/token", data=ask, headers=oauth.basic(client.id, secret))
        assert answer.status_code == 401 and answer.json()["error"] == "invalid_client", secret


def test_client_secret_post(client):
    assert client.post("/oauth/token", basic=False, grant_type="client_credentials", scope="bookings").status_code == 200


def test_clients_prove_who_they_are(stack, client, public):
    ask = {"grant_type": "client_credentials", "scope": "bookings"}
    nobody = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"
    wrong = [{}, {"client_id": client.id}, {"client_id": client.id, "client_secret": "x"}, {"client_id": nobody, "client_secret": "x"},
             {"client_id": "x", "client_secret": "x"}, {"client_id": public.id, "client_secret": "x"}, {"client_id": nobody}]
    answers = [stack.session().post("/oauth/token", data={**ask, **more}) for more in wrong]
    answers.append(stack.session().post(f"/oauth/token?client_id={client.id}&client_secret={client.secret}", data=ask))
    answers.append(stack.session().post("/oauth/token", data=ask, headers=oauth.basic(nobody, client.secret)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert all(answer.headers["WWW-Authenticate"].startswith("Basic ") for answer in answers)
    twice = stack.session().post("/oauth/token", data={**ask, "client_id": client.id, "client_secret": client.secret},
                                 headers=oauth.basic(client.id, client.secret))
    other = stack.session().post("/oauth/token", data={**ask, "client_id": public.id}, headers=oauth.basic(client.id, client.secret))
    assert [answer.json()["error"] for answer in (twice, other)] == ["invalid_request"] * 2


@pytest.mark.parametrize("grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "AUTHORIZATION_CODE"])
def test_other_grants(client, grant):
    answer = client.post("/oauth/token", grant_type=grant, username="x", password="x")
    assert answer.status_code == 400 and answer.json()["error"] == "unsupported_grant_type"


def test_a_client_has_the_grants_it_is_registered_for(stack, public, ada):
    machine = Client(stack, grants=["client_credentials"], redirect_uris=[REDIRECT])
    assert Browser(stack, ada).answer(machine.params())["error"] == "unauthorized_client"
    assert machine.refresh("x").json()["error"] == "unauthorized_client"
    assert public.post("/oauth/token", grant_type="client_credentials", scope="bookings").json()["error"] == "unauthorized_client"


def test_a_client_on_its_own(stack, client):
    tokens = client.post("/oauth/token", grant_type="client_credentials").json()
    assert tokens["scope"] == "account bookings" and "refresh_token" not in tokens and "id_token" not in tokens
    claims = oauth.read_token(stack, tokens["access_token"], audience="nexus-api")
    assert claims["sub"] == claims["client_id"] == client.id and "sid" not in claims
    assert stack.session(tokens["access_token"]).get("/v1/me").status_code == 403, "there is no person"
    for scope in ("openid", "users", "nothing", "a  b", '"'):
        assert client.post("/oauth/token", grant_type="client_credentials", scope=scope).json()["error"] == "invalid_scope"


# ---- scopes and resources

def test_scopes_leave_permissions(stack, client, logged_in):
    none = client.tokens(logged_in, scope="openid profile")["access_token"]
    some = client.tokens(logged_in, scope="openid account")["access_token"]
    refused = stack.session(none).get("/v1/me")
    assert refused.status_code == 403 and "insufficient_scope" in refused.headers["WWW-Authenticate"]
    assert works(stack, some, "/v1/me") and stack.session(some).get("/v1/bookings").status_code == 403


def test_scopes_that_are_not_the_clients_are_left_out(client, logged_in):
    assert client.tokens(logged_in, scope="openid users admin nothing")["scope"] == "openid"
    for scope in (None, "nothing", "users", "openid  email", " openid", 'open"id'):
        assert logged_in.answer(client.params(scope=scope))["error"] == "invalid_scope"


def test_tokens_for_another_resource(stack, ada):
    resource = "https://api.example.com/"
    client = Client(stack, audiences=[resource])
    browser = Browser(stack, ada)
    tokens = client.tokens(browser, resource=resource, scope="openid account offline_access")
    assert oauth.read_token(stack, tokens["access_token"], audience=resource)["aud"] == resource
    assert stack.session(tokens["access_token"]).get("/v1/me").status_code == 401, "it is not for this API"
    less = client.refresh(tokens["refresh_token"], scope="account").json()
    assert oauth.read_token(stack, less["access_token"], audience=resource)["scope"] == "account"
    code = browser.code(client.params(scope="openid account"))
    assert client.exchange(code, resource="https://evil.example/").json()["error"] == "invalid_target"
    later = client.exchange(code, resource=resource).json()
    assert oauth.read_token(stack, later["access_token"], audience=resource)
    own = client.post("/oauth/token", grant_type="client_credentials", scope="bookings", resource=resource).json()
    assert oauth.read_token(stack, own["access_token"], audience=resource)
    for bad in ("https://evil.example/", "relative", resource + "#x", resource + "x"):
        assert browser.answer(client.params(resource=bad))["error"] == "invalid_target"
        assert client.post("/oauth/token", grant_type="client_credentials", scope="bookings", resource=bad).json()["error"] == "invalid_target"
    code = browser.code(client.params(resource=resource))
    assert client.exchange(code, resource="nexus-api").json()["error"] == "invalid_target"


# ---- refresh tokens

def test_refresh(stack, client, public, logged_in, ada):
    for who in (client, public):
        browser = logged_in if who is client else Browser(stack, ada)
        tokens = who.tokens(browser, scope="openid offline_access account")
        fresh = who.refresh(tokens["refresh_token"]).json()
        assert fresh["scope"] == tokens["scope"] and works(stack, fresh["access_token"])
        less = who.refresh(fresh["refresh_token"], scope="openid").json()
        assert less["scope"] == "openid" and stack.session(less["access_token"]).get("/v1/me").status_code == 403
        for scope in ("openid bookings", "nothing", ""):
            wider = who.refresh(less["refresh_token"], scope=scope)
            assert (wider.status_code == 400 and wider.json()["error"] == "invalid_scope") if scope else wider.status_code == 200


def test_a_refresh_token_belongs_to_its_client(stack, client, public, logged_in):
    token = client.tokens(logged_in, scope="openid offline_access")["refresh_token"]
    for answer in (Client(stack).refresh(token), public.refresh(token), client.refresh(token + "x"), client.refresh("x")):
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_grant"
        assert "WWW-Authenticate" not in answer.headers
    assert stack.session().post("/v1/auth/refresh", json={"refresh_token": token}).status_code == 401
    assert client.refresh(token).status_code == 200


def test_a_used_refresh_token_ends_the_family(stack, client, logged_in):
    first = client.tokens(logged_in, scope="openid offline_access")
    second = client.refresh(first["refresh_token"]).json()
    third = client.refresh(second["refresh_token"]).json()
    assert client.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert client.refresh(third["refresh_token"]).json()["error"] == "invalid_grant"
    assert not works(stack, third["access_token"])


# ---- revocation and introspection

def test_revocation(stack, client, logged_in):
    for kind in ("access_token", "refresh_token"):
        tokens = client.tokens(logged_in, scope="openid offline_access")
        other = Client(stack)
        assert other.post("/oauth/revoke", token=tokens[kind]).status_code == 200 and works(stack, tokens["access_token"])
        answer = client.post("/oauth/revoke", token=tokens[kind], token_type_hint="nonsense")
        assert answer.status_code == 200 and not works(stack, tokens["access_token"])
        assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
        assert client.post("/oauth/revoke", token=tokens[kind]).status_code == 200
    for token in ("x", "a.b.c", "nxr_" + "a" * 60, "x" * 4000):
        assert client.post("/oauth/revoke", token=token).status_code == 200
    own = client.post("/oauth/token", grant_type="client_credentials").json()["access_token"]
    assert client.post("/oauth/revoke", token=own).json()["error"] == "unsupported_token_type"


def test_introspection(stack, client, public, logged_in, ada):
    tokens = client.tokens(logged_in, scope="openid offline_access")
    for kind in ("access_token", "refresh_token"):
        state = client.post("/oauth/introspect", token=tokens[kind]).json()
        assert state["active"] and state["sub"] == ada.id and state["client_id"] == client.id and state["scope"] == tokens["scope"]
        assert state["iss"] == stack.url and state["aud"] == "nexus-api" and state["exp"] > time.time() >= state["iat"]
    own = client.post("/oauth/token", grant_type="client_credentials").json()["access_token"]
    assert client.post("/oauth/introspect", token=own).json()["sub"] == client.id
    not_active = [Client(stack).post("/oauth/introspect", token=tokens["access_token"]), client.post("/oauth/introspect", token="x"),
                  client.post("/oauth/introspect", token="a.b.c"), client.post("/oauth/introspect", token=ada.token),
                  client.post("/oauth/introspect", token=tokens["id_token"])]
    client.post("/oauth/revoke", token=tokens["refresh_token"])
    not_active += [client.post("/oauth/introspect", token=tokens[kind]) for kind in ("access_token", "refresh_token")]
    assert {answer.text for answer in not_active} == {'{"active":false}'}
    for answer in (public.post("/oauth/introspect", token="x"), stack.session().post("/oauth/introspect", data={"token": "x"})):
        assert answer.status_code == 401 and answer.json()["error"] == "invalid_client"


def test_a_resource_server_asks_about_tokens_for_it(stack, ada):
    resource = "https://files.example.com/"
    client, server = Client(stack, audiences=[resource]), Client(stack, audiences=[resource], grants=["client_credentials"])
    browser = Browser(stack, ada)
    there, here = client.tokens(browser, resource=resource), client.tokens(browser)
    assert server.post("/oauth/introspect", token=there["access_token"]).json()["aud"] == resource
    assert server.post("/oauth/introspect", token=here["access_token"]).json() == {"active": False}


# ---- consent

def test_consent_is_asked_once_and_for_more(stack, ada):
    client = Client(stack)
    browser = Browser(stack, ada)
    client.tokens(browser, scope="openid email")
    assert browser.pages == ["/oauth/login", "/oauth/consent"]
    client.tokens(browser, scope="openid")
    assert browser.pages == []
    client.tokens(browser, scope="openid bookings")
    assert browser.pages == ["/oauth/consent"]
    client.tokens(browser, scope="openid email bookings")
    assert browser.pages == []


def test_consent_is_refused(stack, ada, client):
    browser = Browser(stack, ada, decision="deny")
    found = browser.answer(Client(stack).params())
    assert found["error"] == "access_denied" and found["state"] == "the state"


def test_another_account_may_be_used(stack, client, ada):
    other = stack.user()
    browser = Browser(stack, ada)
    page = browser.log_in(browser.get("/oauth/authorize", **Client(stack).params()))
    page = browser.submit(page, decision="switch")
    assert Form(page.text).action == "/oauth/login"
    page = browser.log_in(page, other)
    assert other.email in Form(page.text).words and ada.email not in page.text


def test_trusted_clients_do_not_ask(stack, ada):
    client = Client(stack, trusted=True)
    browser = Browser(stack, ada)
    client.tokens(browser, scope="openid email")
    assert browser.pages == ["/oauth/login"]


def test_consent_is_taken_back(stack, ada):
    client = Client(stack, name="Planner to forget")
    browser = Browser(stack, ada)
    tokens = client.tokens(browser, scope="openid offline_access")
    listed = [given for given in ada.get("/v1/me/consents").json()["data"] if given["client_id"] == client.id]
    assert listed[0]["client_name"] == "Planner to forget" and sorted(listed[0]["scopes"]) == ["offline_access", "openid"]
    assert stack.user().delete(f"/v1/me/consents/{client.id}").status_code == 404
    assert ada.delete(f"/v1/me/consents/{client.id}").status_code == 204
    for _ in range(12):
        assert not works(stack, tokens["access_token"])
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert ada.delete(f"/v1/me/consents/{client.id}").status_code == 404
    client.tokens(browser)
    assert browser.pages == ["/oauth/consent"]


# ---- the pages

def test_pages_are_kept_to_themselves(client, browser):
    page = browser.get("/oauth/authorize", **client.params())
    assert page.headers.get("Content-Security-Policy").startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"] and page.headers["X-Frame-Options"] == "DENY"
    assert "no-store" in page.headers["Cache-Control"] and page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin" and "Content-Encoding" not in page.headers
    assert "<script" not in page.text and Form(page.text).lang == "en"
    done = browser.finish(page)
    assert done.status_code == 303 and done.headers["Referrer-Policy"] == "no-referrer" and done.content == b""


def test_cookies(client, browser):
    answers = [browser.session.get("/oauth/authorize", params=client.params(), allow_redirects=False)]
    form = Form(answers[0].text)
    answers.append(browser.session.post("/oauth/login", data={**form.fields, "email": browser.user.email, "password": browser.user.password},
                                        allow_redirects=False))
    assert answers[1].status_code == 303
    for answer, name in zip(answers, ("__Host-nexus_flow", "__Host-nexus_session")):
        line = answer.headers["Set-Cookie"]
        assert line.startswith(name + "=") and {part.strip() for part in line.split(";")[1:]} == {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"}


def test_names_of_clients_never_become_markup(stack, ada):
    client = Client(stack, name="<script>alert('x')</script>\"&amp;{{email}}")
    browser = Browser(stack, ada)
    page = browser.get("/oauth/authorize", **client.params(login_hint="\"><img src=x>"))
    assert "<script" not in page.text and "<img" not in page.text and "{{email}}" in page.text
    consent = browser.log_in(page)
    assert "<script" not in consent.text and "&lt;script&gt;" in consent.text


def test_a_wrong_password_shows_the_page_again(stack, client, ada):
    browser = Browser(stack, ada)
    page = browser.get("/oauth/authorize", **client.params())
    known = browser.submit(page, email=ada.email, password="not the password")
    unknown = browser.submit(page, email="nobody@example.com", password="not the password")
    assert known.status_code == unknown.status_code == 401
    assert Form(known.text).fault == Form(unknown.text).fault and Form(known.text).fields["email"] == ada.email
    assert "not the password" not in known.text and not browser.cookie("__Host-nexus_session")
    assert "code" in sent_back(browser.finish(browser.log_in(known)), REDIRECT)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                                     {"Sec-Fetch-Site": "same-site"}])
def test_forms_of_other_sites_do_nothing(stack, browser, headers):
    client = Client(stack)
    page = browser.get("/oauth/authorize", **client.params())
    form = Form(page.text)
    fields = {**form.fields, "email": browser.user.email, "password": browser.user.password}
    assert browser.post(form.action, fields, headers=headers).status_code == 403
    assert not browser.cookie("__Host-nexus_session")
    consent = browser.post(form.action, fields)
    assert browser.post("/oauth/consent", {**Form(consent.text).fields, "decision": "allow"}, headers=headers).status_code == 403


def test_forms_belong_to_the_browser_they_were_shown_in(stack, client, ada):
    mine, theirs = Browser(stack, ada), Browser(stack, stack.user())
    page = mine.get("/oauth/authorize", **client.params())
    theirs.get("/oauth/authorize", **client.params())
    assert theirs.submit(page, email=ada.email, password=ada.password).status_code == 400
    assert Browser(stack, ada).submit(page, email=ada.email, password=ada.password).status_code == 400, "without a cookie"
    sealed = Form(page.text).fields["transaction"]
    for changed in (sealed[:-2] + "AA", "A" + sealed, sealed.replace(".", ""), "x.y", sealed[:40]):
        answer = mine.submit(page, transaction=changed, email=ada.email, password=ada.password)
        assert answer.status_code == 400 and not mine.cookie("__Host-nexus_session")


def test_a_page_of_consent_belongs_to_its_log_in(stack, client, ada):
    browser = Browser(stack, ada)
    fresh = Client(stack)
    consent = browser.log_in(browser.get("/oauth/authorize", **fresh.params()))
    login = Form(browser.get("/oauth/authorize", **client.params(prompt="login")).text)
    assert browser.submit(consent, transaction=login.fields["transaction"], decision="allow").status_code == 400, "of another page"
    browser.authorize(fresh.params(prompt="login"))  # somebody logs in anew meanwhile
    assert browser.submit(consent, decision="allow").status_code == 400


def test_forms_outlive_a_restart(fresh_stack):
    stack = fresh_stack(options={"workers": "1"})
    user, client = stack.user(), Client(stack)
    browser = Browser(stack, user)
    page = browser.get("/oauth/authorize", **client.params())
    stack.stop("api")
    stack.start("api")  # they are sealed with secret_file
    stack.wait_ready()
    assert "code" in sent_back(browser.finish(page), REDIRECT)


@pytest.mark.parametrize("cookie", ["__Host-nexus_session=", "__Host-nexus_session=x", "__Host-nexus_session=" + "A" * 43, "=", ";;;", "a" * 4000,
                                    "__Host-nexus_session=%00%ff; __Host-nexus_flow=\u20ac", "__Host-nexus_flow=x; __Host-nexus_flow=y"])
def test_cookies_that_mean_nothing(stack, client, cookie):
    answer = stack.session().get("/oauth/authorize", params=client.params(), headers={"Cookie": cookie.encode("utf-8")})
    assert answer.status_code == 200 and Form(answer.text).action == "/oauth/login"


def test_a_session_cookie_that_comes_twice_counts_as_none(stack, client, logged_in):
    value = logged_in.cookie("__Host-nexus_session").value
    session = stack.session()
    once = session.get("/oauth/authorize", params=client.params(), headers={"Cookie": f"__Host-nexus_session={value}"}, allow_redirects=False)
    twice = session.get("/oauth/authorize", params=client.params(), allow_redirects=False,
                        headers={"Cookie": f"__Host-nexus_session={value}; __Host-nexus_session={value}"})
    assert once.status_code == 303 and twice.status_code == 200


def test_who_is_suspended_is_logged_out(stack, client):
    user = stack.user()
    browser = Browser(stack, user)
    code = browser.code(client.params())
    stack.query("update users set status = 'suspended' where id = %s", user.id)
    assert browser.answer(client.params(prompt="none"))["error"] == "login_required"
    assert client.exchange(code).json()["error"] == "invalid_grant"
    page = browser.log_in(browser.get("/oauth/authorize", **client.params()))
    assert page.status_code == 403 and Form(page.text).action == "/oauth/login"


# ---- the second factor

def test_second_factor(stack, client):
    from test_login import Factor
    user = stack.user()
    factor = Factor(user)
    browser = Browser(stack, user)
    page = browser.log_in(browser.get("/oauth/authorize", **client.params()))
    form = Form(page.text)
    assert page.status_code == 200 and form.action == "/oauth/factor" and not browser.cookie("__Host-nexus_session")
    assert user.password not in page.text
    wrong = browser.submit(page, code="000000")
    assert wrong.status_code == 401 and "wrong" in Form(wrong.text).fault and not browser.cookie("__Host-nexus_session")
    for proof in ("x", form.fields["proof"][:-2] + "AA", form.fields["transaction"]):
        assert browser.submit(page, proof=proof, code=factor.recovery[0]).status_code == 400
    other = Browser(stack, user)
    other.get("/oauth/authorize", **Client(stack).params())
    assert other.submit(page, code=factor.recovery[0]).status_code == 400, "the proof is of another browser"
    done = browser.submit(browser.submit(wrong, code=factor.recovery[0]), decision="allow")
    tokens = client.exchange(sent_back(done, REDIRECT)["code"]).json()
    assert claims_of(stack, client, tokens)["amr"] == ["pwd", "otp", "mfa"]
    again = Browser(stack, user)
    page = again.log_in(again.get("/oauth/authorize", **client.params()))
    assert again.submit(page, code=factor.recovery[0]).status_code == 401, "a code is good once"


# ---- log-out

def test_logout_with_a_hint(stack, client, ada):
    browser = Browser(stack, ada)
    stays = client.tokens(browser, scope="openid offline_access")
    goes = client.tokens(browser, scope="openid")
    answer = browser.get("/oauth/logout", id_token_hint=goes["id_token"], post_logout_redirect_uri=LOGGED_OUT, state="a b&c")
    assert sent_back(answer, LOGGED_OUT) == {"state": "a b&c"} and not browser.cookie("__Host-nexus_session")
    assert browser.answer(client.params(prompt="none"))["error"] == "login_required"
    assert not works(stack, goes["access_token"]) and works(stack, stays["access_token"]), "offline_access outlives the browser"
    answer = browser.get("/oauth/logout", id_token_hint=goes["id_token"], post_logout_redirect_uri=LOGGED_OUT)
    assert sent_back(answer, LOGGED_OUT) == {}, "nobody is logged in any more"


def test_logout_asks_without_one(stack, client, ada):
    browser = Browser(stack, ada)
    hint = client.tokens(browser)["id_token"]
    client.tokens(browser, prompt="login")
    for params in ({}, {"client_id": client.id, "post_logout_redirect_uri": LOGGED_OUT}, {"id_token_hint": hint}):
        page = browser.get("/oauth/logout", **params)
        assert page.status_code == 200 and Form(page.text).action == "/oauth/logout/confirm" and ada.email in Form(page.text).words
    assert "code" in browser.answer(client.params(prompt="none"))
    page = browser.get("/oauth/logout", client_id=client.id, post_logout_redirect_uri=LOGGED_OUT)
    assert sent_back(browser.submit(page, decision="stay"), LOGGED_OUT) == {} and browser.cookie("__Host-nexus_session")
    form = Form(page.text)
    assert browser.post(form.action, {**form.fields, "decision": "logout"}, headers={"Origin": "https://evil.example"}).status_code == 403
    page = browser.post("/oauth/logout", {"client_id": client.id, "post_logout_redirect_uri": LOGGED_OUT, "state": "x"})
    assert sent_back(browser.submit(page, decision="logout"), LOGGED_OUT) == {"state": "x"}
    assert browser.answer(client.params(prompt="none"))["error"] == "login_required"
    assert Form(browser.get("/oauth/logout").text).heads == ["You are logged out"]


@pytest.mark.parametrize("params", [{"post_logout_redirect_uri": LOGGED_OUT}, {"client_id": "me", "post_logout_redirect_uri": LOGGED_OUT + "/"},
                                    {"client_id": "me", "post_logout_redirect_uri": REDIRECT}, {"id_token_hint": "x.y.z"},
                                    {"client_id": "x", "post_logout_redirect_uri": LOGGED_OUT}, {"client_id": "me", "id_token_hint": "other"},
                                    {"client_id": "me", "post_logout_redirect_uri": "https://evil.example/"}])
def test_logout_leads_nowhere_else(stack, client, logged_in, ada, params):
    params = {name: client.id if value == "me" else value for name, value in params.items()}
    if params.get("id_token_hint") == "other":
        params["id_token_hint"] = Client(stack).tokens(Browser(stack, ada))["id_token"]
    answer = logged_in.get("/oauth/logout", **params)
    assert answer.status_code == 400 and "Location" not in answer.headers
    assert "code" in logged_in.answer(client.params(prompt="none")), "and nobody was logged out"


# ---- what clients find out by themselves

def test_discovery(stack):
    session = stack.session()
    answer = session.get("/.well-known/openid-configuration")
    found = answer.json()
    assert session.get("/.well-known/oauth-authorization-server").json() == found
    assert answer.headers["Content-Type"] == "application/json" and found["issuer"] == stack.url
    assert all(value.startswith(stack.url + "/") for name, value in found.items() if name.endswith(("_endpoint", "_uri")))
    assert found["code_challenge_methods_supported"] == ["S256"] and found["response_types_supported"] == ["code"]
    assert found["authorization_response_iss_parameter_supported"] is True and "none" in found["token_endpoint_auth_methods_supported"]
    assert {"openid", "profile", "email", "phone", "offline_access"} <= set(found["scopes_supported"])
    assert session.get("/.well-known/jwks.json").headers["ETag"]
    assert session.get("/.well-known/nothing").status_code == 404 and session.get("/oauth/nothing").status_code == 404


# ---- clients over the API

def test_clients_are_for_admins(stack, ada):
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/" + ada.id), ("PATCH", "/" + ada.id), ("DELETE", "/" + ada.id)):
        answer = ada.session.request(method, "/v1/oauth/clients" + path, json={} if method in ("POST", "PATCH") else None)
        assert answer.status_code == 403, (method, path)


def test_clients_are_read_changed_and_removed(stack, client):
    admin = oauth.admin_of(stack)
    mine = Client(stack, name="To be changed")
    path = f"/v1/oauth/clients/{mine.id}"
    read = admin.get(path)
    assert read.json()["name"] == "To be changed" and read.json()["confidential"] is True and mine.secret not in read.text
    assert mine.id in [row["id"] for row in admin.get("/v1/oauth/clients?limit=5").json()["data"]]
    changed = admin.patch(path, json={"name": "Changed", "redirect_uris": [REDIRECT + "2"], "scopes": ["openid"]}, headers={"If-Match": read.headers["ETag"]})
    assert changed.status_code == 200 and changed.json()["redirect_uris"] == [REDIRECT + "2"] and changed.json()["scopes"] == ["openid"]
    assert admin.patch(path, json={"name": "x"}, headers={"If-Match": read.headers["ETag"]}).status_code == 412
    stored, = stack.query("select secret_hash from oauth_clients where id = %s", mine.id)[0]
    assert bytes(stored) == hashlib.sha256(mine.secret.encode()).digest()
    assert admin.delete(path).status_code == 204 and admin.get(path).status_code == 404 and admin.delete(path).status_code == 404
    actions = {row for row, in stack.query("select action from audit_log where target_id = %s", mine.id)}
    assert actions == {"client.create", "client.update", "client.delete"}


@pytest.mark.parametrize("members, pointer", [
    ({"redirect_uris": ["http://app.example.com/done"]}, "/redirect_uris/0"), ({"redirect_uris": [REDIRECT, "https://a.example/#x"]}, "/redirect_uris/1"),
    ({"redirect_uris": []}, "/redirect_uris"), ({"redirect_uris": ["com.example.app:/done"]}, "/redirect_uris/0"),
    ({"post_logout_redirect_uris": ["x"]}, "/post_logout_redirect_uris/0"), ({"grants": ["refresh_token"]}, "/grants"), ({"grants": []}, "/grants"),
    ({"grants": ["password"]}, "/grants/0"), ({"scopes": ["nothing"]}, "/scopes/0"), ({"scopes": []}, "/scopes"), ({"audiences": ["relative"]}, "/audiences/0"),
    ({"confidential": False, "grants": ["authorization_code", "client_credentials"]}, "/grants"), ({"client_secret": "x"}, "/client_secret")])
def test_clients_that_make_no_sense(stack, members, pointer):
    good = {"confidential": True, "name": "x", "redirect_uris": [REDIRECT], "grants": ["authorization_code"], "scopes": ["openid"]}
    answer = oauth.admin_of(stack).post("/v1/oauth/clients", json={**good, **members})
    assert answer.status_code == 422 and pointer in [error["pointer"] for error in answer.json()["errors"]], answer.text


def test_clients_at_the_shell(stack, ada):
    made = json.loads(stack.ctl("client", "create", "--json", "--name", "From the shell", "--redirect-uri", REDIRECT, "--scope", "openid",
                                "--scope", "offline_access", "--audience", "https://api.example.com/").stdout)
    client = Client.known(stack, made["client_id"], made["client_secret"])
    tokens = client.tokens(Browser(stack, ada), scope="openid offline_access")
    listed = {row["client_id"]: row for row in json.loads(stack.ctl("client", "list", "--json").stdout)}
    assert listed[client.id]["kind"] == "confidential" and listed[client.id]["scopes"] == ["openid", "offline_access"]
    assert f"{client.id}  confidential  enabled       From the shell" in stack.ctl("client", "list").stdout
    old, client.secret = client.secret, json.loads(stack.ctl("client", "rotate-secret", client.id, "--json").stdout)["client_secret"]
    tokens = client.refresh(tokens["refresh_token"]).json()
    assert works(stack, tokens["access_token"])
    client.secret, new = old, client.secret
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_client"
    client.secret = new
    stack.ctl("client", "disable", client.id)
    for _ in range(12):
        assert not works(stack, tokens["access_token"])
    stack.ctl("client", "disable", "--enable", client.id)
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    text = stack.ctl("client", "create", "--public", "--name", "On a phone", "--redirect-uri", "com.example.app:/done").stdout
    assert "client_id" in text and "secret" not in text
    actions = [action for action, in stack.query("select action from audit_log where target_id = %s order by id", client.id)]
    assert actions == ["client.create", "client.secret", "client.update", "client.update"]


@pytest.mark.parametrize("arguments, exit, words", [
    (["create"], 2, "--name"), (["create", "--name", "x"], 2, "redirect_uris"), (["create", "--name", "x", "--redirect-uri", "http://a.example/"], 2, "redirect_uris/0"),
    (["create", "--name", "x", "--redirect-uri", REDIRECT, "--scope", "emial"], 2, "did you mean 'email'"),
    (["rotate-secret", "x"], 2, "UUID"), (["rotate-secret", "0192f3a4-5b6c-7d8e-9f01-23456789abcd"], 4, "no confidential client"),
    (["disable", "0192f3a4-5b6c-7d8e-9f01-23456789abcd"], 4, "no client"), (["disable"], 2, "")])
def test_slips_at_the_shell(stack, arguments, exit, words):
    done = stack.ctl("client", *arguments, check=False)
    assert done.returncode == exit and words in done.stderr, done.stderr


def test_secrets_are_rotated(stack):
    mine = Client(stack)
    answer = oauth.admin_of(stack).post(f"/v1/oauth/clients/{mine.id}/secret")
    old, mine.secret = mine.secret, answer.json()["client_secret"]
    assert answer.status_code == 200 and old != mine.secret and len(mine.secret) == 43
    assert mine.post("/oauth/token", grant_type="client_credentials").status_code == 200
    assert stack.session().post("/oauth/token", data={"grant_type": "client_credentials"}, headers=oauth.basic(mine.id, old)).status_code == 401
    public = Client(stack, confidential=False)
    assert public.secret is None and oauth.admin_of(stack).post(f"/v1/oauth/clients/{public.id}/secret").status_code == 404


def test_a_client_that_is_disabled_has_nothing_any_more(stack, ada):
    mine = Client(stack)
    browser = Browser(stack, ada)
    tokens = mine.tokens(browser, scope="openid offline_access")
    own = mine.post("/oauth/token", grant_type="client_credentials").json()["access_token"]
    code = browser.code(mine.params())
    path = f"/v1/oauth/clients/{mine.id}"
    assert oauth.admin_of(stack).patch(path, json={"disabled": True}).json()["disabled_at"]
    for _ in range(12):
        assert not works(stack, tokens["access_token"])
        assert stack.session(own).get("/v1/bookings").status_code == 401
    assert mine.refresh(tokens["refresh_token"]).json()["error"] == "invalid_client"
    assert browser.get("/oauth/authorize", **mine.params()).status_code == 400
    assert oauth.admin_of(stack).patch(path, json={"disabled": False}).json()["disabled_at"] is None
    assert mine.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert mine.exchange(code).json()["error"] == "invalid_grant"
