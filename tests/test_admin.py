"""Looking after accounts: finding, suspending, restoring, acting as users; and the audit log over the API."""
import base64
import concurrent.futures
import contextlib
import json
import uuid

import pytest

from marketplace import PROPERTY, book, day, make_property, quote
from stack import wait_until

WHY = {"reason": "Case 4711: looked at by hand"}


def log_in(stack, user):
    """The same user with a token of now."""
    answer = stack.session().post("/v1/auth/login", json={"email": user.email, "password": user.password})
    assert answer.status_code == 200, answer.text
    return answer.json()


def staff(stack, *roles):
    user = stack.user(name="Staff")
    stack.ctl("user", "set-role", "--email", user.email, "guest", "host", *roles)
    user.session.headers["Authorization"] = f"Bearer {log_in(stack, user)['access_token']}"
    return user


@pytest.fixture(scope="module")
def admin(stack):
    return staff(stack, "admin")


@pytest.fixture(scope="module")
def support(stack):
    return staff(stack, "support")


@pytest.fixture
def guest(stack):
    return stack.user(name="Grace Guest")


def entries(admin, **filters):
    answer = admin.get("/v1/audit", params={"limit": 100, **filters})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def changes(entry):
    return {c["name"]: (c["before"], c["after"]) for c in entry["changes"]}


def code(answer):
    return answer.status_code, answer.json().get("code")


def suspend(who, user):
    return who.post(f"/v1/admin/users/{user.id}/suspend", json=WHY)


def restore(who, user):
    return who.post(f"/v1/admin/users/{user.id}/restore", json=WHY)


def act(who, user):
    return who.post(f"/v1/admin/users/{user.id}/act", json=WHY)


def acting(stack, who, user):
    answer = act(who, user)
    assert answer.status_code == 200, answer.text
    return stack.session(answer.json()["access_token"])


# --- who may

OPS = [("get", "/v1/admin/users"), ("get", "/v1/admin/users/{id}"), ("post", "/v1/admin/users/{id}/suspend"),
       ("post", "/v1/admin/users/{id}/restore"), ("post", "/v1/admin/users/{id}/act"), ("get", "/v1/audit"), ("get", "/v1/audit/{id}")]


@pytest.mark.parametrize("method, path", OPS)
def test_only_staff_gets_in(stack, guest, method, path):
    body = {"json": WHY} if method == "post" else {}
    path = path.format(id=guest.id)
    assert stack.session().request(method, path, **body).status_code == 401
    assert guest.session.request(method, path, **body).status_code == 403


def test_support_finds_accounts_and_changes_none(support, guest):
    assert support.get(f"/v1/admin/users/{guest.id}").json()["email"] == guest.email
    assert support.get("/v1/admin/users").status_code == 200
    for answer in (suspend(support, guest), restore(support, guest), act(support, guest), support.get("/v1/audit")):
        assert answer.status_code == 403


def test_accounts_that_are_not_there(admin):
    nobody = str(uuid.uuid4())
    assert admin.get(f"/v1/admin/users/{nobody}").status_code == 404
    for verb in ("suspend", "restore", "act"):
        assert admin.post(f"/v1/admin/users/{nobody}/{verb}", json=WHY).status_code == 404
    assert admin.get(f"/v1/audit/{nobody}").status_code == 404


@pytest.mark.parametrize("body", [{}, {"reason": "x"}, {"reason": None}, {"reason": "x" * 501}, {"reason": 7}, {**WHY, "status": "active"}])
def test_a_reason_is_needed(admin, guest, body):
    for verb in ("suspend", "restore", "act"):
        answer = admin.post(f"/v1/admin/users/{guest.id}/{verb}", json=body)
        assert code(answer) == (422, "validation_failed"), answer.text


# --- finding

