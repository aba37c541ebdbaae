"""Roles, the roles of users, co-hosts: who may change them, and that a change counts at once."""
import contextlib
import json
import re
import threading
import uuid

import pytest

import marketplace as market
from stack import TOP

PERMISSIONS = re.findall(r'^PERM\(\w+, "([a-z_.]+)"', (TOP / "src/auth/permissions.def").read_text(), re.M)
MEMBER = ["property.write", "calendar.write", "booking.read", "booking.manage"]


def problem(answer, status, code, pointer=None):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["code"] == code, body
    assert pointer is None or pointer in {e["pointer"] for e in body["errors"]}, body
    return body


def name_of(word="role"):
    return f"{word}_{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def admin(stack):
    """An administrator, made at the shell as the first one always is."""
    user = stack.user(name="Admin")
    stack.ctl("user", "set-role", "--email", user.email, "guest", "host", "admin")
    return user


@pytest.fixture(scope="module")
def host(stack):
    return stack.user(name="Host")


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user(name="Guest")


def make_role(admin, *permissions, **changes):
    answer = admin.post("/v1/roles", json={"name": name_of(), "doc": "For a test.", "permissions": list(permissions), **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


def give(admin, user, *roles):
    return admin.put(f"/v1/users/{user.id}/roles", json={"roles": list(roles)})


def manager(stack, admin, *permissions):
    """Somebody who may manage roles, and whatever else is named, but is no administrator."""
    user = stack.user(name="Manager")
    role = make_role(admin, "account", "role.manage", *permissions)
    assert give(admin, user, "guest", role["name"]).status_code == 200
    return user


# ---- names

def test_permissions_of_the_database_are_those_of_the_program(stack):
    """Roles hold known permissions only, and each permission is held by a role and asked for by something."""
    held = {name for name, in stack.query("select permission from role_permissions p join roles r on r.name = p.role_name where built_in")}
    assert held - {"*"} <= set(PERMISSIONS)
    assert stack.query("select role_name from role_permissions where permission = '*'") == [("admin",)]
    assert {"public"} == set(PERMISSIONS) - {name for name in PERMISSIONS if name != "public"}
    used = "\n".join(path.read_text() for path in (TOP / "src").rglob("*.c") if not path.name.endswith(("_test.c", "_tests.c")))
    identifiers = re.findall(r'^PERM\((\w+), "([a-z_.]+)"', (TOP / "src/auth/permissions.def").read_text(), re.M)
    idle = [name for identifier, name in identifiers if not re.search(rf"\b{identifier}\b", used) and f"'{name}'" not in used]
    assert not idle, f"nothing asks for these: {idle}"


def test_what_can_be_given_to_co_hosts_is_a_closed_list(contract):
    shape = contract.document["components"]["schemas"]["PropertyMemberPut"]["properties"]["permissions"]["items"]["enum"]
    assert shape == MEMBER and set(shape) <= set(PERMISSIONS)
    assert contract.document["components"]["schemas"]["RoleCreate"]["properties"]["permissions"]["items"]["enum"] == PERMISSIONS[1:]


# Rules about what is asked for, which no gate or scope can know: who outranks whom, what is given to others.
RULES = {"op_admin_user_act.c", "op_admin_user_restore.c", "op_admin_user_suspend.c", "op_role_update.c", "op_user_roles_replace.c"}


def test_handlers_do_not_decide_who_may():
    """That is asked by the permit gate, by scope() and by the statements that read the row."""
    asks = re.compile(r"perm_has\(|principal\.(?:perms|ceiling)|uuid_eq\([^;]*principal")
    found = {path.name for path in (TOP / "src").rglob("op_*.c") if asks.search(path.read_text())}
    assert found == RULES


# ---- roles

def test_built_in_roles(admin):
    page = admin.get("/v1/roles?limit=100").json()
    listed = page["data"]
    while page["page"]["has_more"]:  # other tests make roles, too
        page = admin.get(f"/v1/roles?limit=100&cursor={page['page']['next_cursor']}").json()
        listed += page["data"]
    roles = {role["name"]: role for role in listed if role["built_in"]}
    assert set(roles) == {"guest", "host", "support", "admin"}
    assert roles["admin"]["permissions"] == ["*"] and "booking.create" in roles["guest"]["permissions"]
    read = admin.get("/v1/roles/guest")
    assert read.status_code == 200 and read.json() == roles["guest"]
    assert admin.get("/v1/roles/guest", headers={"If-None-Match": read.headers["ETag"]}).status_code == 304


def test_roles_are_listed_in_pages(admin):
    for _ in range(3):
        make_role(admin)
    everything, cursor = [], ""
    while cursor is not None:
        page = admin.get("/v1/roles?limit=2" + (f"&cursor={cursor}" if cursor else "")).json()
        everything += [role["name"] for role in page["data"]]
        cursor = page["page"]["next_cursor"]
    assert everything == sorted(everything) and len(everything) == len(set(everything)) >= 7


def test_life_of_a_role(stack, admin):
    name = name_of()
    made = admin.post("/v1/roles", json={"name": name, "doc": "Night desk.", "permissions": ["account", "booking.read", "account"]})
    assert made.status_code == 201 and made.headers["Location"] == f"/v1/roles/{name}", made.text
    assert made.json()["permissions"] == ["account", "booking.read"] and made.json()["built_in"] is False
    problem(admin.post("/v1/roles", json={"name": name, "doc": "Again.", "permissions": []}), 409, "conflict", "/name")
    changed = admin.patch(f"/v1/roles/{name}", json={"permissions": ["user.read"]}, headers={"If-Match": made.headers["ETag"]})
    assert changed.status_code == 200 and changed.json()["permissions"] == ["user.read"] and changed.json()["doc"] == "Night desk."
    problem(admin.patch(f"/v1/roles/{name}", json={"doc": "Late."}, headers={"If-Match": made.headers["ETag"]}), 412, "precondition_failed")
    emptied = admin.patch(f"/v1/roles/{name}", json={"permissions": [], "doc": "Nothing."})
    assert emptied.json()["permissions"] == [] and emptied.json()["doc"] == "Nothing."
    user = stack.user()
    assert give(admin, user, "guest", name).status_code == 200
    problem(admin.delete(f"/v1/roles/{name}"), 409, "role_in_use")
    assert give(admin, user, "guest").status_code == 200
    assert admin.delete(f"/v1/roles/{name}").status_code == 204
    problem(admin.get(f"/v1/roles/{name}"), 404, "not_found")
    problem(admin.delete(f"/v1/roles/{name}"), 404, "not_found")
    problem(admin.patch(f"/v1/roles/{name}", json={}), 404, "not_found")


def test_what_is_protected(admin):
    for name in ("guest", "host", "support", "admin"):
        problem(admin.delete(f"/v1/roles/{name}"), 409, "role_protected")
    for permissions in ([], ["account"], PERMISSIONS[1:]):
        problem(admin.patch("/v1/roles/admin", json={"permissions": permissions}), 409, "role_protected")
    assert admin.patch("/v1/roles/admin", json={"doc": "Sees and changes everything."}).status_code == 200
    assert admin.get("/v1/roles/admin").json()["permissions"] == ["*"]


@pytest.mark.parametrize("change, pointer", [
    ({"permissions": ["account", "emperor"]}, "/permissions/1"), ({"permissions": ["*"]}, "/permissions/0"),
    ({"permissions": ["public"]}, "/permissions/0"), ({"permissions": "account"}, "/permissions"), ({"name": "Upper"}, "/name"),
    ({"name": "9lives"}, "/name"), ({"name": "a" * 33}, "/name"), ({"name": "a-b"}, "/name"), ({"doc": ""}, "/doc"),
    ({"doc": "x" * 501}, "/doc"), ({"built_in": True}, "/built_in"), ({"version": 3}, "/version"),
])
def test_what_no_role_is(stack, admin, change, pointer):
    before = stack.query("select count(*) from roles")
    answer = admin.post("/v1/roles", json={"name": name_of(), "doc": "Wrong.", "permissions": [], **change})
    problem(answer, 422, "validation_failed", pointer)
    assert stack.query("select count(*) from roles") == before


def test_nobody_gives_what_they_do_not_hold(stack, admin):
    somebody = manager(stack, admin, "booking.read", "user.read")
    body = {"name": name_of(), "doc": "More.", "permissions": ["account", "audit.read", "user.manage"]}
    said = problem(somebody.post("/v1/roles", json=body), 403, "forbidden", "/permissions/1")
    assert {e["pointer"] for e in said["errors"]} == {"/permissions/1", "/permissions/2"}
    role = make_role(somebody, "account", "user.read")
    strong = make_role(admin, "audit.read", "account")
    # Into a role and out of it, to a user and from a user: the same rule.
    problem(somebody.patch(f"/v1/roles/{role['name']}", json={"permissions": ["user.manage"]}), 403, "forbidden", "/permissions/0")
    problem(somebody.patch(f"/v1/roles/{strong['name']}", json={"permissions": ["account"]}), 403, "forbidden", "/permissions")
    kept = somebody.patch(f"/v1/roles/{strong['name']}", json={"permissions": ["audit.read", "account", "user.read"]})
    assert kept.status_code == 200, kept.text
    other = stack.user()
    problem(give(somebody, other, "guest", strong["name"]), 403, "forbidden", "/roles/1")
    problem(give(somebody, other, "guest", "admin"), 403, "forbidden", "/roles/1")
    problem(give(somebody, somebody, "guest", "admin"), 403, "forbidden", "/roles/1")
    problem(give(somebody, admin, "guest"), 403, "forbidden", "/roles")
    assert give(admin, other, "guest", strong["name"]).status_code == 200
    problem(give(somebody, other, "guest"), 403, "forbidden", "/roles")
    # What stays as it is needs no right.
    assert give(somebody, other, "guest", strong["name"], role["name"]).status_code == 200


# ---- roles of users

def test_roles_of_a_user(stack, admin):
    user = stack.user()
    path = f"/v1/users/{user.id}/roles"
    assert admin.get(path).json() == {"user_id": user.id, "roles": ["guest", "host"]}
    etag = user.get("/v1/me").headers["ETag"]
    assert give(admin, user, "support", "guest", "support").json() == {"user_id": user.id, "roles": ["guest", "support"]}
    assert user.get("/v1/me").json()["roles"] == ["guest", "support"] and user.get("/v1/me").headers["ETag"] != etag
    problem(give(admin, user, "guest", "emperor", "host", "ghost"), 422, "validation_failed", "/roles/1")
    problem(give(admin, user, "Guest"), 422, "validation_failed", "/roles/0")
    assert admin.get(path).json()["roles"] == ["guest", "support"]
    for missing in (f"/v1/users/{uuid.uuid4()}/roles",):
        problem(admin.get(missing), 404, "not_found")
        problem(admin.put(missing, json={"roles": ["guest"]}), 404, "not_found")
    assert give(admin, user).json()["roles"] == []


def test_changes_count_at_once(stack, admin, guest):
    """For tokens that are out, in every worker."""
    user = stack.user()
    sessions = [stack.session(user.token) for _ in range(8)]

    def becomes(status, path="/v1/roles"):
        assert {session.get(path).status_code for session in sessions for _ in range(3)} == {status}

    becomes(403)
    role = make_role(admin, "account", "role.manage")
    assert give(admin, user, "guest", role["name"]).status_code == 200
    becomes(200)
    assert admin.patch(f"/v1/roles/{role['name']}", json={"permissions": ["account"]}).status_code == 200
    becomes(403)
    assert admin.patch(f"/v1/roles/{role['name']}", json={"permissions": ["account", "role.manage"]}).status_code == 200
    becomes(200)
    assert give(admin, user, "guest").status_code == 200
    becomes(403)
    assert give(admin, user).status_code == 200
    becomes(403, "/v1/me")
    assert guest.get("/v1/me").status_code == 200


def test_the_last_administrator_stays(fresh_stack):
    stack = fresh_stack(options={"workers": "4"})
    first, second = stack.user(), stack.user()
    stack.ctl("user", "set-role", "--email", first.email, "guest", "admin")
    problem(give(first, first, "guest"), 409, "last_admin")
    assert first.get("/v1/me").json()["roles"] == ["admin", "guest"]
    assert stack.ctl("user", "set-role", "--email", first.email, "guest", check=False).returncode != 0
    # Two who take the role from each other at the same moment, again and again: one of them keeps it.
    for _ in range(15):
        assert give(first if "admin" in first.get("/v1/me").json()["roles"] else second, first, "guest", "admin").status_code == 200
        assert give(first, second, "guest", "admin").status_code == 200
        gate, codes = threading.Barrier(2), []

        def take(actor, other, gate=gate, codes=codes):
            gate.wait()
            codes.append(give(actor, other, "guest").status_code)

        threads = [threading.Thread(target=take, args=pair) for pair in ((first, second), (second, first))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # The slower one is no administrator any more, or was the last.
        assert sorted(codes) in ([200, 403], [200, 409]), codes
        assert stack.query("select count(*) from user_roles where role_name = 'admin'") == [(1,)]
    # Suspended administrators do not count.
    keeper = first if "admin" in first.get("/v1/me").json()["roles"] else second
    other = second if keeper is first else first
    assert give(keeper, other, "guest", "admin").status_code == 200
    stack.query("update users set status = 'suspended' where id = %s", other.id)
    problem(give(keeper, keeper, "guest"), 409, "last_admin")
    with pytest.raises(Exception, match="last administrator"):
        stack.query("update users set status = 'deactivated' where id = %s", keeper.id)


# ---- at the shell

def test_roles_at_the_shell(stack, admin):
    name, user = name_of("shell"), stack.user()
    made = stack.ctl("role", "create", name, "account", "role.manage", "--doc", "For a test.")
    assert made.stdout == ""
    stack.ctl("user", "set-role", "--email", user.email, name)
    assert user.get("/v1/roles").status_code == 200
    stack.ctl("role", "revoke", name, "role.manage", "user.read")
    assert user.get("/v1/roles").status_code == 403
    stack.ctl("role", "grant", name, "role.manage", "booking.read", "role.manage")
    assert user.get("/v1/roles").status_code == 200
    listed = {role["name"]: role for role in json.loads(stack.ctl("role", "list", "--json").stdout)}
    assert listed[name] == {"name": name, "doc": "For a test.", "built_in": False, "users": 1,
                            "permissions": ["account", "booking.read", "role.manage"]}
    assert listed["admin"]["permissions"] == ["*"] and listed["admin"]["built_in"] is True
    assert re.search(rf"^{name} +1  account booking.read role.manage$", stack.ctl("role", "list").stdout, re.M)
    assert admin.get(f"/v1/roles/{name}").json()["permissions"] == ["account", "booking.read", "role.manage"]
    entries = stack.query("select action, operator like 'nexusctl:%%', before, after from audit_log where target_id = %s order by at, id", name)
    first, second = {"permissions": ["account", "role.manage"]}, {"permissions": ["account"]}
    assert entries == [("role.create", True, None, first), ("role.update", True, first, second),
                       ("role.update", True, second, {"permissions": listed[name]["permissions"]})]


@pytest.mark.parametrize("words, status, said", [
    (("create", "guest", "--doc", "x"), 1, "already"), (("create", "x_y"), 2, "--doc"), (("create", "X", "--doc", "x"), 2, "must be"),
    (("create", "a" * 33, "--doc", "x"), 2, "32"), (("create", "x_y", "acount", "--doc", "x"), 4, "did you mean 'account'"),
    (("grant", "guest", "public"), 4, "unknown permission"), (("grant", "nobody_is", "account"), 4, "no role"),
    (("grant", "admin", "account"), 1, "everything"), (("revoke", "admin", "account"), 1, "everything"),
    (("revoke", "guest", "*"), 4, "unknown permission"), (("grant", "guest"), 2, ""),
])
def test_mistakes_at_the_shell(stack, words, status, said):
    before = stack.query("select role_name, permission from role_permissions order by 1, 2")
    done = stack.ctl("role", *words, check=False)
    assert done.returncode == status and said in done.stderr, done.stderr
    assert stack.query("select role_name, permission from role_permissions order by 1, 2") == before


# ---- co-hosts

@pytest.fixture
def place(host):
    return market.make_property(host)["id"]


def let(host, place, user, *permissions):
    return host.put(f"/v1/properties/{place}/members/{user.id}", json={"permissions": list(permissions)})


def test_co_hosts_are_listed(stack, host, guest, place):
    helper = stack.user(name="Helper")
    made = let(host, place, helper, "calendar.write", "booking.read", "calendar.write")
    assert made.status_code == 200, made.text
    assert made.json()["user_id"] == helper.id and made.json()["permissions"] == ["booking.read", "calendar.write"]
    assert let(host, place, helper, "booking.read").json()["permissions"] == ["booking.read"]
    listed = host.get(f"/v1/properties/{place}/members?include=user").json()["data"]
    assert [(m["user_id"], m["permissions"], m["user"]["name"]) for m in listed] == [(helper.id, ["booking.read"], "Helper")]
    for nobody in (guest, helper):
        problem(nobody.get(f"/v1/properties/{place}/members"), 404, "not_found")
        problem(let(nobody, place, guest, "booking.read"), 404, "not_found")
    problem(guest.delete(f"/v1/properties/{place}/members/{helper.id}"), 404, "not_found")
    assert host.delete(f"/v1/properties/{place}/members/{helper.id}").status_code == 204
    problem(host.delete(f"/v1/properties/{place}/members/{helper.id}"), 404, "not_found")
    assert host.get(f"/v1/properties/{place}/members").json()["data"] == []


def test_a_co_host_may_go(stack, host, place):
    helper = stack.user()
    assert let(host, place, helper, "calendar.write").status_code == 200
    assert helper.delete(f"/v1/properties/{place}/members/{helper.id}").status_code == 204
    assert host.get(f"/v1/properties/{place}/members").json()["data"] == []


def test_who_cannot_be_a_co_host(stack, host, place):
    problem(let(host, place, host, "booking.read"), 409, "conflict")
    path = f"/v1/properties/{place}/members/{uuid.uuid4()}"
    problem(host.put(path, json={"permissions": ["booking.read"]}), 404, "not_found")
    gone = stack.user()
    stack.query("update users set status = 'suspended' where id = %s", gone.id)
    problem(let(host, place, gone, "booking.read"), 404, "not_found")
    for permissions, pointer in ((["role.manage"], "/permissions/0"), (["property.manage"], "/permissions/0"), ([], "/permissions"),
                                 (["*"], "/permissions/0")):
        problem(let(host, place, stack.user(), *permissions), 422, "validation_failed", pointer)


def test_a_property_has_so_many_co_hosts_at_most(stack, host, place):
    stack.query("""with made as (insert into users (id, email, name)
                     select gen_random_uuid(), gen_random_uuid() || '@example.com', 'x' from generate_series(1, 100) returning id)
                   insert into property_members (property_id, user_id, permissions) select %s, id, '{booking.read}' from made""", place)
    user = stack.user()
    problem(let(host, place, user, "booking.read"), 409, "conflict")
    one = stack.query("select user_id::text from property_members where property_id = %s limit 1", place)[0][0]
    assert host.put(f"/v1/properties/{place}/members/{one}", json={"permissions": ["booking.manage"]}).status_code == 200


def works(helper, place, booking):
    """Which of the things a co-host can be given this one can do."""
    calendar = {"ranges": [{"from": market.day(200), "to": market.day(201), "min_nights": 2}]}
    tries = {"property.write": helper.patch(f"/v1/properties/{place}", json={"bedrooms": 2}).status_code,
             "calendar.write": helper.put(f"/v1/properties/{place}/calendar", json=calendar).status_code,
             "booking.read": helper.get(f"/v1/bookings/{booking}").status_code,
             "booking.manage": helper.post(f"/v1/bookings/{booking}/cancel", headers={"If-Match": '"0.0"'}).status_code}
    assert set(tries.values()) <= {200, 404, 412}, tries
    return {name for name, status in tries.items() if status != 404}


@pytest.mark.parametrize("given", [[name] for name in MEMBER] + [MEMBER, MEMBER[1:3]])
def test_co_hosts_may_what_they_were_given(stack, host, guest, given):
    """On that property and no other, whatever their roles, and no longer than they are co-hosts."""
    place, other = market.make_property(host)["id"], market.make_property(host)["id"]
    bookings = [market.book(guest, market.quote(guest, where, 30).json()["id"]).json()["id"] for where in (place, other)]
    helper = stack.user()
    assert works(helper, place, bookings[0]) == set()
    assert let(host, place, helper, *given).status_code == 200
    assert works(helper, place, bookings[0]) == set(given)
    assert works(helper, other, bookings[1]) == set()
    problem(helper.delete(f"/v1/properties/{place}"), 404, "not_found")
    listed = {b["id"] for b in helper.get("/v1/bookings?role=cohost").json()["data"]}
    assert listed == ({bookings[0]} if "booking.read" in given else set())
    assert listed == {b["id"] for b in helper.get("/v1/bookings").json()["data"]}
    assert [p["id"] for p in helper.get("/v1/me/properties").json()["data"]] == [place]
    assert host.delete(f"/v1/properties/{place}/members/{helper.id}").status_code == 204
    assert works(helper, place, bookings[0]) == set()
    assert helper.get("/v1/me/properties").json()["data"] == []


def test_a_co_host_needs_no_role(stack, admin, host):
    """Somebody who could not host by himself helps with one draft, sees it and its address."""
    place = market.make_property(host, status="draft")["id"]
    helper = stack.user()
    assert give(admin, helper).status_code == 200
    problem(helper.get(f"/v1/properties/{place}"), 404, "not_found")
    assert let(host, place, helper, "property.write").status_code == 200
    read = helper.get(f"/v1/properties/{place}")
    assert read.status_code == 200 and read.json()["address"] == "1 Quay Street", read.text
    assert helper.get(f"/v1/properties/{place}/calendar?from={market.day(1)}&to={market.day(2)}").status_code == 200
    assert helper.patch(f"/v1/properties/{place}", json={"title": "Helped"}).json()["title"] == "Helped"
    assert helper.get(f"/v1/properties/{place}/reviews").status_code == 200
    problem(helper.post("/v1/properties", json=market.PROPERTY), 403, "forbidden")


def test_a_host_without_the_role_is_none(stack, admin):
    host = stack.user()
    place = market.make_property(host)["id"]
    assert give(admin, host, "guest").status_code == 200
    problem(host.patch(f"/v1/properties/{place}", json={"title": "x"}), 404, "not_found")
    problem(host.get(f"/v1/properties/{place}/members"), 404, "not_found")
    assert give(admin, host, "guest", "host").status_code == 200
    assert host.patch(f"/v1/properties/{place}", json={"title": "x"}).status_code == 200


def test_administrators_act_as_hosts(admin, host, guest):
    place = market.make_property(host, status="draft")["id"]
    assert admin.patch(f"/v1/properties/{place}", json={"title": "Tidied"}).status_code == 200
    assert admin.get(f"/v1/properties/{place}").json()["address"] == "1 Quay Street"
    assert admin.get(f"/v1/properties/{place}/calendar?from={market.day(1)}&to={market.day(2)}").status_code == 200
    assert let(admin, place, guest, "booking.read").status_code == 200
    assert len(admin.get(f"/v1/properties/{place}/members").json()["data"]) == 1
    assert admin.delete(f"/v1/properties/{place}").status_code == 204


def test_what_changed_is_in_the_audit_log(stack, admin, host, place):
    user, role = stack.user(), make_role(admin, "account")
    assert admin.patch(f"/v1/roles/{role['name']}", json={"permissions": ["account", "user.read"]}).status_code == 200
    assert give(admin, user, "guest", role["name"]).status_code == 200
    assert let(host, place, user, "booking.read").status_code == 200
    assert host.delete(f"/v1/properties/{place}/members/{user.id}").status_code == 204
    assert give(admin, user, "guest").status_code == 200
    assert admin.delete(f"/v1/roles/{role['name']}").status_code == 204
    host.delete(f"/v1/properties/{place}/members/{user.id}")  # nothing happens, so nothing is recorded
    entries = stack.query("""select action, user_id::text, before, after from audit_log
                              where target_id = any (%s) order by at, id""", [role["name"], user.id, place])
    member = {"user_id": user.id, "permissions": ["booking.read"]}
    wanted = [("role.create", admin.id, None, {"permissions": ["account"]}),
              ("role.update", admin.id, {"permissions": ["account"]}, {"permissions": ["account", "user.read"]}),
              ("user.roles", admin.id, {"roles": ["guest", "host"]}, {"roles": ["guest", role["name"]]}),
              ("member.put", host.id, None, member), ("member.delete", host.id, member, None),
              ("user.roles", admin.id, {"roles": ["guest", role["name"]]}, {"roles": ["guest"]}),
              ("role.delete", admin.id, {"permissions": ["account", "user.read"]}, None)]
    assert [entry for entry in entries if entry[0] in {name for name, *_ in wanted}] == wanted


def test_only_who_may_gets_near_roles(stack, host, guest):
    body = {"name": name_of(), "doc": "x", "permissions": []}
    for user in (host, guest):
        for answer in (user.get("/v1/roles"), user.get("/v1/roles/guest"), user.post("/v1/roles", json=body),
                       user.patch("/v1/roles/guest", json={}), user.delete("/v1/roles/guest"),
                       user.get(f"/v1/users/{user.id}/roles"), user.put(f"/v1/users/{user.id}/roles", json={"roles": ["admin"]})):
            problem(answer, 403, "forbidden")
    with contextlib.closing(stack.db()) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from roles where name = %s", (body["name"],))
        assert cursor.fetchone() == (0,)
