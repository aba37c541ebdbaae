"""Background jobs over the API: what administrators see of them and do to them."""
import json
import uuid

import pytest

from stack import private_stack, wait_until
from test_admin import changes, code, staff

JOBS, KINDS, SCHEDULES = "/v1/admin/jobs", "/v1/admin/job-kinds", "/v1/admin/schedules"
HIDDEN = "(hidden)"


@pytest.fixture(scope="module")
def stack():
    with private_stack({"sandbox": "yes"}, jobs=False) as private:
        yield private


@pytest.fixture(scope="module")
def admin(stack):
    return staff(stack, "admin")


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user()


@pytest.fixture(autouse=True)
def nothing_left(stack, admin, guest):
    stack.query("delete from jobs; delete from jobs_dead; delete from job_probes; delete from job_pauses")


def add(stack, job, key="", delay=None, **payload):
    stack.query("select job_add(%s, %s, %s, nexus_now() + %s::interval)", job, key, json.dumps(payload), delay)
    return stack.query("select id::text from jobs order by number desc limit 1")[0][0]


def bury(stack, key="k", **payload):
    """A probe that was given up, because its payload cannot be read; its id."""
    made = add(stack, "probe", key, number="no number", **payload)
    stack.jobs_drain()
    assert stack.query("select id::text from jobs_dead where id = %s", made) == [(made,)]
    return made


def probes(stack):
    return [row[0] for row in stack.query("select number from job_probes order by id")]


def names(answer, member="id"):
    assert answer.status_code == 200, answer.text
    return [row[member] for row in answer.json()["data"]]


def entry(admin, target, action):
    """What one entry of the audit log says was changed."""
    found = admin.get("/v1/audit", params={"target_id": target, "action": action}).json()["data"]
    assert len(found) == 1 and found[0]["user_id"] == admin.id
    return changes(found[0])


def test_lists_are_filtered_and_paged(stack, admin):
    first = add(stack, "probe", "a", number=1, delay="1 hour")
    second = add(stack, "probe-bulk", "b", number=2)
    third = add(stack, "probe-bulk", "c", number=3)
    dead = stack.query("select uuid_v7()::text")[0][0]
    stack.query("insert into jobs_dead (id, number, job, key, version, attempts, created_at, history) values (%s, 0, 'probe', 'd', 1, 5, now(), '[]')", dead)
    assert names(admin.get(JOBS)) == [dead, third, second, first]
    assert names(admin.get(f"{JOBS}?sort=id")) == [first, second, third, dead]
    assert names(admin.get(f"{JOBS}?name=probe")) == [dead, first]
    assert names(admin.get(f"{JOBS}?queue=bulk")) == [third, second]
    assert names(admin.get(f"{JOBS}?state=dead")) == [dead]
    assert names(admin.get(f"{JOBS}?state[in]=due,waiting&name=probe")) == [first]
    page, seen = admin.get(f"{JOBS}?limit=3").json(), []
    assert page["page"]["has_more"]
    seen += [row["id"] for row in page["data"]]
    page = admin.get(f"{JOBS}?limit=3&cursor={page['page']['next_cursor']}").json()
    assert seen + [row["id"] for row in page["data"]] == [dead, third, second, first] and not page["page"]["has_more"]
    row = admin.get(f"{JOBS}?name=probe&state=waiting").json()["data"][0]
    assert (row["name"], row["queue"], row["state"], row["key"], row["attempts"]) == ("probe", "normal", "waiting", "a", 0)
    assert row["run_at"] and row["died_at"] is None and "payload" not in row and "history" not in row
    assert code(admin.get(f"{JOBS}?state=lost"))[0] in (400, 422)
    assert code(admin.get(f"{JOBS}?nom=probe"))[0] in (400, 422)


def test_one_with_its_whole_history(stack, admin):
    failing = add(stack, "probe", number=1, fail=9)
    for _ in range(3):
        stack.query("update jobs set run_at = nexus_now()")
        stack.jobs_drain()
    shown = admin.get(f"{JOBS}/{failing}").json()
    assert [attempt["attempt"] for attempt in shown["history"]] == [1, 2, 3]
    assert all("told to fail" in attempt["error"] and attempt["at"] for attempt in shown["history"])
    assert shown["error"] == shown["history"][-1]["error"] and shown["attempts"] == 3
    assert json.loads(shown["payload"]) == {"number": 1, "fail": 9}
    assert code(admin.get(f"{JOBS}/{uuid.uuid4()}")) == (404, "not_found")
    assert code(admin.get(f"{JOBS}/nothing")) == (404, "not_found")


