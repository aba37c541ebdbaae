"""A private Nexus for tests: Nginx, workers, PostgreSQL and Redis on sockets and ports of their own.

`Stack` wraps ./quickstart, so that tests run what people run. Nothing in here sleeps for a fixed time: conditions are
polled with a deadline (`wait_until`).
"""
import contextlib
import datetime
import itertools
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import uuid

import psycopg2
import redis
import requests

TOP = pathlib.Path(__file__).resolve().parent.parent
PASSWORD = "a long enough password 1"

# Tests send everything from one address as fast as they can; those about limits set their own.
TEST_OPTIONS = {"rate_read": "0", "rate_search": "0", "rate_write": "0", "rate_login": "0",
                "rate_login_anonymous": "0", "rate_hash": "0", "rate_client": "0", "rate_network": "0", "argon2_passes": "2",
                "fetch_socket": '""', "decode_socket": '""', "hash_slots": "64", "login_failures": "0", "login_failures_network": "0", "hold_limit": "1000",
                # A machine too busy to answer within 15 ms is not what most tests are about.
                "redis_timeout": "2s"}
IMPATIENT = {"redis_timeout": "15ms"}  # the default


# Tables that change by themselves while a stack is up: schedules and their runs, what these leave, events that
# get their numbers, the log of requests.
BACKGROUND = re.compile(r"jobs|job_schedules|notifications|request_log.*|address_flags.*|events_new|event_head|event_readers|events|webhook_deliveries")


def wait_until(condition, deadline=10.0, what="", pause=0.02):
    """Poll `condition` until it returns something true, and return that; AssertionError after `deadline` seconds."""
    end = time.monotonic() + deadline
    error = None
    while True:
        try:
            result = condition()
            if result:
                return result
            error = None
        except (OSError, requests.RequestException, psycopg2.Error, redis.RedisError) as caught:
            error = caught
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what or condition}" + (f" ({error})" if error else ""))
        time.sleep(pause)


class Session(requests.Session):
    """requests.Session for one stack: relative paths, its CA, a time-out, an optional bearer token."""

    def __init__(self, stack, token=None):
        super().__init__()
        self.stack = stack
        self.trust_env = False  # no proxies, no netrc
        self.verify = str(stack.ca)
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def request(self, method, url, *args, **kwargs):
        kwargs.setdefault("timeout", 30)
        if url.startswith("/"):
            url = self.stack.url + url
        response = super().request(method, url, *args, **kwargs)
        for check in self.stack.checks:
            check(response)
        return response


class User:
    """An account that is logged in."""

    def __init__(self, stack, **fields):
        self.email = fields.pop("email", None) or f"user-{uuid.uuid4().hex[:16]}@example.com"
        self.password = fields.pop("password", PASSWORD)
        self.name = fields.pop("name", "Test User")
        anonymous = stack.session()
        created = anonymous.post("/v1/users", json={"email": self.email, "password": self.password, "name": self.name})
        assert created.status_code == 201, created.text
        self.id = created.json()["id"]
        login = anonymous.post("/v1/auth/login", json={"email": self.email, "password": self.password})
        assert login.status_code == 200, login.text
        self.token = login.json()["access_token"]
        self.refresh_token = login.json()["refresh_token"]
        self.session = stack.session(self.token)
        # user.get(...), user.post(...) read better than user.session.get(...)
        for verb in ("get", "post", "put", "patch", "delete", "head", "options"):
            setattr(self, verb, getattr(self.session, verb))


