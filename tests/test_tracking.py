"""The log of requests, blocked addresses, flagged addresses, and house-keeping."""
import contextlib
import json
import os
import signal
import time
import uuid

import pytest

import fcgi
from stack import children, private_stack, title, wait_until


@pytest.fixture(scope="module")
def mine():
    with private_stack() as stack:
        yield stack


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