def test_what_may_be_about_somebody_is_hidden(stack, admin):
    of = str(uuid.uuid4())
    made = add(stack, "probe", number=1, delay="1 hour", mail=of, kind="booking.confirmed", day="2026-11-23", to="ada@example.com",
               name="Ada Lovelace", access_token=7, link="https://x.example/reset?t=1", deep=[{"hex": "0123456789abcdef" * 2, "n": None}],
               random="kx7Wm2nQ", lower="abcdefghijklmnopqrstuvwxyzabcdef")
    stack.query("update jobs set history = %s where id = %s", json.dumps(
        [{"attempt": 1, "at": "2026-11-23T00:00:00Z", "error": "550 <ada@example.com> is unknown, see https://mx.example/why?who=ada"}]), made)
    expected = {"number": 1, "mail": of, "kind": "booking.confirmed", "day": "2026-11-23", "to": HIDDEN, "name": HIDDEN, "access_token": HIDDEN,
                "link": HIDDEN, "deep": [{"hex": HIDDEN, "n": None}], "random": HIDDEN, "lower": HIDDEN}
    at_shell, shown = json.loads(stack.ctl("jobs", "show", made).stdout), admin.get(f"{JOBS}/{made}").json()
    assert json.loads(shown["payload"]) == expected == at_shell["payload"]
    for said in (shown["error"], shown["history"][0]["error"], at_shell["history"][0]["error"]):
        assert said == "550 <(hidden)> is unknown, see https://(hidden)"
    assert "ada@" not in stack.ctl("jobs", "list").stdout + admin.get(JOBS).text


def test_a_dead_one_is_tried_again_and_really_runs(stack, admin):
    dead = bury(stack)
    stack.query("update jobs_dead set payload = '{\"number\": 4}'")
    answer = admin.post(f"{JOBS}/{dead}/retry")
    assert answer.status_code == 200 and (answer.json()["id"], answer.json()["state"], answer.json()["attempts"]) == (dead, "due", 0)
    assert stack.jobs_drain() == {"ran": 1, "failed": 0} and probes(stack) == [4]
    assert entry(admin, dead, "job.retry") == {"job": ("probe", None), "state": ("dead", "due"), "attempts": ("1", None)}
    assert code(admin.post(f"{JOBS}/{dead}/retry")) == (404, "not_found")


def test_a_waiting_one_is_due_at_once(stack, admin):
    waiting = add(stack, "probe", number=5, delay="1 day")
    assert stack.jobs_drain()["ran"] == 0
    assert admin.post(f"{JOBS}/{waiting}/retry", headers={"Idempotency-Key": "k1"}).status_code == 200
    assert stack.jobs_drain()["ran"] == 1 and probes(stack) == [5]
    again = admin.post(f"{JOBS}/{waiting}/retry", headers={"Idempotency-Key": "k1"})
    assert again.status_code == 200 and again.headers["Idempotency-Replayed"] == "true"


def test_a_discarded_one_never_runs(stack, admin):
    dead, waiting = bury(stack), add(stack, "probe", number=6, delay="1 hour")
    for gone in (dead, waiting):
        assert admin.post(f"{JOBS}/{gone}/discard").status_code == 204
        assert code(admin.post(f"{JOBS}/{gone}/discard")) == (404, "not_found")
        assert code(admin.post(f"{JOBS}/{gone}/retry")) == (404, "not_found")
    assert entry(admin, dead, "job.discard") == {"job": ("probe", None), "state": ("dead", None), "attempts": ("1", None)}
    try:
        stack.clock("+2h")
        stack.jobs_drain()
        assert probes(stack) == [] and stack.query("select count(*) from jobs_dead") == [(0,)]
    finally:
        stack.clock("0")


def test_what_is_running_is_left_alone(stack, admin):
    running = add(stack, "probe", number=7)
    stack.query("select * from jobs_claim('{probe}', '{1}', '{60000000}', '{1}', 1, 0)")
    assert admin.get(f"{JOBS}/{running}").json()["state"] == "running"
    for verb in ("retry", "discard"):
        assert code(admin.post(f"{JOBS}/{running}/{verb}")) == (409, "conflict")
    assert stack.query("select count(*) from audit_log where target_id = %s", running) == [(0,)]
    stack.query("update jobs set leased_until = null")
    assert stack.jobs_drain()["ran"] == 1


