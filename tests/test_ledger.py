"""The ledger: what bookings post, who sees it, that it cannot be changed, and that `nexusctl ledger check` finds what is wrong."""
import datetime
import json
import re
import uuid

import psycopg2
import pytest

import stack as stacks
from marketplace import book, day, make_property, quote

CHECKS = set(re.findall(r'^    \{ "(\w+)",', (stacks.TOP / "src/ctl/ledger_checks.c").read_text(), re.M))


@pytest.fixture(scope="module")
def host(stack):
    return stack.user(name="Ledger Host")


@pytest.fixture(scope="module")
def guest(stack):
    return stack.user(name="Ledger Guest")


@pytest.fixture(scope="module")
def admin(stack):
    admin = stack.user(name="Ledger Admin")
    stack.ctl("user", "set-role", "--email", admin.email, "guest", "host", "admin")
    return admin


@pytest.fixture(scope="module")
def place(host):
    return make_property(host, units=[{} for _ in range(5)])["id"]


def booked(guest, place, first=10, nights=2):
    answer = book(guest, quote(guest, place, first, nights).json()["id"])
    assert answer.status_code == 201, answer.text
    return answer.json()


def entries(session, booking):
    answer = session.get(f"/v1/bookings/{booking['id']}/ledger")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def balances(session, query=""):
    """{(kind, holder): balance} of one currency."""
    answer = session.get(f"/v1/ledger/statements?limit=100&currency=USD{query}")
    assert answer.status_code == 200, answer.text
    return {(a["kind"], a["holder_id"]): a["balance"]["amount"] for a in answer.json()["data"]}


# --- what is posted, and who sees it

def test_a_booking_is_a_sale(guest, host, admin, place):
    made = booked(guest, place)
    total = made["total"]["amount"]
    seen = entries(admin, made)
    assert sum(e["amount"]["amount"] for e in seen) == 0 and {e["kind"] for e in seen} >= {"sale"}
    sale = {e["account"]: e["amount"]["amount"] for e in seen if e["kind"] == "sale"}
    assert sale["guest"] == -total and sale["host"] > 0
    assert len({e["transaction_id"] for e in seen if e["kind"] == "sale"}) == 1
    mine = [e for e in entries(guest, made) if e["kind"] == "sale"]
    assert [(e["account"], e["amount"]) for e in mine] == [("guest", {"amount": -total, "currency": "USD"})]
    assert [(e["account"], e["amount"]["amount"]) for e in entries(host, made)] == [("host", sale["host"])]


def test_only_those_of_the_booking(stack, guest, place):
    made = booked(guest, place)
    stranger = stack.user()
    assert stranger.get(f"/v1/bookings/{made['id']}/ledger").status_code == 404
    assert stranger.get(f"/v1/bookings/{uuid.uuid4()}/ledger").status_code == 404
    assert balances(stranger) == {}
    account = guest.get("/v1/ledger/statements").json()["data"][0]["id"]
    assert guest.get(f"/v1/ledger/statements/{account}/entries").json()["data"]
    assert stranger.get(f"/v1/ledger/statements/{account}/entries").status_code == 404


def test_a_refused_booking_posts_nothing(stack, guest, place):
    made = quote(guest, place, 10).json()["id"]
    assert book(guest, made).status_code == 201
    before = stack.query("select count(*) from ledger_transactions")
    assert book(guest, made).status_code == 409
    assert stack.query("select count(*) from ledger_transactions") == before


def test_cancelling_takes_the_sale_back(guest, host, admin, place):
    made = booked(guest, place, first=60)
    before = balances(guest)
    assert guest.post(f"/v1/bookings/{made['id']}/cancel").status_code == 200
    kinds = [e["kind"] for e in entries(admin, made)]
    assert kinds.count("reversal") >= 2
    for party in (guest, host):
        assert sum(e["amount"]["amount"] for e in entries(party, made) if e["kind"] in ("sale", "reversal")) == 0
    assert list(balances(guest).values()) >= list(before.values())


