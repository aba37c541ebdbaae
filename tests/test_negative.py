"""Bad requests for every operation, made from the OpenAPI document (negative.py): each is refused with a problem that points to
what is wrong, nothing is written, nothing breaks."""
import http.client
import json
import re
import ssl
import time
import types
import urllib.parse

import pytest
from requests.structures import CaseInsensitiveDict

import marketplace
import negative
import oauth
from stack import TOP

OPS = re.findall(r"^OP\((\w+)\)", (TOP / "src/api/ops.def").read_text(), re.M)


@pytest.fixture(scope="module", autouse=True)
def nothing_by_itself(stack):
    """Jobs would change tables meanwhile, by the hour for example."""
    stack.stop("jobs")
    yield
    stack.start("jobs")


@pytest.fixture(scope="module")
def someone(stack):
    """A user with one of everything; .ids as negative.fill takes them."""
    user = stack.user()
    place = marketplace.make_property(stack.user())
    quote = marketplace.quote(user, place["id"], 10).json()
    booking = marketplace.book(user, marketplace.quote(user, place["id"], 20).json()["id"]).json()
    user.ids = {"/v1/roles/": "support", "/v1/users/": user.id, "/v1/properties/": place["id"], "/v1/quotes/": quote["id"], "/v1/bookings/": booking["id"]}
    account = user.get("/v1/ledger/statements").json()["data"][0]["id"]
    payout = stack.query("insert into payouts (id, payee_id, provider, currency, amount, status) "
                         "values (gen_random_uuid(), %s, 'elsewhere', 'USD', 100, 'pending') returning id::text", user.id)[0][0]
    told = user.post("/v1/webhook-endpoints", json={"url": "https://hooks.example.com/nexus"}).json()["id"]
    user.ids |= {"/v1/ledger/statements/": account, "/v1/payouts/": payout, "/v1/webhook-endpoints/": told}
    stack.ctl("user", "set-role", "--email", user.email, "guest", "host", "admin")  # so that no permission is in the way
    client = oauth.Client(stack)
    user.ids["/v1/oauth/clients/"] = client.id
    user.queries = {"federation_callback": {"state": "x" * 43, "code": "x"}, "oauth_authorize": client.params(), "oauth_continue": {"transaction": "x"}, "oauth_logout": {"client_id": client.id},
                    "oauth_userinfo": {}, "jwks": {}, "openid_configuration": {}, "oauth_configuration": {}}
    return user


class Wire:
    """A client that sends what it is given: requests puts bad escapes right. Answers look like those of requests."""

    def __init__(self, stack, token):
        self.stack, self.token = stack, token
        self.connection = http.client.HTTPSConnection(urllib.parse.urlsplit(stack.url).netloc, timeout=30,
                                                      context=ssl.create_default_context(cafile=str(stack.ca)))

    def send(self, method, target, body, headers, media="application/json"):
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), "Accept": "*/*", **headers}
        if body is not None:
            media = "multipart/form-data; boundary=b" if media == negative.MULTIPART else media
            headers = {"Content-Type": media, **headers}
        try:
            self.connection.request(method, target, body, headers)
            answer = self.connection.getresponse()
        except (http.client.HTTPException, OSError):  # the server had closed the idle connection
            self.connection.close()
            self.connection.request(method, target, body, headers)
            answer = self.connection.getresponse()
        content = answer.read()
        response = types.SimpleNamespace(
            status_code=answer.status, ok=answer.status < 400, content=content, text=content.decode(errors="replace"),
            headers=CaseInsensitiveDict(answer.getheaders()), json=lambda: json.loads(content),
            request=types.SimpleNamespace(method=method, url=self.stack.url + target))
        for check in self.stack.checks:
            check(response)
        return response


@pytest.fixture(scope="module")
def signed_in(stack, someone):
    made = Wire(stack, someone.token)
    made.since = time.monotonic()
    return made


@pytest.fixture
def wire(stack, someone, signed_in):
    """A busy machine takes longer for all operations than a token lasts."""
    if time.monotonic() - signed_in.since > 300:
        login = stack.session().post("/v1/auth/login", json={"email": someone.email, "password": someone.password})
        signed_in.token, signed_in.since = login.json()["access_token"], time.monotonic()
        someone.session.headers["Authorization"] = f"Bearer {signed_in.token}"
    return signed_in


def find(document, name):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if operation["operationId"] == name:
                return path, method, operation
    raise KeyError(name)


def points_to(problem, pointer):
    return any(pointer.startswith(error["pointer"]) or error["pointer"].startswith(pointer) for error in problem["errors"])


# How codes of problems are called where RFC 6749 words the answer.
OAUTH_CODES = {"bad_parameter": "invalid_request", "not_acceptable": "invalid_request", "bad_request": "invalid_request"}
STATUSES = {"body_too_large": 413, "uri_too_long": 414, "unsupported_media_type": 415, "not_acceptable": 406}


def complaint(case, response):
    """What is wrong with the answer to a case, or None."""
    if response.status_code == 303 and "error=invalid_request" in response.headers["Location"]:
        return None  # sent back to the client
    if not 400 <= response.status_code < 500:
        return f"{response.status_code} {response.text[:200]}"
    if response.headers["Content-Type"].startswith("text/html"):
        wanted = {STATUSES.get(code, 400) for code in case.codes}
        return None if response.status_code in wanted else f"{response.status_code} instead of {wanted}"
    problem = response.json()
    if "error" in problem:
        codes = {OAUTH_CODES.get(code, code) for code in case.codes} | ({"invalid_request"} if case.codes[0] in STATUSES else set())
        told = case.pointer is None or case.pointer[1:] in problem["error_description"]
        return None if problem["error"] in codes and told else f"{problem}"
    if problem["code"] not in case.codes:
        return f"code {problem['code']} {problem['errors'][:3]}"
    if case.pointer is not None and problem["code"] not in ("bad_json", "not_found") and not points_to(problem, case.pointer):
        return f"does not point to {case.pointer}: {problem['errors'][:3]}"
    return None


@pytest.mark.parametrize("name", OPS)
def test_bad_requests_are_refused(stack, contract, someone, wire, name):
    path, method, operation = find(contract.document, name)
    before = stack.of_each_table("count(*)")
    wrong = []
    cases = negative.cases(contract.document, path, operation, someone.ids, someone.queries.get(name))
    media = next(iter(operation.get("requestBody", {}).get("content", {"application/json": None})))
    for case in cases:
        target = case.path + ("?" + case.query if case.query else "")
        found = complaint(case, wire.send(method.upper(), target, case.body, case.headers, media))
        if found:
            wrong.append(f"{case.name}: {found}")
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong[:40])
    assert stack.of_each_table("count(*)") == before
    assert stack.session().get("/readyz").status_code == 200


@pytest.mark.parametrize("name", OPS)
def test_nobody_gets_in_without_a_valid_token(stack, contract, name):
    path, method, operation = find(contract.document, name)
    url = negative.fill(path, operation)
    anonymous = stack.session()
    if {} not in operation["security"] and operation["security"]:
        response = anonymous.request(method.upper(), url)
        code = response.json().get("code") or response.json()["error"]
        assert response.status_code == 401 and code in ("unauthenticated", "invalid_token")
    if {"bearer": []} in operation["security"]:
        for token in ("nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."):
            response = anonymous.request(method.upper(), url, headers={"Authorization": f"Bearer {token}"})
            assert response.status_code == 401 and "invalid_token" in response.headers["WWW-Authenticate"]