def test_accounts_are_found_by_the_beginning_of_address_and_name(stack, admin):
    tag = uuid.uuid4().hex[:12]
    first = stack.user(name=f"Zo\u00eb {tag}", email=f"a{tag}@example.com")
    second = stack.user(name=f"b{tag} Miller", email=f"c{tag}@example.com")
    for search, found in ((f"a{tag}", [first]), (f"A{tag.upper()}", [first]), (f"B{tag}", [second]), (f"b{tag} mil", [second]),
                          (f"c{tag}@example.com", [second]), (f"Zo\u00eb {tag}", [first]), (tag, []), (f"%{tag}", []), ("a\\%", [])):
        answer = admin.get("/v1/admin/users", params={"search": search})
        assert answer.status_code == 200, answer.text
        assert [u["id"] for u in answer.json()["data"]] == [u.id for u in found], search
    assert [u["id"] for u in admin.get("/v1/admin/users", params={"email": first.email}).json()["data"]] == [first.id]
    assert code(admin.get("/v1/admin/users", params={"search": "a"}))[0] == 400


def test_accounts_are_found_by_status_and_role(stack, admin, support, guest):
    assert suspend(admin, guest).status_code == 200
    found = admin.get("/v1/admin/users", params={"status": "suspended", "limit": 100}).json()["data"]
    assert guest.id in [u["id"] for u in found] and {u["status"] for u in found} == {"suspended"}
    found = admin.get("/v1/admin/users", params={"role": "support", "limit": 100}).json()["data"]
    assert support.id in [u["id"] for u in found] and all("support" in u["roles"] for u in found)
    assert admin.get("/v1/admin/users", params={"role": "nobody"}).json()["data"] == []


def test_pages_of_accounts_hold_each_once(stack, admin):
    tag = uuid.uuid4().hex[:12]
    made = {stack.user(email=f"p{tag}-{i}@example.com").id for i in range(5)}
    seen, cursor = [], None
    while True:
        page = admin.get("/v1/admin/users", params={"search": f"p{tag}", "limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [u["id"] for u in page["data"]]
        cursor = page["page"]["next_cursor"]
        if not cursor:
            break
    assert len(seen) == 5 and set(seen) == made


def test_an_account_as_staff_sees_it(stack, admin, guest):
    make_property(guest)
    shown = admin.get(f"/v1/admin/users/{guest.id}?fields=id,email,name,status,roles,second_factor,sessions,properties").json()
    assert shown == {"id": guest.id, "email": guest.email, "name": "Grace Guest", "status": "active", "roles": ["guest", "host"],
                     "second_factor": False, "sessions": 1, "properties": 1}
    assert not {"password", "password_hash", "phone"} & set(admin.get(f"/v1/admin/users/{guest.id}").json())


# --- suspending

def test_a_suspended_account_is_out_at_once_and_back_when_restored(stack, admin, guest):
    tokens = log_in(stack, guest)
    answer = suspend(admin, guest)
    assert answer.status_code == 200 and answer.json()["status"] == "suspended"
    assert guest.get("/v1/me").status_code in (401, 403)
    assert stack.session(tokens["access_token"]).get("/v1/me").status_code in (401, 403)
    assert stack.session().post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code in (400, 401)
    login = stack.session().post("/v1/auth/login", json={"email": guest.email, "password": guest.password})
    assert login.status_code in (401, 403), login.text
    assert stack.query("select count(*) from sessions where user_id = %s and ended_at is null", guest.id) == [(0,)]
    assert code(suspend(admin, guest)) == (409, "conflict")
    answer = restore(admin, guest)
    assert answer.status_code == 200 and answer.json()["status"] == "active"
    assert code(restore(admin, guest)) == (409, "conflict")
    assert guest.get("/v1/me").status_code == 401  # what was ended stays so
    assert stack.session(log_in(stack, guest)["access_token"]).get("/v1/me").status_code == 200


def test_suspending_is_in_the_audit_log(admin, guest):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    path = f"/v1/admin/users/{guest.id}/suspend"
    first, again = (admin.post(path, json=WHY, headers=headers) for _ in range(2))
    assert first.status_code == again.status_code == 200 and again.headers["Idempotency-Replayed"] == "true"
    assert restore(admin, guest).status_code == 200
    told = entries(admin, target_id=guest.id, **{"action[in]": "user.suspend,user.restore"})
    assert [(e["action"], e["user_id"], e["actor_id"], e["target_type"], e["target_id"]) for e in told] == [
        (action, admin.id, None, "user", guest.id) for action in ("user.restore", "user.suspend")]
    assert changes(told[1]) == {"status": ("active", "suspended"), "reason": (None, WHY["reason"])}
    assert changes(told[0])["status"] == ("suspended", "active")
    assert told[1]["request_id"] == first.headers["X-Request-Id"] and told[1]["network"].endswith(("/24", "/48"))
    assert entries(admin, request_id=told[1]["request_id"]) == [told[1]]
    assert admin.get(f"/v1/audit/{told[0]['id']}").json() == told[0]


def test_nobody_suspends_themselves_or_who_may_more(stack, admin):
    assert suspend(admin, admin).status_code == 403
    stack.query("insert into roles (name, doc) values ('watch', 'Looks after accounts.') on conflict do nothing")
    stack.query("insert into role_permissions values ('watch', 'user.read'), ('watch', 'user.manage') on conflict do nothing")
    watch, other = staff(stack, "watch"), staff(stack, "support")
    assert code(suspend(watch, admin)) == (403, "forbidden")
    assert suspend(watch, other).status_code == 200
    assert restore(watch, other).status_code == 200


def test_suspensions_at_once_leave_one_entry(stack, admin, guest):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: stack.session(admin.session.headers["Authorization"].split()[1]).post(
            f"/v1/admin/users/{guest.id}/suspend", json=WHY).status_code, range(8)))
    assert sorted(answers) == [200] + [409] * 7
    assert len(entries(admin, target_id=guest.id, action="user.suspend")) == 1


