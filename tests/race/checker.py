"""Reads the database and the history of a race, and says what cannot be. Knows nothing of the program: what is asked of
PostgreSQL are whole tables, and every conclusion is drawn here.

    python3 tests/race/checker.py DSN HISTORY
"""
import collections
import json
import sys

import psycopg2
import psycopg2.extras

ACTIVE = {"held", "requested", "confirmed", "checked_in"}  # these take nights
SOLD = {"confirmed", "checked_in", "completed", "no_show"}
REASONS = {"dates_unavailable", "quote_used", "quote_expired", "booking_state", "stay_rules", "hold_limit", "precondition_failed",
           "payment_state", "payment_open", "nothing_due"}
SLACK = 1.0  # seconds between the clocks of client and server


class Table(dict):
    """Rows by id."""

    def __init__(self, cursor, name, columns="*", key="id"):
        cursor.execute("select to_regclass(%s) is not null", (name,))
        self.there = cursor.fetchone()["?column?"]
        if self.there:
            cursor.execute(f"select {columns} from {name}")
            super().__init__((str(row[key]), row) for row in cursor.fetchall())


class Checker:
    def __init__(self, source, history):
        """`source` is a DSN, or a connection whose transaction is looked at from inside."""
        self.history, self.problems = history, []
        connection = psycopg2.connect(source) if isinstance(source, str) else source
        if isinstance(source, str):
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            self.bookings, self.occupancy, self.units = (Table(cursor, t) for t in ("bookings", "occupancy", "units"))
            self.payments, self.refunds = Table(cursor, "payments"), Table(cursor, "refunds")
            self.accounts, self.transactions, self.entries = (
                Table(cursor, t) for t in ("ledger_accounts", "ledger_transactions", "ledger_entries"))
        if isinstance(source, str):
            connection.close()
        self.by_quote = {str(b["quote_id"]): b for b in self.bookings.values() if b["quote_id"]}

    def wrong(self, what, detail):
        self.problems.append(f"{what}: {detail}")

    def run(self):
        for check in (self.overlaps, self.nights, self.acknowledged, self.nobody_was_told, self.losers, self.ledger_zero,
                      self.ledger_bookings, self.money):
            check()
        return self.problems

    # --- nights

    def overlaps(self):
        """A night is sold once."""
        rows = collections.defaultdict(list)
        for o in self.occupancy.values():
            rows[o["unit_id"]].append((o["nights"].lower, o["nights"].upper, o["booking_id"]))
        for b in self.bookings.values():
            if b["status"] in ACTIVE:
                rows[(b["unit_id"], "booking")].append((b["check_in"], b["check_out"], b["id"]))
        for unit, taken in rows.items():
            taken.sort(key=lambda t: t[:2])
            for one, other in zip(taken, taken[1:]):
                if other[0] < one[1]:
                    self.wrong("overlap", f"unit {unit}: {one} and {other}")

    def nights(self):
        """Who has nights holds them, and nobody else does."""
        held = collections.defaultdict(list)
        for o in self.occupancy.values():
            if o["booking_id"]:
                held[str(o["booking_id"])].append(o)
        for key, b in self.bookings.items():
            rows = held.pop(key, [])
            if b["status"] not in ACTIVE:
                if rows:
                    self.wrong("nights kept", f"booking {key} is {b['status']}")
            elif len(rows) != 1 or rows[0]["unit_id"] != b["unit_id"] or rows[0]["nights"].lower != b["check_in"] \
                    or rows[0]["nights"].upper < b["check_out"]:
                self.wrong("nights lost", f"booking {key}, {b['status']}: {rows}")
        for key in held:
            self.wrong("nights of nobody", key)

    # --- what clients were told

    def acknowledged(self):
        """Every answer was true, and stayed true unless somebody was told of a change."""
        received = set()
        ended = {h["booking"] for h in self.history if h["op"] in ("cancel", "release") and h["status"] < 300}
        for h in self.history:
            if h["status"] >= 300:
                continue
            if h["op"] in ("book", "hold"):
                b = self.bookings.get(h["booking"])
                if not b:
                    self.wrong("acknowledged and lost", h)
                    continue
                told = h["told"]
                for name in ("unit_id", "guest_id", "check_in", "check_out"):
                    if str(b[name]) != told[name]:
                        self.wrong("told otherwise", f"{name} of {h['booking']}: told {told[name]}, is {b[name]}")
                if b["total"] != told["total"]["amount"] or str(b["quote_id"]) != h["quote"]:
                    self.wrong("told otherwise", f"price or quote of {h['booking']}")
                if h["op"] == "book" and b["status"] not in SOLD and h["booking"] not in ended:
                    self.wrong("undone", f"booking {h['booking']} was confirmed to its guest and is {b['status']}")
            elif h["op"] == "receive":
                received.add(h["booking"])
            elif h["op"] == "cancel" and self.bookings[h["booking"]]["status"] != "cancelled":
                self.wrong("not cancelled", h)

        kept, _ = self.kept()
        for booking in received:
            status = self.bookings[booking]["status"]
            if status not in SOLD and booking not in ended and kept[booking]:
                self.wrong("money kept", f"booking {booking} is {status} and {kept[booking]} of what came for it was kept")
            if status in ("held", "requested"):
                self.wrong("paid and not sold", f"booking {booking} is {status}")

    def nobody_was_told(self):
        """A booking exists because somebody was told so, once: everybody asked until the outcome was known."""
        told = collections.Counter(h["booking"] for h in self.history if h["op"] in ("book", "hold") and h["status"] < 300)
        for key, b in self.bookings.items():
            if b["quote_id"] and told[key] != 1:
                self.wrong("told nobody" if not told[key] else "told twice", f"booking {key} ({b['status']}): {told[key]}")
        refused = {h["quote"] for h in self.history if h["op"] in ("book", "hold") and h["status"] >= 400 and h["code"] != "quote_used"}
        for quote in refused & set(self.by_quote):
            self.wrong("refused and booked", f"quote {quote}")

    def losers(self):
        """Who got nothing was told why, in the form of every refusal, and it was so: something else took those nights."""
        units = collections.defaultdict(set)
        for u in self.units.values():
            units[str(u["property_id"])].add(u["id"])
        stays = collections.defaultdict(list)
        for b in self.bookings.values():
            stays[b["unit_id"]].append(b)
        for h in self.history:
            if h["status"] < 400:
                continue
            if h["code"] not in REASONS or not h["media"].startswith("application/problem+json"):
                self.wrong("no reason", h)
            elif h["code"] == "dates_unavailable":
                free = [u for u in units[h["property"]] if not any(self.in_the_way(b, h) for b in stays[u])]
                if free:
                    self.wrong("refused for nothing", f"{h}: unit {free[0]} was free")

    @staticmethod
    def in_the_way(b, h):
        gone = b.get("cancelled_at") or (b["updated_at"] if b["status"] not in ACTIVE | SOLD else None)
        return (str(b["check_in"]) < h["check_out"] and h["check_in"] < str(b["check_out"])
                and b["created_at"].timestamp() <= h["got"] + SLACK and (not gone or gone.timestamp() >= h["sent"] - SLACK))

    # --- money

    def ledger_zero(self):
        sums = collections.Counter()
        for e in self.entries.values():
            sums[e["transaction_id"], e["currency"]] += e["amount"]
            if str(e["transaction_id"]) not in self.transactions or str(e["account_id"]) not in self.accounts:
                self.wrong("stray entry", e["id"])
        for (transaction, currency), amount in sums.items():
            if amount:
                self.wrong("ledger not zero", f"transaction {transaction}: {amount} {currency}")

    def of_booking(self):
        """{booking: {(kind of transaction, kind of account): amount}}"""
        moved = collections.defaultdict(collections.Counter)
        for e in self.entries.values():
            if e["booking_id"]:
                moved[str(e["booking_id"])][self.transactions[str(e["transaction_id"])]["kind"],
                                            self.accounts[str(e["account_id"])]["kind"]] += e["amount"]
        return moved

    def ledger_bookings(self):
        """What was sold is what the booking says; what was not sold, or was cancelled, leaves no debt behind."""
        moved, times = self.of_booking(), collections.Counter()
        for t in self.transactions.values():
            times[str(t["booking_id"]), t["kind"]] += 1
        for key, b in self.bookings.items():
            m = moved[key]
            sold = -(m["sale", "guest"] + m["change", "guest"])
            if b["status"] in SOLD and (times[key, "sale"] != 1 or sold != b["total"] or times[key, "reversal"]):
                self.wrong("sale", f"booking {key} of {b['total']}: {dict(m)}")
            elif b["status"] == "cancelled" and times[key, "sale"] != times[key, "reversal"]:
                self.wrong("reversal", f"booking {key}: {dict(m)}")
            elif b["status"] not in SOLD | {"cancelled"} and times[key, "sale"]:
                self.wrong("sold and not booked", f"booking {key} is {b['status']}")

    def kept(self):
        """({booking: what was paid and neither went back nor is on its way}, {(booking, purpose): payments of which something is kept})"""
        kept, charges, backs = collections.Counter(), collections.Counter(), collections.Counter()
        for r in self.refunds.values():
            backs[r["payment_id"]] += r["amount"] if r["status"] in ("pending", "sent", "done") else 0
        for p in self.payments.values():
            back = backs[p["id"]]
            if back > p["captured"]:
                self.wrong("refunded too much", f"payment {p['id']}: {back} of {p['captured']}")
            if p["purpose"] != "security" and p["captured"] > back:
                kept[str(p["booking_id"])] += p["captured"] - back
                charges[str(p["booking_id"]), p["purpose"]] += 1
        return kept, charges

    def money(self):
        """Nobody pays twice, for nothing, or gets back more than was paid; what is owed back is back or on its way."""
        kept, charges = self.kept()
        for (key, purpose), count in charges.items():
            if count > 1:
                self.wrong("charged twice", f"booking {key}: {count} times {purpose}")
        moved = self.of_booking()
        for key, amount in kept.items():
            m = moved[key]
            owed = -(m["sale", "guest"] + m["change", "guest"] + m["reversal", "guest"])
            if amount > owed:
                self.wrong("paid for nothing", f"booking {key} ({self.bookings[key]['status']}): keeps {amount}, is owed {owed}")
        posted = collections.Counter()
        for e in self.entries.values():
            t = self.transactions.get(str(e["transaction_id"]))
            if t and t["kind"] == "capture" and self.accounts[str(e["account_id"])]["kind"] != "provider":
                posted[str(t["cause_id"])] += e["amount"]
        for key, p in self.payments.items():
            if posted[key] != p["captured"]:
                self.wrong("payment not posted", f"payment {key}: {p['captured']}, ledger {posted[key]}")


def read_history(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    FOUND = Checker(sys.argv[1], read_history(sys.argv[2])).run()
    print("\n".join(FOUND) or "nothing wrong")
    sys.exit(3 if FOUND else 0)