def test_statements_as_of_a_day(stack, place):
    guest = stack.user()
    made = booked(guest, place, first=20)
    owed = {("guest", guest.id): sum(e["amount"]["amount"] for e in entries(guest, made))}
    today = datetime.datetime.now(datetime.timezone.utc).date()
    assert balances(guest) == owed == balances(guest, f"&as_of={today}")
    assert balances(guest, f"&as_of={today - datetime.timedelta(1)}") == {("guest", guest.id): 0}
    answer = guest.get("/v1/ledger/statements?as_of=yesterday")
    assert answer.status_code == 422 or answer.status_code == 400, answer.text


def test_all_accounts_add_up_to_nothing(admin, guest, place):
    booked(guest, place, first=30)
    total, url = 0, "/v1/ledger/statements?limit=100&currency=USD"
    page = admin.get(url).json()
    while True:
        total += sum(a["balance"]["amount"] for a in page["data"])
        if not page["page"]["next_cursor"]:
            break
        page = admin.get(f"{url}&cursor={page['page']['next_cursor']}").json()
    assert total == 0


def test_entries_of_an_account_make_its_balance(guest, place):
    booked(guest, place, first=35)
    account = guest.get("/v1/ledger/statements").json()["data"][0]
    listed = guest.get(f"/v1/ledger/statements/{account['id']}/entries?limit=100").json()["data"]
    assert sum(e["amount"]["amount"] for e in listed) == account["balance"]["amount"]


# --- the database keeps it

@pytest.mark.parametrize("role", [None, "nexus_api"])
@pytest.mark.parametrize("change", ["update ledger_entries set amount = amount + 1", "delete from ledger_entries",
                                    "update ledger_transactions set kind = 'sale'", "delete from ledger_transactions",
                                    "update ledger_accounts set currency = 'EUR'", "delete from ledger_accounts"])
def test_nothing_is_ever_changed(stack, guest, place, role, change):
    booked(guest, place, first=40) if stack.query("select count(*) from ledger_entries") == [(0,)] else None
    connection = stack.db(role)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
        cursor.execute(change)
    connection.close()


POST = "select ledger_post('payout', null, null, 'USD', '{{host,provider}}', array['{}'::uuid, null], '{{\"\",offline}}', '{{{},{}}}')"


def test_a_transaction_adds_up_when_it_commits(stack):
    holder = uuid.uuid4()
    with pytest.raises(psycopg2.errors.CheckViolation, match="do not add up to zero"):
        stack.query(POST.format(holder, -5, 6))
    assert stack.query("select count(*) from ledger_accounts where holder_id = %s", str(holder)) == [(0,)]


def test_a_transaction_cannot_be_added_to(stack, guest, place):
    """An entry that would tip a transaction that was posted before is refused like a new one."""
    made = booked(guest, place, first=45)
    with pytest.raises(psycopg2.errors.CheckViolation, match="do not add up to zero"):
        stack.query("insert into ledger_entries select gen_random_uuid(), transaction_id, account_id, booking_id, currency, 1, at "
                    "from ledger_entries where booking_id = %s limit 1", made["id"])


def moved(stack, booking, *kinds):
    """[(kind of transaction, kind of account, amount)] in the order they were posted."""
    return stack.query("select t.kind, a.kind, e.amount from ledger_entries e join ledger_transactions t on t.id = e.transaction_id "
                       "join ledger_accounts a on a.id = e.account_id where e.booking_id = %s and t.kind = any (%s) order by t.at, a.kind",
                       booking["id"], list(kinds))


