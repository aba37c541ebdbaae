"""Who may what, cell by cell (matrix.tsv, matrix.py), which scopes a token needs for it, and that no operation takes a member
its shape does not name."""
import copy
import json

import pytest

import federation
import matrix
import negative

OPS = matrix.operations()
TABLE = matrix.table()
REFUSALS = {401: {"unauthenticated", "session_ended", "bad_credentials"}, 403: {"forbidden"}, 404: {"not_found"}}


@pytest.fixture(scope="module")
def world(stack):
    providers = federation.World(stack)
    providers.add("nowhere", "http://127.0.0.1:9")  # discard: nobody answers
    providers.reload()
    yield matrix.Matrix(stack)
    providers.names.clear()
    providers.reload()
    providers.close()


def test_every_operation_has_a_row_and_a_call():
    """What is missing is printed by `python3 tests/matrix.py`, to be judged before it goes into the table."""
    assert set(TABLE) == set(OPS), f"without a row: {sorted(set(OPS) - set(TABLE))}; no operation: {sorted(set(TABLE) - set(OPS))}"
    assert set(matrix.CALLS) == set(OPS), sorted(set(matrix.CALLS) ^ set(OPS))
    assert all(owner in matrix.PEOPLE for owner, _ in TABLE.values())


def test_the_program_has_the_operations_of_the_table(contract):
    """The document the server gives out and the list the table goes by are of the same operations."""
    served = {operation["operationId"]: (method.upper(), path) for path, item in contract.document["paths"].items()
              for method, operation in item.items() if method in ("get", "post", "put", "patch", "delete")}
    assert served == {op.name: (op.method, op.path) for op in OPS.values()}


def same_problem(one, other):
    texts = [{k: v for k, v in answer.json().items() if k != "request_id"} for answer in (one, other)]
    return one.status_code == other.status_code and texts[0] == texts[1]


def wrong(expected, answer, missing):
    """What is wrong with the answer in a cell, or None."""
    if answer.status_code != expected:
        return f"{answer.status_code} instead of {expected}: {answer.text[:200]}"
    media = answer.headers.get("Content-Type", "")
    if expected in REFUSALS and media == "application/problem+json" and answer.json()["code"] not in REFUSALS[expected]:
        return f"code {answer.json()['code']}"
    if missing is not None and expected == 404 and not same_problem(answer, missing):
        return f"not as if there were nothing: {answer.text[:200]} / {missing.text[:200]}"
    if missing is not None and expected in (401, 403) and missing.status_code != expected:
        return f"{missing.status_code} for what is not there"
    return None


@pytest.mark.parametrize("name", sorted(TABLE))
def test_cells(world, name):
    owner, row = TABLE[name]
    found = {column: wrong(row[column], *world.ask(OPS[name], owner, column)) for column in matrix.COLUMNS}
    assert not any(found.values()), "\n".join(f"{column}: {what}" for column, what in found.items() if what)


@pytest.mark.parametrize("name", sorted(name for name, op in OPS.items() if op.permission != "public"))
def test_one_scope_is_enough(world, name):
    """Each scope that leaves the operation's permission does, alone, what a token without scopes does."""
    op, (owner, row) = OPS[name], TABLE[name]
    enough = world.leaving(op.permission)
    assert enough, f"no scope leaves {op.permission}"
    for scope in enough:
        where = world.world(op)
        made = world.make(op, where, owner)
        answer = world.send(op, world.mint.token(where.ids[owner], scope=scope), made)
        assert answer.status_code == row[owner], f"{scope}: {answer.text}"


# ---- members nobody asked for

def known_members(document):
    """{member name: a value of its kind} of everything the document knows."""
    found = {}
    for schema in document["components"]["schemas"].values():
        for name, member in schema.get("properties", {}).items():
            member = negative.resolve(document, member)
            kinds = [kind for kind in negative.kinds_of(member) if kind != "null"] or ["string"]
            sample = member.get("enum", member.get("examples", [negative.SAMPLES[kinds[0]]]))[0]
            found.setdefault(name, sample)
    return found


def body_schema(document, operation):
    return negative.resolve(document, operation["requestBody"]["content"]["application/json"]["schema"])


def shape_at(document, schema, place):
    for key in place:
        schema = negative.resolve(document, schema["items"] if isinstance(key, int) else schema["properties"][key])
    return schema


def strangers(document, operation, body):
    """(place, {name: value}): what each object of the body does not know."""
    members = {**known_members(document), "version": 9, "is_admin": True, "password_hash": "x", "__proto__": {}}
    schema = body_schema(document, operation)
    for place in negative.objects(body):
        own = set(shape_at(document, schema, place).get("properties", {}))
        yield place, {name: value for name, value in members.items() if name not in own}


def portions(names, size=40):
    """So many at a time that the answer still names each (VIOLATIONS_MAX)."""
    rows = list(names.items())
    return [dict(rows[i:i + size]) for i in range(0, len(rows), size)]


@pytest.fixture(scope="module", autouse=True)
def nothing_by_itself(stack):
    """Jobs would change tables meanwhile, by the hour for example."""
    stack.stop("jobs")
    yield
    stack.start("jobs")


IGNORED = ("sessions", "idempotency_keys", "login_attempts",  # what telling who asks may touch
           "calendar_feeds")  # and what is read every half hour


def contents(stack):
    return stack.of_each_table("count(*), md5(string_agg(t::text, chr(10) order by t::text))", IGNORED)


def json_ops(document):
    return {op["operationId"]: op for item in document["paths"].values() for op in item.values()
            if "application/json" in op.get("requestBody", {}).get("content", {})}


@pytest.mark.parametrize("name", sorted(name for name, op in OPS.items() if op.method in ("POST", "PUT", "PATCH")))
def test_members_outside_the_shape_change_nothing(world, stack, contract, name):
    operation = json_ops(contract.document).get(name)
    op, (owner, _) = OPS[name], TABLE[name]
    if operation is None:
        assert world.make(op, world.world(op), owner).json is None, "a body the document does not know"
        pytest.skip("takes no JSON")
    where = world.world(op)
    made = world.make(op, where, owner)
    token = where.token(owner)
    body = made.json if made.json is not None else {}
    before, found = contents(stack), []
    for place, names in strangers(contract.document, operation, body):
        for extra in portions(names):
            made.json = copy.deepcopy(body)
            negative.at(made.json, place).update(extra)
            answer = world.send(op, token, made)
            pointers = {error["pointer"] for error in answer.json()["errors"] if error["code"] == "unknown"} \
                if answer.status_code == 422 else set()
            wanted = {negative.pointer_of(place) + "/" + one for one in extra}
            if pointers != wanted:
                found.append(f"{place}: {answer.status_code}, taken: {sorted(wanted - pointers)[:5]} {answer.text[:200]}")
    assert not found, f"{len(found)}:\n" + "\n".join(found[:20])
    assert contents(stack) == before
    made.json = body
    assert world.send(op, token, made).ok, "the call without strangers"


def test_strangers_are_many(contract):
    names = known_members(contract.document)
    assert len(names) > 60 and {"roles", "status", "host_id", "permissions", "total", "guest_id"} <= set(names)
    json.dumps(names)