def test_what_a_suspended_host_offers_is_not_found_and_not_booked(stack, admin, guest):
    host = stack.user(name="Host")
    place = make_property(host, title=f"Withheld {uuid.uuid4().hex}")
    asked, held = quote(guest, place["id"], 40), quote(guest, place["id"], 50)
    booked = book(guest, quote(guest, place["id"], 60).json()["id"])
    assert asked.status_code == held.status_code == booked.status_code == 201

    def found():
        answer = stack.session().get("/v1/properties", params={"sort": "-created_at", "limit": 20})
        assert answer.status_code == 200, answer.text
        return [p["id"] for p in answer.json()["data"]]

    assert place["id"] in found()
    assert suspend(admin, host).status_code == 200
    assert place["id"] not in found()
    assert quote(guest, place["id"], 70).status_code == 404
    assert book(guest, asked.json()["id"]).status_code == 422
    assert guest.get(f"/v1/bookings/{booked.json()['id']}").json()["status"] == "confirmed"
    assert restore(admin, host).status_code == 200
    assert place["id"] in found()
    assert book(guest, held.json()["id"]).status_code == 201


WAITING = "select count(*) from pg_stat_activity where usename = 'nexus_api' and wait_event_type = 'Lock'"


def test_a_property_offered_while_its_host_is_suspended_is_refused(stack, guest):
    """Whichever comes first, the other one sees it."""
    with contextlib.ExitStack() as opened:
        pool = opened.enter_context(concurrent.futures.ThreadPoolExecutor(1))
        one, root = (opened.enter_context(contextlib.closing(stack.db(user))) for user in (None, "postgres"))
        cursor, watch = one.cursor(), root.cursor()
        one.autocommit = False
        cursor.execute("update users set status = 'suspended' where id = %s", (guest.id,))
        answer = pool.submit(lambda: guest.post("/v1/properties", json=PROPERTY))
        wait_until(lambda: watch.execute(WAITING) or watch.fetchone()[0], what="the API to wait for the suspension")
        one.commit()
        made = answer.result()
    assert code(made) == (403, "account_inactive")
    assert stack.query("select count(*) from properties where host_id = %s", guest.id) == [(0,)]


# --- acting as a user

def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_acting_says_who_acts(stack, admin, guest):
    answer = act(admin, guest).json()
    assert set(answer) >= {"access_token", "token_type", "expires_in"} and "refresh_token" not in answer
    told = claims(answer["access_token"])
    assert told["sub"] == guest.id and told["act"] == {"sub": admin.id}
    assert told["exp"] - told["iat"] <= 900
    me = stack.session(answer["access_token"]).get("/v1/me").json()
    assert me["id"] == guest.id and me["actor_id"] == admin.id
    assert guest.get("/v1/me").json()["actor_id"] is None


