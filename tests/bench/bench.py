#!/usr/bin/python3
"""make bench: how fast the path of a request is, as ratios within one run.

Everything is measured through Nginx over TLS on a private stack with 100,000 demo properties. Beside each figure of the
API stands a reference taken a moment before or after on the same machine: Nginx serving a static file, the empty
op, and pgbench running the very statements the server ran (captured from its log) on as many connections as there are
workers. What reads only is measured in short turns with its reference, since virtual machines are not equally fast from
one minute to the next. CPU is what the processes used during the measurement, divided by the requests they answered.

    bench.py [--seconds S] [--properties N] [--only NAME] [--json FILE]
"""
import argparse
import base64
import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import cpu  # noqa: E402
import jobs  # noqa: E402
import statements  # noqa: E402
from stack import private_stack, wait_until  # noqa: E402

CLIENTS = 64
TURNS = 5
OPTIONS = {"rate_read": "100000000/m", "rate_search": "100000000/m", "rate_write": "100000000/m", "rate_login": "100000000/m",
           "rate_login_anonymous": "100000000/m", "rate_hash": "100000000/m", "rate_client": "100000000/m",
           "rate_network": "100000000/m",
           "worker_max_requests": "0", "hold_limit": "1000", "hash_slots": "0", "login_failures": "5", "login_failures_network": "50"}
