"""Sign-in with accounts of OpenID providers: npm oidc-provider as it is, and providers that lie."""
import base64
import concurrent.futures
import hashlib
import hmac
import json
import shutil
import time
import urllib.parse

import jwt
import pytest

import openapi
import stack as stacks
from federation import KEYS, OidcProvider, Scenario, Stub, World, b64, jwk, public_pem
from mails import mails
from oauth import Browser, Client, Form
from stack import PASSWORD, TOP

PEOPLE = {"ada": {"email": "Ada@Example.com", "email_verified": True, "name": "Ada Lovelace"},
          "unproven": {"email": "unproven@example.com", "email_verified": False, "name": "U"},
          "owner": {"email": "owner@example.com", "email_verified": True, "name": "O"},
          "api": {"email": "api@example.com", "email_verified": True, "name": "P"}}


def hs256(secret):
    def sign(claims):
        text = b64(json.dumps({"alg": "HS256", "kid": "rsa"}).encode()) + "." + b64(json.dumps(claims).encode())
        return text + "." + b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())
    return sign


def signed_by(name, kid, alg="RS256", **header):
    return lambda claims: jwt.encode(claims, KEYS[name], alg, headers={"kid": kid, **header})


def tampered(claims):
    head, _, signature = jwt.encode(claims, KEYS["RS256"], "RS256", headers={"kid": "rsa"}).split(".")
    return f"{head}.{b64(json.dumps({**claims, 'sub': 'somebody else'}).encode())}.{signature}"