def test_acting_sees_and_does_what_the_user_may(stack, admin, guest):
    place = make_property(guest)
    other = make_property(stack.user())
    helper = acting(stack, admin, guest)
    assert helper.get("/v1/me/properties").status_code == 200
    assert helper.patch(f"/v1/properties/{place['id']}", json={"title": "Repaired title"}).status_code == 200
    assert helper.patch(f"/v1/properties/{other['id']}", json={"title": "Nope"}).status_code in (403, 404)
    booked = book(helper, quote(helper, other["id"], 30).json()["id"])
    assert booked.status_code == 201 and guest.get(f"/v1/bookings/{booked.json()['id']}").status_code == 200


def account_ops(stack):
    """Every op of the API on what is the user's own, from the document."""
    for path, item in stack.session().get("/v1/openapi.json").json()["paths"].items():
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}:
            yield method, path


def test_acting_leaves_alone_what_is_the_users_own(stack, admin, guest):
    helper = acting(stack, admin, guest)
    refused = 0
    for method, path in account_ops(stack):
        if path == "/v1/me" and method == "get" or not path.startswith(("/v1/me", "/v1/admin", "/v1/audit", "/v1/roles", "/v1/users/{id}/roles",
                                                                        "/v1/clients")) or path in ("/v1/me/properties",):
            continue
        answer = helper.request(method, path.replace("{id}", guest.id), json={} if method not in ("get", "delete") else None)
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
        refused += 1
    assert refused >= 9
    for method, path, body in (("post", "/v1/properties", PROPERTY), ("post", f"/v1/admin/users/{guest.id}/act", WHY)):
        assert helper.request(method, path, json=body).status_code == 403


def test_every_request_of_an_actor_is_in_the_audit_log(stack, admin, guest):
    place = make_property(guest)
    helper = acting(stack, admin, guest)
    done = [helper.get("/v1/bookings?limit=1"), helper.patch(f"/v1/properties/{place['id']}", json={"title": "Repaired"}),
            helper.patch(f"/v1/properties/{uuid.uuid4()}", json={"title": "Nope"})]
    told = {e["request_id"]: e for e in entries(admin, target_id=guest.id, action="acting.request")}
    for answer in done:
        entry = told[answer.headers["X-Request-Id"]]
        assert (entry["user_id"], entry["actor_id"]) == (guest.id, admin.id)
        assert changes(entry)["path"] == (None, answer.request.path_url.split("?")[0])
    [began] = entries(admin, target_id=guest.id, action="user.act")
    assert (began["user_id"], began["actor_id"]) == (admin.id, None) and changes(began)["reason"] == (None, WHY["reason"])
    assert {e["actor_id"] for e in entries(admin, actor_id=admin.id)} == {admin.id}


def test_what_cannot_be_told_is_not_done(stack, admin, guest):
    """Without the audit log nobody acts as anybody."""
    place = make_property(guest)
    helper = acting(stack, admin, guest)
    signature = "audit_append(uuid, uuid, uuid, uuid, text, text, inet, text, text, text, jsonb, jsonb)"
    stack.query(f"revoke execute on function {signature} from nexus_api")
    try:
        answer = helper.patch(f"/v1/properties/{place['id']}", json={"title": "Nobody knows"})
        assert answer.status_code >= 500
    finally:
        stack.query(f"grant execute on function {signature} to nexus_api")
    assert guest.get(f"/v1/properties/{place['id']}").json()["title"] == PROPERTY["title"]
    assert helper.patch(f"/v1/properties/{place['id']}", json={"title": "Known"}).status_code == 200


def test_nobody_acts_as_staff_or_themselves_or_who_is_suspended(stack, admin, support, guest):
    for other in (support, staff(stack, "admin"), admin):
        assert act(admin, other).status_code == 403
    assert suspend(admin, guest).status_code == 200
    assert code(act(admin, guest)) == (409, "conflict")


