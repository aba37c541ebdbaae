"""The OpenAPI document: valid for public validators, complete, and in step with the sources."""
import json
import re
import shutil
import subprocess

import jsonschema
import pytest

import tables
from negative import FORM
from openapi import METHODS
from stack import TOP


@pytest.fixture(scope="module")
def document(stack):
    return stack.session().get("/v1/openapi.json").json()


def operations(document):
    return [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()]


def test_public_validators_accept_it(document, tmp_path):
    node = shutil.which("node")
    if not node or not (TOP / "tests/node_modules").exists():
        pytest.skip("node or tests/node_modules is missing: cd tests && npm ci")
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    done = subprocess.run([node, TOP / "tests/openapi_validate.mjs", tmp_path / "openapi.json"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_file_names_no_registry():
    lock = json.loads((TOP / "tests/package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())


def test_every_registered_op_is_in_it(document):
    registered = re.findall(r"^OP\((\w+)\)", (TOP / "src/api/ops.def").read_text(), re.M)
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert sorted(ids) == sorted(registered) and len(set(ids)) == len(ids)


def test_every_operation_is_described(document):
    for path, method, operation in operations(document):
        what = f"{method} {path}"
        assert method in METHODS and operation["summary"] and operation["description"].endswith("."), what
        assert operation["x-permission"] and operation["tags"], what
        assert {"400", "500", "503"} <= set(operation["responses"]), what
        assert any(status.startswith("2") for status in operation["responses"]), what
        named = set(re.findall(r"\{(\w+)\}", path))
        given = {p["name"] for p in operation["parameters"] if p.get("in") == "path"}
        assert named == given, what
        names = [p["name"] for p in operation["parameters"] if "name" in p]
        assert len(names) == len(set(names)), what
        assert all(p["description"].strip() for p in operation["parameters"] if "name" in p), what


def test_every_media_type_has_an_example_its_schema_accepts(document):
    resolver = jsonschema.RefResolver.from_schema(document)

    def accepts(schema, value):
        jsonschema.Draft202012Validator(schema, resolver=resolver, format_checker=jsonschema.FormatChecker()).validate(value)

    for path, method, operation in operations(document):
        media = [operation.get("requestBody", {}).get("content", {})]
        media += [response.get("content", {}) for response in operation["responses"].values()]
        for content in (body for contents in media for body in contents.values()):
            examples = [content["example"]] if "example" in content else [
                document["components"]["examples"][e["$ref"].rsplit("/", 1)[1]]["value"] for e in content["examples"].values()]
            assert examples, f"{method} {path}"
            for example in examples:
                accepts(content["schema"], example)
        for parameter in operation["parameters"]:
            for example in parameter.get("schema", {}).get("examples", []):
                accepts(parameter["schema"], example)
    for schema in document["components"]["schemas"].values():
        for member in schema.get("properties", {}).values():
            for example in member.get("examples", []):
                accepts(member, example)


def schemas_within(schema):
    yield schema
    for member in schema.get("properties", {}).values():
        yield from schemas_within(member)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from schemas_within(schema[key])
    for key in ("allOf", "anyOf"):
        for part in schema.get(key, []):
            yield from schemas_within(part)


def open_forms(document):
    """Forms that pass over what they do not know, as RFC 6749, 3.1 and 3.2 want it."""
    for path, _, operation in operations(document):
        reference = operation.get("requestBody", {}).get("content", {}).get(FORM, {}).get("schema", {}).get("$ref")
        if reference and path.startswith("/oauth/"):
            yield reference.rsplit("/", 1)[1]


def test_schemas_are_closed_and_bounded(document):
    forms = set(open_forms(document))
    for name, schema in document["components"]["schemas"].items():
        assert schema["description"], name
        for part in schemas_within(schema):
            assert "nullable" not in part, name
            if part.get("type") == "object" and name != "Problem":  # RFC 9457 lets problems grow
                assert part["additionalProperties"] == ({"type": "string", "maxLength": 262144} if name in forms else False), name
                assert "required" in part, name
    for path, method, operation in operations(document):
        media = operation.get("requestBody", {}).get("content", {})
        reference = next(iter(media.values()), {}).get("schema", {}).get("$ref")
        if not reference:
            continue
        for part in schemas_within(document["components"]["schemas"][reference.rsplit("/", 1)[1]]):
            kind = part.get("type")
            kinds = kind if isinstance(kind, list) else [kind]
            if "string" in kinds and not {"enum", "format", "pattern"} & set(part):
                assert "maxLength" in part, f"{method} {path}: {part}"
            if "array" in kinds:
                assert "maxItems" in part, f"{method} {path}: {part}"
            if "integer" in kinds:
                assert "maximum" in part and "minimum" in part, f"{method} {path}: {part}"


def test_nothing_is_left_over(document):
    text = json.dumps(document)
    for section in ("schemas", "headers", "parameters", "examples"):
        for name in document["components"][section]:
            used = f'"#/components/{section}/{name}"' in text
            assert used or section == "examples", f"{section}/{name} is not used"
    for reference in set(re.findall(r'"#/components/(\w+)/(\w+)"', text)):
        assert reference[1] in document["components"][reference[0]], reference


def test_problem_codes_are_those_of_the_table(document, api):
    known = tables.errors()
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if not status.startswith(("4", "5")):
                continue
            if "application/problem+json" not in response["content"]:
                continue  # in words of its own: RFC 6749, or a page
            codes = response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
            assert codes and all(known[code][0] == int(status) for code in codes), f"{method} {path} {status}"
    kinds = {kind["code"]: kind for kind in api.get("/problems").json()["data"]}
    assert {code: (kind["status"], kind["title"], kind["description"]) for code, kind in kinds.items()} == known
    for code, kind in kinds.items():
        assert api.get(f"/problems/{code}").json() == kind and kind["type"].endswith(f"/problems/{code}")


def test_it_can_be_kept(api):
    first = api.get("/v1/openapi.json")
    again = api.get("/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and again.content == b""


def test_the_list_of_problems_is_what_the_table_makes():
    made = subprocess.run(["awk", "-f", "docs/errors.awk", "src/base/errors.def"], cwd=TOP, capture_output=True, text=True, check=True)
    assert made.stdout == (TOP / "docs/errors.md").read_text()
