"""The log of requests, blocked addresses, flagged addresses, and house-keeping."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import tempfile
import time
import uuid

import pytest

import fcgi
import mmdb
from marketplace import book, make_property, quote
from stack import Another, children, private_stack, title, wait_until
from test_admin import staff


@pytest.fixture(scope="module")
def mine():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nexus-locations-", dir="/var/tmp"))  # whoever the workers are can read it
    folder.chmod(0o755)
    mmdb.write(folder / "test.mmdb", {"81.2.69.0/24": {"country": {"iso_code": "GB"}, "city": {"names": {"en": "London"}}},
                                      "2001:db8:81::/48": {"country": {"iso_code": "FR"}, "city": {"names": {"en": "Orléans"}}}})
    with private_stack({"location_database": str(folder / "test.mmdb"), "flag_requests": "20"}) as stack:
        yield stack
    shutil.rmtree(folder)


def call(stack, path="/v1/currencies", address="192.0.2.1", **params):
    """Status and parsed body of a request that Nginx says comes from `address`."""
    status, _, body = fcgi.call(stack.socket, path=path, REMOTE_ADDR=address, **params)
    return status, json.loads(body) if body else None


def logged(stack, address, count=1):
    """Rows of the log about an address, oldest first, once there are so many."""
    def rows():
        found = stack.query("select method, path, status, op, user_id::text, country, city, host(address), id::text"
                            "  from request_log where host(address) = %s order by at, id", address)
        return found if len(found) >= count else None
    return wait_until(rows, 20, f"{count} rows about {address}")


def test_requests_are_logged(mine):
    user = mine.user()
    address = "198.51.100.17"
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {user.token}"}
    identity = uuid.uuid4()
    assert call(mine, "/v1/me", address, REQUEST_ID=identity.hex, **bearer)[0] == 200
    assert call(mine, "/v1/nothing/here", address)[0] == 404
    call(mine, "/v1/properties", address, QUERY_STRING="near=secret", REQUEST_URI="/v1/properties?near=secret")
    call(mine, "/v1/caf%C3%A9/" + "x" * 300, address, REQUEST_URI="/v1/caf%C3%A9/" + "x" * 300)
    call(mine, "/v1/bad", address, REQUEST_URI="/v1/%zz/%00")
    rows = logged(mine, address, 5)
    assert rows[0] == ("GET", "/v1/me", 200, "me_read", user.id, None, None, address, str(identity))
    assert rows[1][:5] == ("GET", "/v1/nothing/here", 404, None, None)
    assert rows[2][:4] == ("GET", "/v1/properties", 400, "property_list")
    assert rows[3][1].startswith("/v1/café/xxx") and len(rows[3][1].encode()) == 190
    assert rows[4][1:3] == ("/v1/%zz/%00", 400)
    assert not any("secret" in str(row) for row in rows)


def test_queries_and_probes_are_not_logged(mine):
    address = "198.51.100.18"
    assert call(mine, "/healthz", address)[0] == 200
    assert call(mine, "/readyz", address)[0] == 200
    call(mine, "/v1/properties", address)
    assert [row[1] for row in logged(mine, address)] == ["/v1/properties"]


def test_nobody_chooses_the_address_that_is_logged(mine):
    answer = mine.session().get("/v1/nothing", headers={"X-Forwarded-For": "198.51.100.30", "X-Real-IP": "198.51.100.30",
                                                        "Remote-Addr": "198.51.100.30"})
    call(mine, "/v1/me", "198.51.100.31")
    logged(mine, "198.51.100.31")
    identity = str(uuid.UUID(answer.headers["X-Request-Id"]))
    assert mine.query("select host(address) from request_log where id = %s", identity) == [("127.0.0.1",)]


def block(stack, network, expires="null"):
    stack.query("insert into address_blocks (id, network, reason, expires_at) values (gen_random_uuid(), %s, 'test', " + expires + ")", network)


def is_blocked(stack, address):
    status, body = call(stack, address=address)
    return status == 403 and body["code"] == "address_blocked"


def test_a_block_counts_within_a_second(mine):
    assert not is_blocked(mine, "203.0.113.9") and not is_blocked(mine, "2001:db8:7::1")
    for network, inside, outside in (("203.0.113.0/24", "203.0.113.9", "203.0.114.9"), ("2001:db8:7::/48", "2001:db8:7::1", "2001:db8:8::1")):
        block(mine, network)
        start = time.monotonic()
        wait_until(lambda: is_blocked(mine, inside), 10)
        took = time.monotonic() - start
        assert took < 5  # a second on a machine that is not busy
        assert not is_blocked(mine, outside)
        assert call(mine, "/v1/me", inside)[1]["code"] == "address_blocked"
        assert call(mine, "/v1/no/such/thing", inside)[0] == 403
        assert call(mine, "/readyz", inside)[0] == 200
        mine.query("delete from address_blocks where network = %s", network)
        wait_until(lambda: not is_blocked(mine, inside), 10)
    assert {row[2] for row in logged(mine, "203.0.113.9", 3)} >= {403}


def test_two_hosts_follow_a_block(mine):
    """Another nexus-api on the same database, with a scoreboard and a tracker of its own."""
    other = Another(mine, "nexus-api", "other", listen=mine.socket.with_name("other.sock"), metrics_listen="", workers=1)

    def blocked(address):
        answers = [fcgi.call(sock, path="/v1/currencies", REMOTE_ADDR=address) for sock in (mine.socket, mine.socket.with_name("other.sock"))]
        return {status == 403 and json.loads(body)["code"] == "address_blocked" for status, _, body in answers}

    other.start()
    try:
        wait_until(lambda: blocked("203.0.113.7") == {False}, 30, "the other host to answer")
        took = []
        for octet in range(40, 45):
            start = time.monotonic()
            block(mine, f"203.0.113.{octet}")
            wait_until(lambda o=octet: blocked(f"203.0.113.{o}") == {True}, 10, "both to block it")
            took.append(time.monotonic() - start)
            assert blocked("203.0.113.7") == {False}
            mine.query("delete from address_blocks where network = %s", f"203.0.113.{octet}")
            wait_until(lambda o=octet: blocked(f"203.0.113.{o}") == {False}, 10, "both to let it in again")
        assert min(took) < 1 and max(took) < 5, took  # a second, on a machine that is not busy
    finally:
        other.kill()


def test_a_block_ends_by_itself(mine):
    block(mine, "203.0.113.77", "now() + interval '2 seconds'")
    wait_until(lambda: is_blocked(mine, "203.0.113.77"), 10)
    wait_until(lambda: not is_blocked(mine, "203.0.113.77"), 10)
    assert mine.query("select count(*) from address_blocks where network = '203.0.113.77'") == [(1,)]


def test_wide_networks_are_refused(mine):
    for network, name in (("0.0.0.0/0", "width"), ("10.0.0.0/7", "width"), ("::/0", "(width|mapped)"), ("::ffff:192.0.2.0/120", "mapped")):
        with pytest.raises(Exception, match=f"address_blocks_network_{name}"):
            block(mine, network)


def tracker(stack):
    return wait_until(lambda: [pid for pid in children(stack.pid("api")) if title(pid) == "nexus-api: tracker"], 10)[0]


def test_the_tracker_dies_and_nothing_is_lost(mine):
    block(mine, "203.0.113.66")
    wait_until(lambda: is_blocked(mine, "203.0.113.66"), 10)
    old = tracker(mine)
    os.kill(old, signal.SIGSTOP)
    for _ in range(20):
        assert is_blocked(mine, "203.0.113.66")  # asking the list needs nobody
        call(mine, "/v1/me", "198.51.100.20")
    os.kill(old, signal.SIGKILL)
    assert len(logged(mine, "198.51.100.20", 20)) == 20
    assert tracker(mine) != old and is_blocked(mine, "203.0.113.66")
    mine.query("delete from address_blocks")


def test_reload_and_restart_lose_nothing():
    with private_stack() as stack:
        for n in range(3):
            for _ in range(10):
                call(stack, "/v1/me", "198.51.100.21")
            old = tracker(stack)
            stack.signal("api")
            wait_until(lambda: old not in children(stack.pid("api")), 30)
            assert len(logged(stack, "198.51.100.21", 10 * (n + 1))) == 10 * (n + 1)
        for _ in range(10):
            call(stack, "/v1/me", "198.51.100.22")
        stack.stop("api")
        assert stack.query("select count(*) from request_log where host(address) = '198.51.100.22'") == [(10,)]


def test_a_database_that_is_away_costs_no_request(mine):
    mine.stop("postgresql")
    for _ in range(30):
        assert call(mine, "/v1/nothing", "198.51.100.23")[0] == 404
    assert mine.metrics()["nexus_request_log_waiting"] >= 30
    mine.start("postgresql")
    assert len(logged(mine, "198.51.100.23", 30)) == 30
    assert mine.metrics()["nexus_request_log_lost_total"] == 0


def test_partitions_that_are_missing_are_made(mine):
    with contextlib.closing(mine.db()) as connection, connection.cursor() as cursor:
        cursor.execute("select request_log_drop(now() + interval '400 days')")
        assert cursor.fetchone()[0] >= 1
    call(mine, "/v1/me", "198.51.100.24")
    assert len(logged(mine, "198.51.100.24")) == 1


def test_country_and_city_are_looked_up(mine):
    for address, country, city in (("81.2.69.142", "GB", "London"), ("2001:db8:81::9", "FR", "Orléans"), ("8.8.8.8", None, None)):
        call(mine, "/v1/me", address)
        assert logged(mine, address)[0][5:7] == (country, city)


# ---- over the API and the shell

@pytest.fixture(scope="module")
def admin(mine):
    return staff(mine, "admin")


def test_blocks_over_the_api(mine, admin):
    made = admin.post("/v1/admin/blocks", json={"network": "203.0.113.130/25", "reason": "Tries passwords.", "expires_in": 3600})
    assert made.status_code == 201, made.text
    block = made.json()
    assert block["network"] == "203.0.113.128/25" and block["created_by"] == admin.id and block["expires_at"]
    assert made.headers["Location"] == f"/v1/admin/blocks/{block['id']}"
    wait_until(lambda: is_blocked(mine, "203.0.113.200"), 10)
    assert not is_blocked(mine, "203.0.113.100")
    again = admin.post("/v1/admin/blocks", json={"network": "203.0.113.128/25", "reason": "Again."})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert [b["id"] for b in admin.get("/v1/admin/blocks?limit=1").json()["data"]] == [block["id"]]
    assert admin.get(f"/v1/admin/blocks/{block['id']}").json() == block
    assert admin.delete(f"/v1/admin/blocks/{block['id']}").status_code == 204
    assert admin.delete(f"/v1/admin/blocks/{block['id']}").status_code == 404
    wait_until(lambda: not is_blocked(mine, "203.0.113.200"), 10)
    entries = admin.get(f"/v1/audit?target_id={block['id']}").json()["data"]
    assert {e["action"] for e in entries} == {"block.add", "block.remove"}
    assert [c["after"] for e in entries for c in e["changes"]] == ["203.0.113.0/24"]


@pytest.mark.parametrize("network", ["203.0.113.0/33", "here", "10.0.0.0/7", "::/0", "::/16", "::ffff:192.0.2.0/120", "127.0.0.0/8", "0.0.0.0"])
def test_what_is_no_network_to_block(admin, network):
    refused = admin.post("/v1/admin/blocks", json={"network": network, "reason": "x"})
    if network == "0.0.0.0":
        assert refused.status_code == 201 and admin.delete(refused.headers["Location"]).status_code == 204
    else:
        assert refused.status_code == 422 and refused.json()["errors"][0]["pointer"] == "/network", refused.text


def test_a_block_that_has_ended_makes_room(mine, admin):
    block(mine, "203.0.113.55", "now() - interval '1 second'")
    assert admin.post("/v1/admin/blocks", json={"network": "203.0.113.55", "reason": "New."}).status_code == 201
    assert mine.query("select reason from address_blocks where network = '203.0.113.55'") == [("New.",)]


def test_blocks_at_the_shell(mine):
    mine.ctl("block", "add", "203.0.113.88", "--reason", "By hand.", "--for", "2h")
    wait_until(lambda: is_blocked(mine, "203.0.113.88"), 10)
    shown = mine.ctl("block", "list").stdout.splitlines()[0]
    assert shown.startswith("203.0.113.88/32") and shown.endswith("By hand.")
    assert json.loads(mine.ctl("block", "list", "--json").stdout)[0]["network"] == "203.0.113.88/32"
    assert mine.ctl("block", "add", "203.0.113.88", "--reason", "x", check=False).returncode == 1
    mine.ctl("block", "remove", "203.0.113.88")
    wait_until(lambda: not is_blocked(mine, "203.0.113.88"), 10)
    assert mine.ctl("block", "remove", "203.0.113.88", check=False).returncode == 4
    for args in (["10.0.0.0/4", "--reason", "x"], ["x", "--reason", "x"], ["203.0.113.1"], ["203.0.113.1", "--reason", "x", "--for", "soon"],
                 ["203.0.113.1", "--reason", "x", "--for", "0h"]):
        assert mine.ctl("block", "add", *args, check=False).returncode == 2, args


def test_the_log_over_the_api(mine, admin):
    user = mine.user()
    for _ in range(3):
        call(mine, "/v1/me", "198.51.100.40", HTTP_AUTHORIZATION=f"Bearer {user.token}")
    logged(mine, "198.51.100.40", 3)
    for query in ("address=198.51.100.40", f"user_id={user.id}&address=198.51.100.40&at[gte]=2026-01-01T00:00:00Z"):
        first = admin.get(f"/v1/admin/requests?{query}&limit=2").json()
        assert [r["path"] for r in first["data"]] == ["/v1/me", "/v1/me"] and first["page"]["has_more"]
        rest = admin.get(f"/v1/admin/requests?{query}&limit=2&cursor={first['page']['next_cursor']}").json()
        assert len(rest["data"]) == 1 and rest["data"][0]["user_id"] == user.id
    assert user.get("/v1/admin/requests").status_code == 403
    assert user.get("/v1/admin/address-flags").status_code == 403
    assert user.get("/v1/admin/blocks").status_code == 403


# ---- by time

def seed(stack, address, count, ago, path="/v1/properties", status=200):
    """Rows of the log, a second apart, the first so long ago."""
    stack.query("select request_log_prepare((now() at time zone 'UTC' - %s::interval)::date - 1, 3)", ago)
    stack.query("insert into request_log (at, id, address, method, path, status, city) select now() - %s::interval + i * interval '1 second',"
                " gen_random_uuid(), %s, 'GET', %s, %s, 'Paris' from generate_series(1, %s) i", ago, address, path, status, count)


def test_addresses_are_flagged_once_an_hour_with_reasons(mine, admin):
    mine.query("update address_flags_done set until = date_trunc('hour', now(), 'UTC') - interval '3 hours'")
    start = mine.query("select date_trunc('hour', now(), 'UTC') - interval '2 hours' - now() + interval '10 minutes'")[0][0]
    ago = f"{-start.total_seconds()} seconds"
    seed(mine, "192.0.2.21", 21, ago)
    seed(mine, "192.0.2.20", 20, ago)
    seed(mine, "192.0.2.1", 1, ago, "/v1/admin/users", 403)
    seed(mine, "192.0.2.2", 2, ago, "/wp-login.php", 404)
    seed(mine, "192.0.2.3", 1, ago, "/v1/properties/administer-my-flat")
    seed(mine, "192.0.2.4", 25, ago, "/v1/auth/login", 401)
    assert mine.job("address-flag") >= 2
    assert mine.job("address-flag") == 0
    found = {row[0]: row[1:] for row in mine.query(
        "select host(address), reasons, requests, admin_requests, login_requests, refused from address_flags where address << '192.0.2.0/24'")}
    assert found == {"192.0.2.21": (["requests"], 21, 0, 0, 0), "192.0.2.1": (["admin_path"], 1, 1, 0, 1),
                     "192.0.2.2": (["login_path"], 2, 0, 2, 2), "192.0.2.4": (["requests", "login_path"], 25, 0, 25, 25)}
    shown = admin.get("/v1/admin/address-flags?address=192.0.2.4").json()["data"]
    assert [(f["reasons"], f["requests"]) for f in shown] == [(["requests", "login_path"], 25)]


def test_addresses_become_pseudonyms(mine):
    seed(mine, "192.0.2.61", 1500, "16 days")
    seed(mine, "192.0.2.62", 3, "16 days")
    seed(mine, "192.0.2.62", 2, "17 days")
    seed(mine, "192.0.2.61", 1, "13 days")
    mine.query("insert into address_flags (id, hour, address, reasons, requests, admin_requests, login_requests, refused, users, first_at, last_at)"
               " values (gen_random_uuid(), now() - interval '16 days', '192.0.2.61', '{requests}', 1500, 0, 0, 0, 0, now(), now())")
    assert mine.job("address-pseudonym") >= 1506
    assert mine.job("address-pseudonym") == 0
    assert mine.query("select count(*) from request_log where address is not null and at < now() - interval '15 days'") == [(0,)]
    assert mine.query("select count(*), count(city) from request_log where host(address) = '192.0.2.61'") == [(1, 1)]
    found = mine.query("select pseudonym, count(*), count(city) from request_log where pseudonym is not null group by 1 order by 2")
    assert [row[1:] for row in found] == [(5, 0), (1500, 0)] and all(len(row[0]) == 32 for row in found)
    assert mine.query("select pseudonym from address_flags where address is null") == [(found[1][0],)]


def test_days_that_are_over_are_dropped_and_days_to_come_made(mine):
    seed(mine, "192.0.2.71", 5, "95 days")
    seed(mine, "192.0.2.72", 5, "80 days")
    mine.job("request-log-partitions")
    assert mine.query("select count(*) from request_log where host(address) = '192.0.2.71'") == [(0,)]
    assert mine.query("select count(*) from request_log where host(address) = '192.0.2.72'") == [(5,)]
    days = [row[0] for row in mine.query("select to_char((now() at time zone 'UTC')::date + i, 'YYYYMMDD') from generate_series(0, 7) i")]
    for day in days:
        assert mine.query("select to_regclass(%s)::text", f"request_log_{day}") == [(f"request_log_{day}",)]


def test_house_keeping(mine):
    user = mine.user()
    mine.query("insert into idempotency_keys (principal, op, key, fingerprint, created_at) values (gen_random_uuid(), 'x', 'k', sha256('x'),"
               " now() - interval '25 hours')")
    mine.query("insert into mailed_tokens (hash, user_id, purpose, email, expires_at) select sha256(i::text::bytea), %s, 'verify_email', 'a@example.com',"
               " now() - interval '2 days' from generate_series(1, 1500) i", user.id)
    mine.query("insert into provider_events (provider, event_id, kind, payload, received_at, handled_at, next_at) values"
               " ('stripe', 'old', 'x', '{}', now() - interval '91 days', now(), now()), ('stripe', 'open', 'x', '{}', now() - interval '91 days', null, 'infinity'),"
               " ('stripe', 'new', 'x', '{}', now() - interval '89 days', now(), now())")
    mine.query("insert into address_blocks (id, network, reason, expires_at) values (gen_random_uuid(), '198.18.0.1', 'x', now() - interval '31 days')")
    mine.query("update sessions set expires_at = now() - interval '1 minute' where user_id = %s", user.id)
    place, guest = make_property(mine.user())["id"], mine.user()
    used, over, fresh = (quote(guest, place, 10 * n).json()["id"] for n in (1, 2, 3))
    assert book(guest, used).status_code == 201
    mine.query("update quotes set expires_at = nexus_now() - interval '2 days' where id in (%s, %s)", used, over)
    assert mine.job("house-keeping") > 1400  # signing up has taken some away
    assert mine.query("select count(*) from mailed_tokens where user_id = %s and expires_at < now()", user.id) == [(0,)]
    assert mine.query("select event_id from provider_events order by 1") == [("new",), ("open",)]
    assert mine.query("select count(*) from sessions where user_id = %s", user.id) == [(0,)]
    assert mine.query("select count(*) from address_blocks where network = '198.18.0.1'") == [(0,)]
    left = {row[0] for row in mine.query("select id::text from quotes")}
    assert used in left and fresh in left and over not in left
    assert mine.job("house-keeping") == 0
