"""nexusctl as a person or a script meets it: a private database, its exit statuses, its words."""
import json
import os
import re
import resource
import signal
import subprocess
import time

import pytest

from database import BROKEN_KEYS, GUARDS, MIGRATIONS, NEXUSCTL, SEARCH_DIFFERENCES, TOP, Cluster


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as running:
        yield running


@pytest.fixture(scope="module")
def migrated(cluster):
    return cluster.database()


@pytest.fixture
def empty(cluster):
    return cluster.database(migrated=False)


@pytest.fixture
def fresh(cluster):
    return cluster.database()


def commands():
    text = subprocess.run([NEXUSCTL, "--help"], capture_output=True, text=True, check=True).stdout
    listed = " ".join(re.search(r"^Commands[^\n]*\n((?:  .*\n)+)", text, re.M)[1].split()).removesuffix(".")
    found = []
    for entry in listed.split("; "):
        group = re.fullmatch(r"(\S+) \((.*)\)", entry)
        found += [f"{group[1]} {word}" for word in group[2].split(", ")] if group else [entry]
    return found


# --- migrate

def folder(tmp_path, **files):
    for path in MIGRATIONS.glob("*.sql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name, text in files.items():
        (tmp_path / f"{name.lstrip('_')}.sql").write_text(text)
    return str(tmp_path)


def test_migrate_applies_once(empty):
    assert empty.run("migrate", "--status").returncode == 3
    assert "applied 20261123050000_spine" in empty.ctl("migrate")
    assert "nothing to do" in empty.ctl("migrate")
    status = json.loads(empty.ctl("migrate", "--status", "--json"))
    assert {item["state"] for item in status} == {"applied"}
    assert all(re.fullmatch("[0-9a-f]{64}", item["checksum"]) for item in status)


def test_dry_run_keeps_nothing(empty):
    assert "would apply 20261123050000_spine" in empty.ctl("migrate", "--dry-run")
    assert empty.value("select count(*) from pg_class where relnamespace = 'public'::regnamespace") == 0


def test_two_runs_go_one_after_the_other(empty):
    runs = [empty.start("migrate") for _ in range(4)]
    texts = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0] * 4
    assert sum("applied 20261123050000_spine" in text for text in texts) == 1
    assert sum("nothing to do" in text for text in texts) == 3


def test_a_bad_migration_leaves_nothing_behind(empty, tmp_path):
    where = folder(tmp_path, _20270101000000_fine="create table fine (x integer);",
                   _20270102000000_bad="create table half (x integer);\n\n-- \u00e9\nselect nope;\n",
                   _20270103000000_after="create table after (x integer);")
    done = empty.run("migrate", "--dir", where)
    assert done.returncode == 1
    assert f"{where}/20270102000000_bad.sql:4: column \"nope\" does not exist (SQLSTATE 42703)" in done.stderr
    tables = {row[0] for row in empty.query("select tablename from pg_tables where schemaname = 'public'")}
    assert "fine" in tables and not tables & {"half", "after"}
    states = [item["state"] for item in json.loads(empty.run("migrate", "--status", "--json", "--dir", where).stdout)]
    assert states[-3:] == ["applied", "pending", "pending"]


def test_history_cannot_change(fresh, tmp_path):
    where = folder(tmp_path, _20270101000000_more="create table more (x integer);")
    fresh.ctl("migrate", "--dir", where)
    done = fresh.run("migrate")
    assert done.returncode == 1 and "20270101000000_more was applied" in done.stderr and "newer" in done.stderr
    (tmp_path / "20270101000000_more.sql").write_text("create table more (x bigint);")
    done = fresh.run("migrate", "--dir", where)
    assert done.returncode == 1 and "20270101000000_more was changed after it was applied" in done.stderr
    assert fresh.run("migrate", "--status", "--dir", where).returncode == 3


@pytest.mark.parametrize("text, words", [("commit; create table x (y integer);", "must not end the transaction"),
                                         ("create database x;", "cannot run inside a transaction block")])
