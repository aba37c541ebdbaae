"""Outgoing webhooks: signed so that others verify them, in order, again and again until they arrive, and no further than allowed."""
import http.server
import json
import shutil
import subprocess
import threading

import pytest

from marketplace import book, make_property, quote
from stack import TOP, private_stack, wait_until

NODE = shutil.which("node")
JUDGE = TOP / "tests/webhook_judge.mjs"


class Receiver:
    """Notes what comes; `answers` are statuses for the next requests of a path, then 204."""

    def __init__(self):
        self.seen, self.answers, self.lock = [], {}, threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                with receiver.lock:
                    receiver.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                    answers = receiver.answers.get(self.path, [])
                    status = answers.pop(0) if answers else 204
                if status == "hang":
                    receiver.released.wait(30)
                    status = 500
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.released = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def at(self, path):
        return [(headers, json.loads(body)) for where, headers, body in self.seen if where == path]


@pytest.fixture(scope="module")
def receiver():
    made = Receiver()
    yield made
    made.released.set()
    made.server.shutdown()


@pytest.fixture(scope="module")
def stack(receiver):
    # By nexus-fetch, which lets the receiver through because its own settings say so.
    with private_stack({"sandbox": "yes", "fetch_socket": None, "fetch_inside": receiver.url, "webhook_timeout": "2s",
                        "payment_offline_instant": "no"}) as running:
        running.stop("jobs")  # the tests say when
        yield running


@pytest.fixture
def host(stack):
    stack.clock("0")
    yield stack.user(name="Webhook Host")
    stack.clock("0")


