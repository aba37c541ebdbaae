"""Many buyers, few nights, over HTTPS: as many winners as there is room for, and a clean no for everyone else."""
import asyncio
import collections
import concurrent.futures
import json
import random
import ssl
import urllib.parse

import pytest

from marketplace import book, check_invariants, day, make_property, quote
from stack import wait_until

BUYERS = 1000
ACCOUNTS = 25


@pytest.fixture(scope="module")
def host(stack):
    return stack.user(name="Race Host")


@pytest.fixture(scope="module")
def accounts(stack):
    return [stack.user() for _ in range(ACCOUNTS)]


async def connect(stack, context, gate):
    url = urllib.parse.urlsplit(stack.url)
    async with gate:
        return await asyncio.open_connection(url.hostname, url.port, ssl=context)


async def buy(connection, token, quote_id, start):
    """POST /v1/bookings once everybody is ready; (status, code of the problem or None)."""
    reader, writer = connection
    body = json.dumps({"quote_id": quote_id})
    await start.wait()
    writer.write((f"POST /v1/bookings HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                  f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}").encode())
    answer = await asyncio.wait_for(reader.read(), 120)
    writer.close()
    head, _, content = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    if b"chunked" in head.lower():
        content = content[content.index(b"{"):content.rindex(b"}") + 1]
    return status, json.loads(content).get("code") if status >= 400 else None


async def everybody(stack, orders):
    """All connections are made first, then all orders are sent at once."""
    context, gate, start = ssl.create_default_context(cafile=str(stack.ca)), asyncio.Semaphore(50), asyncio.Event()
    connections = await asyncio.gather(*(connect(stack, context, gate) for _ in orders))
    tasks = [asyncio.create_task(buy(c, token, quote_id, start)) for c, (token, quote_id) in zip(connections, orders)]
    start.set()
    return collections.Counter(await asyncio.gather(*tasks))


def orders_for(accounts, place, stays):
    """A quote each, asked for by the account that will book it."""
    orders = []
    for i, (first, nights) in enumerate(stays):
        account = accounts[i % len(accounts)]
        answer = quote(account, place, first, nights)
        assert answer.status_code == 201, answer.text
        orders.append((account.token, answer.json()["id"]))
    return orders


def test_a_thousand_buyers_of_the_same_nights(stack, host, accounts):
    place = make_property(host)["id"]
    orders = orders_for(accounts, place, [(30, 3)] * BUYERS)
    outcome = asyncio.run(everybody(stack, orders))
    assert outcome == {(201, None): 1, (409, "dates_unavailable"): BUYERS - 1}
    assert stack.query("select count(*) from bookings where property_id = %s", place) == [(1,)]
    check_invariants(stack)


def test_as_many_winners_as_units(stack, host, accounts):
    place = make_property(host, units=[{} for _ in range(7)])["id"]
    outcome = asyncio.run(everybody(stack, orders_for(accounts, place, [(30, 3)] * 200)))
    assert outcome == {(201, None): 7, (409, "dates_unavailable"): 193}
    check_invariants(stack)


def test_overlapping_stays(stack, host, accounts):
    """Random stays on three units: no overlap, every acknowledged booking is there, nobody meets an error."""
    rng = random.Random(20)
    place = make_property(host, units=[{}, {}, {}])["id"]
    deadlocks = "select deadlocks from pg_stat_database where datname = current_database()"
    before = stack.query(deadlocks)
    orders = orders_for(accounts, place, [(rng.randrange(20, 50), rng.randrange(1, 8)) for _ in range(300)])
    outcome = asyncio.run(everybody(stack, orders))
    assert set(outcome) == {(201, None), (409, "dates_unavailable")}
    assert stack.query("select count(*) from bookings where property_id = %s and status = 'confirmed'", place) == [(outcome[(201, None)],)]
    assert stack.query(deadlocks) == before
    check_invariants(stack)


def test_blocks_against_bookings(stack, host, accounts):
    """The host blocks nights while guests book them: each night goes to one side, and nothing deadlocks for good."""
    place = make_property(host, units=[{}, {}])["id"]
    orders = orders_for(accounts, place, [(20 + i % 20, 2) for i in range(60)])

    async def both():
        def block(i):
            return stack.session(host.token).put(f"/v1/properties/{place}/calendar", json={"ranges": [
                {"from": day(20 + i), "to": day(24 + i), "blocked": True}, {"from": day(21 + i), "to": day(22 + i), "blocked": False}]})
        blocks = [asyncio.to_thread(block, i) for i in range(0, 20, 2)]
        return await asyncio.gather(everybody(stack, orders), *blocks)
    outcome, *blocked = asyncio.run(both())
    assert set(outcome) <= {(201, None), (409, "dates_unavailable")}
    assert {a.status_code for a in blocked} <= {200, 409}
    check_invariants(stack)


def test_a_unit_lost_to_a_race_gives_way_to_the_next(stack, host, accounts):
    """Somebody is just taking the unit that would be taken first; the booking waits for him, and then takes the other."""
    place = make_property(host, units=[{}, {}])["id"]
    first, second = (row[0] for row in stack.query("select id::text from units where property_id = %s order by position", place))
    offer = quote(accounts[0], place, 30, 2).json()["id"]

    def waits():
        with stack.db("postgres") as connection, connection.cursor() as cursor:
            cursor.execute("select count(*) from pg_stat_activity where usename = 'nexus_api' and wait_event_type = 'Lock'")
            return cursor.fetchone() == (1,)
    with stack.db() as connection, connection.cursor() as cursor, concurrent.futures.ThreadPoolExecutor(1) as pool:
        cursor.execute("begin")
        cursor.execute("insert into occupancy (id, unit_id, nights, kind) values (gen_random_uuid(), %s, daterange(%s, %s), 'block')",
                       (first, day(30), day(31)))
        answer = pool.submit(book, accounts[0], offer)
        wait_until(waits, what="the booking to wait")
        cursor.execute("commit")
        assert answer.result().status_code == 201 and answer.result().json()["unit_id"] == second, answer.result().text
    check_invariants(stack)
