"""The audit log: only added to, and whatever is done to it behind its back is found."""
import contextlib
import json
import os
import pwd
import random
import re
import signal
import threading
import time
import uuid

import psycopg2
import pytest

from database import TOP, Cluster

API, OWNER, ROOT = "nexus_api", "nexus_owner", "postgres"
WRITERS, EACH = 64, 25


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as running:
        yield running


EMPTY = """set session_replication_role = replica;
truncate audit_log, audit_links, audit_heads, users cascade;
insert into audit_heads select lane, 0, decode(repeat('00', 32), 'hex') from generate_series(0, 15) as lane"""


def with_secret(database, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef" * 4)
    secret.chmod(0o600)
    database.env["NEXUS_SECRET_FILE"] = str(secret)
    return database


@pytest.fixture(scope="module")
def reused(cluster):
    return cluster.database()


@pytest.fixture
def base(reused, tmp_path):
    reused.query(EMPTY)
    return with_secret(reused, tmp_path)


@pytest.fixture
def fresh(cluster, tmp_path):
    """For tests that change more than rows."""
    return with_secret(cluster.database(), tmp_path)


def connect(base, user):
    return psycopg2.connect(host=str(base.cluster.dir), dbname=base.name, user=user)


APPEND = """select audit_append(%s, %s, null, null, null, 'request', '192.0.2.77', 'user.suspend', 'user', %s,
                                '{"status": "active"}', %s)"""


def append(cursor, number=0):
    entry = str(uuid.uuid4())
    cursor.execute(APPEND, (entry, str(uuid.uuid4()), str(uuid.uuid4()), json.dumps({"status": "suspended", "number": number})))
    return entry


def filled(base, entries=60, connections=3):
    """Entries in at least as many lanes as there are connections."""
    with contextlib.ExitStack() as stack:
        cursors = []
        for _ in range(connections):
            connection = stack.enter_context(contextlib.closing(connect(base, API)))
            cursors.append((connection, connection.cursor()))
        for number in range(entries):
            connection, cursor = cursors[number % connections]
            append(cursor, number)
            connection.commit()
    return base


def verify(base, *args):
    done = base.run("audit", "verify", "--json", *args)
    assert done.returncode in (0, 3), done.stderr
    report = json.loads(done.stdout)
    assert (done.returncode == 3) == (report["faults"] > 0)
    return report


def anchor(base, path):
    path.write_text(base.ctl("audit", "anchor"))
    return str(path)


def tamper(base, *statements):
    """As whoever owns the machine: superuser, no triggers, no constraints in the way."""
    with contextlib.closing(connect(base, ROOT)) as connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def links(base):
    """(lane, seq, entry) in the order of the chains."""
    return base.query("select lane, seq, entry_id::text from audit_links order by lane, seq")


# --- what a connection may

@pytest.mark.parametrize("statement", [
    "insert into audit_log (id, action, target_type) values (gen_random_uuid(), 'user.create', 'user')",
    "update audit_log set action = 'user.create'", "delete from audit_log", "truncate audit_log cascade",
    "select from audit_links", "update audit_heads set seq = 0", "select audit_chain()",
    "alter table audit_log disable trigger all", "drop table audit_links"])
def test_the_api_appends_and_reads_and_nothing_else(base, statement):
    filled(base, 3)
    with contextlib.closing(connect(base, API)) as connection, connection.cursor() as cursor:
        with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.FeatureNotSupported)):
            cursor.execute(statement)
        connection.rollback()
        cursor.execute("select count(*) from audit_log")
        assert cursor.fetchone() == (3,)
    assert verify(base) == {"entries": 3, "faults": 0, "problems": []}


@pytest.mark.parametrize("statement", [
    "update audit_log set action = 'user.create'", "delete from audit_log", "truncate audit_log cascade",
    "update audit_links set hash = sha256('')", "delete from audit_links", "truncate audit_links",
    "update audit_heads set seq = seq + 1", "update audit_heads set seq = 0", "delete from audit_heads",
    "truncate audit_heads", "insert into audit_heads values (3, 0, sha256(''))"])
@pytest.mark.parametrize("user", [OWNER, ROOT])
def test_plain_changes_are_refused_to_everybody(base, user, statement):
    filled(base, 3)
    with contextlib.closing(connect(base, user)) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="only added to"):
            cursor.execute(statement)
    assert verify(base)["faults"] == 0


