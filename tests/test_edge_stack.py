"""Nginx and workers together: both speak of problems alike, and one id names a request in both logs."""
import json

from stack import private_stack, wait_until


def test_nginx_and_workers_describe_problems_alike(api):
    by_worker, by_nginx = api.get("/v1/no-such-thing"), api.get("/no-such-thing")
    assert by_worker.status_code == by_nginx.status_code == 404
    assert by_worker.headers["content-type"] == by_nginx.headers["content-type"]
    assert "traceparent" in by_worker.headers and "traceparent" not in by_nginx.headers  # who has answered
    one, other = by_worker.json(), by_nginx.json()
    assert set(one) == set(other)
    for member in ("type", "title", "status", "code", "errors"):
        assert one[member] == other[member]
    for response in (by_worker, by_nginx):
        assert response.json()["request_id"] == response.headers["x-request-id"]


def test_one_id_in_both_logs(stack, api):
    identity = api.get("/v1/no-such-thing").headers["x-request-id"]

    def lines(name):
        return [json.loads(line) for line in stack.log(name).splitlines() if identity in line and line.endswith("}")]

    found = wait_until(lambda: lines("nginx-access") + lines("api") if lines("nginx-access") and lines("api") else None,
                       5, "both log lines")
    assert {entry["status"] for entry in found} == {404}


def test_head_is_get_without_a_body(api):
    for path in ("/healthz", "/v1/no-such-thing", "/no-such-thing"):
        get, head = api.get(path), api.head(path)
        assert head.status_code == get.status_code and head.content == b""
        assert head.headers["content-type"] == get.headers["content-type"]


def test_without_workers_it_says_so_and_recovers():
    with private_stack() as stack:
        stack.stop("api")
        response = stack.session().get("/v1/properties")
        problem = response.json()
        assert (response.status_code, problem["code"]) == (502, "bad_gateway")
        assert int(response.headers["retry-after"]) >= 1
        stack.start("api")
        stack.wait_ready()
