"""What Nginx answers by itself, what it hands to a worker and what it writes down."""
import json
import re
import socket
import ssl
import subprocess

import pytest

from edge import NGINX_CONF, free_port, running_edge
from stack import TOP, wait_until
from tables import errors, options, quantity

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    with running_edge(tmp_path_factory.mktemp("edge") / "run",
                      [(r"fastcgi_read_timeout 20s", "fastcgi_read_timeout 1s")]) as running:
        yield running


@pytest.fixture(autouse=True)
def forget(edge):
    edge.worker.seen.clear()
    edge.worker.answer = edge.worker.echo


def parse(raw):
    """(status, headers, body) of a raw HTTP/1 answer."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    return int(lines[0].split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}, body


def is_problem(status, headers, body, code):
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    for name, value in SECURITY_HEADERS.items():
        assert headers[name] == value
    assert headers["server"] == "nginx"
    problem = json.loads(body)
    assert set(problem) == {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert problem["status"] == status
    assert problem["code"] == code and re.fullmatch(rf"https://localhost:\d+/problems/{code}", problem["type"])
    assert problem["title"] == errors()[code][1]
    assert problem["errors"] == []
    assert problem["request_id"] == headers["x-request-id"] and re.fullmatch("[0-9a-f]{32}", problem["request_id"])
    if status in (502, 503, 504):
        assert int(headers["retry-after"]) >= 1


def line(text, *headers):
    return "\r\n".join([text, "Host: localhost", "Connection: close", *headers, "", ""]).encode()


RAW = [
    ("bad request line", b"GET\r\n\r\n", 400, "bad_request"),
    ("no host", b"GET /v1/x HTTP/1.1\r\n\r\n", 400, "bad_request"),
    ("two lengths", line("POST /v1/x HTTP/1.1", "Content-Length: 1", "Content-Length: 1"), 400, "bad_request"),
    ("length and chunks", line("POST /v1/x HTTP/1.1", "Content-Length: 1", "Transfer-Encoding: chunked"), 400,
     "bad_request"),
    ("unknown transfer coding", line("POST /v1/x HTTP/1.1", "Transfer-Encoding: gzip"), 501, "bad_request"),
    ("unknown version", line("GET /v1/x HTTP/3.0"), 505, "bad_request"),
    ("unknown place", line("GET /nowhere HTTP/1.1"), 404, "not_found"),
    ("metrics", line("GET /metrics HTTP/1.1"), 404, "not_found"),
    ("metrics, dressed up", line("GET /v1/../metrics HTTP/1.1"), 404, "not_found"),
    ("trace", line("TRACE /v1/x HTTP/1.1"), 405, "method_not_allowed"),
    ("post to a file", line("POST /bench.json HTTP/1.1", "Content-Length: 0"), 405, "method_not_allowed"),
    ("body too large", line("POST /v1/x HTTP/1.1", "Content-Length: 262145"), 413, "body_too_large"),
    ("address too long", line("GET /v1/" + "x" * 17000 + " HTTP/1.1"), 414, "uri_too_long"),
    ("header too large", line("GET /v1/x HTTP/1.1", "X-A: " + "x" * 17000), 431, "headers_too_large"),
]


@pytest.mark.parametrize("data,status,code", [row[1:] for row in RAW], ids=[row[0] for row in RAW])
def test_refusal_is_a_problem(edge, data, status, code):
    got, headers, body = parse(edge.raw(data))
    assert got == status
    is_problem(status, headers, body, code)
    assert edge.worker.seen == []
    if status == 405:
        assert "GET" in headers["allow"]


def test_plain_http_on_the_tls_port(edge):
    status, headers, body = parse(edge.raw(line("GET /v1/x HTTP/1.1"), tls=False))
    assert status == 400
    is_problem(status, headers, body, "bad_request")


def test_http_09_is_refused(edge):
    answer = edge.raw(b"GET /v1/x\r\n")
    assert b"bad_request" in answer and edge.worker.seen == []


def test_worker_dies(edge):
    edge.worker.answer = lambda params, body: None
    response = edge.request("POST", "/v1/x", data=b"{}")
    assert response.status_code == 502
    is_problem(502, {k.lower(): v for k, v in response.headers.items()}, response.content, "bad_gateway")
    assert len(edge.worker.seen) == 1, "what may have had an effect is not sent twice"


def test_reading_gets_a_second_try_when_a_worker_dies(edge):
    edge.worker.answer = lambda params, body: edge.worker.echo(params, body) if len(edge.worker.seen) > 1 else None
    assert edge.request("GET", "/v1/x").status_code == 200
    assert len(edge.worker.seen) == 2


def test_worker_hangs(edge):
    edge.worker.answer = lambda params, body: edge.worker.HANG
    response = edge.request("GET", "/v1/x")
    assert response.status_code == 504
    is_problem(504, {k.lower(): v for k, v in response.headers.items()}, response.content, "timeout")
    assert len(edge.worker.seen) == 1, "a slow answer is no reason to ask again"


def test_too_many_at_once(short_path):
    with running_edge(short_path / "run", [(r"limit_conn nexus_all \d+", "limit_conn nexus_all 1")]) as small:
        small.worker.answer = lambda params, body: small.worker.HANG
        context = ssl.create_default_context(cafile=str(small.ca))
        with context.wrap_socket(socket.create_connection(("127.0.0.1", small.port), 10),
                                 server_hostname="localhost") as first:
            first.sendall(line("GET /v1/x HTTP/1.1"))
            wait_until(lambda: small.worker.seen, 10, "the first request to reach the worker")
            response = small.request("GET", "/v1/x")
    assert response.status_code == 503
    is_problem(503, {k.lower(): v for k, v in response.headers.items()}, response.content, "unavailable")


def test_problems_of_workers_are_passed_on(edge):
    edge.worker.answer = lambda params, body: (409, {"Content-Type": "application/problem+json", "ETag": '"5"'}, b'{"a":1}')
    response = edge.request("GET", "/v1/x")
    assert (response.status_code, response.text, response.headers["etag"]) == (409, '{"a":1}', '"5"')
    for name, value in SECURITY_HEADERS.items():
        assert response.headers[name] == value


@pytest.mark.parametrize("path,status", [("/v1/x", 200), ("/nowhere", 404), ("/bench.json", 200)])
def test_head_has_no_body(edge, path, status):
    got, headers, body = parse(edge.raw(line(f"HEAD {path} HTTP/1.1")))
    assert (got, body) == (status, b"")
    assert headers["x-content-type-options"] == "nosniff"


def test_what_a_worker_is_told(edge):
    claims = {"Proxy": "http://evil", "X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6",
              "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil", "X-Request-Id": "0" * 32,
              "Under_score": "1", "Traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01", "If-Match": '"7"'}
    response = edge.request("POST", "/v1/a%2Fb/../c?x=1%20", data=b"{}", headers=claims)
    params, body, flags = edge.worker.seen[0]
    assert flags == 0, "the connection is closed after the answer: no keep-alive"
    assert body == b"{}" and params["CONTENT_LENGTH"] == "2"
    assert params["REMOTE_ADDR"] == "127.0.0.1" and params["HTTP_HOST"] == "localhost"
    assert params["QUERY_STRING"] == "x=1%20" and params["REQUEST_METHOD"] == "POST"
    assert params["REQUEST_ID"] == response.headers["x-request-id"] != "0" * 32
    assert params["HTTP_TRACEPARENT"] == claims["Traceparent"] and params["HTTP_IF_MATCH"] == '"7"'
    assert not [name for name, value in params.items() if value and "6.6.6.6" in value or "evil" in value]
    assert "HTTP_PROXY" not in params and "HTTP_UNDER_SCORE" not in params


def test_a_chunked_body_arrives_with_its_length(edge):
    response = edge.request("POST", "/v1/x", data=iter([b"ab", b"cde"]))
    assert response.status_code == 200
    params, body, _ = edge.worker.seen[0]
    assert (params["CONTENT_LENGTH"], body) == ("5", b"abcde")


def test_body_limit_is_the_option_s(edge):
    limit = quantity(options()["body_limit"])
    assert edge.request("POST", "/v1/x", data=b"x" * limit).status_code == 200
    assert edge.request("POST", "/v1/x", data=b"x" * (limit + 1)).status_code == 413


def proxied(edge, address, *headers):
    """A request through the listener that believes the PROXY header, as HAProxy sends it."""
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(10)
        plain.connect(str(edge.proxy_socket))
        plain.sendall(f"PROXY TCP4 {address} 127.0.0.1 4711 443\r\n".encode())
        context = ssl.create_default_context(cafile=str(edge.ca))
        with context.wrap_socket(plain, server_hostname="localhost") as stream:
            stream.sendall(line("GET /v1/x HTTP/1.1", *headers))
            return parse(edge._drain(stream))


def test_behind_a_proxy_address_and_id_are_the_proxy_s(edge):
    identity = "0123456789abcdef" * 2
    _, headers, _ = proxied(edge, "192.0.2.7", f"X-Request-Id: {identity}")
    params = edge.worker.seen[0][0]
    assert (params["REMOTE_ADDR"], params["REQUEST_ID"], headers["x-request-id"]) == ("192.0.2.7", identity, identity)
    _, headers, _ = proxied(edge, "192.0.2.7", "X-Request-Id: no/such\"form")
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])


def test_access_log_is_json_without_personal_data(edge):
    response = edge.request("GET", "/v1/x?email=ann%40example.com", headers={"User-Agent": "secret-agent"})
    found = wait_until(lambda: [entry for entry in edge.log_lines()
                                if entry["request_id"] == response.headers["x-request-id"]], 5, "a log line")
    assert found[0]["path"] == "/v1/x" and found[0]["status"] == 200
    text = json.dumps(found)
    edge.raw(line("GET /nowhere?secret=1 HTTP/1.1"))
    wait_until(lambda: edge.log_lines()[-1]["path"] == "/nowhere", 5, "the path of a refused request")
    assert not re.search(r"ann|127\.0\.0\.1|agent", text)


def test_http2_and_old_tls(edge):
    done = subprocess.run(["curl", "-sS", "--cacert", str(edge.ca), "-o", "/dev/null", "-w", "%{http_version}",
                           edge.url + "/v1/x"], capture_output=True, text=True, check=True)
    assert done.stdout == "2"
    for version, fine in [("1.1", False), ("1.2", True), ("1.3", True)]:
        done = subprocess.run(["curl", "-s", "--cacert", str(edge.ca), "-o", "/dev/null", f"--tlsv{version}",
                               "--tls-max", version, "--ciphers", "DEFAULT@SECLEVEL=0", edge.url + "/v1/x"],
                              capture_output=True, check=False)
        assert (done.returncode == 0) == fine, version


def test_large_answers_are_compressed(edge):
    edge.worker.answer = lambda params, body: (200, {"Content-Type": "application/json"}, b'{"a":"' + b"x" * 100000 + b'"}')
    response = edge.request("GET", "/v1/x", headers={"Accept-Encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip" and "Accept-Encoding" in response.headers["vary"]
    assert len(response.json()["a"]) == 100000


def test_hsts_except_for_localhost(edge):
    assert "strict-transport-security" not in edge.request("GET", "/v1/x").headers
    _, headers, _ = parse(edge.raw(b"GET /v1/x HTTP/1.1\r\nHost: nexus.example.com\r\nConnection: close\r\n\r\n"))
    assert headers["strict-transport-security"].startswith("max-age=")


# --- the files

def directives():
    """[(file, line)] of every directive of the Nginx configuration, comments removed."""
    for path in [*NGINX_CONF.glob("*/*"), NGINX_CONF / "quickstart.conf.in"]:
        for text in path.read_text().splitlines():
            text = text.split("#")[0].strip()
            if text:
                yield path.name, text


def value(name):
    found = {re.sub(rf"^{name}\s+|;$", "", text) for _, text in directives() if re.match(rf"{name}\s", text)}
    assert len(found) == 1, f"{name}: {found}"
    return found.pop()


def test_workers_are_never_pinned():
    for name, text in directives():
        assert not re.match(r"keepalive\s+\d", text), f"{name}: upstream keep-alive"
        assert not re.match(r"fastcgi_keep_conn\s+on", text), name
    assert value("fastcgi_keep_conn") == "off"


def test_limits_agree_with_the_option_table():
    table = options()
    kib = {"k": 1024, "m": 1024 ** 2}
    size = lambda text: int(text[:-1]) * kib[text[-1]]  # noqa: E731
    seconds = lambda text: float(text[:-1])  # noqa: E731
    bodies = sorted(size(re.sub(r"^client_max_body_size\s+|;.*$", "", text)) for _, text in directives()
                    if re.match(r"client_max_body_size\s", text))
    assert bodies[0] == quantity(table["body_limit"]) and len(bodies) == 2
    assert bodies[1] >= quantity(table["photo_bytes_max"]) + 64 * 1024
    assert size(value("large_client_header_buffers").split()[1]) >= quantity(table["header_limit"])
    assert size(value("large_client_header_buffers").split()[1]) > quantity(table["query_limit"])
    assert size(value("fastcgi_max_temp_file_size")) == quantity(table["response_limit"])
    assert seconds(value("fastcgi_read_timeout")) > quantity(table["request_deadline"])
    assert int(value("limit_conn nexus_all")) < int(table["listen_backlog"])
    socket_unit = (TOP / "systemd/nexus-api.socket").read_text()
    assert f"Backlog={table['listen_backlog']}" in socket_unit and f"ListenStream={table['listen']}" in socket_unit
    site = (NGINX_CONF / "conf.d/nexus-site.conf").read_text()
    assert table["listen"] in site and f"{table['photos_dir']}/public;" in site


def made(*arguments):
    return subprocess.run(["awk", *[word for pair in arguments for word in ("-v", pair)], "-f",
                           str(TOP / "conf/edge-errors.awk"), str(TOP / "src/base/errors.def")],
                          capture_output=True, text=True, check=True).stdout


def test_error_files_are_what_errors_def_makes():
    assert made("out=nginx") == (NGINX_CONF / "snippets/nexus-errors.conf").read_text()
    for path in (TOP / "haproxy/errors").glob("*.json"):
        assert made("out=haproxy", f"status={path.stem}") == path.read_text()


def test_every_error_nginx_can_make_has_its_problem():
    text = (NGINX_CONF / "snippets/nexus-errors.conf").read_text()
    pages = dict(re.findall(r"^error_page (\d+)(?: =(\d+))? /\.nexus/\1;", text, re.M))
    table = errors()
    for status in (400, 404, 405, 408, 413, 414, 415, 421, 429, 431, 494, 495, 496, 497, 500, 502, 503, 504):
        shown = int(pages[str(status)] or status)
        body = re.search(rf"location = /.nexus/{status} {{.*?return {shown} '(.*?)';\n}}", text, re.S)[1].replace("\\'", "'")
        problem = json.loads(body)
        assert problem["status"] == shown
        assert problem["title"] == table[problem["code"]][1]
        if status != 421:  # the table has no code of its own for it
            assert table[problem["code"]][0] == shown


def test_site_for_a_server_is_valid(tmp_path, edge):
    """nginx -t over the tree a Debian server has: conf.d, snippets and the site, with both servers switched on."""
    for folder in ("conf.d", "snippets"):
        (tmp_path / folder).mkdir()
        for path in (NGINX_CONF / folder).glob("*.conf"):
            (tmp_path / folder / path.name).write_text(path.read_text())
    site = (NGINX_CONF / "sites-available/nexus").read_text()
    site = re.sub(r"^#(?=server|    |})", "", site, flags=re.M)
    assert "listen 443 ssl" in site and "listen 10.0.0.11:8444 ssl http2 proxy_protocol" in site
    site = re.sub(r"^ *listen \[::\].*\n", "", site, flags=re.M)  # not every machine that tests has IPv6
    site = re.sub(r"listen (10\.0\.0\.11:)?(8444|443|80)\b", lambda _: f"listen 127.0.0.1:{free_port()}", site)
    site = site.replace("/etc/ssl/certs/nexus.pem", str(edge.ca)).replace("/var/log/nginx", str(tmp_path))
    site = site.replace("/etc/ssl/private/nexus.key", str(edge.folder / "tls/server.key"))
    (tmp_path / "site").write_text(site)
    paths = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in
                    ("client_body", "fastcgi", "proxy", "scgi", "uwsgi"))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; events {{}} http {{ {paths} include conf.d/*.conf; include site; }}\n")
    done = subprocess.run(["nginx", "-t", "-e", str(tmp_path / "error.log"), "-c", str(tmp_path / "nginx.conf")],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr, done.stderr