def test_no_secret_gets_in(base):
    with contextlib.closing(connect(base, API)) as connection, connection.cursor() as cursor:
        for member in ("password", "new_password", "refresh_token", "client_secret", "PasswordHash", "cookie"):
            with pytest.raises(psycopg2.errors.RaiseException, match="called like a secret") as caught:
                cursor.execute("select audit_append(gen_random_uuid(), null, null, null, null, null, null, 'user.create', 'user',"
                               " null, null, %s)", (json.dumps({"a": [{"b": {member: "canary-1"}}]}),))
            assert "canary-1" not in str(caught.value)
            connection.rollback()
    assert base.value("select count(*) from audit_log") == 0


def test_only_the_network_of_an_address_is_kept(base):
    with contextlib.closing(connect(base, API)) as connection, connection.cursor() as cursor:
        for address in ("192.0.2.77", "2001:db8:1:2:3:4:5:6"):
            cursor.execute("select audit_append(gen_random_uuid(), null, null, null, null, null, %s, 'user.create', 'user', null,"
                           " null, null)", (address,))
        connection.commit()
    assert {row[0] for row in base.query("select network::text from audit_log")} == {"192.0.2.0/24", "2001:db8:1::/48"}


def test_what_is_rolled_back_was_never_there(base):
    with contextlib.closing(connect(base, API)) as connection, connection.cursor() as cursor:
        append(cursor)
        connection.rollback()
        kept = append(cursor)
        connection.commit()
    assert [(entry, seq) for _, seq, entry in links(base)] == [(kept, 1)]
    assert verify(base)["entries"] == 1


def test_large_states_are_measured_and_not_kept(base):
    with contextlib.closing(connect(base, API)) as connection, connection.cursor() as cursor:
        cursor.execute("select audit_append(gen_random_uuid(), null, null, null, null, null, null, 'role.update', 'role', 'x', null, %s)",
                       (json.dumps({"text": "x" * 20000}),))
        connection.commit()
    assert base.value("select after from audit_log")["too_large"] > 20000
    assert verify(base)["faults"] == 0


# --- changes found by the database

def test_a_watched_change_is_told_by_what_differs(base):
    user = str(uuid.uuid4())
    change = """select audit_append_change(gen_random_uuid(), null, null, null, null, null, null, 'user.suspend', 'user', %s)"""
    with contextlib.closing(connect(base, API)) as connection, connection.cursor() as cursor:
        cursor.execute("insert into users (id, email, name) values (%s, 'ada@example.com', 'Ada')", (user,))
        cursor.execute("insert into user_roles values (%s, 'guest')", (user,))
        connection.commit()
        for statements in ([], ["update users set status = status"]):
            cursor.execute("select audit_watch('user', %s)", (user,))
            for statement in statements:
                cursor.execute(statement)
            cursor.execute(change, (user,))
            connection.commit()
        assert base.value("select count(*) from audit_log") == 0
        cursor.execute("select audit_watch('user', %s)", (user,))
        cursor.execute("update users set status = 'suspended', name = 'Secret Name', email = 'new@example.com'")
        cursor.execute("insert into user_roles values (%s, 'host')", (user,))
        cursor.execute(change, (user,))
        cursor.execute(change, (user,))  # told once
        connection.commit()
    assert base.query("select before, after from audit_log") == [(
        {"status": "active", "roles": ["guest"]},
        {"status": "suspended", "roles": ["guest", "host"], "name": "(changed)", "email": "(changed)"})]
    assert verify(base)["faults"] == 0


# --- tampering

def middle(base):
    rows = links(base)
    lane = rows[0][0]
    return [row for row in rows if row[0] == lane][5]


@pytest.mark.parametrize("column, value", [
    ("at", "at + interval '1 microsecond'"), ("user_id", "gen_random_uuid()"), ("user_id", "null"), ("actor_id", "gen_random_uuid()"),
    ("client_id", "gen_random_uuid()"), ("operator", "'root'"), ("request_id", "'another'"), ("network", "'192.0.3.0/24'"),
    ("action", "'user.restore'"), ("target_type", "'role'"), ("target_id", "'another'"), ("before", "null"),
    ("before", "before || '{\"x\": null}'"), ("after", "after || '{\"number\": 1000}'"), ("after", "after - 'number'")])
