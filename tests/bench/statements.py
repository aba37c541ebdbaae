"""The statements the server really ran, taken from PostgreSQL's log, as pgbench scripts."""
import contextlib
import re
import time

LOG = re.compile(r"execute (?P<name>[^:\n]*): (?P<sql>.*?)(?:\n[^\n]*?DETAIL: +parameters: (?P<parameters>[^\n]*))?"
                 r"(?=\n\d{4}-\d\d-\d\d |\n?\Z)", re.S)
PARAMETER = re.compile(r"\$(\d+) = (?:'((?:[^']|'')*)'|(NULL))")

CLIENTS_MAX = 16  # of pgbench: each has its own part of the stays
BEARER = "t (user_id, session_id, client_id, actor_id)"  # who has a token, once for each worker: no part of a request

TRACKER = re.compile(r"request_log|address_blocks")  # what the log of requests does by itself

DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Statement:
    """One executed statement: text, parameter values as text (None = null)."""

    def __init__(self, sql, parameters):
        self.sql, self.parameters = sql.strip(), parameters

    def types(self, stack):
        """What PostgreSQL infers for $1, $2 ... when told which values look like dates."""
        if not self.parameters:
            return []  # begin and commit are not prepared
        told = ["date" if value and DATE.fullmatch(value) else "unknown" for value in self.parameters]
        declared = f"({', '.join(told)})" if told else ""
        with contextlib.closing(stack.db()) as connection, connection.cursor() as cursor:
            cursor.execute(f"prepare bench_types {declared} as {self.sql}")
            cursor.execute("select parameter_types::text[] from pg_prepared_statements where name = 'bench_types'")
            return cursor.fetchone()[0]

    def script(self, stack, prefix, replace=None):
        """(SQL for pgbench, its variables): every $n becomes a variable PREFIXn with a cast, so that pgbench
        prepares it with parameters as the server did. `replace` maps parameter values to variables of the caller."""
        types, variables = self.types(stack), []

        def parameter(match):
            n = int(match.group(1))
            value, cast = self.parameters[n - 1], types[n - 1]
            if value is None:
                return f"null::{cast}"
            if replace and value in replace:
                return f":{replace[value]}::{cast}"
            if ("-D", f"{prefix}{n}={value}") not in variables:
                variables.append(("-D", f"{prefix}{n}={value}"))
            return f":{prefix}{n}::{cast}"

        sql = re.sub(r"\$(\d+)", parameter, self.sql)
        return sql.rstrip(";") + ";\n", [word for pair in variables for word in pair]


