"""HTTP as the workers speak it: methods, negotiation, conditions, traces, limits, origins, logs; over HTTPS and, for what Nginx never
lets through, straight on the workers' socket."""
import json
import re
import socket
import ssl
import urllib.parse
import uuid

import pytest

import fcgi
import marketplace
from stack import wait_until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user()


def direct(stack, *args, **kwargs):
    status, headers, body = fcgi.call(stack.socket, *args, **kwargs)
    return status, headers, json.loads(body) if body else None


# ---- on the socket

@pytest.mark.parametrize("length, body", [
    ("1000", b"{}"), ("1", b"{}"), ("", b"{}"), ("0", b"{}"), ("+2", b"{}"), ("-2", b"{}"), ("2x", b"{}"), ("0x2", b"{}"),
    ("99999999999999999999", b"{}"), ("2", b""), ("3", b"{}" * 5000)])
def test_bodies_are_as_long_as_they_say(stack, length, body):
    status, _, problem = direct(stack, method="POST", path="/v1/auth/login", body=body, CONTENT_LENGTH=length,
                                CONTENT_TYPE="application/json")
    assert status == 400 and problem["code"] == "bad_length"


def test_a_large_body_is_refused_in_time(stack):
    status, _, problem = direct(stack, method="POST", path="/v1/auth/login", body=b"a" * 3_000_000,
                                CONTENT_TYPE="application/json")
    assert status == 413 and problem["code"] == "body_too_large"


@pytest.mark.parametrize("more, status, code", [
    ({"SERVER_PROTOCOL": "HTTP/0.9"}, 400, "bad_request"),
    ({"SERVER_PROTOCOL": "SIP/2.0"}, 400, "bad_request"),
    ({"REQUEST_METHOD": "FOO_BAR"}, 501, "method_unknown"),
    ({"REQUEST_METHOD": "TRACE"}, 501, "method_unknown"),
    ({"REQUEST_METHOD": ""}, 501, "method_unknown"),
    ({"REQUEST_URI": ""}, 400, "bad_request"),
    ({"REQUEST_URI": "http://elsewhere/v1/me"}, 404, "not_found"),
    ({"REQUEST_URI": "*"}, 404, "not_found"),
    ({"HTTP_X_LONG": "a" * 20000}, 431, "headers_too_large"),
    ({"HTTP_TRANSFER_ENCODING": "gzip"}, 400, "bad_request"),
    ({"HTTP_AUTHORIZATION": "Bearer " + "a" * 10000}, 401, "unauthenticated"),
    ({"HTTP_AUTHORIZATION": "Bearer a\0b"}, 401, "unauthenticated"),
])
def test_odd_requests_are_refused(stack, more, status, code):
    got, headers, problem = direct(stack, path="/v1/me", **more)
    assert (got, problem["code"]) == (status, code)
    assert headers["X-Request-Id"] == problem["request_id"]
    # Nothing of the inside, nothing of the sender comes back.
    assert not re.search(r"select |/home|/usr|/var|\.c:\d|postgres|SIP|FOO_BAR|elsewhere", json.dumps(problem))


@pytest.mark.parametrize("name", ["HTTP_AUTHORIZATION", "HTTP_IDEMPOTENCY_KEY", "CONTENT_TYPE", "HTTP_IF_MATCH"])
def test_a_header_that_counts_comes_once(stack, name):
    params = [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/v1/properties"), ("SERVER_PROTOCOL", "HTTP/1.1"),
              (name, "a"), (name, "b")]
    with fcgi.connect(stack.socket) as peer:
        peer.sendall(fcgi.begin() + fcgi.stream(fcgi.PARAMS, fcgi.pairs(params)) + fcgi.stream(fcgi.STDIN, b""))
        status, _, body = fcgi.answer(fcgi.read_all(peer))
    assert status == 400 and json.loads(body)["code"] == "bad_request"


def test_the_proxy_header_and_the_host_mean_nothing(stack):
    status, headers, _ = direct(stack, path="/v1/users", method="OPTIONS", HTTP_PROXY="http://evil.example", HTTP_HOST="evil.example")
    assert status == 204 and headers["Allow"] == "POST, OPTIONS"
    _, _, problem = direct(stack, path="/v1/nowhere", HTTP_HOST="evil.example")
    assert problem["type"].startswith(stack.url) and "evil" not in json.dumps(problem)


# ---- over HTTPS, byte by byte