@pytest.mark.parametrize("purpose, account", [("deposit", "guest"), ("security", "deposit")])
def test_money_is_posted_when_the_provider_has_moved_it(stack, guest, place, purpose, account):
    made, payment, refund = booked(guest, place, first=55), str(uuid.uuid4()), str(uuid.uuid4())
    stack.query("insert into payments (id, booking_id, provider, purpose, status, amount, currency) "
                "values (%s, %s, 'stripe', %s, 'pending', 500, 'USD')", payment, made["id"], purpose)
    before = moved(stack, made, "capture", "refund")
    stack.query("select payment_record(%s, 'captured', 300, null, null, null, now())", payment)
    stack.query("select payment_record(%s, 'captured', 300, null, null, null, now())", payment)
    stack.query("select payment_record(%s, 'captured', 500, null, null, null, now())", payment)
    assert moved(stack, made, "capture", "refund")[len(before):] == [
        ("capture", account, 300), ("capture", "provider", -300), ("capture", account, 200), ("capture", "provider", -200)]
    stack.query("insert into refunds (id, payment_id, booking_id, amount, currency, reason, status) "
                "values (%s, %s, %s, 50, 'USD', 'test', 'pending')", refund, payment, made["id"])
    assert moved(stack, made, "refund") == []
    for said in ("done", "done", "failed", "done"):
        stack.query("select refund_record(%s, %s, 're_' || %s, 50, %s)", payment, refund, refund, said)
    assert moved(stack, made, "refund", "refund_failed") == [
        ("refund", account, -50), ("refund", "provider", 50), ("refund_failed", account, 50), ("refund_failed", "provider", -50)]


@pytest.mark.parametrize("refund", [0, 1, 333, 23999, 24000])
def test_a_reversal_is_split_without_losing_a_cent(stack, guest, place, refund):
    made = booked(guest, place, first=50)
    with stack.db() as connection, connection.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("update bookings set platform_total = 2719, tax_total = 1301, host_total = total - 4020 where id = %s", (made["id"],))
        cursor.execute("select ledger_reverse(%s, %s)", (made["id"], refund))
        cursor.execute("select a.kind, e.amount from ledger_entries e join ledger_accounts a on a.id = e.account_id "
                       "join ledger_transactions t on t.id = e.transaction_id where e.booking_id = %s and t.kind = 'reversal'", (made["id"],))
        split = dict(cursor.fetchall())
        cursor.execute("set constraints all immediate")  # the sum is zero
        cursor.execute("rollback")
    assert split.get("guest", 0) == refund
    for kind, part in (("host", made["total"]["amount"] - 4020), ("platform", 2719), ("tax", 1301)):
        assert abs(-split.get(kind, 0) * made["total"]["amount"] - part * refund) < made["total"]["amount"], kind


# --- nexusctl ledger check

def findings(stack):
    done = stack.ctl("ledger", "check", "--json", check=False)
    assert done.returncode in (0, 3), done.stderr
    report = json.loads(done.stdout)
    assert (done.returncode == 3) == (report["found"] > 0) == bool(report["findings"])
    return {(f["check"], f["subject"]) for f in report["findings"]}


@pytest.fixture(scope="module")
def spoiled():
    with stacks.private_stack() as stack:
        yield stack


SALE = "(select id from ledger_transactions where booking_id = %(id)s and kind = 'sale')"
CAPTURE = "(select id from ledger_transactions where booking_id = %(id)s and kind = 'capture' order by id desc limit 1)"
PAYMENT = ("insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at) "
           "select %(payment)s, id, 'offline', '{purpose}', 'captured', total, currency, total, now() from bookings where id = %(id)s; ")