def test_a_migration_stays_in_its_transaction(fresh, tmp_path, text, words):
    done = fresh.run("migrate", "--dir", folder(tmp_path, _20270101000000_odd=text))
    assert done.returncode == 1 and words in done.stderr


@pytest.mark.parametrize("name", ["1_short", "20271301000000_no_such_month", "20270101000000_UPPER"])
def test_odd_names_are_refused(fresh, tmp_path, name):
    done = fresh.run("migrate", "--dir", folder(tmp_path, **{"_" + name: "select 1;"}))
    assert done.returncode == 1 and "YYYYMMDDhhmmss_name.sql" in done.stderr


def test_killed_while_migrating(empty, tmp_path):
    where = folder(tmp_path, _20270101000000_slow="create table slow (x integer); select pg_sleep(30);")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        run = empty.start("migrate", "--dir", where)
        end = time.monotonic() + 30
        while not empty.value("select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
                              " and datname = current_database()"):
            assert time.monotonic() < end
            time.sleep(0.05)
        run.send_signal(number)
        run.communicate(timeout=20)
        assert run.returncode == (-number if number == signal.SIGKILL else 128 + number)
        if number == signal.SIGKILL:  # nobody cancelled the statement
            empty.query("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'")
        assert empty.value("select to_regclass('slow')") is None
        assert empty.value("select to_regclass('bookings')") is not None


# --- users

def secret(tmp_path, text="correct-horse-battery\n", mode=0o600):
    path = tmp_path / "password"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_user_create_list_and_roles(fresh, tmp_path):
    made = fresh.ctl("user", "create", "--email", "Ada@Example.com", "--name", "Ada \u00dc", "--password-file",
                     secret(tmp_path)).strip()
    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made)
    hashed = fresh.value(f"select password_hash from user_credentials where user_id = '{made}'")
    assert hashed.startswith("$argon2id$v=19$") and "correct" not in hashed
    listed = json.loads(fresh.ctl("user", "list", "--json"))
    assert [(u["id"], u["email"], u["name"], u["roles"]) for u in listed] == \
        [(made, "ada@example.com", "Ada \u00dc", ["guest", "host"])]
    fresh.ctl("user", "set-role", "--email", "ADA@example.com", "admin", "guest", "admin")
    assert json.loads(fresh.ctl("user", "list", "--json", "--role", "admin"))[0]["roles"] == ["admin", "guest"]
    assert fresh.ctl("user", "list", "--role", "host") == ""
    done = fresh.run("user", "create", "--email", "ada@example.com", "--name", "X", "--password-file", secret(tmp_path))
    assert done.returncode == 1 and "has an account already" in done.stderr


def test_user_mistakes(fresh, tmp_path):
    create = ("user", "create", "--name", "X", "--email", "x@example.com")
    done = fresh.run(*create)
    assert done.returncode == 2 and "--password-file" in done.stderr  # no terminal: it says so and does not wait
    done = fresh.run(*create, "--role", "admn", "--password-file", secret(tmp_path))
    assert done.returncode == 4 and "did you mean 'admin'" in done.stderr
    assert fresh.run(*create, "--password-file", secret(tmp_path, "short\n")).returncode == 1
    assert fresh.run(*create, "--password-file", secret(tmp_path, "x" * 9000)).returncode == 1
    assert fresh.run(*create, "--password-file", secret(tmp_path, mode=0o644)).returncode == 1
    assert fresh.run(*create, "--password-file", str(tmp_path / "nothing")).returncode == 1
    assert fresh.run("user", "create", "--name", "X").returncode == 2
    assert fresh.run("user", "set-role", "--email", "x@example.com", "guest").returncode == 4
    assert fresh.value("select count(*) from users") == 0