def test_an_edited_entry_is_found_and_named(base, column, value):
    lane, seq, entry = middle(filled(base))
    tamper(base, f"update audit_log set {column} = {value} where id = '{entry}'")
    report = verify(base)
    assert [(p["kind"], p["lane"], p["seq"], p["entry"]) for p in report["problems"]] == [("edited", lane, seq, entry)]
    done = base.run("audit", "verify")
    assert done.returncode == 3 and entry in done.stdout.splitlines()[0]


def test_an_edited_link_is_found(base):
    lane, seq, entry = middle(filled(base))
    tamper(base, f"update audit_links set hash = sha256('x') where entry_id = '{entry}'")
    first = verify(base)["problems"][0]
    assert (first["kind"], first["lane"], first["seq"], first["entry"]) == ("edited", lane, seq, entry)


def test_an_edit_with_its_link_made_good_again_is_found_at_the_next(base):
    lane, seq, entry = middle(filled(base))
    tamper(base, f"update audit_log set action = 'user.restore' where id = '{entry}'",
           f"""update audit_links l set hash = sha256(b.hash || convert_to(audit_canonical(l.lane, l.seq, e), 'UTF8'))
                 from audit_links b, audit_log e
                where l.entry_id = '{entry}' and b.lane = l.lane and b.seq = l.seq - 1 and e.id = l.entry_id""")
    first = verify(base)["problems"][0]
    assert (first["kind"], first["lane"], first["seq"]) == ("edited", lane, seq + 1)


def test_a_removed_entry_is_found(base):
    lane, seq, entry = middle(filled(base))
    tamper(base, f"delete from audit_log where id = '{entry}'")
    assert [(p["kind"], p["lane"], p["seq"], p["entry"]) for p in verify(base)["problems"]] == [("removed", lane, seq, entry)]


def test_an_entry_removed_with_its_link_is_found(base):
    lane, seq, entry = middle(filled(base))
    tamper(base, f"delete from audit_log where id = '{entry}'", f"delete from audit_links where entry_id = '{entry}'")
    assert [(p["kind"], p["lane"], p["seq"]) for p in verify(base)["problems"]] == [("gap", lane, seq)]


def test_a_first_entry_removed_is_found(base):
    lane, seq, entry = links(filled(base))[0]
    tamper(base, f"delete from audit_log where id = '{entry}'", f"delete from audit_links where entry_id = '{entry}'")
    assert [(p["kind"], p["lane"], p["seq"]) for p in verify(base)["problems"]] == [("gap", lane, seq)]


def newest(base):
    rows = links(base)
    return [row for row in rows if row[0] == rows[0][0]][-1]


def test_a_removed_end_is_found(base):
    lane, seq, entry = newest(filled(base))
    tamper(base, f"delete from audit_log where id = '{entry}'", f"delete from audit_links where entry_id = '{entry}'")
    assert [(p["kind"], p["lane"], p["seq"]) for p in verify(base)["problems"]] == [("head", lane, seq)]


def test_an_end_removed_with_its_head_is_found_by_an_anchor(base, tmp_path):
    before = anchor(filled(base), tmp_path / "before")
    lane, seq, entry = newest(base)
    tamper(base, f"delete from audit_log where id = '{entry}'", f"delete from audit_links where entry_id = '{entry}'",
           f"""update audit_heads h set (seq, hash) = (select seq, hash from audit_links l where lane = h.lane order by seq desc limit 1)
                where lane = {lane}""")
    assert verify(base)["faults"] == 0  # nothing inside the database can tell
    assert [(p["kind"], p["lane"], p["seq"]) for p in verify(base, "--anchor", before)["problems"]] == [("anchor", lane, seq)]


def test_everything_removed_is_found_by_an_anchor(base, tmp_path):
    before = anchor(filled(base), tmp_path / "before")
    tamper(base, "delete from audit_links", "delete from audit_log",
           "update audit_heads set seq = 0, hash = decode(repeat('00', 32), 'hex')")
    assert verify(base)["faults"] == 0
    problems = verify(base, "--anchor", before)["problems"]
    assert problems and {p["kind"] for p in problems} == {"anchor"}


REWRITE = """
do $$
declare
    l record;
    head bytea;
begin
    for l in select lane, seq, entry_id from audit_links order by lane, seq loop
        if l.seq = 1 then
            head := decode(repeat('00', 32), 'hex');
        end if;
        head := sha256(head || convert_to(audit_canonical(l.lane, l.seq, (select e from audit_log e where id = l.entry_id)), 'UTF8'));
        update audit_links set hash = head where lane = l.lane and seq = l.seq;
        update audit_heads set hash = head where lane = l.lane;
    end loop;
end $$"""