def test_kinds_tell_how_they_are(stack, admin):
    listed = admin.get(f"{KINDS}?limit=100").json()["data"]
    assert [kind["name"] for kind in listed] == sorted(kind["name"] for kind in json.loads(stack.ctl("jobs", "kinds", "--json").stdout))
    add(stack, "probe-ordered", "x", number=1, delay="1 hour")
    add(stack, "probe-ordered", "y", number=2)
    stack.query("update jobs set run_at = nexus_now() - interval '100 seconds', attempts = 1 where key = 'y'")
    stack.query("insert into jobs_dead (id, number, job, key, version, attempts, created_at, history) values (uuid_v7(), 0, 'probe-ordered', '', 1, 5, now(), '[]')")
    kind = admin.get(f"{KINDS}/probe-ordered").json()
    assert {name: kind[name] for name in ("waiting", "due", "running", "failing", "dead", "ordered", "queue", "paused", "paused_at")} == {
        "waiting": 2, "due": 1, "running": 0, "failing": 1, "dead": 1, "ordered": True, "queue": "normal", "paused": False, "paused_at": None}
    assert 100 <= kind["oldest_seconds"] < 1000 and kind["doc"]
    assert code(admin.get(f"{KINDS}/nothing")) == (404, "not_found")
    shown = json.loads(stack.ctl("jobs", "top", "--json").stdout)["jobs"]
    assert [(k["waiting"], k["due"], k["dead"]) for k in shown if k["name"] == "probe-ordered"] == [(2, 1, 1)]


def test_a_paused_job_really_stops_and_goes_on(stack, admin):
    stack.start("jobs")
    try:
        paused = admin.post(f"{KINDS}/probe/pause")
        assert paused.status_code == 200 and paused.json()["paused"] and paused.json()["paused_at"]
        assert admin.post(f"{KINDS}/probe/pause").json() == paused.json()
        add(stack, "probe", number=8)
        add(stack, "probe-bulk", number=9)
        wait_until(lambda: probes(stack) == [9], 30, "the other job to run")
        assert admin.get(f"{KINDS}/probe").json()["due"] == 1 and probes(stack) == [9]
        assert not admin.post(f"{KINDS}/probe/resume").json()["paused"]
        wait_until(lambda: probes(stack) == [9, 8], 30, "the row that waited")
        assert not admin.post(f"{KINDS}/probe/resume").json()["paused"]
    finally:
        stack.stop("jobs")
    assert entry(admin, "probe", "job.pause") == {"paused": ("false", "true")}
    assert entry(admin, "probe", "job.resume") == {"paused": ("true", "false")}
    assert code(admin.post(f"{KINDS}/nothing/pause")) == code(admin.post(f"{KINDS}/nothing/resume")) == (404, "not_found")


def test_schedules_are_listed_and_run(stack, admin):
    listed = {row["name"]: row for row in admin.get(SCHEDULES).json()["data"]}
    at_shell = {row["name"]: row for row in json.loads(stack.ctl("schedule", "list", "--json").stdout)}
    assert listed.keys() == at_shell.keys()
    assert {name: listed["payout"][name] for name in ("cron", "zone", "job", "missed")} == {"cron": "0 * * * *", "zone": "UTC", "job": "payout",
                                                                                           "missed": "once"}
    assert admin.post(f"{SCHEDULES}/payout/run").status_code == 204
    assert stack.query("select job, key from jobs") == [("payout", "payout")]
    assert stack.jobs_drain() == {"ran": 1, "failed": 0}
    assert entry(admin, "payout", "schedule.run") == {"job": (None, "payout")}
    assert code(admin.post(f"{SCHEDULES}/nothing/run")) == (404, "not_found")


def test_the_shell_tells_the_same(stack, admin):
    dead = bury(stack)
    stack.ctl("jobs", "retry", dead)
    stack.ctl("jobs", "discard", dead)
    stack.ctl("schedule", "run", "reminders")
    told = {action: (before, after) for action, before, after in stack.query(
        "select action, before, after from audit_log where operator is not null and target_id in (%s, 'reminders')", dead)}
    assert told == {"job.retry": ({"job": "probe", "state": "dead", "attempts": 1}, {"state": "due"}),
                    "job.discard": ({"job": "probe", "state": "due", "attempts": 0}, None), "schedule.run": (None, {"job": "reminders"})}


def test_nobody_else(stack, guest, admin):
    made = add(stack, "probe", number=1, delay="1 hour")
    reads = [JOBS, f"{JOBS}/{made}", KINDS, f"{KINDS}/probe", SCHEDULES]
    writes = [f"{JOBS}/{made}/retry", f"{JOBS}/{made}/discard", f"{KINDS}/probe/pause", f"{KINDS}/probe/resume", f"{SCHEDULES}/payout/run"]
    role = admin.post("/v1/roles", json={"name": "looks", "doc": "Looks at jobs.", "permissions": ["job.read"]})
    assert role.status_code == 201, role.text
    looks = staff(stack, "looks")
    for path in reads:
        assert stack.session().get(path).status_code == 401 and guest.get(path).status_code == 403
        assert looks.get(path).status_code == 200
    for path in writes:
        assert stack.session().post(path).status_code == 401
        assert guest.post(path).status_code == looks.post(path).status_code == 403
    assert stack.query("select job, run_at > nexus_now() from jobs where job in ('probe', 'payout')") == [("probe", True)]