def endpoint(user, url, **more):
    answer = user.post("/v1/webhook-endpoints", json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def state(user, made):
    return user.get(f"/v1/webhook-endpoints/{made['id']}").json()


def deliveries(user, made):
    answer = user.get(f"/v1/webhook-endpoints/{made['id']}/deliveries?limit=100")
    assert answer.status_code == 200, answer.text
    return sorted(answer.json()["data"], key=lambda one: one["number"])


def happen(stack, host, times=1):
    """Properties are made, which is an event each."""
    return [make_property(host)["id"] for _ in range(times)]


def work(stack):
    stack.job("event-sequence")
    return stack.jobs_drain()


def judged(cases):
    if not NODE or not (TOP / "tests/node_modules/standardwebhooks").exists():
        pytest.skip("node or tests/node_modules is missing: cd tests && npm ci")
    done = subprocess.run([NODE, JUDGE], input=json.dumps(cases), capture_output=True, text=True, check=False, cwd=TOP / "tests")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def case(secret, seen):
    _, headers, body = seen
    return {"secret": secret, "headers": {name: headers[name] for name in headers if name.startswith("webhook-")}, "body": body}


def test_others_verify_what_is_signed(stack, host, receiver):
    made = endpoint(host, receiver.url + "/signed", types=["property.created"])
    place, = happen(stack, host)
    work(stack)
    seen = [one for one in receiver.seen if one[0] == "/signed"]
    assert len(seen) == 1 and seen[0][1]["content-type"] == "application/json"
    good, forged = judged([case(made["secret"], seen[0]), case(made["secret"], (seen[0][0], seen[0][1], seen[0][2] + " "))])
    assert good["ok"] and not forged["ok"]
    says = good["says"]
    assert says["type"] == "property.created" and says["data"]["id"] == place and says["data"]["kind"] == "property"
    logged, = deliveries(host, made)
    assert (logged["status"], logged["attempts"], logged["http_status"], logged["number"]) == ("delivered", 1, 204, says["data"]["number"])
    assert logged["log"][0]["http_status"] == 204


def test_two_secrets_sign_for_a_day(stack, host, receiver):
    made = endpoint(host, receiver.url + "/rotated", types=["property.created"])
    new = host.post(f"/v1/webhook-endpoints/{made['id']}/secret").json()["secret"]
    happen(stack, host)
    work(stack)
    stack.clock("+25h")
    happen(stack, host)
    work(stack)
    both, later = [one for one in receiver.seen if one[0] == "/rotated"]
    assert [verdict["ok"] for verdict in judged([case(made["secret"], both), case(new, both), case(new, later), case(made["secret"], later)])] == [True, True, True, False]


def test_a_secret_is_shown_once_and_kept_sealed(stack, host, receiver):
    made = endpoint(host, receiver.url + "/secret")
    assert made["secret"].startswith("whsec_") and made["secret"] not in host.get("/v1/webhook-endpoints").text + host.get(f"/v1/webhook-endpoints/{made['id']}").text
    assert made["secret"][6:] not in str(stack.query("select row_to_json(e) from webhook_endpoints e"))


def test_failures_are_tried_again_and_order_holds(stack, host, receiver):
    path = "/order"
    made = endpoint(host, receiver.url + path, types=["property.created", "property.updated"])
    receiver.answers[path] = [500]
    first, second = happen(stack, host, 2)
    assert host.patch(f"/v1/properties/{first}", json={"title": "Later"}).status_code == 200
    work(stack)
    # The first was refused, so what follows it about the same place waits; the other place does not.
    assert [(body["type"], body["data"]["id"]) for _, body in receiver.at(path)] == [("property.created", first), ("property.created", second)]
    assert [one["status"] for one in deliveries(host, made)] == ["waiting", "delivered", "waiting"]
    stack.clock("+1m")
    work(stack)
    seen = receiver.at(path)
    assert [(body["type"], body["data"]["id"]) for _, body in seen[2:]] == [("property.created", first), ("property.updated", first)]
    assert seen[0][0]["webhook-id"] == seen[2][0]["webhook-id"]  # by which a receiver knows it again
    assert {one["status"] for one in deliveries(host, made)} == {"delivered"} and state(host, made)["failures"] == 0


def test_410_ends_it(stack, host, receiver):
    made = endpoint(host, receiver.url + "/gone")
    receiver.answers["/gone"] = [410]
    happen(stack, host, 3)
    work(stack)
    assert state(host, made)["status"] == "gone" and {one["status"] for one in deliveries(host, made)} == {"cancelled"}
    happen(stack, host)
    work(stack)
    assert len(receiver.at("/gone")) == 1
    assert host.patch(f"/v1/webhook-endpoints/{made['id']}", json={"status": "enabled"}).json()["status"] == "enabled"
    happen(stack, host)
    work(stack)
    assert len(receiver.at("/gone")) > 1


def test_a_breaker_opens_and_others_are_not_held_up(stack, host, receiver):
    bad, good = endpoint(host, receiver.url + "/bad", types=["property.created"]), endpoint(host, receiver.url + "/good", types=["property.created"])
    receiver.answers["/bad"] = [500] * 1000
    happen(stack, host, 8)
    work(stack)
    assert len(receiver.at("/good")) == 8 and len(receiver.at("/bad")) == 5  # not an attempt more
    now = state(host, bad)
    assert now["failures"] == 5 and now["paused_until"] and not state(host, good)["paused_until"]
    stack.clock("+90s")
    work(stack)
    assert len(receiver.at("/bad")) == 6  # one that finds out
    receiver.answers["/bad"] = []
    stack.clock("+1h")
    work(stack)
    assert state(host, bad)["failures"] == 0 and {one["status"] for one in deliveries(host, bad)} == {"delivered"}


def test_given_up_after_three_days(stack, host, receiver):
    made = endpoint(host, receiver.url + "/never", types=["property.created"])
    receiver.answers["/never"] = [503] * 1000
    happen(stack, host)
    work(stack)
    for _ in range(8):
        stack.clock("+10h")
        work(stack)
    last, = deliveries(host, made)
    assert last["status"] == "failed" and last["attempts"] >= 7 and last["http_status"] == 503 and len(last["log"]) <= 10
    asked = len(receiver.at("/never"))
    stack.clock("+10h")
    work(stack)
    assert len(receiver.at("/never")) == asked


def test_a_receiver_that_hangs_or_is_not_there(stack, host, receiver):
    receiver.answers["/hang"] = ["hang"]
    made = endpoint(host, receiver.url + "/hang", types=["property.created"])
    none = endpoint(host, "https://nobody.invalid/", types=["property.created"])
    happen(stack, host)
    work(stack)
    assert deliveries(host, made)[0]["log"][0]["error"] == "The server did not answer in time."
    # One sentence for whatever is or is not there.
    assert deliveries(host, none)[0]["log"][0]["error"] == "The server cannot be reached."


def test_tests_and_replays(stack, host, receiver):
    made = endpoint(host, receiver.url + "/again", types=["property.created"])
    other = endpoint(host, receiver.url + "/other", types=["property.created"])
    assert host.post(f"/v1/webhook-endpoints/{made['id']}/test").status_code == 204
    work(stack)
    assert [body["type"] for _, body in receiver.at("/again")] == ["webhook.test"] and receiver.at("/other") == []
    happen(stack, host, 3)
    work(stack)
    sent = receiver.at("/again")[1:]
    from_number = sent[1][1]["data"]["number"]
    answer = host.post(f"/v1/webhook-endpoints/{made['id']}/replay", json={"from": from_number})
    assert (answer.status_code, answer.json()) == (202, {"events": 2})
    work(stack)
    again = receiver.at("/again")[4:]
    assert [(headers["webhook-id"], body["data"]) for headers, body in again] == [(headers["webhook-id"], body["data"]) for headers, body in sent[1:]]
    assert len(receiver.at("/other")) == 3
    assert host.delete(f"/v1/webhook-endpoints/{other['id']}").status_code == 204
    happen(stack, host)
    work(stack)
    assert len(receiver.at("/other")) == 3


def test_what_may_be_an_endpoint(stack, receiver):
    user = stack.user()
    for url in ("http://hooks.example.com/", "https://hooks.example.com:8443/", "https://u:p@hooks.example.com/", "ftp://hooks.example.com/",
                "https://hooks.example.com/#x", "http://127.0.0.1:1/", "hooks.example.com", "https://"):
        refused = user.post("/v1/webhook-endpoints", json={"url": url})
        assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == "/url", url
    made = endpoint(user, "https://10.0.0.1/hook", types=["property.created"])  # refused when it is called
    assert user.patch(f"/v1/webhook-endpoints/{made['id']}", json={"url": "http://x.example/"}).status_code == 422
    happen(stack, user)
    work(stack)
    assert deliveries(user, made)[0]["log"][0]["error"] == "The server cannot be reached."
    assert user.post("/v1/webhook-endpoints", json={"url": "https://x.example/", "types": ["no.such"]}).status_code == 422
    for _ in range(9):
        endpoint(user, "https://x.example/")
    assert user.post("/v1/webhook-endpoints", json={"url": "https://x.example/"}).status_code == 409


def test_changes_are_in_the_audit_log_without_what_is_secret(stack, host, receiver):
    made = endpoint(host, receiver.url + "/kept-secret", types=["property.created"])
    at = f"/v1/webhook-endpoints/{made['id']}"
    assert host.patch(at, json={"description": "Another word"}).status_code == 200  # nothing anybody would have to answer for
    assert host.patch(at, json={"status": "disabled"}).status_code == 200
    assert host.patch(at, json={"status": "disabled", "url": receiver.url + "/kept-secret"}).status_code == 200  # as it was
    assert host.patch(at, json={"status": "enabled", "types": [], "url": receiver.url + "/more-secret"}).status_code == 200
    again = host.post(f"{at}/secret").json()
    assert host.delete(at).status_code == 204
    assert host.delete(at).status_code == host.post(f"{at}/secret").status_code == host.patch(at, json={"types": []}).status_code == 404
    told = stack.query("select action, before, after, user_id::text, target_type from audit_log where target_id = %s order by at, id", made["id"])
    assert [row[:3] for row in told] == [
        ("webhook.create", None, {"status": "enabled", "types": "property.created"}),
        ("webhook.update", {"status": "enabled"}, {"status": "disabled"}),
        ("webhook.update", {"status": "disabled", "types": "property.created"}, {"status": "enabled", "types": "all", "url": "(changed)"}),
        ("webhook.secret", None, None), ("webhook.delete", None, None)]
    assert {row[3:] for row in told} == {(host.id, "webhook")}
    assert not any(secret in str(told) for secret in (made["secret"], again["secret"], "-secret"))


def test_nobody_elses(stack, host, receiver):
    guest = stack.user()
    made = endpoint(guest, receiver.url + "/guest")
    other = endpoint(stack.user(), receiver.url + "/stranger")
    place, = happen(stack, host)
    booking = book(guest, quote(guest, place, 30).json()["id"]).json()
    work(stack)
    assert {body["data"]["id"] for _, body in receiver.at("/guest") if body["type"] == "booking.confirmed"} == {booking["id"]}
    assert receiver.at("/stranger") == [] and host.get(f"/v1/webhook-endpoints/{made['id']}/deliveries").status_code == 404 and other["id"] not in host.get("/v1/webhook-endpoints").text


def test_nexus_jobs_delivers_by_itself(stack, host, receiver):
    endpoint(host, receiver.url + "/live", types=["property.created"])
    stack.start("jobs")
    try:
        happen(stack, host)
        wait_until(lambda: len(receiver.at("/live")) == 1, 30)
    finally:
        stack.stop("jobs")