def test_a_history_written_anew_is_found_by_an_anchor(base, tmp_path):
    before = anchor(filled(base), tmp_path / "before")
    lane, _, entry = middle(base)
    tamper(base, f"update audit_log set action = 'user.restore' where id = '{entry}'", REWRITE)
    assert verify(base)["faults"] == 0
    assert [(p["kind"], p["lane"]) for p in verify(base, "--anchor", before)["problems"]] == [("anchor", lane)]


def test_an_anchor_holds_while_the_log_grows(base, tmp_path):
    before = anchor(filled(base), tmp_path / "before")
    assert verify(filled(base), "--anchor", before) == {"entries": 120, "faults": 0, "problems": []}


def test_an_empty_log_has_an_anchor_too(base, tmp_path):
    before = anchor(base, tmp_path / "before")
    assert verify(filled(base), "--anchor", before)["faults"] == 0


def test_a_forged_anchor_is_refused(base, tmp_path):
    path = tmp_path / "anchor"
    text = base.ctl("audit", "anchor")
    forged = json.loads(text)
    forged["lanes"][3]["seq"] = 7
    for content in (json.dumps(forged), text[:-20], "{}", "[]", "", text.replace("anchor-1", "anchor-2")):
        path.write_text(content)
        done = base.run("audit", "verify", "--anchor", str(path))
        assert done.returncode == 1 and "anchor" in done.stderr, content
    path.write_text(text)
    secret = tmp_path / "other-secret"
    secret.write_text("f" * 64)
    secret.chmod(0o600)
    done = base.run("audit", "verify", "--anchor", str(path), env={"NEXUS_SECRET_FILE": str(secret)})
    assert done.returncode == 1 and "not made with this secret_file" in done.stderr
    assert base.run("audit", "verify", "--anchor", str(tmp_path / "missing")).returncode == 1
    assert base.run("audit", "anchor", env={"NEXUS_SECRET_FILE": ""}).returncode == 1


def test_entries_put_into_another_order_are_found(fresh):
    rows = links(filled(fresh))
    lane, seq, one = middle(fresh)
    other = next(entry for l, s, entry in rows if (l, s) == (lane, seq + 2))
    tamper(fresh, "alter table audit_links drop constraint audit_links_entry_key",
           f"update audit_links set entry_id = case entry_id when '{one}' then '{other}'::uuid else '{one}'::uuid end"
           f" where entry_id in ('{one}', '{other}')")
    assert [(p["kind"], p["seq"]) for p in verify(fresh)["problems"]] == [("edited", seq), ("edited", seq + 2)]


def test_links_put_into_another_order_are_found(fresh):
    lane, seq, one = middle(filled(fresh))
    tamper(fresh, "alter table audit_links drop constraint audit_links_pkey",
           f"update audit_links set seq = case seq when {seq} then {seq + 1} else {seq} end"
           f" where lane = {lane} and seq in ({seq}, {seq + 1})")
    first = verify(fresh)["problems"][0]
    assert (first["kind"], first["lane"], first["seq"]) == ("edited", lane, seq)


def test_a_lane_put_elsewhere_is_found(base):
    lane = links(filled(base))[0][0]
    free = next(n for n in range(16) if n not in {row[0] for row in links(base)})
    tamper(base, f"update audit_links set lane = {free} where lane = {lane}",
           f"update audit_heads h set (seq, hash) = (select seq, hash from audit_heads o where o.lane = {lane}) where lane = {free}",
           f"update audit_heads set seq = 0, hash = decode(repeat('00', 32), 'hex') where lane = {lane}")
    problems = verify(base)["problems"]
    assert (problems[0]["kind"], problems[0]["seq"]) == ("edited", 1)


def test_an_entry_put_in_past_the_chain_is_found(base):
    filled(base)
    tamper(base, "insert into audit_log (id, action, target_type) values ('00000000-0000-4000-8000-000000000001', 'user.create', 'user')")
    assert [(p["kind"], p["entry"]) for p in verify(base)["problems"]] == [("unchained", "00000000-0000-4000-8000-000000000001")]


@pytest.mark.parametrize("statement", ["delete from audit_heads where seq > 0", "update audit_heads set seq = seq - 1 where seq > 0",
                                       "update audit_heads set hash = sha256('x') where seq > 0"])