# name of a ratio: (measurement, reference, least acceptable)
TARGETS = {
    "property by id / empty op": ("property_by_id", "empty_op", 0.35),
    "search / pgbench": ("search", "search_pgbench", 0.7),
    "search Albany / pgbench": ("search_albany", "search_albany_pgbench", 0.7),
    "sales (quote + booking) / pgbench": ("sale", "sale_pgbench", 0.5),
    "quotes / pgbench": ("quote", "quote_pgbench", 0.5),
    "holds (quote + hold + give up) / pgbench": ("hold", "hold_pgbench", 0.5),
    "cancellations (quote + booking + cancel) / pgbench": ("cancel", "cancel_pgbench", 0.5),
    "refresh / pgbench": ("refresh", "refresh_pgbench", 0.4),
    "sales with outbox / without": ("outbox", "outbox_without", 0.9),
}
# Jobs a second that are added, carried, taken and done, without and with a broker, and how long one takes at half of that.
JOBS_TARGETS, JOBS_P99_MS = {"jobs": 5000, "jobs_broker": 3000}, 250
HOT_TARGET = 3000  # attempts a second
HOT_TURNS = 3  # long ones: each begins with some hundred bookings that succeed, and what jobs do about them
# What a sale writes for others to do or to know: triggers that add jobs or events, found by what they call.
OUTBOX_TRIGGERS = """select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
                      where not t.tgisinternal and p.prosrc ~ '(job_add|notify_add|events_new|event_calendar)' order by 1, 2"""


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, stack, seconds, folder):
        self.stack, self.seconds, self.folder = stack, seconds, pathlib.Path(folder)
        self.results = {}
        self.host = stack.user(name="Bench Host")
        self.guest = stack.user(name="Bench Guest")
        self.visitor = stack.user(name="Bench Visitor")  # logs in, which in the end costs him his earlier sessions
        self.connections = len(stack.workers())

    def settle(self):
        """Do now what autovacuum and nexus-jobs would do about freshly loaded rows during the measurements, at their cost."""
        wait_until(lambda: not self.stack.query("select 1 from jobs where run_at <= nexus_now() limit 1"), 120, "the jobs that are due", 0.2)
        self.stack.query("vacuum (analyze)")

    def cpu(self):
        """Seconds of CPU used so far by each component."""
        return cpu.used(self.stack, {"nginx": "nginx", "worker": "api", "postgresql": "postgresql", "redis": "redis"})

    # --- load

    def wrk(self, name, script, lines, token=None, clients=CLIENTS, seconds=None, url=None, kind=""):
        """Run wrk with a script on `lines`; remember and return the figures."""
        requests = self.folder / f"{name}.requests"
        requests.write_text("".join(line + "\n" for line in lines))
        env = dict(os.environ, BENCH_REQUESTS=str(requests), BENCH_TOKEN=token or "", BENCH_KIND=kind, SSL_CERT_FILE=str(self.stack.ca))
        before = self.cpu()
        out = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{seconds or self.seconds}s", "--latency", "--timeout", "10s",
                              "-s", str(HERE / script), url or self.stack.url], env=env, text=True, capture_output=True,
                             check=True).stdout
        after = self.cpu()
        count = int(re.search(r"(\d+) requests in", out).group(1))
        failed = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
        result = {
            "requests": count,
            "per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
            "p50_ms": milliseconds(re.search(r"(?m)^ +50%\s+(\S+)", out).group(1)),
            "p99_ms": milliseconds(re.search(r"(?m)^ +99%\s+(\S+)", out).group(1)),
            "not_2xx": int(failed.group(1)) if failed else 0,
            "socket_errors": sum(map(int, broken.groups())) if broken else 0,
            "cpu_us": cpu.each(before, after, count),
        }
        self.results[name] = result
        say(f"  {name:28} {result['per_second']:10,.0f}/s  p50 {result['p50_ms']:7.2f} ms  p99 {result['p99_ms']:7.2f} ms"
            + (f"  not 2xx: {result['not_2xx']}" if result["not_2xx"] else "")
            + (f"  socket errors: {result['socket_errors']}" if result["socket_errors"] else ""))
        return result

    def pgbench(self, name, scripts, variables=(), seconds=None):
        """Run pgbench scripts with prepared statements as the API's role on as many connections as it has."""
        files = []
        for i, script in enumerate(scripts):
            file = self.folder / f"{name}.{i}.sql"
            file.write_text(script)
            files += ["-f", str(file)]
        host, port, database = (self.stack.env[k] for k in ("PGHOST", "PGPORT", "PGDATABASE"))
        before = self.cpu()
        done = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", str(self.connections), "-j", "1", "-T", str(int(seconds or self.seconds)),
                               "-h", host, "-p", port, "-U", "nexus_api", *variables, *files, database],
                              text=True, capture_output=True, check=False,
                              env=dict(os.environ, PGOPTIONS="-c jit=off -c plan_cache_mode=force_generic_plan"))
        after = self.cpu()
        if done.returncode != 0:
            raise SystemExit(f"pgbench {name} failed:\n{done.stderr}")
        rate = float(re.search(r"tps = ([\d.]+) \(without", done.stdout).group(1))
        count = int(re.search(r"actually processed: (\d+)", done.stdout).group(1))
        failed = int((re.search(r"number of failed transactions: (\d+)", done.stdout) or [0, 0])[1])
        self.results[name] = {"requests": count, "per_second": rate, "failed": failed,
                              "cpu_us": {"postgresql": cpu.each(before, after, count)["postgresql"]}}
        say(f"  {name:28} {rate:10,.0f}/s" + (f"  failed: {failed}" if failed else ""))
        return self.results[name]

    def in_turns(self, *measurements, turns=TURNS, seconds=None):
        """Make measurements that each leave one result, one after the other and all over again; what they leave in the end
        stands for all their turns but the first, which only fills caches."""
        found, whole = {}, self.seconds
        self.seconds = seconds or max(2, whole * 2 // TURNS)
        for turn in range(1 + turns):
            for measure in measurements:
                name, result = measure()
                if turn > 0:
                    found.setdefault(name, []).append(result)
        self.seconds = whole
        self.results.update({name: together(runs) for name, runs in found.items()})

    @contextlib.contextmanager
    def beside(self, script, lines, clients):
        """Another load while something is measured."""
        requests = self.folder / "beside.requests"
        requests.write_text("".join(line + "\n" for line in lines))
        wrk = subprocess.Popen(["wrk", "-t1", f"-c{clients}", "-d1h", "--timeout", "10s", "-s", str(HERE / script), self.stack.url],
                               env=dict(os.environ, BENCH_REQUESTS=str(requests), BENCH_TOKEN="", SSL_CERT_FILE=str(self.stack.ca)),
                               stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            wrk.kill()
            wrk.wait()

    # --- measurements

    def logins(self):
        body = json.dumps({"email": self.visitor.email, "password": self.visitor.password})
        return [f"POST\t/v1/auth/login\t{body}"]

    def login(self):
        """As many clients as there are turns at hashing, so that none is turned away."""
        self.wrk("login", "replay.lua", self.logins(), clients=max(1, len(os.sched_getaffinity(0)) // 2))

    def sessions(self, count):
        """Sessions of the guest, made without their log-ins: (id, refresh token)."""
        made = []
        for _ in range(count):
            name = uuid.uuid4()
            token = "nxr_" + base64.urlsafe_b64encode(name.bytes + os.urandom(48)).decode().rstrip("=")
            made.append((str(name), token, hashlib.sha256(token.encode()).digest()))
        with contextlib.closing(self.stack.db()) as connection, connection.cursor() as cursor:
            cursor.executemany("insert into sessions (id, user_id, kind, expires_at, idle_seconds, head) values "
                               f"(%s, '{self.guest.id}', 'direct', now() + interval '1 day', 86400, %s)",
                               [(name, digest) for name, _, digest in made])
        return [(name, token) for name, token, _ in made]

    def refresh(self):
        """Chains of refreshes, and PostgreSQL alone with the same statement on as many sessions."""
        figures = self.wrk("refresh", "refresh.lua", [token for _, token in self.sessions(4 * CLIENTS)])
        rotated = self.stack.query("select count(*) from sessions where rotated_at is not null")[0][0]
        if figures["not_2xx"] or rotated < 3 * CLIENTS:  # wrk itself makes a request or two that it never sends
            raise SystemExit(f"sessions were not refreshed: {figures}")
        script, variables = statements.refresh_script(self.stack, [self.sessions(1)[0] for _ in range(self.connections + 1)])
        self.pgbench("refresh_pgbench", [script], variables)

    def login_storm(self):
        """Reads without and with 32 clients that log in as fast as they are let: those that heed Retry-After, and a flood of
        such that do not and that no rate limit stops. Three times each, by turns; medians."""
        ids = [row[0] for row in self.stack.query("select id::text from properties where status = 'published' "
                                                  "order by md5(id::text) limit 5000")]
        reads = [f"GET\t/v1/properties/{i}" for i in ids]
        beside = {"login_calm": None, "login_storm": "patient.lua", "login_flood": "replay.lua"}
        runs = {name: [] for name in beside}
        for _ in range(3):
            for name, script in beside.items():
                before = self.stack.query("select count(*) from sessions")[0][0]
                with self.beside(script, self.logins(), 32) if script else contextlib.nullcontext():
                    runs[name].append(self.wrk(name, "replay.lua", reads, self.guest.token))
                runs[name][-1]["logins"] = self.stack.query("select count(*) from sessions")[0][0] - before
        for name, all_runs in runs.items():
            median = self.results[name] = sorted(all_runs, key=lambda run: run["p99_ms"])[1]
            median["p99_ratio"] = round(median["p99_ms"] / self.results["login_calm"]["p99_ms"], 2)
        storm, flood = self.results["login_storm"], self.results["login_flood"]
        say(f"    p99 of reads {storm['p99_ratio']:.2f} times that without log-ins (at most 2) "
            f"{'ok' if storm['p99_ratio'] <= 2 else 'MISSED'}, {storm['logins']} log-ins beside them; "
            f"in the flood {flood['p99_ratio']:.2f} times, {flood['logins']} log-ins")

    def gates(self):
        """CPU a worker spends on a token, and on all gates from trace to permit, by the programs beside the code."""
        build = pathlib.Path(os.environ.get("NEXUS_BUILD_DIR") or HERE.parents[1] / "build")
        found = {}
        for command in ([build / "src/auth/token_bench"], [HERE.parent / "with-postgres", build / "src/http/gates_bench"]):
            if not command[-1].exists():
                say(f"  {command[-1].name} skipped: make {command[-1].relative_to(build)}")
                continue
            out = subprocess.run(command, text=True, capture_output=True, check=True).stdout
            found |= {name: int(ns) for name, ns in re.findall(r"(?m)^(.+?) (-?\d+) ns", out)}
        self.results["gates"] = found
        for name, most in (("EdDSA cold", None), ("EdDSA warm", 2000), ("ES256 cold", None), ("ES256 warm", 2000),
                           ("bare PING", None), ("token: all gates", 25000), ("token: median", None),
                           ("anonymous: all gates", 25000), ("anonymous: median", None)):
            if name in found:
                say(f"  {name:28} {found[name]:10,} ns of CPU"
                    + (f" (at most {most:,}): {'ok' if found[name] <= most else 'MISSED'}" if most else ""))

    def me(self):
        self.wrk("me", "replay.lua", ["GET\t/v1/me"], self.guest.token)

    def limited_read(self):
        """Without a token: what remains is the quota of the network."""
        ids = [row[0] for row in self.stack.query("select id::text from properties where status = 'published' "
                                                  "order by md5(id::text) limit 5000")]
        self.wrk("limited_read", "replay.lua", [f"GET\t/v1/properties/{i}" for i in ids])

    def static(self):
        self.wrk("nginx_static", "replay.lua", ["GET\t/bench.json"])

    def empty_op(self):
        self.wrk("empty_op", "replay.lua", ["GET\t/healthz"])

    def property_by_id(self):
        ids = [row[0] for row in self.stack.query("select id::text from properties where status = 'published' "
                                                  "order by md5(id::text) limit 5000")]
        statement = self.captured("property_by_id_pgbench", [f"/v1/properties/{i}" for i in ids[:8]], "properties")
        self.in_turns(self.replay("empty_op", ["GET\t/healthz"], None),
                      self.replay("property_by_id", [f"GET\t/v1/properties/{i}" for i in ids], self.guest.token), statement)

    def replay(self, name, lines, token):
        """A measurement for in_turns."""
        return lambda: (name, self.wrk(name, "replay.lua", lines, token))

    def captured(self, name, paths, table):
        """A measurement for in_turns: pgbench with the statements of some GETs, one script each, drawn at random."""
        scripts, variables = [], []
        found = statements.read(self.stack, table, [lambda p=path: expect(self.guest.get(p), 200) for path in paths])
        for i, statement in enumerate(found):
            script, more = statement.script(self.stack, f"s{i}p")
            scripts.append(script)
            variables += more
        return lambda: (name, self.pgbench(name, scripts, variables))

    def searches(self, count, where="true"):
        """Paths of searches around random properties: a box of about 5 km, three nights, two guests."""
        rows = self.stack.query(f"""select location[0], location[1] from property_search where published and {where}
                                    order by md5(property_id::text) limit {count}""")
        rng, paths = random.Random(7), []
        today = datetime.date.today()
        for lng, lat in rows:
            first = today + datetime.timedelta(days=rng.randrange(10, 200))
            last = first + datetime.timedelta(days=3)
            box = f"{lng - .03:.5f},{lat - .022:.5f},{lng + .03:.5f},{lat + .022:.5f}"
            paths.append(f"/v1/properties?bbox={box}&check_in={first}&check_out={last}&guests=2")
        return paths

    def search(self, name="search", where="true"):
        paths = self.searches(8, where)
        self.in_turns(self.replay(name, [f"GET\t{path}" for path in paths], self.guest.token),
                      self.captured(f"{name}_pgbench", paths, "property_search"))

    def search_albany(self):
        folder = os.environ.get("NEXUS_ALBANY", str(HERE.parents[2] / "shared/data/inside-airbnb-albany"))
        if not pathlib.Path(folder).is_dir():
            say("  search_albany skipped: name the folder of an Inside Airbnb snapshot in NEXUS_ALBANY")
            return
        started = time.monotonic()
        self.stack.ctl("import", "inside-airbnb", folder, "--move-to", str(datetime.date.today()))
        self.results["import_albany"] = {"seconds": round(time.monotonic() - started, 2)}
        say(f"  import of Albany              {self.results['import_albany']['seconds']:.1f} s")
        self.settle()
        self.search("search_albany", "property_id in (select property_id from property_imports)")

    def stays(self, count, seed):
        """Free stays, no two on the same nights: (property, check_in, check_out)."""
        rows = self.stack.query(f"""
            select s.property_id::text, d::date, (d + interval '2 days')::date
              from (select * from property_search where published and unit_count = 1 and min_nights <= 2
                     order by md5(property_id::text || '{seed}') limit {count // 10}) s,
                   generate_series(current_date + 220, current_date + 310, interval '3 days') d
             where not s.busy && daterange(d::date, (d + interval '2 days')::date)
               and not exists (select from calendar_nights c where c.property_id = s.property_id and c.min_nights > 2
                                  and c.night = d::date)
             order by md5(s.property_id::text || d::text) limit {count}""")
        return rows

    def sale(self):
        rows = self.stays(120000, "a")
        half = len(rows) // 2
        lines = [" ".join(map(str, row)) for row in rows[:half]]
        # Sales before the first analyze: plans made for tables analyzed while they were empty read them from end to end, and
        # connections keep their plans until the tables are analyzed again.
        ahead = len(lines) // 10
        self.wrk("sale_warm_up", "book.lua", lines[:ahead], self.guest.token, seconds=2)
        self.settle()
        lines = lines[ahead:]
        before = self.stack.query("select (select count(*) from quotes), (select count(*) from bookings)")[0]
        figures = self.wrk("sale", "book.lua", lines, self.guest.token)
        after = self.stack.query("select (select count(*) from quotes), (select count(*) from bookings)")[0]
        figures["quotes"], figures["bookings"] = after[0] - before[0], after[1] - before[1]
        figures["per_second"] = figures["bookings"] * figures["per_second"] / figures["requests"]
        say(f"    of these {figures['quotes']:,} quotes and {figures['bookings']:,} bookings: {figures['per_second']:,.0f} sales/s")
        script, variables = statements.sale_script(self.stack, self.guest, rows[-1], rows[half:-1])
        self.pgbench("sale_pgbench", [script], variables)

    def outbox(self):
        """Statements of sales with what they leave for others and without (the triggers off), by turns; medians. Nobody does
        the work meanwhile, but in the last run, where nexus-jobs has its share of the machine."""
        rows, turns = self.stays(40000, "outbox"), 3
        script, variables = statements.sale_script(self.stack, self.guest, rows[-1], rows[:-1], table="bench_outbox")
        part, run = len(rows) // statements.CLIENTS_MAX // (2 * turns + 1), 0
        triggers = self.stack.query(OUTBOX_TRIGGERS)
        self.settle()

        def sell(name):
            nonlocal run
            figures = self.pgbench(name, [script], [f"k={run * part}" if word == "k=0" else word for word in variables], self.seconds / 2)
            run += 1
            return figures

        def switch(how):
            self.stack.query(";".join(f"alter table {table} {how} trigger {name}" for table, name in triggers))

        self.stack.stop("jobs")
        runs = {"outbox": [], "outbox_without": []}
        for _ in range(turns):
            runs["outbox"].append(sell("outbox"))
            switch("disable")
            runs["outbox_without"].append(sell("outbox_without"))
            switch("enable")
        self.stack.start("jobs")
        sell("outbox_and_jobs")
        for name, made in runs.items():
            self.results[name] = {"per_second": statistics.median(one["per_second"] for one in made),
                                  "cpu_us": {"postgresql": statistics.median(one["cpu_us"]["postgresql"] for one in made)},
                                  "runs": [round(one["per_second"], 1) for one in made]}
        self.results["outbox"]["triggers"] = len(triggers)

    def jobs(self):
        for name, least in JOBS_TARGETS.items():
            figures = self.results[name] = jobs.measure(broker=name == "jobs_broker")
            half = figures["half_load"]
            figures["p50_ms"], figures["p99_ms"] = half["p50_ms"], half["p99_ms"]
            say(f"  {name:28} {figures['per_second']:10,.0f}/s (at least {least:,}) {'ok' if figures['per_second'] >= least else 'MISSED'}; "
                f"at {half['rate']:,}/s p50 {half['p50_ms']:.1f} ms, p99 {half['p99_ms']:.1f} ms (at most {JOBS_P99_MS}) "
                f"{'ok' if half['p99_ms'] <= JOBS_P99_MS else 'MISSED'}")

    def given_up(self, name, kind):
        """Quote, take, give up, against the same statements. All of one guest, who wants them one after the other."""
        rows = self.stays(40000, name)
        half = len(rows) // 2
        before = self.stack.query("select count(*) from bookings where status = 'cancelled'")[0][0]
        figures = self.wrk(name, "give_up.lua", [" ".join(map(str, row)) for row in rows[:half]], self.guest.token, kind=kind)
        figures["given_up"] = self.stack.query("select count(*) from bookings where status = 'cancelled'")[0][0] - before
        figures["per_second"] = figures["given_up"] * figures["per_second"] / figures["requests"]
        say(f"    {figures['given_up']:,} {kind} made and given up: {figures['per_second']:,.0f}/s")
        script, variables = statements.sale_script(self.stack, self.guest, rows[-1], rows[half:-1], kind, end=True)
        self.pgbench(f"{name}_pgbench", [script], variables)

    def hold(self):
        self.given_up("hold", "holds")

    def cancel(self):
        self.given_up("cancel", "bookings")

    def hot(self):
        """64 clients on 3 properties, other ones each turn: attempts, of which few can succeed. Beside it what Nginx can do alone,
        which tells how fast the machine is."""
        properties = [r[0] for r in self.stack.query("select property_id::text from property_search where published and unit_count = 1 "
                                                     f"and min_nights <= 2 order by md5(property_id::text || 'h') limit {3 * (1 + HOT_TURNS)}")]
        rng, today = random.Random(3), datetime.date.today()
        turns = []
        for turn in range(1 + HOT_TURNS):
            quotes = []
            for _ in range(400):
                first = today + datetime.timedelta(days=rng.randrange(5, 100))
                answer = self.guest.post("/v1/quotes", json={"property_id": rng.choice(properties[turn::1 + HOT_TURNS]), "check_in": str(first),
                                                             "check_out": str(first + datetime.timedelta(days=2)), "guests": 1})
                if answer.status_code == 201:
                    quotes.append(answer.json()["id"])
            turns.append(quotes)
        self.settle()
        deadlocks = "select deadlocks from pg_stat_database where datname = current_database()"
        before, left = self.stack.query(deadlocks)[0][0], iter(turns)
        self.in_turns(lambda: self.replay("hot", [f'POST\t/v1/bookings\t{{"quote_id":"{q}"}}' for q in next(left)], self.guest.token)(),
                      self.replay("hot_static", ["GET\t/bench.json"], None), turns=HOT_TURNS, seconds=self.seconds)
        figures = self.results["hot"]
        figures["deadlocks"] = self.stack.query(deadlocks)[0][0] - before
        figures["booked"] = self.stack.query("select count(*) from bookings where quote_id = any(%s::uuid[])", sum(turns, []))[0][0]
        figures["overlaps"] = self.stack.query("""select count(*) from occupancy a join occupancy b on a.unit_id = b.unit_id
                                                  and a.id < b.id and a.nights && b.nights
                                                  join units u on u.id = a.unit_id where u.property_id = any(%s::uuid[])""",
                                               properties)[0][0]
        good = figures["per_second"] >= HOT_TARGET
        say(f"    {figures['per_second']:,.0f} attempts/s (at least {HOT_TARGET:,}) {'ok' if good else 'MISSED'}, {figures['booked']} booked, "
            f"deadlocks {figures['deadlocks']}, overlaps {figures['overlaps']}")

    def ruled(self, count):
        """Properties with what a busy host says: ten seasons, weekends, every third night of its own."""
        ids = [row[0] for row in self.stack.query("select property_id::text from property_search where published and unit_count = 1 "
                                                  f"order by md5(property_id::text || 'c') limit {count}")]
        self.stack.query("""insert into seasons (id, property_id, position, name, from_date, to_date, yearly, adjust_ppm, min_nights)
            select gen_random_uuid(), p, i, 'Season', current_date + i * 33, current_date + i * 33 + 30, mod(i, 2) = 0, i * 10000, 2
              from unnest(%s::uuid[]) p, generate_series(0, 9) i on conflict do nothing""", ids)
        self.stack.query("""insert into weekday_rules (property_id, weekday, adjust_ppm, closed_to_departure)
            select p, w, 150000, w = 6 from unnest(%s::uuid[]) p, generate_series(5, 6) w on conflict do nothing""", ids)
        self.stack.query("""insert into calendar_nights (property_id, night, price, max_nights)
            select p, current_date + i, 9900, 14 from unnest(%s::uuid[]) p, generate_series(1, 360, 3) i on conflict do nothing""", ids)
        self.settle()
        return ids

    def alone(self, name, paths, table, most):
        """One client after the other: what one request takes, and its statement alone."""
        took = self.wrk(name, "replay.lua", [f"GET\t{path}" for path in paths], self.guest.token, clients=1)
        scripts, variables = [], []
        for i, statement in enumerate(statements.read(self.stack, table, [lambda p=path: expect(self.guest.get(p), 200) for path in paths])):
            script, more = statement.script(self.stack, f"s{i}p")
            scripts.append(script)
            variables += more
        connections, self.connections = self.connections, 1
        figures = self.pgbench(f"{name}_pgbench", scripts, variables)
        self.connections = connections
        took["statement_ms"] = round(1000 / figures["per_second"], 2)
        say(f"    the statement {took['statement_ms']:.2f} ms (at most {most}) {'ok' if took['statement_ms'] <= most else 'MISSED'}, "
            f"the whole request {took['p50_ms']:.2f} ms")

    def calendar_year(self):
        first = datetime.date.today()
        self.alone("calendar_year", [f"/v1/properties/{i}/calendar?from={first}&to={first + datetime.timedelta(days=366)}"
                                     for i in self.ruled(8)], "range_intersect_agg", 3)

    def quote(self):
        """Quotes of properties with seasons, weekdays and a full pricing document, each explained once to be sure of it."""
        money = {"amount": 900, "currency": "USD"}
        plan = {"discounts": [{"kind": "length_of_stay", "threshold": 3, "ppm": 50000}, {"kind": "early", "threshold": 20, "ppm": 30000}],
                "guests": {"included": 1, "extra": money, "children": []}, "fees": [{"name": "Cleaning", "per": "stay", "amount": money}],
                "taxes": [{"name": "VAT", "ppm": 70000, "included": True},
                          {"name": "City tax", "ppm": 50000, "exempt_under": 16, "max_nights": 3}]}
        places = self.ruled(100)
        self.stack.query("""insert into property_pricing (property_id, plan)
            select p.id, replace(%s, 'USD', p.currency)::json from properties p where p.id = any(%s::uuid[]) on conflict do nothing""",
                         json.dumps(plan), places)
        self.stack.query("delete from seasons where property_id = any(%s::uuid[]) and min_nights > 4", places)
        bodies = []
        for i, place in enumerate(places):
            for ahead in range(50, 110):
                first = datetime.date.today() + datetime.timedelta(days=ahead)
                body = {"property_id": place, "check_in": str(first), "check_out": str(first + datetime.timedelta(days=5)), "guests": 2}
                answer = self.guest.post("/v1/quotes", json=body)
                if answer.status_code == 201:
                    expect(self.guest.get(f"/v1/quotes/{answer.json()['id']}/explain"), 200)
                    bodies.append(body)
                    break
        say(f"  {len(bodies)} of {len(places)} properties offer such a stay")
        self.settle()
        self.wrk("quote", "replay.lua", [f"POST\t/v1/quotes\t{json.dumps(body)}" for body in bodies], self.guest.token)
        script, variables = statements.quote_script(self.stack, self.guest, bodies[0])
        self.pgbench("quote_pgbench", [script], variables)

    def explain(self):
        first = datetime.date.today() + datetime.timedelta(days=40)
        self.alone("explain", [f"/v1/properties/{i}/availability/explain?check_in={first}&check_out={first + datetime.timedelta(days=4)}&guests=20"
                               for i in self.ruled(8)], "stay_nights", 3)

    def memory(self, requests):
        """Private memory of the workers after a warm-up and after `requests` more."""
        paths = self.searches(200)
        ids = [row[0] for row in self.stack.query("select id::text from properties limit 200")]
        lines = [f"GET\t{p}" for p in paths[:5]] + [f"GET\t/v1/properties/{i}" for i in ids]
        self.wrk("memory_warm_up", "replay.lua", lines, self.guest.token, seconds=self.seconds)
        first, done = self.private_memory(), 0
        while done < requests:
            done += self.wrk("memory_load", "replay.lua", lines, self.guest.token, seconds=30)["requests"]
        last = self.private_memory()
        self.results["memory"] = {"requests": done, "private_mb_before": first, "private_mb_after": last,
                                  "growth_percent": round((last - first) * 100 / first, 2)}
        say(f"    private memory of a worker {first:.2f} MB, after {done:,} requests {last:.2f} MB")

    def private_memory(self):
        """Mean private memory of the workers in MB."""
        sizes = []
        for pid in self.stack.workers():
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("nexus-metrics"):
                continue
            sizes.append(sum(int(n) for n in re.findall(r"Private_\w+:\s+(\d+)", rollup)) / 1024)
        return sum(sizes) / len(sizes)


def milliseconds(text):
    number, unit = re.match(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def together(runs):
    """One result of several equally long runs."""
    count = sum(run["requests"] for run in runs)
    result = {"requests": count, "per_second": statistics.mean(run["per_second"] for run in runs),
              "turns": [round(run["per_second"], 1) for run in runs],
              "cpu_us": {who: round(sum(run["cpu_us"][who] * run["requests"] for run in runs) / max(count, 1), 1)
                         for who in runs[0]["cpu_us"]}}
    result.update({key: statistics.median(run[key] for run in runs) for key in ("p50_ms", "p99_ms") if key in runs[0]})
    result.update({key: sum(run[key] for run in runs) for key in ("not_2xx", "socket_errors", "failed") if key in runs[0]})
    return result


def expect(answer, status):
    if answer.status_code != status:
        raise SystemExit(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}")
    return answer


def table(results):
    """Figures and ratios as text."""
    lines = [f"{'measurement':28} {'per second':>11} {'p50 ms':>8} {'p99 ms':>8}   CPU us per request: nginx, worker, PostgreSQL, Redis"]
    for name, r in results.items():
        if "per_second" not in r:
            continue
        cpu = r.get("cpu_us", {})
        lines.append(f"{name:28} {r['per_second']:11,.0f} {r.get('p50_ms', float('nan')):8.2f} {r.get('p99_ms', float('nan')):8.2f}"
                     + "   " + ", ".join(f"{cpu[g]:.0f}" if g in cpu else "-" for g in ("nginx", "worker", "postgresql", "redis")))
    lines.append("")
    for name, (one, other, least) in TARGETS.items():
        if one in results and other in results:
            ratio = results[one]["per_second"] / results[other]["per_second"]
            results.setdefault("ratios", {})[name] = round(ratio, 3)
            lines.append(f"{name:50} {ratio:6.2f}   (at least {least}) {'ok' if ratio >= least else 'MISSED'}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10, help="length of each measurement")
    parser.add_argument("--properties", type=int, default=100000, help="size of the demo data")
    parser.add_argument("--memory-requests", type=int, default=1000000, help="requests of the memory measurement; 0 leaves it out")
    parser.add_argument("--only", action="append", help="measure only this (repeatable)")
    parser.add_argument("--json", default="bench.json", help="file for the figures")
    args = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    say(f"starting a private stack with {args.properties:,} demo properties")
    with private_stack(options=OPTIONS, demo=args.properties) as stack, tempfile.TemporaryDirectory() as folder:
        bench = Bench(stack, args.seconds, folder)
        bench.settle()
        steps = {"nginx_static": bench.static, "empty_op": bench.empty_op, "gates": bench.gates, "me": bench.me,
                 "limited_read": bench.limited_read, "property_by_id": bench.property_by_id,
                 "search": bench.search, "search_albany": bench.search_albany, "sale": bench.sale, "hold": bench.hold,
                 "cancel": bench.cancel, "outbox": bench.outbox, "hot": bench.hot, "quote": bench.quote,
                 "calendar_year": bench.calendar_year, "explain": bench.explain,
                 "refresh": bench.refresh, "login": bench.login, "login_storm": bench.login_storm,
                 "jobs": bench.jobs}
        if args.memory_requests:
            steps["memory"] = lambda: bench.memory(args.memory_requests)
        try:
            for name, step in steps.items():
                if not args.only or name in args.only:
                    say(name)
                    step()
        finally:  # what was measured is told also when the rest was called off
            print(table(bench.results))
            pathlib.Path(args.json).write_text(json.dumps(bench.results, indent=2) + "\n")
            say(f"figures are in {args.json}")


if __name__ == "__main__":
    main()
