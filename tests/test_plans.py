"""Plans of every list on a seeded database: none reads a large table from end to end.

The server logs the plan of each statement (auto_explain) while every order, filter and edge the OpenAPI document names is
asked for through the API, so what is judged is what really runs: parameters, scopes, generic plans and all.
"""
import contextlib
import itertools
import json
import re
import uuid

import pytest

import stack as stacks

PROPERTIES = 20_000
LARGE = 2_000  # rows; a smaller table is read faster from end to end

VALUES = {"integer": "3", "number": "4.5", "boolean": "true", "date": "2026-12-24", "date-time": "2026-01-02T03:04:05Z",
          "uuid": "019409b4-5200-7f02-aeea-047ae58c573a"}

# What the lists' own parameters can be put together to; {near} is a place with properties.
SEARCHES = ["", "near={near}&radius=20", "near={near}&radius=20&check_in={from}&check_out={to}&guests=2&sort=total",
            "near={near}&radius=50&sort=distance&amenities=wifi,kitchen", "bbox={box}&room_type=entire_home&sort=price",
            "bbox={box}&check_in={from}&check_out={to}&sort=-rating", "q=river", "kind=cabin&room_type=private_room",
            "bbox=-180,-90,180,90&sort=-price", "bbox=-180,-90,180,90&check_in={from}&check_out={to}"]

ADMIN_SEARCHES = ["/v1/admin/users?search=an", "/v1/admin/users?search=nobody-has-this-name", "/v1/admin/users?role=admin",
                  "/v1/admin/users?role=guest", "/v1/admin/users?role=host&status=suspended&search=an", "/v1/admin/users?status=suspended",
                  "/v1/admin/users?fields=id,sessions,properties,second_factor", "/v1/audit?user_id={user}&action=property.create",
                  "/v1/audit?target_type=user&target_id={user}&at[gte]=2026-01-02T03:04:05Z", "/v1/audit?request_id=request-17"]

# Accounts and an audit log as they are after some weeks.
AUDIT = """
update users set status = case when random() < .5 then 'suspended' else 'deactivated' end where id in
    (select id from users u where not exists (select from properties where host_id = u.id)
        and not exists (select from user_roles where user_id = u.id and role_name = 'admin') order by id limit 60);
insert into audit_log (id, at, user_id, actor_id, request_id, network, action, target_type, target_id)
select gen_random_uuid(), now() - i * interval '1 minute', u.id, case when i % 50 = 0 then u.id end, 'request-' || i, '192.0.2.0/24',
       (array['property.update', 'user.create', 'user.suspend', 'acting.request'])[i % 4 + 1],
       (array['property', 'user', 'user', 'user'])[i % 4 + 1], u.id::text
  from generate_series(1, 5000) i join (select id, row_number() over () as n from users limit 500) u on u.n = i % 500 + 1"""


@pytest.fixture(scope="module")
def explained():
    """A stack whose PostgreSQL logs every plan."""
    with stacks.private_stack(demo=PROPERTIES, options={"rate_read": "0/m", "rate_search": "0/m", "workers": "1"}) as stack:
        with contextlib.closing(stack.db("postgres")) as db, db.cursor() as cursor:
            cursor.execute("alter role nexus_api set session_preload_libraries = 'auto_explain'")
            for name, value in {"log_min_duration": "0", "log_format": "json", "log_nested_statements": "on"}.items():
                cursor.execute(f"alter role nexus_api set auto_explain.{name} = '{value}'")
            cursor.execute(AUDIT)
            cursor.execute("vacuum analyze")
        stack.stop("api")
        stack.start("api")
        stack.wait_ready()
        yield stack


@pytest.fixture(scope="module")
def large(explained):
    return {name for name, in explained.query("select relname from pg_class where relkind = 'r' and reltuples >= %s", LARGE)}


@pytest.fixture(scope="module")
def paths(explained):
    return explained.session().get("/v1/openapi.json").json()["paths"]


def places(stack):
    lng, lat = stack.query("select location[0], location[1] from property_search where published order by property_id limit 1")[0]
    return {"near": f"{lat},{lng}", "box": f"{lng - .2},{lat - .2},{lng + .2},{lat + .2}", "from": "2026-12-20", "to": "2026-12-24"}