def test_acting_ends_with_the_log_out(stack, admin, guest):
    helper = acting(stack, admin, guest)
    assert helper.post("/v1/auth/logout", json={}).status_code == 204
    assert helper.get("/v1/me").status_code == 401
    assert guest.get("/v1/me").status_code == 200 and admin.get("/v1/me").status_code == 200


def test_acting_ends_with_the_suspension_of_the_user(stack, admin, guest):
    helper = acting(stack, admin, guest)
    assert helper.get("/v1/me").status_code == 200
    assert suspend(admin, guest).status_code == 200
    assert helper.get("/v1/me").status_code in (401, 403)


def test_acting_ends_with_the_suspension_of_the_actor(stack, admin, guest):
    other = staff(stack, "admin")
    helper = acting(stack, other, guest)
    assert helper.get("/v1/me").status_code == 200
    assert suspend(admin, other).status_code == 200
    assert helper.get("/v1/me").status_code == 401
    assert guest.get("/v1/me").status_code == 200


def test_acting_ends_with_the_right_to_act(stack, guest):
    other = staff(stack, "admin")
    helper = acting(stack, other, guest)
    assert helper.get("/v1/me").status_code == 200
    stack.ctl("user", "set-role", "--email", other.email, "guest")
    assert helper.get("/v1/me").status_code == 401
    assert guest.get("/v1/me").status_code == 200


@pytest.mark.parametrize("whom", ["user", "actor"])
def test_the_shell_suspends_at_once_too(stack, guest, whom):
    other = staff(stack, "admin")
    helper = acting(stack, other, guest)
    assert helper.get("/v1/me").status_code == guest.get("/v1/me").status_code == 200
    suspended = guest if whom == "user" else other
    stack.ctl("user", "suspend", "--email", suspended.email, "--reason", "Case 5")
    assert helper.get("/v1/me").status_code in (401, 403)
    assert suspended.get("/v1/me").status_code in (401, 403)
    stack.ctl("user", "restore", "--email", suspended.email, "--reason", "Case 5")
    assert helper.get("/v1/me").status_code == 401


def test_the_user_sees_who_was_in(stack, admin, guest):
    acting(stack, admin, guest)
    kinds = [s["kind"] for s in guest.get("/v1/me/sessions").json()["data"]]
    assert sorted(kinds) == ["acting", "direct"]


# --- what the other ops tell

def test_what_hosts_do_is_told(stack, admin, guest):
    place = make_property(guest, status="draft")
    path = f"/v1/properties/{place['id']}"
    assert guest.patch(path, json={"status": "published", "title": "Another title", "capacity": 5}).status_code == 200
    assert guest.patch(path, json={"capacity": 5}).status_code == 200  # nothing differs
    assert guest.patch(path, json={"capacity": 6}, headers={"If-Match": '"1.0"'}).status_code == 412
    assert guest.patch(path, json={"amenities": ["wifi"]}).status_code == 200
    assert guest.delete(path).status_code == 204
    told = entries(admin, target_id=place["id"])
    assert [e["action"] for e in told] == ["property.delete", "property.update", "property.update", "property.create"]
    assert {e["user_id"] for e in told} == {guest.id}
    assert changes(told[3]) == {"status": (None, "draft")}
    assert changes(told[2]) == {"status": ("draft", "published"), "title": (None, "(changed)"), "capacity": ("4", "5")}
    assert changes(told[1]) == {"amenities": (None, "(changed)")}
    assert changes(told[0]) == {"status": ("published", "removed")}


def test_what_is_refused_is_not_told(stack, admin, guest):
    place = make_property(stack.user())
    booked = book(guest, quote(guest, place["id"], 20).json()["id"])
    assert booked.status_code == 201
    [before] = [len(entries(admin, target_id=place["id"]))]
    host = stack.query("select host_id::text from properties where id = %s", place["id"])[0][0]
    assert host != guest.id and guest.patch(f"/v1/properties/{place['id']}", json={"capacity": 1}).status_code in (403, 404)
    assert len(entries(admin, target_id=place["id"])) == before
    assert entries(admin, target_id=booked.json()["id"]) == []  # bookings do not go through the log