def test_password_is_asked_for_on_a_terminal(fresh):
    typed = [("Password: ", "correct-horse-battery\n"), ("Again: ", "correct-horse-battery\n")]
    status, shown = fresh.terminal("user", "create", "--email", "t@example.com", "--name", "T", typed=typed)
    assert status == 0 and "correct-horse-battery" not in shown, shown
    typed = [("Password: ", "correct-horse-battery\n"), ("Again: ", "another-horse-battery\n")]
    status, shown = fresh.terminal("user", "create", "--email", "u@example.com", "--name", "U", typed=typed)
    assert status == 2 and "differ" in shown
    assert fresh.value("select count(*) from users") == 1


# --- maintenance

def test_prune_deletes_what_has_expired_and_nothing_else(fresh, tmp_path):
    fresh.ctl("user", "create", "--email", "ada@example.com", "--name", "Ada", "--password-file", secret(tmp_path))
    fresh.query("""insert into sessions (id, user_id, kind, expires_at, idle_seconds, ended_at, end_reason)
        select gen_random_uuid(), u.id, 'direct', now() + late * interval '1 hour', 60,
               case when n = 3 then now() - interval '25 hours' when n = 4 then now() - interval '23 hours' end,
               case when n > 2 then 'logout' end
          from users u, (values (1, -1), (1, -1), (1, -900), (2, 1), (3, 1), (4, 1)) as t (n, late) returning 1""")
    fresh.query("""insert into mailed_tokens (hash, user_id, purpose, email, expires_at)
        select sha256(n::text::bytea), id, 'verify_email', 'x@example.com', now() - n * interval '1 hour'
          from users, unnest(array[-1, 1, 25, 26]) n returning 1""")
    fresh.query("""insert into idempotency_keys (principal, op, key, fingerprint, created_at)
        select gen_random_uuid(), 'x', n::text, sha256('x'), now() - n * interval '1 hour' from unnest(array[0, 23, 25]) n
        returning 1""")
    deleted = {"sessions": 4, "mailed_tokens": 2, "oauth_codes": 0, "login_attempts": 0, "idempotency_keys": 1, "quotes": 0,
               "provider_events": 0, "address_blocks": 0}
    assert json.loads(fresh.ctl("maintenance", "prune", "--json", "--batch", "1")) == deleted
    assert [fresh.value(f"select count(*) from {table}") for table in deleted] == [2, 2, 0, 0, 2, 0, 0, 0]
    again = fresh.ctl("maintenance", "prune")
    assert [line.split() for line in again.splitlines()] == [[table, "0"] for table in deleted]
    assert fresh.run("maintenance", "prune", "--batch", "0").returncode == 2


# --- outbox

def test_outbox_shows_what_waits(fresh):
    assert json.loads(fresh.ctl("outbox", "list", "--json")) == [] and fresh.ctl("outbox", "list") == ""
    fresh.query("""insert into outbox (kind, topic, recipient, payload, sent_at, withheld) values
        ('mail', 'a.first', 'ada@example.com', '{"link": "https://x/#token=1"}', now(), false),
        ('mail', 'a.second', 'bob@example.com', '{"link": "\\u001b[31m"}', null, false),
        ('mail', 'a.never', 'eve@example.com', '{}', null, true),
        ('event', 'b.third', null, '{"id": "7"}', null, false) returning 1""")
    rows = json.loads(fresh.ctl("outbox", "list", "--json"))
    assert [row["topic"] for row in rows] == ["b.third", "a.second", "a.first"]
    assert rows[2]["payload"] == {"link": "https://x/#token=1"} and rows[2]["recipient"] == "ada@example.com"
    assert [row["topic"] for row in json.loads(fresh.ctl("outbox", "list", "--unsent", "--json"))] == ["b.third", "a.second"]
    assert json.loads(fresh.ctl("outbox", "list", "--limit", "1", "--json"))[0]["topic"] == "b.third"
    assert "a.first" in fresh.ctl("outbox", "list", "--to", "ADA@example.com")
    text = fresh.ctl("outbox", "list")
    assert len(text.splitlines()) == 3 and "sent" in text and "\x1b" not in text
    assert fresh.run("outbox", "list", "--limit", "none").returncode == 2


