"""The race: more buyers than nights, over HTTPS, while things are killed; then an independent checker reads the database.

    NEXUS_BUILD_DIR=build python3 tests/race/race.py --seed 7 [--buyers N] [--clients N] [--steps N] [--kills N]

Two parts. First `buyers` accounts want one night: one gets it and every other one is told why not. Then `clients` shoppers
take `steps` steps each on few units (book, cancel, hold, pay, pay late, let a hold expire) while workers, database connections
and PostgreSQL itself are killed. The seed decides what everybody wants and what is killed; the machine decides who is first.
Exit status 3 when something is wrong; the history of what clients were told is kept then.
"""
import argparse
import asyncio
import collections
import datetime
import json
import pathlib
import random
import sys
import tempfile
import time
import uuid

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import stack as stacks
from marketplace import make_property
from race.checker import Checker
from race.client import Client, Hang
from race.nemesis import Nemesis
from race.people import people

# Holds that expire within the race, and money that comes when the host says so, which may be too late.
OPTIONS = {"hold_lifetime": "2s", "hold_limit": "1000", "payment_offline_instant": "no"}
CONNECTIONS = 500  # of the buyers of one night


class Race:
    def __init__(self, stack, seed):
        self.stack, self.rng, self.history, self.answers, self.hung = stack, random.Random(seed), [], 0, []
        self.gate = None  # connections being opened at a time; belongs to the loop
        self.paths = set(stack.session().get("/v1/openapi.json").json()["paths"])
        self.host = stack.user(name="Race Host")

    def place(self, units):
        return make_property(self.host, units=[{} for _ in range(units)])["id"]

    def client(self, token, rng=None):
        return Client(self.stack, token, rng or random.Random(self.rng.random()), self.gate)

    def key(self, rng):
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    def note(self, op, answer, **known):
        """Into the history: what was asked, what was told, when."""
        self.answers += 1
        self.history.append({"op": op, "status": answer.status, "code": answer.code, "sent": answer.sent, "got": answer.got,
                             "media": answer.headers.get("content-type", ""), "attempts": answer.attempts, **known})
        return answer

    async def quote(self, client, place, first, nights):
        """(answer, what is known of the stay); quotes are refused too when nights are gone."""
        today = datetime.date.today()
        stay = {"check_in": str(today + datetime.timedelta(first)), "check_out": str(today + datetime.timedelta(first + nights))}
        answer = await client.send("POST", "/v1/quotes", {"property_id": place, "guests": 2, **stay}, self.key(client.rng))
        known = {"property": place, **stay, "quote": answer.body.get("id")}
        return self.note("quote", answer, **known), known

    async def book(self, client, known, op="book"):
        path = "/v1/bookings" if op == "book" else "/v1/holds"
        answer = await client.send("POST", path, {"quote_id": known["quote"]}, self.key(client.rng))
        made = answer.status < 300
        return self.note(op, answer, **known, booking=answer.body.get("id"), told=answer.body if made else None)

    async def act(self, client, op, booking, method, path, body=None):
        return self.note(op, await client.send(method, path, body, self.key(client.rng)), booking=booking)

    # --- one night

    async def one_night(self, accounts):
        """Everybody has a quote before anybody books; (successes, refusals by code)."""
        self.gate = asyncio.Semaphore(100)
        place, lines = self.place(1), asyncio.Queue()
        for _ in range(min(len(accounts), CONNECTIONS)):
            lines.put_nowait(self.client(None))

        async def by_line(token, what, *args):
            """On the next connection that is free; everybody stands in the queue at once."""
            client = await lines.get()
            client.token = token
            try:
                return await what(client, *args)
            finally:
                lines.put_nowait(client)

        ready = await asyncio.gather(*(by_line(token, self.quote, place, 20, 1) for _, token in accounts))
        answers = await asyncio.gather(*(by_line(token, self.book, known) for (_, token), (_, known) in zip(accounts, ready)))
        while not lines.empty():
            lines.get_nowait().close()
        return collections.Counter((answer.status, answer.code) for answer in answers)

    # --- few units, many kills

    async def shop(self, client, places, steps):
        """One shopper; a client that gets no answer at all is noted, and the others go on."""
        shopper = Shopper(self, client, places)
        try:
            for _ in range(steps):
                await shopper.step()
            await shopper.last_call()
        except Hang as hang:
            self.hung.append(str(hang))
        finally:
            client.close()
            shopper.till.close()

    async def shoppers(self, accounts, steps, kills):
        self.gate = asyncio.Semaphore(100)
        places = [self.place(units) for units in (1, 2, 3)]
        clients = [self.client(token) for _, token in accounts]
        expected, before = len(accounts) * steps, self.answers
        nemesis = Nemesis(self.stack, random.Random(self.rng.random()), expected, kills)
        killing = asyncio.create_task(nemesis.run(lambda: self.answers - before))
        await asyncio.gather(*(self.shop(client, places, steps) for client in clients))
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
        return nemesis.done

    def verdict(self):
        """What is wrong, by the checkers that come with the race and with the program."""
        self.stack.wait_ready(30)
        wrong = [f"hang: {hang}" for hang in self.hung] + Checker(self.stack.dsn, self.history).run()
        ledger = self.stack.ctl("ledger", "check", check=False)
        return wrong + ([] if ledger.returncode == 0 else [f"ledger check: {line}" for line in ledger.stdout.splitlines()[:20]])