@contextlib.contextmanager
def logging(stack):
    """PostgreSQL logs every statement with its parameters meanwhile. Those of jobs would be among them."""
    stack.stop("jobs")
    with contextlib.closing(stack.db("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("alter system set log_min_duration_statement = 0")
        cursor.execute("alter system set log_parameter_max_length = -1")
        cursor.execute("select pg_reload_conf()")
        try:
            yield
        finally:
            cursor.execute("alter system reset log_min_duration_statement")
            cursor.execute("alter system reset log_parameter_max_length")
            cursor.execute("select pg_reload_conf()")
            stack.start("jobs")


def capture(stack, call):
    """Statements executed while `call` ran, in order. For a quiet stack only."""
    with logging(stack):
        awaken(stack)
        return [s for s in executed(stack, call) if BEARER not in s.sql]


def awaken(stack):
    """Backends take a reload up between statements: ask until every worker's has."""
    for _ in range(64):
        stack.session().get("/v1/properties?limit=1")
    settled(stack, 0)


def executed(stack, call):
    start = len(stack.log("postgresql"))
    call()
    return parse(settled(stack, start))


def settled(stack, start):
    """The log from `start` on, once it has stopped growing."""
    text, end = "", time.monotonic() + 5
    while time.monotonic() < end:
        now = stack.log("postgresql")[start:]
        if now and now == text:
            return now
        text = now
        time.sleep(0.05)
    return text


def parse(log):
    found = []
    for match in LOG.finditer(log):
        if TRACKER.search(match["sql"]):
            continue
        values = {int(n): None if null else text.replace("''", "'")
                  for n, text, null in PARAMETER.findall(match["parameters"] or "")}
        found.append(Statement(match["sql"], [values[n] for n in sorted(values)]))
    return found


def read(stack, table, calls):
    """The one statement of each call that names `table`."""
    found = []
    with logging(stack):
        awaken(stack)
        for call in calls:
            statements = [s for s in executed(stack, call) if table in s.sql]
            assert len(statements) == 1, [s.sql[:100] for s in statements]
            found += statements
    return found


ENDS = {"bookings": ("post", "/v1/bookings/{}/cancel"), "holds": ("delete", "/v1/holds/{}")}
UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


def made_ids(stack, statements, known):
    """UUIDs among the parameters that were made for these statements: the database has no user or property of that id."""
    ids = {value for s in statements for value in s.parameters if value and UUID.fullmatch(value)} - set(known)
    return sorted(ids - {row[0] for row in stack.query("select id::text from users where id::text = any(%s)", sorted(ids))})


def sale_script(stack, guest, stay, stays, kind="bookings", end=False, table=None):
    """The statements of one quote and one booking, or hold, in the batches the API sends, for stays of a table; with `end` those
    of giving it up too.

    Returns the pgbench script and its variables. The stay comes from one extra look-up a sale, which the API does not
    have; each client takes stays of its own.
    """
    property_id, check_in, check_out = map(str, stay)
    body = {"property_id": property_id, "check_in": check_in, "check_out": check_out, "guests": 1}
    answers = []
    quote = capture(stack, lambda: answers.append(guest.post("/v1/quotes", json=body)))
    quote_id = answers[-1].json()["id"]
    made = capture(stack, lambda: answers.append(guest.post(f"/v1/{kind}", json={"quote_id": quote_id})))
    booking_id = answers[-1].json()["id"]
    first = next(i for i, s in enumerate(quote) if "insert into quotes" in s.sql.lower())
    # A look, the attempt, the read of what was booked: a batch each, src/booking/booking_attempt.c.
    batches = [quote[:first], quote[first:], made[:1], made[1:2], made[2:]]
    values = dict(zip(made[1].parameters, ("booking", None, None, "occupancy", "payment")))  # in the order of booking_create
    fresh = []
    if end:
        method, path = ENDS[kind]
        gone = capture(stack, lambda: answers.append(getattr(guest, method)(path.format(booking_id))))
        assert answers[-1].status_code == 200, answers[-1].text
        batches += [gone[:2], gone[2:-1], gone[-1:]]  # begin and lock, change and read, commit
        fresh = made_ids(stack, gone, [booking_id])
    table = table or f"bench_{kind}{'_given_up' if end else ''}"
    with contextlib.closing(stack.db()) as connection, connection.cursor() as cursor:
        cursor.execute(f"create table {table} (n bigserial primary key, property_id uuid, check_in date, check_out date)")
        cursor.executemany(f"insert into {table} (property_id, check_in, check_out) values (%s, %s, %s)", stays)
        cursor.execute(f"grant select on {table} to nexus_api")
    replace = {property_id: "property", check_in: "check_in", check_out: "check_out", quote_id: "quote",
               **{value: name for value, name in values.items() if name},
               **{value: f"fresh{i}" for i, value in enumerate(fresh)}}
    script, variables = [
        f"\\set k :k + 1\n\\set n :client_id * {len(stays) // CLIENTS_MAX} + :k\n"
        "select property_id as property, check_in, check_out, gen_random_uuid() as quote, gen_random_uuid() as booking, "
        "gen_random_uuid() as occupancy, gen_random_uuid() as payment"
        + "".join(f", gen_random_uuid() as fresh{i}" for i in range(len(fresh))) + f" from {table} where n = :n \\gset\n"], ["-D", "k=0"]
    for batch, name in zip(batches, "abcdefgh"):
        script.append("\\startpipeline\n")
        for i, statement in enumerate(batch):
            text, more = statement.script(stack, f"{name}{i}p", replace)
            script.append(text)
            variables += more
        script.append("\\endpipeline\n")
    return "".join(script), variables


def quote_script(stack, session, body):
    """The statements of one quote, in the two batches the API sends. Returns the pgbench script and its variables."""
    answers = []
    quote = capture(stack, lambda: answers.append(session.post("/v1/quotes", json=body)))
    first = next(i for i, s in enumerate(quote) if "insert into quotes" in s.sql.lower())
    script, variables = ["select gen_random_uuid() as quote \\gset\n"], []
    for batch, name in ((quote[:first], "a"), (quote[first:], "b")):
        script.append("\\startpipeline\n")
        for i, statement in enumerate(batch):
            text, more = statement.script(stack, f"{name}{i}p", {answers[-1].json()["id"]: "quote"})
            script.append(text)
            variables += more
        script.append("\\endpipeline\n")
    return "".join(script), variables


def refresh_script(stack, sessions):
    """The statement of a refresh, in chains: each pgbench client has a session (id, token) of its own; the last one
    serves to learn the statement. Returns the pgbench script and its variables."""
    name, token = sessions.pop()

    def call():
        answer = stack.session().post("/v1/auth/refresh", json={"refresh_token": token})
        assert answer.status_code == 200, answer.text

    rotate, = (s for s in capture(stack, call) if "update sessions" in s.sql)
    with contextlib.closing(stack.db()) as connection, connection.cursor() as cursor:
        cursor.execute("create table bench_sessions (n serial primary key, id uuid)")
        cursor.executemany("insert into bench_sessions (id) values (%s)", [(i,) for i, _ in sessions])
        cursor.execute("grant select on bench_sessions to nexus_api")
    assert rotate.parameters[0] == name
    text, variables = rotate.script(stack, "r", {name: "session", rotate.parameters[1]: "head", rotate.parameters[2]: "next"})
    text = text.rstrip(";\n").replace(":next::bytea", "sha256(:random::text::bytea)")
    return ("\\set k :k + 1\n\\set n :client_id + 1\n\\set random random(1, 9000000000000000000)\n\\if :k = 1\n"
            "select s.id as session, s.head from bench_sessions b join sessions s on s.id = b.id where b.n = :n \\gset\n"
            "\\endif\n" + text + " \\gset\n", ["-D", "k=0", *variables])