# --- demo

CHECKSUM = """select md5(string_agg(x, '' order by x)) from (
    select md5(t::text) as x from users t union all select md5(t::text) from user_roles t
    union all select md5(t::text) from properties t union all select md5(t::text) from units t
    union all select md5(t::text) from property_amenities t union all select md5(t::text) from property_photos t
    union all select md5(t::text) from bookings t union all select md5(t::text) from occupancy t
    union all select md5(t::text) from reviews t union all select md5(t::text) from property_search t) y"""
DEMO = ("demo", "--properties", "700", "--today", "2026-11-23")


def test_demo_is_deterministic_and_sound(cluster):
    one, two, other = (cluster.database() for _ in range(3))
    guards = one.value(GUARDS)
    one.ctl(*DEMO, "--seed", "5")
    two.ctl(*DEMO, "--seed", "5")
    other.ctl(*DEMO, "--seed", "6")
    assert one.value(CHECKSUM) == two.value(CHECKSUM) != other.value(CHECKSUM)
    assert one.value(GUARDS) == guards
    assert one.query(BROKEN_KEYS) == []
    assert one.value(SEARCH_DIFFERENCES) == 0
    assert one.value("select count(*) from properties") == 700
    assert one.value("select count(*) from bookings") == 3500
    assert one.value("select count(distinct city) from properties") >= 35
    assert one.value("""select count(*) from bookings b where (status = 'confirmed') <> exists (select from occupancy o
        where o.booking_id = b.id and o.unit_id = b.unit_id and o.nights = daterange(b.check_in, b.check_out))""") == 0
    assert one.value("select count(*) from bookings where total % (check_out - check_in) <> 0") == 0
    assert one.value("select count(*) from bookings where status = 'confirmed' and check_in <= '2026-11-23'") == 0


def test_demo_adds_to_what_is_there(cluster):
    database = cluster.database()
    guards = database.value(GUARDS)
    database.ctl(*DEMO, "--seed", "1")
    out = json.loads(database.ctl(*DEMO, "--seed", "2", "--json"))
    assert out["properties"] == 700 and out["stays"] == 3500
    assert database.value("select count(*) from properties") == 1400
    done = database.run(*DEMO, "--seed", "2")
    assert done.returncode == 1 and "choose another --seed" in done.stderr
    assert database.value(SEARCH_DIFFERENCES) == 0 and database.value(GUARDS) == guards


def test_demo_without_leave_to_skip_triggers(cluster):
    database, same = cluster.database(), cluster.database()
    guards = database.value(GUARDS)
    cluster.sql("postgres", "revoke set on parameter session_replication_role from nexus_owner")
    try:
        done = database.run(*DEMO, "--seed", "5")
    finally:
        cluster.sql("postgres", "grant set on parameter session_replication_role to nexus_owner")
    assert done.returncode == 0 and "slowly" in done.stderr
    same.ctl(*DEMO, "--seed", "5")
    assert database.value(CHECKSUM) == same.value(CHECKSUM) and database.value(GUARDS) == guards


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("after", [0.2, 0.7])
def test_demo_interrupted_leaves_nothing(cluster, number, after):
    database = cluster.database()
    guards = database.value(GUARDS)
    run = database.start("demo", "--properties", "30000")
    time.sleep(after)  # anywhere in the load; the point is not where
    assert run.poll() is None, "the load was too quick to be interrupted"
    run.send_signal(number)
    run.communicate(timeout=60)
    end = time.monotonic() + 60
    while database.value("select count(*) from pg_stat_activity where application_name = 'nexusctl'"
                         " and datname = current_database()"):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert database.value("select count(*) from users") == 0
    assert database.value("select count(*) from occupancy") == 0
    assert database.value(GUARDS) == guards


# --- check, config, words

