"""Idempotency-Key: one effect per key, the same bytes for every repetition."""
import concurrent.futures
import contextlib
import hashlib
import json
import os
import random
import signal
import threading
import time
import uuid

import pytest
import requests

import marketplace


def key():
    return uuid.uuid4().hex


@pytest.fixture(scope="module")
def place(stack):
    return marketplace.make_property(stack.user(), max_nights=60)["id"]


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user()


def count(stack, sql, *args):
    return stack.query(f"select count(*) from {sql}", *args)[0][0]


def test_a_repetition_gets_the_same_bytes(stack, guest, place):
    quote = marketplace.quote(guest, place, 10).json()["id"]
    mine = key()
    first = marketplace.book(guest, quote, mine)
    assert first.status_code == 201 and "Idempotency-Replayed" not in first.headers
    for spelling in (mine, f'"{mine}"', f"{mine} "):  # a bare key or a structured-field string
        again = marketplace.book(guest, quote, spelling)
        assert again.status_code == 201 and again.content == first.content
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers["ETag"] == first.headers["ETag"] and again.headers["Location"] == first.headers["Location"]
        assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert count(stack, "bookings where quote_id = %s", quote) == 1


def test_many_at_once_have_one_effect(stack, guest, place):
    quote = marketplace.quote(guest, place, 20).json()["id"]
    mine = key()

    def attempt(_):
        return marketplace.book(stack.session(guest.token), quote, mine)

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(attempt, range(200)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert made and len({answer.content for answer in made}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in made) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert answer.status_code == 409 and answer.json()["code"] == "idempotency_running"
            assert int(answer.headers["Retry-After"]) >= 1
    assert count(stack, "bookings where quote_id = %s", quote) == 1
    assert marketplace.book(guest, quote, mine).content == made[0].content


def test_another_request_under_the_key_is_refused(guest, place):
    mine = key()
    first = marketplace.book(guest, marketplace.quote(guest, place, 30).json()["id"], mine)
    assert first.status_code == 201
    other = marketplace.book(guest, marketplace.quote(guest, place, 33).json()["id"], mine)
    assert other.status_code == 422 and other.json()["code"] == "idempotency_mismatch"
    blank = guest.post("/v1/bookings", data=json.dumps({"quote_id": first.json()["quote_id"]}, indent=1),
                       headers={"Idempotency-Key": mine, "Content-Type": "application/json"})
    assert blank.status_code == 422  # the bytes count, not what they mean


def test_keys_belong_to_their_user_and_operation(stack, guest, place):
    mine, other = key(), stack.user()
    first = guest.post("/v1/quotes", json=stay(place, 40), headers={"Idempotency-Key": mine}).json()
    second = other.post("/v1/quotes", json=stay(place, 40), headers={"Idempotency-Key": mine})
    assert second.status_code == 201 and second.json()["id"] != first["id"]
    booked = marketplace.book(guest, first["id"], mine)
    assert booked.status_code == 201 and "Idempotency-Replayed" not in booked.headers


def stay(place, first):
    return {"property_id": place, "check_in": marketplace.day(first), "check_out": marketplace.day(first + 2), "guests": 2}


def test_several_round_trips_are_one_effect(stack, guest, place):
    mine = key()
    answers = [guest.post("/v1/quotes", json=stay(place, 50), headers={"Idempotency-Key": mine}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201} and len({answer.content for answer in answers}) == 1
    assert count(stack, "quotes where id = %s", answers[0].json()["id"]) == 1


def test_a_failure_is_not_kept(guest, place):
    first, second = (marketplace.quote(guest, place, 55).json()["id"] for _ in range(2))
    booked = marketplace.book(guest, first).json()
    mine = key()
    refused = marketplace.book(guest, second, mine)
    assert refused.status_code == 409 and refused.json()["code"] == "dates_unavailable"
    assert guest.post(f"/v1/bookings/{booked['id']}/cancel").status_code == 200
    assert marketplace.book(guest, second, mine).status_code == 201


def test_a_key_ends(stack, guest, place):
    mine = key()
    first = guest.post("/v1/quotes", json=stay(place, 60), headers={"Idempotency-Key": mine})
    stack.query("update idempotency_keys set created_at = now() - interval '25 hours' where key = %s", mine)
    second = guest.post("/v1/quotes", json=stay(place, 60), headers={"Idempotency-Key": mine})
    assert second.status_code == 201 and second.json()["id"] != first.json()["id"]
    assert "Idempotency-Replayed" not in second.headers


def test_nothing_secret_is_kept(stack):
    mine, password = key(), "a password that is kept nowhere"
    email = f"{key()}@example.com"
    created = stack.session().post("/v1/users", json={"email": email, "password": password, "name": "X"},
                                   headers={"Idempotency-Key": mine})
    assert created.status_code == 201
    body, fingerprint = stack.query("select body, fingerprint from idempotency_keys where key = %s", mine)[0]
    assert password.encode() not in bytes(body)
    # A plain hash of the request would let who reads the table try passwords.
    sent = created.request.body
    sent = sent if isinstance(sent, bytes) else sent.encode()
    assert hashlib.sha256(sent).digest() != bytes(fingerprint)
    login = stack.session().post("/v1/auth/login", json={"email": email, "password": password}, headers={"Idempotency-Key": key()})
    assert login.status_code == 200 and login.headers["Cache-Control"] == "private, no-store"
    token = login.json()["access_token"].encode()
    assert all(token not in bytes(stored) for (stored,) in stack.query("select body from idempotency_keys"))


def test_with_a_key_a_write_takes_two_round_trips(stack, guest, place):
    quote = marketplace.quote(guest, place, 46).json()["id"]
    answer = marketplace.book(guest, quote, key())
    assert answer.status_code == 201
    lines = [line for line in stack.log("api").splitlines() if answer.headers["X-Request-Id"] in line]
    assert len(lines) == 1 and json.loads(lines[0])["op"] == "booking_create"


def test_killed_workers_leave_one_effect_a_key(fresh_stack):
    """Whatever a crash cuts off, repeating with the key ends in one booking and one answer."""
    stack = fresh_stack()
    place = marketplace.make_property(stack.user(), max_nights=30, units=[{"name": str(i)} for i in range(30)])["id"]
    guest = stack.user()
    stop = threading.Event()

    def killer():
        while not stop.is_set():
            workers = stack.workers()
            if len(workers) > 3:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(random.choice(workers), signal.SIGKILL)
            stop.wait(0.15)

    def until_answered(session, method, url, **kwargs):
        for _ in range(200):
            with contextlib.suppress(requests.RequestException):
                answer = session.request(method, url, **kwargs)
                if answer.status_code in (200, 201):
                    return answer
                assert answer.status_code in (409, 502, 503), answer.text
                assert answer.status_code != 409 or answer.json()["code"] == "idempotency_running", answer.text
            time.sleep(0.02)
        raise AssertionError(f"{method} {url} never answered")

    def buyer(number):
        session, seen = stack.session(guest.token), []
        for turn in range(4):
            quote = until_answered(session, "POST", "/v1/quotes", json=stay(place, 10 + 3 * turn),
                                   headers={"Idempotency-Key": f"quote-{number}-{turn}"}).json()["id"]
            mine = f"booking-{number}-{turn}"
            answers = [until_answered(session, "POST", "/v1/bookings", json={"quote_id": quote}, headers={"Idempotency-Key": mine})
                       for _ in range(2)]
            assert answers[0].content == answers[1].content
            seen.append(answers[0].json()["id"])
        return seen

    reaper = threading.Thread(target=killer)
    reaper.start()
    try:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            booked = [booking for seen in pool.map(buyer, range(8)) for booking in seen]
    finally:
        stop.set()
        reaper.join()
    assert len(set(booked)) == 32 and count(stack, "bookings") == 32
    marketplace.check_invariants(stack)