MOVE = "currency, '{guest,provider}', array[guest_id, null], '{\"\",offline}', array[total + 1, -total - 1]"
# A statement that guards and triggers would not let through, and what is found of the booking or transaction.
PLANTS = {
    "unbalanced": (f"update ledger_entries set amount = amount + 1 where transaction_id = {SALE} and amount < 0", "sale"),
    "stray_entry": (f"update ledger_entries set at = at + interval '1 s' where transaction_id = {SALE} and amount < 0", "entry"),
    "no_sale": ("delete from ledger_transactions where booking_id = %(id)s", "booking"),
    "sale_twice": ("drop index ledger_transactions_sale_key; insert into ledger_transactions (id, kind, booking_id) "
                   "values (gen_random_uuid(), 'sale', %(id)s)", "booking"),
    "sale_without_booking": ("update ledger_transactions set booking_id = gen_random_uuid() where booking_id = %(id)s", "sale"),
    "wrong_amount": ("update bookings set total = total + 1 where id = %(id)s", "booking"),
    "no_reversal": ("update bookings set status = 'cancelled', cancelled_at = now() where id = %(id)s", "booking"),
    "reversed": ("select ledger_reverse(%(id)s, 100)", "booking"),
    "reversal_too_large": ("update bookings set total = total * 3, host_total = null where id = %(id)s; "
                           "select ledger_reverse(%(id)s, total) from bookings where id = %(id)s", "booking"),
    "capture_differs": (PAYMENT.format(purpose="charge"), "payment"),
    "charged_twice": (PAYMENT.format(purpose="charge") + PAYMENT.format(purpose="charge").replace("%(payment)s", "gen_random_uuid()"), "booking"),
    "refund_differs": (PAYMENT.format(purpose="charge") + "insert into refunds (id, payment_id, booking_id, amount, currency, reason, status) "
                       "values (%(refund)s, %(payment)s, %(id)s, 5, 'USD', 'x', 'done')", "refund"),
    "money_from_nowhere": (f"select ledger_post('capture', %(id)s, gen_random_uuid(), {MOVE}) from bookings where id = %(id)s", "capture"),
    "paid_too_much": (f"select ledger_post('capture', %(id)s, gen_random_uuid(), {MOVE}) from bookings where id = %(id)s", "booking"),
    "payout_differs": ("insert into payouts (id, payee_id, provider, currency, amount, status) "
                       "select %(payout)s, host_id, 'offline', currency, 5, 'pending' from bookings where id = %(id)s", "payout"),
    "paid_out_too_much": ("insert into payout_items (id, booking_id, payee_id, provider, currency, amount) "
                          "select gen_random_uuid(), id, host_id, 'offline', currency, total + 1 from bookings where id = %(id)s; "
                          "delete from payout_dues where booking_id = %(id)s", "booking"),
    "refund_too_large": ("select ledger_post('refund', id, gen_random_uuid(), currency, '{guest,provider}', array[guest_id, null], "
                         "'{\"\",offline}', array[-total - 1, total + 1]) from bookings where id = %(id)s", "booking"),
}


def test_every_check_has_a_plant():
    assert set(PLANTS) == CHECKS


def test_a_sound_ledger(spoiled):
    host, guest = spoiled.user(), spoiled.user()
    place = make_property(host)["id"]
    made = booked(guest, place)
    guest.post(f"/v1/bookings/{made['id']}/cancel")
    booked(guest, place)
    done = spoiled.ctl("ledger", "check")
    assert re.search(r"^\d+ transactions, \d+ checks, 0 findings$", done.stdout, re.M)


@pytest.mark.parametrize("check", sorted(PLANTS))
def test_a_planted_fault_is_found(spoiled, check):
    """Put in behind the triggers' back, as a bug or somebody with the owner's password would."""
    host, guest = spoiled.user(), spoiled.user()
    made = booked(guest, make_property(host)["id"])
    ids = {"booking": made["id"], "payment": str(uuid.uuid4()), "refund": str(uuid.uuid4()), "payout": str(uuid.uuid4()), "sale": spoiled.query(f"select {SALE}::text" % {"id": f"'{made['id']}'"})[0][0],
           "entry": spoiled.query("select id::text from ledger_entries where booking_id = %s and amount < 0 "
                                  "and transaction_id in (select id from ledger_transactions where kind = 'sale')", made["id"])[0][0]}
    statement, subject = PLANTS[check]
    before = findings(spoiled)
    with spoiled.db("postgres") as connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(statement, {"id": made["id"], **ids})
        cursor.execute(f"select {CAPTURE}::text", {"id": made["id"]})
        ids["capture"] = cursor.fetchone()[0]
    assert (check, ids[subject]) in findings(spoiled) - before
    done = spoiled.ctl("ledger", "check", check=False)
    assert done.returncode == 3 and re.search(rf"^{check} {ids[subject]}: .+$", done.stdout, re.M)