def sound(database, tmp_path):
    (tmp_path / "secret").write_bytes(os.urandom(48).hex().encode())
    (tmp_path / "secret").chmod(0o600)
    (tmp_path / "keys").mkdir(mode=0o700)
    database.run("keys", "generate", env={"NEXUS_TOKEN_KEYS": str(tmp_path / "keys")})
    return {"NEXUS_TOKEN_KEYS": str(tmp_path / "keys"), "NEXUS_SECRET_FILE": str(tmp_path / "secret"),
            "NEXUS_REDIS": ""}


def lines(done):
    return {line["name"]: line for line in json.loads(done.stdout)}


def test_check_finds_what_is_wrong(cluster, tmp_path):
    database = cluster.database(migrated=False)
    env = sound(database, tmp_path)
    done = database.run("check", "--json", env=env)
    found = lines(done)
    assert done.returncode == 3
    assert found["keys"]["ok"] and found["secret"]["ok"] and found["redis"]["ok"] and found["clock"]["ok"]
    assert not found["schema"]["ok"] and "nexusctl migrate" in found["schema"]["advice"]
    assert not found["extension"]["ok"] and not found["settings"]["ok"]  # fsync is off for tests
    assert not found["socket"]["ok"]
    database.ctl("migrate")
    found = lines(database.run("check", "--json", env=env))
    assert found["schema"]["ok"] and found["extension"]["ok"] and found["rights"]["ok"]
    env["NEXUS_DATABASE"] = env["NEXUS_DATABASE_OWNER"] = database.env["NEXUS_DATABASE_OWNER"]
    assert not lines(database.run("check", "--json", env=env))["rights"]["ok"]
    env["NEXUS_DATABASE"] = "host=/nonexistent"
    env["NEXUS_REDIS"] = "unix:/nonexistent"
    (tmp_path / "secret").write_text("short")
    found = lines(database.run("check", "--json", env=env))
    assert not found["database"]["ok"] and not found["redis"]["ok"] and not found["secret"]["ok"] and "clock" not in found
    done = database.run("check", env=env | {"NEXUS_WORKERS": "many"})
    assert done.returncode == 3 and done.stdout.startswith("FAIL config") and "NEXUS_WORKERS" in done.stdout


def test_config_show_is_a_configuration(migrated, tmp_path):
    conf = tmp_path / "nexus.conf"
    conf.write_text('workers = 7\nlog_level = "warn" # quiet\n')
    shown = migrated.ctl("-c", str(conf), "config", "show", "--origin")
    assert re.search(rf"^workers = 7 +# {conf}:1$", shown, re.M)
    assert re.search(r"^database = .* +# NEXUS_DATABASE$", shown, re.M)
    (tmp_path / "again.conf").write_text(migrated.ctl("-c", str(conf), "config", "show"))
    again = migrated.ctl("-c", str(tmp_path / "again.conf"), "config", "show")
    assert again == migrated.ctl("-c", str(conf), "config", "show")
    assert json.loads(migrated.ctl("config", "show", "--json"))["database"]["origin"] == "NEXUS_DATABASE"
    assert migrated.ctl("config", "sample") == (TOP / "conf" / "nexus.conf.sample").read_text()


def test_documentation_of_the_database_is_current(migrated):
    assert migrated.ctl("schema", "erd") == (TOP / "docs" / "database.md").read_text(), \
        "docs/database.md is old: make docs-update"


@pytest.mark.parametrize("args, status", [
    (["--version"], 0), (["--help"], 0), ([], 2), (["migrat"], 2), (["user"], 2), (["user", "crate"], 2),
    (["migrate", "--sttaus"], 2), (["demo", "--properties", "0"], 2), (["demo", "--properties", "2000000"], 2),
    (["demo", "--today", "yesterday"], 2), (["import", "inside-airbnb"], 2), (["import", "inside-airbnb", "/nonexistent"], 4),
    (["import", "inside-airbnb", "x", "--currency", "XXX"], 2), (["import", "inside-airbnb", "x", "--time-zone", "Mars"], 2),
    (["import", "inside-airbnb", "x", "--country", "usa"], 2), (["user", "list", "--limit", "-1"], 2),
    (["-c", "/nonexistent", "migrate"], 1), (["migrate", "--dir", "/nonexistent"], 1),
])
def test_exit_statuses(migrated, args, status):
    done = migrated.run(*args)
    assert done.returncode == status, done.stderr
    assert status == 0 or (done.stderr and not done.stdout)