class Stack:
    """One running stack. `options` replace those of the generated nexus.conf; None leaves one as it is there:
    fetch_socket=None starts nexus-fetch and decode_socket=None nexus-decode, which tests do without otherwise."""

    def __init__(self, run_dir, options=None, build_dir=None, demo=0, broker=False):
        self.run_dir = pathlib.Path(run_dir)
        self.options = {name: value for name, value in {**TEST_OPTIONS, **(options or {})}.items() if value is not None}
        self.build_dir = pathlib.Path(build_dir or os.environ.get("NEXUS_BUILD_DIR") or TOP / "build")
        self.demo = demo
        self.broker = broker
        self.checks = []  # functions called with every response, e.g. that it is what OpenAPI says
        self.env = {}

    # --- life

    def quickstart(self, *args, check=True, **kwargs):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("NEXUS_", "PG"))}
        env |= {"NEXUS_RUN_DIR": str(self.run_dir), "NEXUS_BUILD_DIR": str(self.build_dir), "NEXUS_DEMO": str(self.demo),
                "NEXUS_PORT": "" if (self.run_dir / "settings").exists() else "0",
                "NEXUS_OPTIONS": "\n".join(f"{name} = {value}" for name, value in self.options.items())}
        if self.broker:
            env["NEXUS_BROKER"] = "rabbitmq"
        if "NEXUS_PG_TEMPLATE" in os.environ:
            env["NEXUS_PG_TEMPLATE"] = os.environ["NEXUS_PG_TEMPLATE"]
        done = subprocess.run([str(TOP / "quickstart"), *args], env=env, text=True, timeout=900,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False, **kwargs)
        if check and done.returncode != 0:
            raise AssertionError(f"quickstart {' '.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def up(self):
        self.quickstart("up", "--no-build")
        return self.attach()

    def attach(self):
        """Learn the addresses of a stack that is up."""
        text = self.quickstart("env").stdout
        self.env = dict(word.split("=", 1) for word in shlex.split(text))
        self.url, self.ca = self.env["NEXUS_URL"], pathlib.Path(self.env["NEXUS_CA"])
        self.metrics_url, self.redis_url = self.env["NEXUS_METRICS_URL"], self.env["NEXUS_REDIS"]
        self.dsn = "host={PGHOST} port={PGPORT} dbname={PGDATABASE} user={PGUSER}".format(**self.env)
        self.socket = self.run_dir.resolve() / "sock" / "api.sock"
        self.conf = self.run_dir.resolve() / "nexus.conf"
        return self

    def start(self, *names):
        self.quickstart("start", *names)

    def stop(self, *names):
        self.quickstart("stop", *names)

    def destroy(self):
        self.quickstart("reset", check=False)
        real = self.run_dir.resolve()
        shutil.rmtree(real, ignore_errors=True)
        if self.run_dir.is_symlink():
            self.run_dir.unlink()

    def ctl(self, *args, check=True, **kwargs):
        """nexusctl against this stack; the CompletedProcess with text output."""
        done = self.quickstart("ctl", *args, check=False, **kwargs)
        assert not check or done.returncode == 0, f"nexusctl {args}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def rabbitmqctl(self, *args):
        return self.quickstart("rabbitmqctl", "-q", *args).stdout

    def clock(self, shift=None):
        """Move business time: "+3d", "-2h", "0" puts it back (option sandbox = yes). Everybody sees it at once. What it is then."""
        return datetime.datetime.fromisoformat(self.ctl("clock", *([shift] if shift else [])).stdout.strip().replace("Z", "+00:00"))

    def job(self, name):
        """Run a job of nexus-jobs once; how much it found to do."""
        return int(self.ctl("jobs", "run", name).stdout)

    def jobs_drain(self):
        """Run every waiting job that is due to its end, also what others have begun. {"ran":, "failed":} of this call."""
        return json.loads(self.ctl("jobs", "run", "--all", "--json").stdout)

    # --- clients

    def session(self, token=None):
        return Session(self, token)

    def user(self, **fields):
        """Sign up and log in: .id .email .token .session, and .get() .post() ... with the token."""
        return User(self, **fields)

    def db(self, user=None):
        """An autocommit connection as the owner role (or as `user`)."""
        connection = psycopg2.connect(self.dsn if user is None else self.dsn.rsplit(" ", 1)[0] + f" user={user}")
        connection.autocommit = True
        return connection

    def query(self, sql, *args):
        """All rows of one statement."""
        with contextlib.closing(self.db()) as connection, connection.cursor() as cursor:
            cursor.execute(sql, args or None)
            return cursor.fetchall() if cursor.description else []

    def of_each_table(self, figures, but=()):
        """{table: its figures}, aggregates over t, in one look; without what changes by itself."""
        names = [name for name, in self.query("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
                 if name not in but and not BACKGROUND.fullmatch(name)]
        rows = self.query(" union all ".join(f"""select '{name}', {figures} from "{name}" t""" for name in names))
        return {name: values for name, *values in rows}

    def jobs_metrics(self):
        """The same of nexus-jobs."""
        return self.metrics(self.env["NEXUS_JOBS_METRICS_URL"])

    def redis(self):
        return redis.Redis.from_url(self.redis_url, socket_timeout=5)

    def metrics(self, url=None):
        """{'name{label="x"}': value} of one scrape, of nexus-api or of another URL."""
        text = requests.get(url or self.metrics_url, timeout=5).text
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in rows}

    # --- processes

    def pid(self, name):
        """Pid of postgresql, redis, api (the supervisor) or nginx; None when it does not run."""
        with contextlib.suppress(OSError, ValueError):
            pid, start = (self.run_dir / "pid" / name).read_text().split()
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            if fields[19] == start and fields[0] != "Z":  # as quickstart: a number given away is nobody of ours
                return int(pid)
        return None

    def workers(self):
        """Pids of the worker processes."""
        return [pid for pid in children(self.pid("api")) if title(pid).startswith("nexus-api: worker")]

    def signal(self, name, number=signal.SIGHUP):
        os.kill(self.pid(name), number)

    def ready(self):
        return self.session().get("/readyz", timeout=5).status_code == 200

    def wait_ready(self, deadline=10.0):
        wait_until(self.ready, deadline, "/readyz to answer 200")

    def set_options(self, **options):
        """Rewrite nexus.conf; the caller sends SIGHUP."""
        lines = [line for line in self.conf.read_text().splitlines()
                 if line.split("=")[0].strip() not in options]
        lines += [f"{name} = {value}" for name, value in options.items()]
        new = self.conf.with_suffix(".new")
        new.write_text("\n".join(lines) + "\n")
        new.chmod(0o644)
        new.rename(self.conf)

    def log(self, name="api"):
        """Text of the log of a process: api, nginx, nginx-access, postgresql, redis."""
        return (self.run_dir / "log" / f"{name}.log").read_text(errors="replace")

    def assert_sane(self):
        """A build with sanitizers must not have complained."""
        with contextlib.suppress(FileNotFoundError):
            found = SANITIZER.findall(self.log("api"))
            assert not found, found[:5]


class Another:
    """One more process of a program on the stack's database, as on another host: `options` replace those of nexus.conf."""

    def __init__(self, stack, program, name, **options):
        run = stack.run_dir.resolve()
        self.command = [run / "bin" / program, "-c", run / f"{name}.conf"]
        self.log_file, self.process = run / "log" / f"{name}.log", None
        lines = [line for line in stack.conf.read_text().splitlines() if line.split("=")[0].strip() not in options]
        self.command[2].write_text("\n".join([*lines, *(f"{option} = {value}" for option, value in options.items())]) + "\n")
        self.command[2].chmod(0o644)
        like = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{stack.pid('api')}/status").read_text().splitlines() if ":\t" in line)
        self.identity = {} if os.geteuid() else {"user": int(like["Uid"].split()[0]), "group": int(like["Gid"].split()[0]),
                                                 "extra_groups": [int(group) for group in like["Groups"].split()]}

    def start(self):
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
                                            **self.identity)

    def kill(self):
        """Its children end with it."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def log(self):
        return self.log_file.read_text(errors="replace")


SANITIZER = re.compile(r"^.*(?:ERROR: \w+Sanitizer|runtime error:).*$", re.M)


def children(pid):
    """Direct children of a process, without zombies."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(stat.parent.name))
    return sorted(found)


def title(pid):
    """What ps shows as the command of a process; "" when it is gone."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""


_numbers = itertools.count()


@contextlib.contextmanager
def private_stack(options=None, demo=0, build_dir=None, jobs=True, broker=False):
    """A stack for one test that breaks or reconfigures things; gone at the end. Without `jobs` nexus-jobs is stopped, so that
    what runs is run by the test (stack.job, stack.jobs_drain); with `broker` a RabbitMQ of its own carries jobs."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"nexus-test-{next(_numbers)}-", dir="/var/tmp"))
    folder.chmod(0o755)
    stack = Stack(folder / "run", options, build_dir, demo, broker)
    try:
        stack.up()
        if not jobs:
            stack.stop("jobs")
        yield stack
        stack.assert_sane()
    finally:
        stack.destroy()
        shutil.rmtree(folder, ignore_errors=True)
