"""A private PostgreSQL for tests of nexusctl: databases by the dozen, without the rest of a stack."""
import contextlib
import glob
import itertools
import os
import pathlib
import pty
import pwd
import select
import shutil
import subprocess
import tempfile
import time

import psycopg2

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("NEXUS_BUILD_DIR") or TOP / "build")
NEXUSCTL = BUILD / "nexusctl"
MIGRATIONS = TOP / "sql" / "migrations"
CONF = """listen_addresses = ''
fsync = off
full_page_writes = off
max_connections = 100
jit = off
log_min_messages = warning
"""


class Cluster:
    """One server on a unix socket; PostgreSQL refuses to run as root, so root starts it as user postgres."""

    def __init__(self):
        self.bin = pathlib.Path(max(glob.glob("/usr/lib/postgresql/*/bin")))
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="nexus-ctl-", dir="/tmp"))
        self.user = {}
        if os.getuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(self.dir, entry.pw_uid, entry.pw_gid)
            self.user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self.dir.chmod(0o711)
        self.numbers = itertools.count()
        self.template = None

    def server(self, program, *args):
        done = subprocess.run([self.bin / program, "-D", self.dir / "data", *args], cwd="/", text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, **self.user)
        assert done.returncode == 0, done.stdout

    def __enter__(self):
        self.server("initdb", "-U", "postgres", "-A", "trust", "-N", "--encoding=UTF8", "--locale=C.UTF-8")
        with open(self.dir / "data" / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(CONF + f"unix_socket_directories = '{self.dir}'\n")
        # The log file keeps pg_ctl's output from being held open by the server.
        self.server("pg_ctl", "-l", str(self.dir / "log"), "-w", "start")
        self.sql("postgres", (TOP / "conf" / "postgresql" / "roles.sql").read_text())
        return self

    def __exit__(self, *_):
        with contextlib.suppress(AssertionError):
            self.server("pg_ctl", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.dir, ignore_errors=True)

    def sql(self, name, text, user="postgres"):
        with contextlib.closing(psycopg2.connect(host=str(self.dir), dbname=name, user=user)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetchall() if cursor.description else []

    def empty(self):
        name = f"nexus_{next(self.numbers)}"
        self.sql("postgres", f"create database {name} owner nexus_owner")
        self.sql(name, "alter schema public owner to nexus_owner")
        return Database(self, name)

    def database(self, migrated=True):
        """A database of its own. Those that are migrated are copies of one, which is faster."""
        if not migrated:
            return self.empty()
        if not self.template:
            self.template = self.empty()
            self.template.ctl("migrate")
        name = f"nexus_{next(self.numbers)}"
        self.sql("postgres", f"create database {name} owner nexus_owner template {self.template.name}")
        return Database(self, name)


class Database:
    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("NEXUS_", "PG"))} | {
            "NEXUS_DATABASE": f"host={cluster.dir} dbname={name} user=nexus_api",
            "NEXUS_DATABASE_OWNER": f"host={cluster.dir} dbname={name} user=nexus_owner",
            "NEXUS_MIGRATIONS": str(MIGRATIONS), "NEXUS_ARGON2_MEMORY": "64KiB", "NEXUS_ARGON2_PASSES": "1"}

    def query(self, text):
        return self.cluster.sql(self.name, text)

    def value(self, text):
        return self.query(text)[0][0]

    def start(self, *args, env=None, **kwargs):
        kwargs = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | kwargs
        return subprocess.Popen([NEXUSCTL, *args], env=self.env | (env or {}), **kwargs)

    def run(self, *args, env=None):
        """CompletedProcess of nexusctl with these arguments; never hangs."""
        with self.start(*args, env=env) as process:
            try:
                out, err = process.communicate(timeout=300)
            except BaseException:
                process.kill()
                raise
        assert "Sanitizer" not in err and "runtime error" not in err, err
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    def ctl(self, *args, env=None):
        """The same for what must succeed; its standard output."""
        done = self.run(*args, env=env)
        assert done.returncode == 0, f"nexusctl {args}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def terminal(self, *args, typed=(), env=None, timeout=60):
        """Run on a terminal; `typed` are (what to wait for, what to type). Exit status and all that was shown."""
        ours, theirs = pty.openpty()
        env = {"TERM": "xterm"} | (env or {})
        process = self.start(*args, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        shown, typed, end = "", list(typed), time.monotonic() + timeout
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.1)[0]:
                if process.poll() is not None:
                    break
                continue
            try:
                piece = os.read(ours, 65536).decode(errors="replace")
            except OSError:
                break
            shown += piece
            if typed and typed[0][0] in shown:
                os.write(ours, typed.pop(0)[1].encode())
        else:
            process.kill()
        os.close(ours)
        return process.wait(10), shown


# Rows of the search index that differ from the truth it is made of. What due_at says is a bound.
SEARCH_DIFFERENCES = """with index_rows as (select to_jsonb(s) - 'due_at' as r from property_search s),
    true_rows as (select to_jsonb(t) as r from property_search_truth t)
    select count(*) from ((select r from true_rows except select r from index_rows) union all
                          (select r from index_rows except select r from true_rows)) x"""

# Foreign keys that do not hold, as names; loads without triggers must leave none.
BROKEN_KEYS = """
create or replace function pg_temp.broken() returns setof text language plpgsql as $$
declare
    f record;
    n bigint;
begin
    for f in select c.*, a.attname as here, b.attname as there from pg_constraint c
               join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
               join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1]
              where contype = 'f' and connamespace = 'public'::regnamespace loop
        execute format('select count(*) from %s x where x.%I is not null and not exists (select from %s y where y.%I = x.%I)',
                       f.conrelid::regclass, f.here, f.confrelid::regclass, f.there, f.here) into n;
        if n > 0 then
            return next f.conname;
        end if;
    end loop;
end $$;
select * from pg_temp.broken()"""

# Everything that keeps wrong rows out, as text.
GUARDS = """select string_agg(x, E'\\n' order by x) from (
    select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated as x
      from pg_constraint where connamespace = 'public'::regnamespace
    union all select pg_get_indexdef(indexrelid) || ' ' || indisvalid from pg_index
      join pg_class on pg_class.oid = indexrelid where relnamespace = 'public'::regnamespace
    union all select tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text from pg_trigger where not tgisinternal) y"""