def test_exit_statuses_of_dependencies(cluster, migrated):
    away = {"NEXUS_DATABASE_OWNER": "host=/nonexistent dbname=x user=y"}
    assert migrated.run("migrate", env=away).returncode == 69
    stranger = {"NEXUS_DATABASE_OWNER": f"host={cluster.dir} dbname={migrated.name} user=nobody_here"}
    assert migrated.run("migrate", env=stranger).returncode == 77
    weak = {"NEXUS_DATABASE_OWNER": migrated.env["NEXUS_DATABASE"]}
    assert migrated.run("user", "set-role", "--email", "x@example.com", "guest", env=weak).returncode in (4, 77)
    assert migrated.run("import", "inside-airbnb", str(TOP / "tests/data/inside-airbnb-small"), env=weak).returncode == 77


def test_near_names_are_suggested(migrated):
    assert "did you mean 'migrate'?" in migrated.run("migrat").stderr
    assert "did you mean 'user create'?" in migrated.run("user", "crate").stderr
    assert "did you mean --status?" in migrated.run("migrate", "--sttaus").stderr


@pytest.mark.parametrize("command", commands())
def test_help_of_each_command(migrated, command):
    text = migrated.ctl(*command.split(), "--help")
    assert text.startswith("Example: ") and "Usage: nexusctl " + command in text
    assert len(text.splitlines()) <= 40 and max(map(len, text.splitlines())) <= 80
    assert text.isascii()


def test_global_help_fits(migrated):
    text = migrated.ctl("--help")
    assert len(text.splitlines()) <= 40 and max(map(len, text.splitlines())) <= 80
    assert len(commands()) >= 13


def test_no_colour_unless_a_terminal_wants_it(migrated):
    assert "\x1b" not in migrated.run("check").stdout
    assert "\x1b[31m" in migrated.terminal("check")[1]
    assert "\x1b" not in migrated.terminal("check", env={"NO_COLOR": "1"})[1]
    assert "\x1b" not in migrated.terminal("check", env={"TERM": "dumb"})[1]


def test_starts_quickly(migrated):
    """In CPU time, which says the same on a busy machine."""
    sanitized = b"__asan_init" in NEXUSCTL.read_bytes()
    spent = []
    for _ in range(10):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        migrated.ctl("--version")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < (0.5 if sanitized else 0.05)


def test_a_full_disk_is_a_failure():
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run([NEXUSCTL, "--help"], stdout=full, stderr=subprocess.DEVNULL, check=False).returncode == 1


def test_manual_and_completion(migrated):
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", TOP / "docs/man/nexusctl.1",
                           TOP / "docs/man/nexus.conf.5"], capture_output=True, text=True, check=False) \
        if os.path.exists("/usr/bin/mandoc") else None
    assert lint is None or lint.stdout == "", lint.stdout
    script = migrated.ctl("completion") + """
t() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _nexusctl; echo "${COMPREPLY[*]}"; }
t nexusctl mig; t nexusctl user c; t nexusctl user create --e; t nexusctl -c file mig; t nexusctl migrate --st
complete -p nexusctl"""
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["migrate", "create", "--email", "migrate", "--status",
                                        "complete -F _nexusctl nexusctl"], done.stderr


def test_check_is_content_with_a_running_stack(stack):
    done = stack.ctl("check", check=False)
    assert done.returncode == 0, done.stdout
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [["ok", name] for name in (
        "config", "keys", "secret", "providers", "socket", "redis", "photos", "decoder", "database", "schema", "extension", "settings", "rights", "clock")]