def value_of(schema):
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return value_of(schema["items"])
    return VALUES.get(schema.get("format")) or VALUES.get(schema.get("type")) or "x"


def parameters(operation):
    return {p["name"]: p["schema"] for p in operation["parameters"] if p.get("in") == "query"}


def is_list(operation):
    return "parameters" in operation and "cursor" in parameters(operation)


def queries(operation):
    """One query string per order, filter and edge."""
    known = parameters(operation)
    orders = known["sort"]["items"]["enum"] if "sort" in known else []
    yield ""
    yield from (f"sort={order}" for order in orders if order.lstrip("-") not in ("total", "distance"))
    yield from (f"{name}={value_of(schema)}" for name, schema in known.items() if "[" in name and not name.startswith("total"))
    yield from (f"include={edge}" for edge in known.get("include", {}).get("items", {}).get("enum", []))


def plans(log):
    """(query text, root node) of each plan in a stretch of the log."""
    decoder = json.JSONDecoder()
    for found in re.finditer(r"plan:\n\s*(?=\{)", log):
        document, _ = decoder.raw_decode(log.replace("\t", " "), found.end())
        yield document["Query Text"], document["Plan"]


def nodes(plan):
    yield plan
    yield from itertools.chain.from_iterable(nodes(child) for child in plan.get("Plans", []))


def bad_scans(plan, large):
    return [node["Relation Name"] for node in nodes(plan)
            if node["Node Type"] == "Seq Scan" and node.get("Relation Name") in large]


class Judge:
    """Asks, and looks at the plans the server has logged meanwhile."""

    def __init__(self, stack, large):
        self.large, self.problems, self.seen = large, set(), 0
        self.log = open(stack.run_dir / "log" / "postgresql.log", encoding="utf-8", errors="replace")
        self.log.seek(0, 2)

    def look(self, what):
        for text, plan in plans(self.log.read()):
            self.seen += 1
            self.problems |= {f"{what}: sequential scan of {relation} in {text}" for relation in bad_scans(plan, self.large)}

    def ask(self, session, url):
        """Often enough for a generic plan, which PostgreSQL thinks of at the sixth time."""
        for _ in range(6):
            answer = session.get(url)
            assert answer.status_code == 200, f"{url}: {answer.text}"
        self.look(url)
        return answer.json()

    def pages(self, session, url):
        """The first page and the one its cursor leads to."""
        page = self.ask(session, url)["page"]
        if page["next_cursor"]:
            self.ask(session, f"{url}{'&' if '?' in url else '?'}cursor={page['next_cursor']}")

    def verdict(self, least):
        self.log.close()
        assert self.seen >= least
        assert not self.problems, "\n".join(sorted(self.problems))


def belongings(stack, someone):
    """{part of a path: what somebody has whose lists are of that path}"""
    import marketplace as market

    offer = market.quote(someone, market.make_property(stack.user())["id"], 30).json()["id"]
    booked = market.book(someone, offer).json()["id"]
    payout = str(uuid.uuid4())
    stack.query("insert into payouts (id, payee_id, provider, currency, amount, status) values (%s, %s, 'offline', 'USD', 1, 'pending')",
                payout, someone.id)
    told = someone.post("/v1/webhook-endpoints", json={"url": "https://hooks.example.com/nexus"}).json()["id"]
    return {"/v1/webhook-endpoints/": told, "/reviews": stack.query("select property_id::text from reviews group by 1 order by count(*) desc limit 1")[0][0],
            "/v1/properties/": market.make_property(someone)["id"], "/v1/bookings/": booked, "/v1/payouts/": payout,
            "/v1/ledger/statements/": someone.get("/v1/ledger/statements").json()["data"][0]["id"]}