def raw(stack, data):
    """What comes back for these bytes on one TLS connection of HTTP/1.1."""
    address = urllib.parse.urlsplit(stack.url)
    context = ssl.create_default_context(cafile=str(stack.ca))
    with socket.create_connection((address.hostname, address.port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as peer:
            peer.sendall(data.encode("latin-1") if isinstance(data, str) else data)
            return fcgi.read_all(peer)


def status_of(answer):
    line = answer.partition(b"\r\n")[0]
    assert re.fullmatch(rb"HTTP/1\.1 \d{3} [A-Z].*", line), line
    return int(line.split(b" ")[1])


@pytest.mark.parametrize("line, status", [
    ("GET /v1/properties?limit=1 HTTP/1.1", 200),
    ("GET /v1/%70roperties?limit=1 HTTP/1.1", 200),
    ("GET https://localhost/v1/properties?limit=1 HTTP/1.1", 200),
    ("FOO /v1/properties HTTP/1.1", 501),
    ("get /v1/properties HTTP/1.1", 400),
    ("GET //v1/properties HTTP/1.1", 404),
    ("GET /v1//properties HTTP/1.1", 404),
    ("GET /v1/properties/ HTTP/1.1", 404),
    ("GET /v1/./properties HTTP/1.1", 404),
    ("GET /v1/x/../properties HTTP/1.1", 404),
    ("GET /v1/properties;a=b HTTP/1.1", 404),
    ("GET /v1%2fproperties HTTP/1.1", 400),
    ("GET /V1/properties HTTP/1.1", 404),
    ("GET /v1/properties/%00 HTTP/1.1", 400),
    ("GET /v1/properties/%c0%ae HTTP/1.1", 400),
    ("GET /v1/properties?q=%00 HTTP/1.1", 400),
    ("PUT /v1/properties HTTP/1.1", 405),
    ("TRACE /v1/properties HTTP/1.1", 405),
    ("GET /v1/properties HTTP/3.7", 505),
])
def test_request_lines(stack, line, status):
    answer = raw(stack, f"{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert status_of(answer) == status, answer[:600]
    if status >= 400:
        assert b"application/problem+json" in answer and json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status


def test_a_chunked_body_is_a_body(stack):
    text = '{"email":"nobody@example.com","password":"not the password"}'
    answer = raw(stack, "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                        f"Transfer-Encoding: chunked\r\n\r\n{len(text):x}\r\n{text}\r\n0\r\n\r\n")
    assert status_of(answer) == 401 and b"bad_credentials" in answer


@pytest.mark.parametrize("headers", ["Content-Length: 2\r\nTransfer-Encoding: chunked", "Content-Length: 2\r\nContent-Length: 2",
                                     "Content-Length: +2", "Transfer-Encoding: xchunked", "Idempotency-Key: a\r\nIdempotency-Key: b"])
def test_ambiguous_requests_are_refused(stack, headers):
    answer = raw(stack, f"POST /v1/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}"
                        "\r\n\r\n{}")
    assert status_of(answer) in (400, 501), answer[:300]


# ---- methods, conditions

def test_head_options_and_405(api):
    head, get = api.head("/v1/properties?limit=1"), api.get("/v1/properties?limit=1", headers={"Accept-Encoding": "identity"})
    assert head.status_code == 200 and head.content == b"" and head.headers["ETag"] == get.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(get.content))
    options = api.options("/v1/properties")
    assert options.status_code == 204 and options.headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    refused = api.delete("/v1/properties")
    assert refused.status_code == 405 and refused.headers["Allow"] == "GET, HEAD, POST, OPTIONS"


def test_a_compressed_answer_can_be_asked_for_again_and_changed(stack):
    host = stack.user()
    place = marketplace.make_property(host, description="A long story.\n" * 200 + "The end.")
    url = f"/v1/properties/{place['id']}"
    plain = host.get(url, headers={"Accept-Encoding": "identity"})
    packed = host.get(url, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and packed.json() == plain.json()
    assert packed.headers["ETag"] == "W/" + plain.headers["ETag"]
    for tag in (plain.headers["ETag"], packed.headers["ETag"], f'"other", {packed.headers["ETag"]}', "*"):
        kept = host.get(url, headers={"If-None-Match": tag})
        assert kept.status_code == 304 and kept.content == b"" and kept.headers["ETag"]
    changed = host.patch(url, json={"title": "Another title"}, headers={"If-Match": packed.headers["ETag"]})
    assert changed.status_code == 200, changed.text
    stale = host.patch(url, json={"title": "Too late"}, headers={"If-Match": packed.headers["ETag"]})
    assert stale.status_code == 412 and stale.json()["code"] == "precondition_failed"
    part = host.get(url + "?fields=title")  # other bytes, the same version
    assert part.headers["ETag"] != changed.headers["ETag"]
    assert host.patch(url, json={"title": "In time"}, headers={"If-Match": part.headers["ETag"]}).status_code == 200
    assert host.patch(url, json={"title": "Whatever"}, headers={"If-Match": "*"}).status_code == 200


def test_who_may_keep_an_answer(stack, api, guest):
    assert api.get("/v1/properties").headers["Cache-Control"] == "no-cache"
    assert guest.get("/v1/properties").headers["Cache-Control"] == "private, no-store"
    assert guest.get("/v1/me").headers["Cache-Control"] == "private, no-store"
    assert api.get("/v1/nowhere").headers["Cache-Control"] == "no-store"
    assert api.get("/healthz").headers["Cache-Control"] == "no-store"


# ---- traces and ids

@pytest.mark.parametrize("parent, goes_on", [
    (f"00-{TRACE}-00f067aa0ba902b7-01", True), (f"01-{TRACE}-00f067aa0ba902b7-01", True),
    (f"ff-{TRACE}-00f067aa0ba902b7-01", False), (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", False),
    ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", False), ("nonsense", False), ("", False)])
def test_traces(stack, api, parent, goes_on):
    answer = api.get("/healthz", headers={"traceparent": parent})
    mine = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-0[01]", answer.headers["traceparent"])
    assert answer.status_code == 200 and (mine[1] == TRACE) is goes_on and mine[2] != "00f067aa0ba902b7"
    line = [line for line in stack.log("api").splitlines() if answer.headers["X-Request-Id"] in line][0]
    assert json.loads(line)["trace_id"] == mine[1]


def test_a_client_cannot_name_its_request(api):
    answer = api.get("/v1/nowhere", headers={"X-Request-Id": "7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f"})
    assert answer.headers["X-Request-Id"] != "7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f"


# ---- the log

def test_one_line_a_request_without_personal_data(stack):
    person = stack.user(name="Ada Unmistakable")
    place = marketplace.make_property(person)
    secret = uuid.uuid4().hex
    answers = [person.get("/v1/me"), person.get(f"/v1/properties/{place['id']}"), person.get(f"/v1/properties?q={secret}"),
               person.get(f"/v1/{secret}"), person.post("/v1/auth/login", json={"email": person.email, "password": secret}),
               person.get("/v1/me", headers={"User-Agent": secret, "X-Forwarded-For": "203.0.113.77"}),
               person.head("/v1/me")]
    text = stack.log("api")
    for answer in answers:
        lines = [json.loads(line) for line in text.splitlines() if answer.headers["X-Request-Id"] in line]
        assert len(lines) == 1, lines
        line = lines[0]
        assert line["message"] == "request" and line["status"] == answer.status_code
        assert line["method"] == answer.request.method and line["us"] > 0
        stages = ("read_us", "gates_us", "cache_us", "load_us", "decode_us", "exec_us", "emit_us")
        assert sum(line[stage] for stage in stages) <= line["us"] and line["db_us"] <= line["load_us"] + line["exec_us"]
        assert line["bytes_out"] >= 0 and line["statements"] >= 0
    for private in (secret, person.email, "Unmistakable", person.id, place["id"], person.token, "203.0.113.77", "127.0.0.1"):
        assert private not in text, private
    assert all(json.loads(line) for line in text.splitlines() if line.startswith("{"))


# ---- what needs other options

def test_limits_and_origins(fresh_stack):
    stack = fresh_stack(options={"cors_origins": "https://app.example", "rate_read": "6/h"})
    api = stack.session()  # one of the six went to the contract
    for _ in range(5):
        good = api.get("/v1/openapi.json", headers={"Origin": "https://app.example"})
        assert good.status_code == 200 and good.headers["RateLimit-Policy"] == '"read";q=6;w=3600'
    assert re.fullmatch(r'"read";r=0;t=\d+', good.headers["RateLimit"])
    assert good.headers["Access-Control-Allow-Origin"] == "https://app.example" and "Origin" in good.headers["Vary"]
    refused = api.get("/v1/openapi.json", headers={"Origin": "https://app.example"})
    assert refused.status_code == 429 and refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 600
    assert refused.headers["RateLimit"] == f'"read";r=0;t={refused.headers["Retry-After"]}'
    assert refused.headers["Access-Control-Allow-Origin"] == "https://app.example"  # else a browser hides the reason
    stranger = api.get("/v1/nowhere", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in stranger.headers and "Origin" in stranger.headers["Vary"]
    edge = api.request("TRACE", "/v1/bookings", headers={"Origin": "https://app.example"})  # refused by Nginx itself
    assert edge.status_code == 405 and edge.headers["Access-Control-Allow-Origin"] == "https://app.example"
    stranger = api.request("TRACE", "/v1/bookings", headers={"Origin": "https://evil.example"})
    assert stranger.status_code == 405 and "Access-Control-Allow-Origin" not in stranger.headers
    preflight = api.options("/v1/bookings", headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
                                                     "Access-Control-Request-Headers": "authorization,idempotency-key"})
    assert preflight.status_code == 204 and preflight.headers["Access-Control-Max-Age"] == "7200"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    assert api.get("/readyz").status_code == 200  # probes are never limited


def test_readiness_follows_what_is_needed(fresh_stack):
    stack = fresh_stack()
    api = stack.session()
    assert api.get("/readyz").json() == {"status": "ready", "database": "up", "cache": "up"}
    stack.stop("redis")
    wait_until(lambda: api.get("/readyz").json().get("cache") == "down", 10, "Redis to be seen gone")
    assert api.get("/readyz").status_code == 200  # it is not needed
    stack.start("redis")
    stack.stop("postgresql")
    # Each worker sees for itself, so for a moment they differ.
    wait_until(lambda: all(api.get("/readyz").status_code == 503 for _ in range(40)), 15, "every worker to see it")
    refused = api.get("/readyz")
    assert refused.status_code == 503 and refused.json()["code"] == "unavailable" and int(refused.headers["Retry-After"]) >= 1
    assert api.get("/healthz").status_code == 200
    stack.start("postgresql")
    wait_until(lambda: all(api.get("/readyz").status_code == 200 for _ in range(40)), 15, "every worker to be ready again")