def test_a_head_that_was_edited_is_found(base, statement):
    tamper(filled(base), statement)
    assert {p["kind"] for p in verify(base)["problems"]} == {"head"}


def test_functions_that_lie_do_not_help(fresh):
    lane, seq, entry = middle(filled(fresh))
    text = fresh.value(f"select audit_canonical({lane}::smallint, {seq}, e) from audit_log e where id = '{entry}'")
    quoted = text.replace("'", "''")
    tamper(fresh, f"update audit_log set action = 'user.restore' where id = '{entry}'",
           f"""create or replace function audit_canonical(lane smallint, seq bigint, e audit_log) returns text language sql stable
               as $$ select '{quoted}' $$""",
           """create function public.jsonb_build_array(variadic "any") returns jsonb language internal immutable as 'jsonb_build_array'""")
    assert [(p["kind"], p["entry"]) for p in verify(fresh)["problems"]] == [("edited", entry)]


def tampering(random_source, rows):
    """A random single change of one entry or link; what it does and the statements."""
    lane, seq, entry = random_source.choice(rows)
    same = [row for row in rows if row[0] == lane and row[1] != seq]
    kinds = {
        "edit": [f"update audit_log set {random_source.choice(['request_id', 'target_id', 'operator'])} = 'x{random_source.random()}'"
                 f" where id = '{entry}'"],
        "remove": [f"delete from audit_log where id = '{entry}'", f"delete from audit_links where entry_id = '{entry}'"],
        "remove entry": [f"delete from audit_log where id = '{entry}'"],
        "remove link": [f"delete from audit_links where entry_id = '{entry}'"],
        "relink": [f"update audit_links set hash = sha256('{random_source.random()}') where entry_id = '{entry}'"],
    }
    if same:
        _, other_seq, other = random_source.choice(same)
        kinds["reorder"] = [f"update audit_links set entry_id = case seq when {seq} then '{other}'::uuid else '{entry}'::uuid end"
                            f" where lane = {lane} and seq in ({seq}, {other_seq})"]
    kind = random_source.choice(sorted(kinds))
    return kind, kinds[kind]


def test_any_of_many_random_changes_is_found(fresh):
    filled(fresh, 60, 4)
    tamper(fresh, "alter table audit_links drop constraint audit_links_entry_key",
           "create table kept_log as select * from audit_log", "create table kept_links as select * from audit_links")
    rows, source, missed, kinds = links(fresh), random.Random(61), [], set()
    for _ in range(int(os.environ.get("NEXUS_TAMPERINGS", "100"))):
        kind, statements = tampering(source, rows)
        kinds.add(kind)
        tamper(fresh, *statements)
        if verify(fresh)["faults"] == 0:
            missed.append((kind, statements))
        tamper(fresh, "delete from audit_log", "insert into audit_log select * from kept_log", "delete from audit_links",
               "insert into audit_links select * from kept_links")
    assert missed == [] and len(kinds) == 6
    assert verify(fresh)["faults"] == 0


# --- many at once

def write_many(base, count, barrier, failures):
    try:
        with contextlib.closing(connect(base, API)) as connection, connection.cursor() as cursor:
            barrier.wait(60)
            for number in range(count):
                append(cursor, number)
                if number % 5 == 4:
                    append(cursor, number)  # two entries of one transaction
                connection.commit()
    except psycopg2.Error as error:
        failures.append(error)


