"""Whether the time of a refused log-in tells if there is such an account. 2,000 samples of each kind, interleaved at random,
straight at the workers' socket. What is compared is how often one kind takes longer than the other, which a busy machine
does not change; one half means that nothing can be told."""
import bisect
import json
import random
import statistics
import time
import uuid

import pytest

import fcgi
from stack import private_stack

SAMPLES = 2000
TELLS = 0.05  # further than this from one half can be told apart; chance alone keeps within 0.03


def address():
    return f"t{uuid.uuid4().hex}@example.com"


@pytest.fixture(scope="module")
def stack():
    """One worker; a hash takes about a millisecond; failures are counted, but nobody waits."""
    options = {"workers": "1", "argon2_memory": "1MiB", "argon2_passes": "1", "login_failures": "1000000",
               "login_failures_network": "1000000", "worker_max_requests": "0"}
    with private_stack(options=options) as running:
        yield running


def seconds(stack, email, password="not the password"):
    body = json.dumps({"email": email, "password": password}).encode()
    begun = time.perf_counter()
    status, _, answer = fcgi.call(stack.socket, method="POST", path="/v1/auth/login", body=body, CONTENT_TYPE="application/json",
                                  HTTP_CONTENT_TYPE="application/json")
    spent = time.perf_counter() - begun
    assert status == 401 and json.loads(answer)["code"] == "bad_credentials", answer
    return spent


def sample(stack, one, other, count):
    """Times of two kinds; each is a function that gives an address."""
    rng, times = random.Random(8), ([], [])
    for _ in range(20):
        seconds(stack, one()), seconds(stack, other())  # warm
    for _ in range(count):
        for kind in rng.sample((0, 1), 2):
            times[kind].append(seconds(stack, (one, other)[kind]()))
    return times


def longer(a, b):
    """How often a value of a is above one of b (Mann-Whitney's U over n m)."""
    b = sorted(b)
    return sum(bisect.bisect_left(b, x) + bisect.bisect_right(b, x) for x in a) / (2 * len(a) * len(b))


def report(a, b):
    return f"longer: {longer(a, b):.3f}, medians {statistics.median(a) * 1e6:.0f} and {statistics.median(b) * 1e6:.0f} us"


def test_an_account_does_not_show_in_the_time(stack):
    known = stack.user(email=address()).email
    with_account, without = sample(stack, lambda: known, address, SAMPLES)
    print(report(with_account, without))
    assert abs(longer(with_account, without) - 0.5) < TELLS, report(with_account, without)


def test_a_suspended_account_does_not_show_in_the_time(stack):
    suspended = stack.user(email=address())
    stack.query("update users set status = 'suspended' where id = %s", suspended.id)
    with_account, without = sample(stack, lambda: suspended.email, address, SAMPLES)
    assert abs(longer(with_account, without) - 0.5) < TELLS, report(with_account, without)


def test_it_would_show(stack):
    """The same measurement sees an account whose hash is not computed, because what is stored is none, and one whose hash
    costs four times as much. A tenth of the samples is enough for that."""
    broken, dearer = stack.user(email=address()), stack.user(email=address())
    stack.query("update user_credentials set password_hash = 'x' where user_id = %s", broken.id)
    stack.query("update user_credentials set password_hash = regexp_replace(password_hash, 'm=1024,t=1', 'm=1024,t=4') "
                "where user_id = %s", dearer.id)
    seen = []
    for _ in range(5):  # a busy machine may drown it in noise
        skipped, computed = sample(stack, lambda: broken.email, address, SAMPLES // 10)
        four, once = sample(stack, lambda: dearer.email, address, SAMPLES // 10)
        seen += [report(skipped, computed), report(four, once)]
        if longer(skipped, computed) < 0.5 - 3 * TELLS and longer(four, once) > 0.5 + 3 * TELLS:
            break
    else:
        pytest.fail("\n".join(seen))