def test_a_removal_that_is_refused_is_not_told(stack, admin, guest):
    host = stack.user()
    place = make_property(host)
    assert book(guest, quote(guest, place["id"], 20).json()["id"]).status_code == 201
    assert code(host.delete(f"/v1/properties/{place['id']}")) == (409, "property_in_use")
    assert entries(admin, target_id=place["id"], action="property.delete") == []


def test_cancelled_bookings_are_told(stack, admin, guest):
    place = make_property(stack.user())
    booked = book(guest, quote(guest, place["id"], 20).json()["id"]).json()
    assert guest.post(f"/v1/bookings/{booked['id']}/cancel").status_code == 200
    assert guest.post(f"/v1/bookings/{booked['id']}/cancel").status_code == 409
    [told] = entries(admin, target_id=booked["id"])
    assert told["action"] == "booking.cancel" and changes(told) == {"status": ("confirmed", "cancelled")}


def test_calendars_changed_by_others_are_told(stack, admin, guest):
    place = make_property(guest)
    path, body = f"/v1/properties/{place['id']}/calendar", {"ranges": [{"from": day(10), "to": day(12), "blocked": True}]}
    assert guest.put(path, json=body).status_code == 200
    assert entries(admin, target_id=place["id"], action="calendar.update") == []
    assert admin.put(path, json=body).status_code == 200
    assert acting(stack, admin, guest).put(path, json=body).status_code == 200
    told = entries(admin, target_id=place["id"], action="calendar.update")
    assert [(e["user_id"], e["actor_id"]) for e in told] == [(guest.id, admin.id), (admin.id, None)]
    assert changes(told[1]) == {"from": (None, day(10)), "to": (None, day(12))}


def test_a_copied_refresh_token_is_told(stack, admin, guest):
    tokens = [log_in(stack, guest)["refresh_token"]]
    for _ in range(2):
        tokens.append(stack.session().post("/v1/auth/refresh", json={"refresh_token": tokens[-1]}).json()["refresh_token"])
    assert stack.session().post("/v1/auth/refresh", json={"refresh_token": tokens[0]}).status_code in (400, 401)
    [told] = entries(admin, target_id=guest.id, action="session.reuse")
    assert list(changes(told)) == ["session"] and told["user_id"] is None


def test_sign_up_is_told(admin, guest):
    [told] = entries(admin, target_id=guest.id, action="user.create")
    assert told["target_type"] == "user" and told["request_id"]


# --- the audit log over the API

def test_pages_of_the_audit_log_hold_each_entry_once(stack, admin, guest):
    helper = acting(stack, admin, guest)
    for _ in range(5):
        helper.get("/v1/bookings")
    want = [e["id"] for e in entries(admin, target_id=guest.id)]
    seen, cursor = [], None
    while True:
        page = admin.get("/v1/audit", params={"target_id": guest.id, "limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [e["id"] for e in page["data"]]
        cursor = page["page"]["next_cursor"]
        if not cursor:
            break
    assert seen == want and len(seen) >= 6


def test_the_audit_log_is_found_by_time(admin, guest):
    assert suspend(admin, guest).status_code == 200
    [entry] = entries(admin, target_id=guest.id, action="user.suspend")
    assert entries(admin, target_id=guest.id, action="user.suspend", **{"at[gte]": entry["at"], "at[lte]": entry["at"]}) == [entry]
    assert entries(admin, target_id=guest.id, action="user.suspend", **{"at[gt]": entry["at"]}) == []
    assert entries(admin, target_type="property", target_id=guest.id) == []


def test_no_secret_and_no_address_is_in_the_audit_log(stack, admin, guest):
    assert suspend(admin, guest).status_code == 200
    text = " ".join(row[0] for row in stack.query("select audit_log::text from audit_log"))
    assert guest.email not in text and guest.password not in text and "argon2" not in text and guest.name not in text


def test_the_chain_holds_after_all_this(stack):
    report = json.loads(stack.ctl("audit", "verify", "--json").stdout)
    assert report["faults"] == 0 and report["entries"] > 0