@pytest.mark.parametrize("who", ["nobody", "user", "admin"])
def test_no_list_scans_a_large_table(explained, large, paths, who):
    assert {"properties", "property_search", "bookings", "occupancy", "users", "reviews", "audit_log", "audit_links"} <= large
    anonymous = explained.session()
    someone = explained.user()
    if who == "admin":
        explained.ctl("user", "set-role", "--email", someone.email, "guest", "host", "admin")
    session = anonymous if who == "nobody" else someone.session
    place, judge, things = places(explained), Judge(explained, large), belongings(explained, someone)
    lists = {path: item["get"] for path, item in paths.items() if "get" in item and is_list(item["get"])}
    assert len(lists) >= 4
    for path, operation in lists.items():
        url = path.replace("{id}", next((one for part, one in things.items() if part in path), ""))
        if session.get(url).status_code in (401, 403) and who != "admin":
            continue
        for query in queries(operation):
            judge.pages(session, f"{url}?{query}" if query else url)
    for search in SEARCHES:
        judge.pages(session, "/v1/properties?" + search.format(**place))
    for search in ADMIN_SEARCHES if who == "admin" else []:
        judge.pages(session, search.format(user=someone.id))
    judge.verdict(200)


def test_no_item_scans_a_large_table(explained, large):
    user, judge = explained.user(), Judge(explained, large)
    shown = explained.query("select property_id::text from property_search where published limit 1")[0][0]
    for url in [f"/v1/properties/{shown}", f"/v1/properties/{shown}?include=host,units,reviews", "/v1/me",
                f"/v1/properties/{shown}/calendar?from=2026-12-01&to=2027-01-01"]:
        judge.ask(user.session, url)
    judge.verdict(24)


def test_no_write_scans_a_large_table(explained, large):
    """From quote to cancelled booking, triggers and constraints included."""
    import marketplace as market

    host, guest = explained.user(), explained.user()
    judge = Judge(explained, large)
    made = market.make_property(host)
    for first in range(30, 58, 4):
        asked = market.quote(guest, made["id"], first)
        assert asked.status_code == 201, asked.text
        booked = market.book(guest, asked.json()["id"], key=f"plan-{first}")
        assert booked.status_code == 201, booked.text
        done = guest.post(f"/v1/bookings/{booked.json()['id']}/cancel")
        assert done.status_code == 200, done.text
        judge.look("booking")
    judge.verdict(60)


def test_a_guests_stay_at_a_property_is_one_look(explained):
    """Whoever has many stays reads a property as fast as others: not all of the guest's are gone through."""
    guest, property_id = explained.query("select guest_id::text, property_id::text from bookings limit 1")[0]
    with contextlib.closing(explained.db()) as connection, connection.cursor() as cursor:
        cursor.execute("set plan_cache_mode = force_generic_plan")
        cursor.execute("prepare stay(uuid, uuid) as select from bookings b where b.property_id = $1 and b.guest_id = $2 "
                       "and b.status <> 'cancelled'")
        cursor.execute("explain (format json) execute stay(%s, %s)", (property_id, guest))
        plan = cursor.fetchone()[0][0]["Plan"]
    assert (plan["Node Type"], plan["Index Name"]) == ("Index Scan", "bookings_property_guest_idx")


def test_no_look_after_accounts_scans_a_large_table(explained, large):
    """Suspending, restoring, acting; what is told of it."""
    admin, judge = explained.user(), Judge(explained, large)
    explained.ctl("user", "set-role", "--email", admin.email, "guest", "host", "admin")
    why = {"reason": "Case 1"}
    for _ in range(7):
        user = explained.user()
        path = f"/v1/admin/users/{user.id}"
        acting = admin.post(f"{path}/act", json=why)
        assert acting.status_code == 200, acting.text
        assert explained.session(acting.json()["access_token"]).get("/v1/bookings").status_code == 200
        for verb in ("suspend", "restore"):
            assert admin.post(f"{path}/{verb}", json=why).status_code == 200
        for url in (path, f"{path}?fields=sessions,properties", f"/v1/audit?target_id={user.id}"):
            assert admin.get(url).status_code == 200
        entry = admin.get(f"/v1/audit?target_id={user.id}").json()["data"][0]["id"]
        assert admin.get(f"/v1/audit/{entry}").status_code == 200
        judge.look("accounts")
    judge.verdict(100)