def slowly(handler):
    """A byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    try:
        for _ in range(200):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        pass
    handler.close_connection = True


def huge(handler):
    return 200, b'{"keys":[' + b'{"kty":"oct","k":"' + b"A" * 10_000_000 + b'"}]}'


def redirect_to_itself(handler):
    return 302, {}, {"Location": handler.path}


# name -> what the provider does wrong. None of it may log anybody in.
HOSTILE = {
    "issuer-in-metadata": {"metadata": {"issuer": "http://127.0.0.1:1/evil"}},
    "issuer-with-slash": {"metadata": {"issuer": "slash"}},  # completed below
    "no-issuer": {"metadata": {"issuer": None}},
    "issuer-in-token": {"claims": {"iss": "https://accounts.example.org"}},
    "alg-none": {"sign": lambda claims: jwt.encode(claims, None, "none")},
    "alg-none-metadata": {"sign": lambda claims: jwt.encode(claims, None, "none"),
                          "metadata": {"id_token_signing_alg_values_supported": ["none", "HS256"]}},
    "alg-hs256-public-key": {"sign": hs256(public_pem("RS256"))},
    "alg-hs256-secret": {"sign": hs256(b"s3cret +/=%:&")},
    "alg-not-announced": {"alg": "ES256", "metadata": {"id_token_signing_alg_values_supported": ["RS256"]}},
    "alg-default-rs256": {"alg": "ES256", "metadata": {"id_token_signing_alg_values_supported": None}},
    "unsigned-change": {"sign": tampered},
    "key-of-somebody": {"sign": signed_by("other", "rsa")},
    "key-in-header": {"sign": signed_by("other", "new", jwk=jwk("other", "new"))},
    "key-by-address": {"sign": signed_by("other", "new", jku="https://evil.example/jwks")},
    "key-unknown": {"sign": signed_by("RS256", "no such")},
    "key-small": {"keys": [jwk("small", "small")], "sign": signed_by("small", "small")},
    "key-twice": {"keys": [jwk("RS256", "rsa"), jwk("other", "rsa")]},
    "key-for-encryption": {"keys": [{**jwk("RS256", "rsa"), "use": "enc"}]},
    "crit": {"header": {"crit": ["exp"]}},
    "typ-access-token": {"header": {"typ": "at+jwt"}},
    "jwks-elsewhere": {"metadata": {"jwks_uri": "elsewhere"}},
    "jwks-by-name": {"metadata": {"jwks_uri": "https://localhost:443/jwks"}},
    "jwks-cloud": {"metadata": {"jwks_uri": "https://169.254.169.254/latest/meta-data"}},
    "jwks-file": {"metadata": {"jwks_uri": "file:///etc/passwd"}},
    "jwks-10-mb": {"endpoints": {"jwks": huge}},
    "jwks-not-json": {"endpoints": {"jwks": lambda handler: (200, b"<html>", {"Content-Type": "text/html"})}},
    "jwks-no-set": {"endpoints": {"jwks": lambda handler: (200, {"keys": {}})}},
    "jwks-500": {"endpoints": {"jwks": lambda handler: (500, {})}},
    "jwks-slow": {"endpoints": {"jwks": slowly}},
    "token-elsewhere": {"metadata": {"token_endpoint": "elsewhere"}},
    "token-slow": {"endpoints": {"token": slowly}},
    "token-redirect": {"endpoints": {"token": lambda handler: (307, {}, {"Location": handler.path})}},
    "token-refused": {"endpoints": {"token": lambda handler: (400, {"error": "invalid_grant\r\n<script>"})}},
    "token-garbage": {"endpoints": {"token": lambda handler: (200, b'{"id_token":')}},
    "token-duplicate": {"endpoints": {"token": lambda handler: (200, b'{"id_token":"a","id_token":"b"}')}},
    "token-no-id": {"response": {"id_token": None}},
    "token-mac": {"response": {"token_type": "mac"}},
    "token-hangup": {"endpoints": {"token": lambda handler: handler.connection.close()}},
    "discovery-redirect": {"endpoints": {".well-known/openid-configuration": redirect_to_itself}},
    "discovery-slow": {"endpoints": {".well-known/openid-configuration": slowly}},
    "discovery-huge": {"endpoints": {".well-known/openid-configuration": huge}},
    "discovery-html": {"endpoints": {".well-known/openid-configuration":
                                     lambda handler: (200, b"<html>", {"Content-Type": "text/html"})}},
    "authorize-script": {"metadata": {"authorization_endpoint": "javascript:alert(1)"}},
    "sub-changed": {"claims": {"email": None, "name": None}, "userinfo": {"sub": "somebody else"}},
    "sub-missing-in-userinfo": {"claims": {"email": None}, "userinfo": {"sub": None}},
    "sub-number": {"claims": {"sub": 7}},
    "sub-missing": {"claims": {"sub": None}},
    "sub-control": {"claims": {"sub": "a\u0000b"}},
    "email-unverified": {"claims": {"email_verified": False}, "userinfo": {"email_verified": False}},
    "email-verified-text": {"claims": {"email_verified": "true"}, "userinfo": {"email_verified": "true"}},
    "email-verified-number": {"claims": {"email_verified": 1}, "userinfo": {"email_verified": 1}},
    "email-not-said": {"claims": {"email_verified": None}, "userinfo": {"email_verified": None}},
    "email-missing": {"claims": {"email": None}, "userinfo": {"email": None}},
    "email-rubbish": {"claims": {"email": "no address"}, "userinfo": {"email": "no address"}},
    "nonce-missing": {"claims": {"nonce": None}},
    "nonce-wrong": {"claims": {"nonce": "another"}},
    "nonce-list": {"claims": lambda claims: {"nonce": [claims["nonce"]]}},
    "aud-other": {"claims": {"aud": "another-client"}},
    "aud-many": {"claims": {"aud": ["nexus", "another-client"]}},
    "azp-other": {"claims": {"azp": "another-client"}},
    "aud-missing": {"claims": {"aud": None}},
    "expired": {"claims": {"exp": 1_700_000_000}},
    "exp-text": {"claims": {"exp": "2999999999"}},
    "exp-missing": {"claims": {"exp": None}},
    "iat-old": {"claims": {"iat": 1_700_000_000}},
    "iat-future": {"claims": {"iat": 2_900_000_000, "exp": 2_900_000_300}},
    "at-hash-wrong": {"claims": {"at_hash": b64(b"0123456789abcdef")}},
}
SLOW = {"jwks-slow", "token-slow", "discovery-slow"}
GOOD = {"rs256": {}, "ps256": {"alg": "PS256"}, "es256": {"alg": "ES256"}, "eddsa": {"alg": "EdDSA"},
        "post": {"metadata": {"token_endpoint_auth_methods_supported": ["client_secret_post"]}},
        "no-at-hash": {"at_hash": False}, "no-iss-advertised": {"metadata": {"authorization_response_iss_parameter_supported": None}},
        "userinfo-only": {"claims": {"email": None, "email_verified": None, "name": None}},
        "escapes": {"claims": {"name": "Gr\u00e9ta / \"H\""}}, "cancel": {}, "mixed-up": {}, "flood": {}, "rotating": {},
        "linking": {}, "second": {}, "states": {}, "suspended": {}, "busy": {}, "twice": {}, "taken": {}, "last": {}}


@pytest.fixture(scope="module")
def world():
    stub, elsewhere = Stub(), Stub()
    with stacks.private_stack({"login_providers_timeout": "700ms", "hash_slots": "4"}) as stack:
        world = World(openapi.guard(stack))
        world.stub, world.elsewhere = stub, elsewhere
        for name, behaviour in {**HOSTILE, **GOOD}.items():
            scenario = Scenario(stub, name, **behaviour)
            for key, value in scenario.metadata.items():
                if value == "elsewhere":
                    scenario.metadata = {**scenario.metadata, key: elsewhere.base + "/" + key}
                if value == "slash":
                    scenario.metadata = {key: scenario.issuer + "/"}
            world.add(name, scenario.issuer)
        world.add("down", "http://127.0.0.1:9/nobody")
        if shutil.which("node") and (TOP / "tests/node_modules/oidc-provider").exists():
            world.house = OidcProvider([stack.url + "/oauth/callback/house"], PEOPLE)
            world.add("house", world.house.issuer, label='"The House & Co"')
        world.reload()
        yield world
        world.close()
        if hasattr(world, "house"):
            world.house.close()
    stub.close()
    elsewhere.close()


@pytest.fixture
def house(world):
    if not hasattr(world, "house"):
        pytest.skip("node or tests/node_modules is missing: cd tests && npm ci")
    return world.house


def words(answer):
    return Form(answer.text).words


def through_house(world, house, name, browser=None, **params):
    """Sign in at oidc-provider as `name`: (browser, answer)."""
    browser = browser or Browser(world.stack)
    answer = browser.get("/oauth/login/house", **params)
    assert answer.status_code == 303, answer.text
    back = house.log_in(answer.headers["Location"], name, world.stack.url)
    return browser, browser.get(back)


def assert_nobody(world, scenario, browser):
    assert world.identities(scenario.issuer) == []
    assert not world.who(browser)
    assert world.stack.query("select count(*) from users where email = %s", f"{scenario.name}@example.com") == [(0,)]


# ------------------------------------------------------------------------------------------ oidc-provider


def test_oidc_provider_new_account(world, house):
    browser, answer = through_house(world, house, "ada")
    assert answer.status_code == 200, (world.why(), answer.text)
    assert "You are logged in" in words(answer)
    assert world.who(browser) == "ada@example.com"
    rows = world.stack.query("select u.name, u.email_verified_at is not null, i.subject, i.provider, i.email,"
                             " (select count(*) from user_credentials c where c.user_id = u.id),"
                             " (select array_agg(role_name order by role_name) from user_roles r where r.user_id = u.id)"
                             " from users u join user_identities i on i.user_id = u.id where i.issuer = %s and i.subject = 'ada'",
                             house.issuer)
    assert rows == [("Ada Lovelace", True, "ada", "house", "ada@example.com", 0, ["guest", "host"])]
    # again: the same account
    other, answer = through_house(world, house, "ada")
    assert answer.status_code == 200 and world.who(other) == "ada@example.com"
    assert world.stack.query("select count(*) from users where email = 'ada@example.com'") == [(1,)]


def test_oidc_provider_from_the_log_in_page_to_tokens(world, house):
    client = Client(world.stack)
    params = client.params(scope="openid email account")
    browser = Browser(world.stack)
    page = browser.get("/oauth/authorize", **params)
    assert "Continue with The House &amp; Co" in page.text
    form = Form(page.text)
    browser, answer = through_house(world, house, "api", browser, transaction=form.fields["transaction"])
    answer = browser.submit(answer, decision="allow")
    assert answer.status_code == 303, answer.text
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["Location"]).query))
    assert query["state"] == "the state"
    tokens = client.exchange(query["code"]).json()
    info = world.stack.session(tokens["access_token"]).get("/oauth/userinfo").json()
    assert info["email"] == "api@example.com" and info["email_verified"] is True
    me = world.stack.session(tokens["access_token"])
    assert [row["provider"] for row in me.get("/v1/me/identities").json()["data"]] == ["house"]


def test_oidc_provider_unverified_address(world, house):
    browser, answer = through_house(world, house, "unproven")
    assert answer.status_code == 403 and "verified" in words(answer)
    assert not world.who(browser) and ("unproven",) not in {row[:1] for row in world.identities(house.issuer)}


def test_oidc_provider_existing_account_has_to_be_proven(world, house):
    owner = world.stack.user(email="owner@example.com")
    browser, page = through_house(world, house, "owner")
    assert page.status_code == 200 and "password" in Form(page.text).fields
    assert not world.who(browser) and all(row[0] != "owner" for row in world.identities(house.issuer))
    wrong = browser.submit(page, password="not the password")
    assert wrong.status_code == 401 and "not the password" in Form(wrong.text).fault
    assert not world.who(browser)
    done = browser.submit(wrong, password=PASSWORD)
    assert done.status_code == 200 and world.who(browser) == "owner@example.com"
    assert [str(row[1]) for row in world.identities(house.issuer) if row[0] == "owner"] == [owner.id]
    assert mails(world.stack, "owner@example.com", "account.identity_linked")[0]["provider"] == "The House & Co"
    # from now on without
    other, answer = through_house(world, house, "owner")
    assert answer.status_code == 200 and world.who(other) == "owner@example.com"


def test_oidc_provider_cancelled(world, house):
    browser, asked = world.start("house")
    answer = world.come_back("house", browser, state=asked["state"], error="access_denied", iss=house.issuer)
    assert answer.status_code == 403 and "did not sign in" in words(answer)


# ------------------------------------------------------------------------------------------- good providers


@pytest.mark.parametrize("name", ["rs256", "ps256", "es256", "eddsa", "post", "no-at-hash", "no-iss-advertised", "userinfo-only",
                                  "escapes"])
def test_good_provider(world, name):
    scenario = world.stub.scenarios[name]
    browser, answer = world.sign_in(scenario)
    assert answer.status_code == 200, (world.why(), answer.text)
    assert world.who(browser) == f"{name}@example.com"
    assert [(row[0], row[2]) for row in world.identities(scenario.issuer)] == [(scenario.subject(), f"{name}@example.com")]


def test_what_is_asked_of_the_provider(world):
    browser, asked = world.start("states")
    assert asked["response_type"] == "code" and asked["client_id"] == "nexus" and asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == world.stack.url + "/oauth/callback/states" and asked["scope"] == "openid email profile"
    _, again = world.start("states", browser)
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))
    cookie = browser.cookie("__Host-nexus_flow")
    assert cookie.secure and cookie.path == "/" and not cookie.domain_specified


def test_documents_are_kept(world):
    scenario = world.stub.scenarios["rs256"]
    for _ in range(20):
        assert world.sign_in(scenario)[1].status_code == 200
    workers = len(world.stack.workers())
    assert scenario.hits["jwks"] <= workers and scenario.hits[".well-known/openid-configuration"] <= workers


def test_rotated_keys_are_found(world):
    scenario = world.stub.scenarios["rotating"]
    for _ in range(30):  # every worker has seen the old set, or will see the new one first
        assert world.sign_in(scenario)[1].status_code == 200
    seen = scenario.hits["jwks"]
    scenario.keys = [jwk("other", "next")]
    scenario.sign = signed_by("other", "next")
    statuses = [world.sign_in(scenario)[1].status_code for _ in range(10)]
    # A set fetched less than a minute ago is not fetched again: what is refused is refused as a failure of the provider.
    assert set(statuses) <= {200, 502} and scenario.hits["jwks"] >= seen


# -------------------------------------------------------------------------------------------- hostile providers


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_provider(world, name):
    scenario = world.stub.scenarios[name]
    browser = Browser(world.stack)
    begun = time.monotonic()
    answer = browser.get(f"/oauth/login/{name}")
    if answer.status_code == 303 and answer.headers["Location"].startswith(scenario.issuer + "/authorize"):
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["Location"]).query))
        scenario.codes["the-code"] = asked
        answer = world.come_back(name, browser, state=asked["state"], code="the-code", iss=scenario.issuer)
    assert answer.status_code == (403 if name.startswith("email-") else 502), answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8" and "<script" not in answer.text
    assert time.monotonic() - begun < 5
    assert_nobody(world, scenario, browser)
    assert world.elsewhere.strangers == []


def test_hostile_answers_of_the_browser(world):
    """What comes back by the browser: mix-up, replay, other browsers, other providers."""
    scenario = world.stub.scenarios["mixed-up"]
    for iss in ("https://accounts.example.org", scenario.issuer + "/", None):
        browser, asked = world.start("mixed-up")
        scenario.codes["c"] = asked
        answer = world.come_back("mixed-up", browser, state=asked["state"], code="c", iss=iss)
        assert answer.status_code == 502, iss
        assert scenario.hits["token"] == 0  # the code was shown to nobody
    assert_nobody(world, scenario, browser)


def test_state_is_single_use_and_of_one_browser(world):
    scenario = world.stub.scenarios["states"]
    browser, asked = world.start("states")
    scenario.codes["c1"] = asked
    stranger = Browser(world.stack)
    stranger.get("/oauth/login/states")
    for other in (Browser(world.stack), stranger):
        answer = world.come_back("states", other, state=asked["state"], code="c1", iss=scenario.issuer)
        assert answer.status_code == 400 and "another browser" in words(answer)
    for state in (asked["state"][:-1], asked["state"] + "A", "A" * 43, "", None, "%00", "a" * 500, asked["state"][::-1]):
        assert world.come_back("states", browser, state=state, code="c1", iss=scenario.issuer).status_code == 400
    # of another provider
    other = world.stub.scenarios["rs256"]
    assert world.come_back("rs256", browser, state=asked["state"], code="c1", iss=other.issuer).status_code == 400
    assert scenario.hits["token"] == 0 and world.identities(scenario.issuer) == []
    assert world.come_back("states", browser, state=asked["state"], code="c1", iss=scenario.issuer).status_code == 200
    scenario.codes["c2"] = asked
    assert world.come_back("states", browser, state=asked["state"], code="c2", iss=scenario.issuer).status_code == 400
    assert scenario.hits["token"] == 1


def test_expired_state(world):
    scenario = world.stub.scenarios["states"]
    browser, asked = world.start("states")
    world.stack.query("update login_attempts set expires_at = now() - interval '1 second'")
    scenario.codes["late"] = asked
    assert world.come_back("states", browser, state=asked["state"], code="late", iss=scenario.issuer).status_code == 400


def test_one_state_raced_for(world):
    scenario = world.stub.scenarios["twice"]
    browser, asked = world.start("twice")
    scenario.codes["once"] = asked
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        def back(_):
            session = world.stack.session()
            session.cookies.update(browser.session.cookies)
            return session.get("/oauth/callback/twice", params={"state": asked["state"], "code": "once", "iss": scenario.issuer},
                               allow_redirects=False).status_code
        statuses = sorted(pool.map(back, range(8)))
    assert statuses == [200] + [400] * 7
    assert scenario.hits["token"] == 1


def test_unknown_keys_do_not_make_workers_fetch(world):
    """1000 tokens of keys nobody knows: each worker looks once more, at most."""
    scenario = world.stub.scenarios["flood"]
    scenario.sign = lambda claims: jwt.encode(claims, KEYS["other"], "RS256", headers={"kid": f"unknown-{claims['nonce']}"})

    def some(_):
        browser, found = Browser(world.stack), set()
        for _ in range(500):
            answer = browser.get("/oauth/login/flood")
            if answer.status_code == 303:
                asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["Location"]).query))
                scenario.codes[asked["state"]] = asked
                answer = world.come_back("flood", browser, state=asked["state"], code=asked["state"], iss=scenario.issuer)
            found.add(answer.status_code)
        return found
    with concurrent.futures.ThreadPoolExecutor(2) as pool:  # as many as may wait for providers
        statuses = set().union(*pool.map(some, range(2)))
    assert statuses == {502}
    assert scenario.hits["token"] == 1000
    assert scenario.hits["jwks"] <= 2 * len(world.stack.workers())
    assert world.identities(scenario.issuer) == []


def test_slow_providers_hold_few_workers(world):
    """While a provider drips, as many workers as allowed wait for it; others are refused at once and everything else goes on."""
    scenario = world.stub.scenarios["busy"]
    warm = [world.sign_in(scenario)[1].status_code for _ in range(20)]
    assert set(warm) == {200}
    scenario.endpoints["token"] = slowly
    ready = []
    for _ in range(16):
        browser, asked = world.start("busy")
        ready.append((browser, asked))
    with concurrent.futures.ThreadPoolExecutor(17) as pool:
        waiting = [pool.submit(world.come_back, "busy", browser, state=asked["state"], code="x", iss=scenario.issuer)
                   for browser, asked in ready]
        reads = []
        while not all(one.done() for one in waiting):
            begun = time.monotonic()
            assert world.stack.session().get("/v1/auth/providers").status_code == 200
            reads.append(time.monotonic() - begun)
        answers = [one.result() for one in waiting]
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {502, 503}, statuses
    assert all(answer.headers["Retry-After"] == "1" for answer in answers if answer.status_code == 503)
    assert statuses.count(502) <= max(1, len(world.stack.workers()) // 4) * 3  # turns, taken by one after another
    assert sorted(reads)[len(reads) // 2] < 0.5


def test_provider_that_is_down(world):
    for _ in range(3):
        answer = world.stack.session().get("/oauth/login/down", allow_redirects=False)
        assert answer.status_code == 502 and "another way" in words(answer)


# -------------------------------------------------------------------------------------------------- accounts


def test_second_factor_is_asked_for(world):
    scenario = world.stub.scenarios["second"]
    user = world.stack.user(email="second@example.com")
    secret = user.post("/v1/me/totp", json={"password": user.password}).json()["secret"]
    codes = totp_codes(secret)
    answer = user.post("/v1/me/totp/confirm", json={"code": codes(0)})
    assert answer.status_code in (200, 204), answer.text
    recovery = answer.json()["recovery_codes"]
    # to link: password and code
    browser, page = world.sign_in(scenario)
    page = browser.submit(page, password=user.password)
    assert page.status_code == 401 and "code" in Form(page.text).fields and not world.who(browser)
    page = browser.submit(page, password=user.password, code=recovery[0])
    assert page.status_code == 200 and world.who(browser) == "second@example.com"
    # to log in afterwards: the code
    browser, page = world.sign_in(scenario)
    assert page.status_code == 200 and set(Form(page.text).fields) == {"pending", "code"} and not world.who(browser)
    wrong = browser.submit(page, code="000000")
    assert wrong.status_code == 401 and not world.who(browser)
    assert browser.submit(wrong, code=recovery[0]).status_code == 401  # used
    assert browser.submit(wrong, code=recovery[1]).status_code == 200
    assert world.who(browser) == "second@example.com"
    methods = world.stack.query("select methods from sessions s join users u on u.id = s.user_id where u.email = %s"
                                " and kind = 'browser' order by s.created_at desc limit 1", user.email)
    assert methods == [(["fed", "otp", "mfa"],)]


def totp_codes(secret):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))

    def code(offset):
        digest = hmac.new(key, (int(time.time()) // 30 + offset).to_bytes(8, "big"), hashlib.sha1).digest()
        at = digest[-1] & 15
        return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7fffffff) % 1000000:06d}"
    return code


def test_form_of_another_browser_or_site(world):
    scenario = world.stub.scenarios["taken"]
    user = world.stack.user(email="taken@example.com")
    browser, page = world.sign_in(scenario)
    pending = Form(page.text).fields["pending"]
    stranger = Browser(world.stack)
    stranger.get("/oauth/login/taken")
    form = {"pending": pending, "password": user.password}
    assert stranger.post("/oauth/link", form).status_code == 400
    assert browser.post("/oauth/link", form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.post("/oauth/link", {**form, "pending": pending[:-4] + "AAAA"}).status_code == 400
    assert browser.post("/oauth/link", {**form, "pending": "x"}).status_code == 400
    assert world.identities(scenario.issuer) == []
    assert browser.post("/oauth/link", form).status_code == 200
    assert browser.post("/oauth/link", form).status_code == 200  # sent twice: logged in, linked once
    assert len(world.identities(scenario.issuer)) == 1


def test_suspended_account(world):
    scenario = world.stub.scenarios["suspended"]
    assert world.sign_in(scenario)[1].status_code == 200
    world.stack.query("update users set status = 'suspended' where email = 'suspended@example.com'")
    browser, answer = world.sign_in(scenario)
    assert answer.status_code == 403 and not world.who(browser)


def test_link_list_and_unlink(world):
    scenario = world.stub.scenarios["linking"]
    scenario.userinfo = scenario.claims = {"email": "elsewhere@example.org", "email_verified": False}
    user = world.stack.user()
    assert user.post("/v1/me/identities", json={"provider": "linking"}).status_code == 403
    assert user.post("/v1/me/identities", json={"provider": "linking", "password": "wrong one"}).status_code == 403
    assert user.post("/v1/me/identities", json={"provider": "nobody", "password": user.password}).status_code == 404
    started = user.post("/v1/me/identities", json={"provider": "linking", "password": user.password})
    assert started.status_code == 201, started.text
    ticket = urllib.parse.parse_qs(urllib.parse.urlsplit(started.json()["url"]).query)["ticket"][0]
    # the ticket is of its provider, and good once
    assert Browser(world.stack).get("/oauth/login/rs256", ticket=ticket).status_code == 400
    browser, page = world.sign_in(scenario, ticket=ticket)
    assert Browser(world.stack).get("/oauth/login/linking", ticket=ticket).status_code == 400
    assert page.status_code == 200 and user.email in words(page) and "elsewhere@example.org" in words(page)
    assert world.identities(scenario.issuer) == [] and set(Form(page.text).fields) == {"pending"}
    assert browser.submit(page).status_code == 200
    assert not world.who(browser)
    listed = user.get("/v1/me/identities").json()["data"]
    assert [(row["provider"], row["email"]) for row in listed] == [("linking", "elsewhere@example.org")]
    assert mails(world.stack, user.email, "account.identity_linked")
    # it logs in now, although the address is another one and not verified
    browser, answer = world.sign_in(scenario)
    assert answer.status_code == 200 and world.who(browser) == user.email
    # somebody else cannot have it, see it, or take it away
    other = world.stack.user()
    url = other.post("/v1/me/identities", json={"provider": "linking", "password": other.password}).json()["url"]
    ticket = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["ticket"][0]
    assert world.sign_in(scenario, ticket=ticket)[1].status_code == 409
    assert other.get("/v1/me/identities").json()["data"] == []
    assert other.delete(f"/v1/me/identities/{listed[0]['id']}").status_code == 404
    assert user.delete(f"/v1/me/identities/{listed[0]['id']}").status_code == 204
    assert user.delete(f"/v1/me/identities/{listed[0]['id']}").status_code == 404
    assert world.identities(scenario.issuer) == []
    actions = world.stack.query("select action from audit_log where target_id = %s and action like 'identity.%%' order by at", user.id)
    assert actions == [("identity.link",), ("identity.unlink",)]


def test_last_way_to_log_in_stays(world):
    scenario = world.stub.scenarios["last"]
    client = Client(world.stack, trusted=True)
    browser = Browser(world.stack)
    page = browser.get("/oauth/authorize", **client.params(scope="openid account"))
    _, answer = world.sign_in(scenario, browser, transaction=Form(page.text).fields["transaction"])
    assert answer.status_code == 303, answer.text
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.headers["Location"]).query)["code"][0]
    me = world.stack.session(client.exchange(code).json()["access_token"])
    link = me.get("/v1/me/identities").json()["data"][0]
    refused = me.delete(f"/v1/me/identities/{link['id']}")
    assert refused.status_code == 409 and refused.json()["code"] == "last_login_method"
    # a password, by the way of those who have forgotten theirs
    world.stack.session().post("/v1/auth/forgot-password", json={"email": "last@example.com"})
    token = mails(world.stack, "last@example.com", "account.reset_password")[0]["token"]
    reset = world.stack.session().post("/v1/auth/reset-password", json={"token": token, "password": PASSWORD + " new"})
    assert reset.status_code in (200, 204), reset.text
    login = world.stack.session().post("/v1/auth/login", json={"email": "last@example.com", "password": PASSWORD + " new"})
    assert login.status_code == 200, login.text
    assert world.stack.session(login.json()["access_token"]).delete(f"/v1/me/identities/{link['id']}").status_code == 204


def test_cancel_leads_back_to_the_log_in_page(world):
    scenario = world.stub.scenarios["cancel"]
    browser = Browser(world.stack)
    page = browser.get("/oauth/authorize", **Client(world.stack).params())
    _, asked = world.start("cancel", browser, transaction=Form(page.text).fields["transaction"])
    answer = world.come_back("cancel", browser, state=asked["state"], error="access_denied", iss=scenario.issuer)
    assert answer.status_code == 200 and Form(answer.text).action == "/oauth/login"


# ---------------------------------------------------------------------------------------------- configuration


def test_list_of_providers(world):
    listed = world.stack.session().get("/v1/auth/providers").json()["data"]
    assert [row["name"] for row in listed] == world.names
    assert listed[0]["start_url"] == f"{world.stack.url}/oauth/login/{world.names[0]}"
    assert Browser(world.stack).get("/oauth/login/nobody").status_code == 404
    assert Browser(world.stack).get("/oauth/callback/nobody", state="x").status_code == 404


def test_nothing_secret_is_logged(world):
    text = world.stack.log("api") + world.stack.log("nginx-access") + world.stack.log("nginx")
    assert "s3cret" not in text
    browser, asked = world.start("states")
    world.stub.scenarios["states"].codes["canary-code-7351"] = asked
    world.come_back("states", browser, state=asked["state"], code="canary-code-7351", iss=world.stub.scenarios["states"].issuer)
    text = world.stack.log("api") + world.stack.log("nginx-access") + world.stack.log("nginx")
    assert "canary-code-7351" not in text and asked["state"] not in text
    assert '"why":"the ID token has not the nonce of this log-in"' in text  # but what went wrong is


def test_check_says_what_is_wrong(world):
    fine = world.stack.ctl("check")
    assert "providers" in fine.stdout
    path = world.folder / "rs256.conf"
    good = path.read_text()
    try:
        path.write_text(good.replace("client_id", "client_di"))
        done = world.stack.ctl("check", check=False)
        assert done.returncode == 3
        assert f"{path}:2: unknown setting 'client_di'; did you mean 'client_id'?" in done.stdout
        # a reload with such a file changes nothing
        before = world.stack.workers()
        world.stack.signal("api", 1)
        stacks.wait_until(lambda: "client_di" in world.stack.log("api"), 20, "the refusal in the log")
        assert world.stack.workers() == before
    finally:
        path.write_text(good)


def make_certificate(folder):
    """A CA and a certificate for localhost: (ca, certificate, key)."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID
    now = datetime.datetime.utcnow()

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
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(build(ca_name, ca_key, ca_name, ca_key, True).public_bytes(pem))
    (folder / "cert.pem").write_bytes(build(name, key, ca_name, ca_key, False).public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / "ca.pem", folder / "cert.pem", folder / "key.pem"


def test_https_with_a_ca_of_ones_own(world):
    """Last: it reloads twice."""
    ca, certificate, key = make_certificate(world.folder)
    stub = Stub((str(certificate), str(key)))
    try:
        scenario = Scenario(stub, "tls")
        world.add("tls", scenario.issuer)
        world.reload()
        browser = Browser(world.stack)
        assert browser.get("/oauth/login/tls").status_code == 502  # the system's CAs do not know it
        world.reload(login_providers_ca=ca)
        browser, answer = world.sign_in(scenario)
        assert answer.status_code == 200 and world.who(browser) == "tls@example.com"
    finally:
        stub.close()