class Shopper:
    """What one client does on its way: books, cancels, holds, pays, pays late, pays twice, gives up, forgets."""

    def __init__(self, race, client, places):
        self.race, self.client, self.places, self.rng = race, client, places, client.rng
        self.till = race.client(race.host.token, random.Random(self.rng.random()))  # where the host says that money has come
        self.mine, self.late = [], []  # bookings; (payment, when its hold is over)

    async def step(self):
        chance = self.rng.random()
        if self.mine and chance < .25:
            booking = self.mine.pop(self.rng.randrange(len(self.mine)))
            await self.race.act(self.client, "cancel", booking, "POST", f"/v1/bookings/{booking}/cancel", {})
        elif self.late and self.late[0][1] < time.time():
            await self.receive(*self.late.pop(0)[0])
        elif chance < .55:
            await self.hold()
        else:
            await self.book()

    async def want(self, op):
        """The booking or hold of a stay that is wanted; None when others were faster."""
        answer, known = await self.race.quote(self.client, self.rng.choice(self.places), self.rng.randrange(20, 40), self.rng.randrange(1, 5))
        if answer.status < 300:
            answer = await self.race.book(self.client, known, op)
        return answer.body["id"] if answer.status < 300 else None

    async def book(self):
        booking = await self.want("book")
        if booking:
            self.mine.append(booking)

    async def hold(self):
        """Paid in time, paid when it is over, given up, or forgotten."""
        booking = await self.want("hold")
        way = self.rng.choice(("pay", "pay", "late", "late", "give up", "forget"))
        if not booking or way == "forget":
            return
        if way == "give up":
            await self.race.act(self.client, "release", booking, "DELETE", f"/v1/holds/{booking}")
            return
        answer = await self.race.act(self.client, "payment", booking, "POST", "/v1/payments", {"booking_id": booking})
        if answer.status >= 300:
            return
        paid = (booking, answer.body["id"])
        if way == "late":
            self.late.append((paid, time.time() + 2.2))
        elif await self.receive(*paid) and self.rng.random() < .3:
            await self.receive(*paid)  # told again
        elif self.rng.random() < .5:
            self.mine.append(booking)

    async def receive(self, booking, payment):
        return (await self.race.act(self.till, "receive", booking, "POST", f"/v1/payments/{payment}/capture", {})).status < 300

    async def last_call(self):
        """Money for holds that are over by now."""
        for paid, over in self.late:
            await asyncio.sleep(max(0, over - time.time()))
            await self.receive(*paid)


def run(stack, seed=1, buyers=10_000, clients=2000, steps=5, kills=24, keep=None):
    """The whole race on a stack of its own; a report whose `wrong` should be empty. The history goes into `keep`."""
    race, started = Race(stack, seed), time.monotonic()
    night = asyncio.run(race.one_night(people(stack, buyers)))
    first = time.monotonic()
    print(f"one night: {first - started:.0f} s", file=sys.stderr, flush=True)
    report = {"seed": seed, "night": {f"{status} {code or ''}".strip(): n for (status, code), n in night.items()},
              "night_s": round(first - started, 1)}
    expected = {(201, None): 1, (409, "dates_unavailable"): buyers - 1}
    killed = asyncio.run(race.shoppers(people(stack, clients), steps, kills))
    print(f"{clients} clients: {time.monotonic() - first:.0f} s", file=sys.stderr, flush=True)
    if keep is not None:
        keep["history"] = race.history
    outcomes = collections.Counter(f"{h['op']} {h['status']} {h['code'] or ''}".strip() for h in race.history)
    report |= {"killed": dict(collections.Counter(kind for _, kind in killed)), "answers": dict(sorted(outcomes.items())),
               "asked_again": sum(len(h["attempts"]) > 1 for h in race.history), "race_s": round(time.monotonic() - first, 1),
               "slowest_s": round(max(h["got"] - h["sent"] for h in race.history), 1)}
    report["wrong"] = ([] if night == expected else [f"one night: {dict(night)}"]) + race.verdict()
    if report["wrong"]:
        with tempfile.NamedTemporaryFile("w", prefix="nexus-race-", suffix=".jsonl", delete=False) as file:
            file.writelines(json.dumps(h) + "\n" for h in race.history)
        report["history"] = file.name
    return report


def main():
    parser = argparse.ArgumentParser(description="Races buyers on few nights while things are killed.")
    for name, default in (("seed", 1), ("buyers", 10_000), ("clients", 2000), ("steps", 5), ("kills", 24)):
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    with stacks.private_stack(options=OPTIONS) as stack:
        report = run(stack, **vars(arguments))
    report["wrong"] = report["wrong"][:30] + ["and more"] * (len(report["wrong"]) > 30)
    print(json.dumps(report, indent=2))
    return 3 if report["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