def test_writers_do_not_wait_for_each_other_and_the_chains_hold(base):
    barrier, failures = threading.Barrier(WRITERS + 1), []
    threads = [threading.Thread(target=write_many, args=(base, EACH, barrier, failures)) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    barrier.wait(60)
    start = time.monotonic()
    for thread in threads:
        thread.join(120)
    took = time.monotonic() - start
    entries = WRITERS * EACH * 6 // 5
    print(f"\n{WRITERS} writers: {entries} entries in {took:.2f} s, {entries / took:.0f} a second")
    assert failures == []
    assert verify(base) == {"entries": entries, "faults": 0, "problems": []}
    assert len({lane for lane, _, _ in links(base)}) > 8


def test_a_transaction_that_is_open_holds_nobody_up(base):
    with contextlib.closing(connect(base, API)) as slow, contextlib.closing(connect(base, API)) as fast:
        with slow.cursor() as one, fast.cursor() as other:
            append(one)
            other.execute("set statement_timeout = '5s'")
            for _ in range(20):
                append(other)
                fast.commit()
            append(one)
            slow.commit()
    assert verify(base) == {"entries": 22, "faults": 0, "problems": []}


def test_killed_between_append_and_commit(base):
    """Backends and the whole server: entries and links come and go together."""
    filled(base, 20)
    with contextlib.closing(connect(base, API)) as connection, connection.cursor() as cursor:
        append(cursor)
        cursor.execute("select pg_backend_pid()")
        base.query(f"select pg_terminate_backend({cursor.fetchone()[0]})")
        with pytest.raises(psycopg2.Error):
            connection.commit()
    assert verify(base)["faults"] == 0


def test_the_server_killed_under_load(tmp_path):
    """kill -9 of a backend makes the server recover from its log: nothing that was confirmed may be missing."""
    with Cluster() as own:
        base = own.database()
        own.sql("postgres", "alter system set fsync = on")
        own.sql("postgres", "select pg_reload_conf()")
        kept, stop = [], threading.Event()

        def write():
            with contextlib.suppress(psycopg2.Error), contextlib.closing(connect(base, API)) as connection:
                with connection.cursor() as cursor:
                    while not stop.is_set():
                        entry = append(cursor)
                        connection.commit()
                        kept.append(entry)

        for _ in range(2):
            threads = [threading.Thread(target=write) for _ in range(8)]
            before = len(kept)
            for thread in threads:
                thread.start()
            end = time.monotonic() + 30
            while len(kept) < before + 200:
                assert time.monotonic() < end
                time.sleep(0.01)
            pid = base.value("select pid from pg_stat_activity where usename = 'nexus_api' limit 1")
            os.kill(pid, signal.SIGKILL)
            for thread in threads:
                thread.join(60)
            end = time.monotonic() + 60
            while True:
                try:
                    base.query("select 1")
                    break
                except psycopg2.Error:
                    assert time.monotonic() < end
                    time.sleep(0.05)
            report = verify(base)
            assert report["faults"] == 0
            there = {row[0] for row in base.query("select id::text from audit_log")}
            assert set(kept) <= there


# --- nexusctl

def test_list_shows_and_filters(base):
    filled(base, 10)
    shown = json.loads(base.ctl("audit", "list", "--json", "--limit", "4"))
    assert [e["after"]["number"] for e in shown] == [9, 8, 7, 6]
    assert set(shown[0]) == {"id", "at", "user_id", "actor_id", "client_id", "operator", "request_id", "network", "action",
                             "target_type", "target_id", "before", "after"}
    one = shown[2]
    for option, value in (("--target", one["target_id"]), ("--user", one["user_id"])):
        assert [e["id"] for e in json.loads(base.ctl("audit", "list", "--json", option, value))] == [one["id"]]
    assert len(base.ctl("audit", "list").splitlines()) == 10
    assert base.ctl("audit", "list", "--action", "user.create") == ""
    assert base.ctl("audit", "list", "--since", "tomorrow") == ""
    assert "did you mean 'user.suspend'" in base.run("audit", "list", "--action", "user.supend").stderr
    assert base.run("audit", "list", "--user", "ada").returncode == 2
    assert base.run("audit", "list", "--since", "rubbish").returncode == 1


def test_what_is_in_the_log_does_not_steer_the_terminal(base):
    with contextlib.closing(connect(base, API)) as connection, connection.cursor() as cursor:
        cursor.execute("select audit_append(gen_random_uuid(), null, null, null, %s, null, null, 'role.create', 'role', %s, null, null)",
                       ("x\x1b[31m", "a\x1b]0;b\x07"))
        connection.commit()
    assert "\x1b" not in base.ctl("audit", "list") and "\x07" not in base.ctl("audit", "list")


# --- accounts at the shell

def make_account(base, tmp_path, email, *roles):
    secret = tmp_path / "password"
    secret.write_text("correct-horse-battery-9\n")
    secret.chmod(0o600)
    words = [word for role in roles for word in ("--role", role)]
    return base.ctl("user", "create", "--email", email, "--name", "Ada", "--password-file", str(secret), *words).strip()


def listed(base, **filters):
    words = [word for name, value in filters.items() for word in (f"--{name}", value)]
    return json.loads(base.ctl("audit", "list", "--json", *words))


def test_what_is_done_to_accounts_at_the_shell_is_told(base, tmp_path):
    user = make_account(base, tmp_path, "ada@example.com")
    base.ctl("user", "set-role", "--email", "ada@example.com", "guest", "support")
    base.ctl("user", "set-role", "--email", "ada@example.com", "support", "guest")  # changes nothing
    base.ctl("user", "suspend", "--email", "ADA@example.com", "--reason", "Case \"1\"")
    base.ctl("user", "restore", "--email", "ada@example.com", "--reason", "Case 2")
    told = listed(base, target=user)
    assert [(e["action"], e["before"], e["after"]) for e in told] == [
        ("user.restore", {"status": "suspended"}, {"status": "active", "reason": "Case 2"}),
        ("user.suspend", {"status": "active"}, {"status": "suspended", "reason": "Case \"1\""}),
        ("user.roles", {"roles": ["guest", "host"]}, {"roles": ["guest", "support"]}),
        ("user.roles", {"roles": []}, {"roles": ["guest", "host"]}),
        ("user.create", told[4]["before"], told[4]["after"])]
    assert told[4]["after"]["status"] == "active" and told[4]["after"]["email"] == "(changed)"
    assert {e["operator"] for e in told} == {f"nexusctl:{pwd.getpwuid(os.getuid()).pw_name}"}
    assert {(e["user_id"], e["actor_id"], e["network"], e["request_id"]) for e in told} == {(None,) * 4}
    assert verify(base)["faults"] == 0


def test_who_became_root_is_told(base, tmp_path):
    make_account(base, tmp_path, "ada@example.com")
    env = {"SUDO_USER": "grace\x1b"}
    done = base.run("user", "suspend", "--email", "ada@example.com", "--reason", "Case 3", env=env)
    assert done.returncode == 0, done.stderr
    assert listed(base, action="user.suspend")[0]["operator"].endswith("(sudo: grace?)")


def test_mistakes_in_suspending(base, tmp_path):
    admin = make_account(base, tmp_path, "root@example.com", "admin")
    make_account(base, tmp_path, "ada@example.com")
    for args, status in (((), 2), (("--email", "ada@example.com"), 2), (("--reason", "x"), 2),
                         (("--email", "nobody@example.com", "--reason", "x"), 4), (("--email", "ada@example.com", "--reason", "x" * 501), 2)):
        assert base.run("user", "suspend", *args).returncode == status, args
    assert base.run("user", "restore", "--email", "ada@example.com", "--reason", "x").returncode == 1
    done = base.run("user", "suspend", "--email", "root@example.com", "--reason", "Case 4")
    assert done.returncode == 1 and "the last administrator" in done.stderr
    assert base.value(f"select status from users where id = '{admin}'") == "active"
    assert listed(base, action="user.suspend") == []


def test_an_account_is_shown(base, tmp_path):
    user = make_account(base, tmp_path, "ada@example.com")
    shown = json.loads(base.ctl("user", "show", "--email", "Ada@Example.com", "--json"))
    assert (shown["id"], shown["status"], shown["roles"], shown["sessions"]) == (user, "active", ["guest", "host"], 0)
    lines = dict(line.split(None, 1) for line in base.ctl("user", "show", "--email", "ada@example.com").splitlines())
    assert lines["roles"] == "guest, host" and lines["status"] == "active" and list(lines)[0] == "id"
    assert base.run("user", "show", "--email", "nobody@example.com").returncode == 4
    assert base.run("user", "show").returncode == 2


# --- documentation

def test_every_action_is_documented():
    actions = re.findall(r'^AUDIT\(\w+, "([^"]+)", "([^"]+)", "([^"]+)"\)', (TOP / "src/audit/actions.def").read_text(), re.M)
    rows = re.findall(r"^\| `([a-z_.]+)` \| (\w+) \| (.*) \|$", (TOP / "docs/audit.md").read_text(), re.M)
    assert len(actions) > 30 and [row for row in rows if "." in row[0]] == actions
    assert len({name for name, _, _ in actions}) == len(actions)
    assert all(re.fullmatch(r"[a-z][a-z_]*\.[a-z][a-z_]*", name) for name, _, _ in actions)
    listed = re.search(r"audit_target_types\[\] = \{([^}]*)NULL", (TOP / "src/audit/audit.c").read_text()).group(1)
    assert set(re.findall(r'"(\w+)"', listed)) == {target for _, target, _ in actions}
