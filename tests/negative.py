"""Bad requests made from the OpenAPI document: for every member and parameter what its schema rules out, and for every body what
is no JSON or no form at all. Each case is wrong in one place only."""
import copy
import json
import urllib.parse
from dataclasses import dataclass, field

RAW = "@@RAW@@"  # stands for bytes that no JSON encoder would write
UNHEARD_OF = "unheard_of"
SAMPLES = {"string": "text", "integer": 7, "number": 1.5, "boolean": True, "array": [], "object": {}}


@dataclass
class Case:
    name: str
    pointer: str = None            # where the answer must point to, or above or below it; None: anywhere
    codes: tuple = ("bad_json", "validation_failed", "bad_parameter")
    path: str = None
    query: str = ""
    body: bytes = None
    headers: dict = field(default_factory=dict)


# ---- values

def resolve(document, schema):
    """The schema itself: references followed, a nullable or described reference unwrapped."""
    while True:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        elif "anyOf" in schema and "$ref" in schema["anyOf"][0]:
            inner = resolve(document, schema["anyOf"][0])
            return {**inner, "type": [inner["type"], "null"]}
        elif "allOf" in schema and "$ref" in schema["allOf"][0]:
            schema = schema["allOf"][0]
        else:
            return schema


def kinds_of(schema):
    kind = schema.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def wrong_types(schema):
    kinds = set(kinds_of(schema))
    for kind, sample in SAMPLES.items():
        if kind not in kinds and not (kind == "integer" and "number" in kinds):
            yield f"a {kind}", sample
    if "null" not in kinds:
        yield "null", None


def numbers_out_of(schema):
    for name, bound, step in (("minimum", schema.get("minimum"), -1), ("maximum", schema.get("maximum"), 1)):
        if bound is not None:
            yield f"beyond {name}", bound + step
    for text in ("1e400", "-1e400", "9223372036854775808", "-9223372036854775809", "1" + "0" * 400):
        yield text[:24], (RAW, text)
    if "integer" in kinds_of(schema):
        yield "a fraction", 1.5


def texts_out_of(schema):
    if schema.get("minLength", 0) > 0:
        yield "too short", "a" * (schema["minLength"] - 1)
    if "maxLength" in schema:
        yield "too long", "a" * (schema["maxLength"] + 1)
    if "enum" in schema:
        yield "no such value", UNHEARD_OF
    if "format" in schema or "pattern" in schema:
        yield "bad format", "\u2603 ?"
    if schema.get("format") == "date":
        for text in ("2026-02-30", "2026-13-01", "2026-1-1", "20260101", "2026-01-01T00:00:00Z", "0000-00-00", "9999-12-31"):
            yield text, text
    if schema.get("format") == "uuid":
        for text in ("0192f3a4-5b6c-7d8e-9f01-23456789abc", "0192f3a45b6c7d8e9f0123456789abcd", "{0192f3a4}", "' or 1=1 --"):
            yield text, text
    if "enum" not in schema and "format" not in schema:
        yield "NUL", "a\0b"
        yield "escape", "a\x1bb"
    yield "lone surrogate", (RAW, '"\\ud800"')
    yield "invalid UTF-8", (RAW, b'"\xff"')
    yield "overlong UTF-8", (RAW, b'"\xc0\xaf"')


def lists_out_of(schema, example):
    item = example[0] if example else 1
    if schema.get("minItems", 0) > 0:
        yield "too few", [item] * (schema["minItems"] - 1)
    if "maxItems" in schema:
        yield "too many", [item] * (schema["maxItems"] + 1)


def bad_values(document, schema, example):
    """(what, value) that the schema refuses."""
    schema = resolve(document, schema)
    kinds = set(kinds_of(schema))
    yield from wrong_types(schema)
    if kinds & {"integer", "number"}:
        yield from numbers_out_of(schema)
    if "string" in kinds:
        yield from texts_out_of(schema)
    if "array" in kinds:
        yield from lists_out_of(schema, example)


# ---- bodies

def encode(value):
    """JSON bytes; a (RAW, text) anywhere in the value is put in as it is."""
    raw = []

    def mark(v):
        if isinstance(v, tuple) and v[0] is RAW:
            raw.append(v[1] if isinstance(v[1], bytes) else v[1].encode())
            return RAW
        if isinstance(v, dict):
            return {k: mark(x) for k, x in v.items()}
        return [mark(x) for x in v] if isinstance(v, list) else v

    text = json.dumps(mark(value)).encode()
    for piece in raw:
        text = text.replace(b'"' + RAW.encode() + b'"', piece, 1)
    return text


def put(body, place, value):
    """A copy of the body with the value at the place, a tuple of keys."""
    if not place:
        return value
    changed = copy.deepcopy(body)
    at = changed
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    return changed


def drop(body, place):
    changed = copy.deepcopy(body)
    at = changed
    for key in place[:-1]:
        at = at[key]
    del at[place[-1]]
    return changed


def pointer_of(place):
    return "".join("/" + str(key) for key in place)


def members(document, schema, example, place=()):
    """Every (place, schema, example, required) of a body, nested ones too."""
    schema = resolve(document, schema)
    for name, member in schema.get("properties", {}).items():
        if name not in example:
            continue
        here = place + (name,)
        yield here, member, example[name], name in schema.get("required", ())
        inner = resolve(document, member)
        if isinstance(example[name], dict):
            yield from members(document, inner, example[name], here)
        if isinstance(example[name], list) and example[name]:
            item = resolve(document, inner["items"])
            yield here + (0,), item, example[name][0], False
            if isinstance(example[name][0], dict):
                yield from members(document, item, example[name][0], here + (0,))


def objects(body, place=()):
    if isinstance(body, dict):
        yield place
        for key, value in body.items():
            yield from objects(value, place + (key,))
    elif isinstance(body, list) and body:
        yield from objects(body[0], place + (0,))


def at(body, place):
    for key in place:
        body = body[key]
    return body


def body_members(document, operation):
    media = operation["requestBody"]["content"]["application/json"]
    example = media["example"]
    for place, schema, sample, required in members(document, media["schema"], example):
        for what, value in bad_values(document, schema, sample):
            yield Case(f"{pointer_of(place)}: {what}", pointer_of(place), body=encode(put(example, place, value)))
        if required:
            yield Case(f"{pointer_of(place)}: missing", pointer_of(place), body=encode(drop(example, place)))
    for place in objects(example):
        inside = place + (UNHEARD_OF,)
        yield Case(f"{pointer_of(place)}: unknown member", pointer_of(inside),
                   body=encode(put(example, inside, 1)))


def body_texts(operation):
    """What is no JSON document, or not the one asked for."""
    example = operation["requestBody"]["content"]["application/json"]["example"]
    good = json.dumps(example).encode()
    first = next(iter(example))
    twice = good[:-1] + b', "' + first.encode() + b'": ' + json.dumps(example[first]).encode() + b"}"
    texts = {
        "truncated 1": good[:1], "truncated 1/3": good[:len(good) // 3], "truncated 1/2": good[:len(good) // 2],
        "truncated last": good[:-1], "trailing text": good + b" x", "second document": good + good,
        "byte order mark": b"\xef\xbb\xbf" + good, "UTF-16": good.decode().encode("utf-16"), "comment": b"/**/" + good,
        "single quotes": good.replace(b'"', b"'"), "trailing comma": good[:-1] + b",}", "NUL": good + b"\0",
        "NaN": b'{"a": NaN}', "Infinity": b'{"a": Infinity}', "leading zero": b'{"a": 01}', "hexadecimal": b'{"a": 0x1}',
        "control character": b'{"a": "\n"}', "bad escape": b'{"a": "\\x41"}', "blanks": b"   ", "word": b"nothing",
        "array": b"[]", "number": b"1", "string": b'"text"', "null": b"null", "true": b"true",
        "deep arrays": b"[" * 100000, "deep objects": b'{"a":' * 40000, "closed deep arrays": b"[" * 5000 + b"]" * 5000,
        "member twice": twice,
        "many members": b"{" + b",".join(b'"m%d":1' % i for i in range(10000)) + b"}",
    }
    for name, text in texts.items():
        yield Case(f"body: {name}", body=text)
    if operation["requestBody"]["required"]:
        yield Case("body: none", body=b"")
    yield Case("body: too large", codes=("body_too_large",), body=b'{"a":"' + b"a" * 300000 + b'"}')
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                  "application/json; charset=utf-16", "application/xml"):
        yield Case(f"body: {media}", codes=("unsupported_media_type",), body=good, headers={"Content-Type": media})
    yield Case("body: gzip", codes=("unsupported_media_type",), body=good, headers={"Content-Encoding": "gzip"})


# ---- forms

FORM = "application/x-www-form-urlencoded"


def form_of(pairs):
    return urllib.parse.urlencode(pairs).encode()


def form_members(document, media):
    """A form is open when it passes over what it does not know; an empty member of such a form counts as left out."""
    schema, example = resolve(document, media["schema"]), media["example"]
    is_open = isinstance(schema["additionalProperties"], dict)
    good = {name: str(value) for name, value in example.items()}
    for name, member in schema["properties"].items():
        rest = {other: value for other, value in good.items() if other != name}
        for what, text in parameter_texts(resolve(document, member)):
            if text != "" or not is_open:
                yield Case(f"{name}: {what}", f"/{name}", body=form_of({**rest, name: text}))
        for what, text in {"bad escape": "%zz", "half an escape": "%4", "invalid UTF-8": "%ff", "NUL": "a%00b",
                           "overlong UTF-8": "%c0%af"}.items():
            yield Case(f"{name}: {what}", f"/{name}", body=form_of(rest) + f"&{name}={text}".encode())
        yield Case(f"{name}: twice", f"/{name}", body=form_of(good) + f"&{name}={good.get(name, 'x')}&{name}=x".encode())
        if name in schema.get("required", ()):
            yield Case(f"{name}: missing", f"/{name}", body=form_of(rest))
    if not is_open:
        yield Case("unknown member", f"/{UNHEARD_OF}", body=form_of({**good, UNHEARD_OF: "1"}))


def form_texts(media, required):
    good = form_of(media["example"])
    texts = {"bad name": good + b"&%ff=1", "bad name escape": good + b"&%z=1", "many members": b"&".join(b"m%d=1" % i for i in range(300))}
    for name, text in texts.items():
        yield Case(f"form: {name}", body=text)
    if required:
        for name, text in {"none": b"", "JSON": json.dumps(media["example"]).encode(), "rubbish": b"\xff\xfe\x00", "separators": b"&&&=&="}.items():
            yield Case(f"form: {name}", body=text)
    yield Case("form: too large", codes=("body_too_large",), body=b"x=" + b"a" * 300000)
    for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x", FORM + "; charset=utf-16", "application/xml"):
        yield Case(f"form: {kind}", codes=("unsupported_media_type",), body=good, headers={"Content-Type": kind})
    yield Case("form: gzip", codes=("unsupported_media_type",), body=good, headers={"Content-Encoding": "gzip"})


MULTIPART = "multipart/form-data"


def upload_of(file=b"\x89PNG\r\n\x1a\n and so on", **fields):
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value for name, value in fields.items()]
    parts += [b'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + file] if file is not None else []
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def upload_texts():
    """What is in an upload; how it is put together is in test_photos.py."""
    good = upload_of()
    refused = ("bad_parameter", "validation_failed", "bad_request")
    for name, text in {"no file": upload_of(None, caption=b"x"), "no picture": upload_of(b"GIF89a"), "unknown": upload_of(**{UNHEARD_OF: b"1"}),
                       "nothing": b"", "rubbish": b"\xff\xfe\x00", "cut off": good[:-9], "JSON": b"{}"}.items():
        yield Case(f"upload: {name}", codes=refused, body=text)
    for kind in ("text/plain", "application/json", "multipart/mixed; boundary=b", FORM):
        yield Case(f"upload: {kind}", codes=("unsupported_media_type",), body=good, headers={"Content-Type": kind})
    yield Case("upload: gzip", codes=("unsupported_media_type",), body=good, headers={"Content-Encoding": "gzip"})


# ---- parameters

def parameter_texts(schema):
    """(what, text) of a parameter that its schema refuses."""
    kinds = kinds_of(schema)
    if "array" in kinds:
        for what, text in parameter_texts(schema["items"]):
            yield f"item {what}", text
        example = next(iter(schema.get("examples", [[]])), [])
        item = str(example[0]) if example else "1"
        for bound, step in (("minItems", -1), ("maxItems", 1)):
            count = schema.get(bound, 0) + step
            if bound in schema and count > 0:
                yield bound, ",".join([item] * count)
    if "integer" in kinds or "number" in kinds:
        yield from ((text, text) for text in ("x", "", "nan", "inf", "1e999", "0x10", "1 2", "--1", "9" * 400))
        for bound, step in (("minimum", -1), ("maximum", 1)):
            if bound in schema:
                yield bound, str(schema[bound] + step)
    if "integer" in kinds:
        yield from ((text, text) for text in ("1.5", "9223372036854775808", "1e1"))
    if "boolean" in kinds:
        yield from ((text, text) for text in ("maybe", "TRUE", "2", ""))
    if "string" in kinds:
        for what, value in texts_out_of(schema):
            if isinstance(value, str) and value != "" and "," not in value:
                yield what, value


def parameters(operation, kind):
    return [p for p in operation["parameters"] if p.get("in") == kind]


def query_cases(operation, base=None):
    """With `base`, the query that is good otherwise: unknown and empty parameters are then passed over."""
    codes = ("bad_parameter", "bad_cursor", "validation_failed")
    if base is not None:
        yield from open_query_cases(operation, base)
        return
    for parameter in parameters(operation, "query"):
        name = urllib.parse.quote(parameter["name"])
        pointer = "/" + parameter["name"]
        for what, text in parameter_texts(parameter["schema"]):
            yield Case(f"?{parameter['name']}: {what}", pointer, codes, query=f"{name}={urllib.parse.quote(text)}")
        for what, text in {"bad escape": "%zz", "half an escape": "%4", "invalid UTF-8": "%ff", "NUL": "a%00b"}.items():
            yield Case(f"?{parameter['name']}: {what}", pointer, codes, query=f"{name}={text}")
        yield Case(f"?{parameter['name']}: twice", pointer, codes, query=f"{name}=1&{name}=1")
    yield Case("?: unknown parameter", "/" + UNHEARD_OF, codes, query=f"{UNHEARD_OF}=1")
    yield Case("?: bad name", codes=codes, query="%ff=1")
    yield Case("?: many parameters", codes=codes, query="&".join(f"p{i}=1" for i in range(300)))
    yield Case("?: too long", codes=("uri_too_long",), query="q=" + "a" * 9000)


def open_query_cases(operation, base):
    for parameter in parameters(operation, "query"):
        name, pointer = parameter["name"], "/" + parameter["name"]
        rest = urllib.parse.urlencode({key: value for key, value in base.items() if key != name})
        texts = [(what, urllib.parse.quote(text)) for what, text in parameter_texts(parameter["schema"]) if text]
        texts += [("bad escape", "%zz"), ("half an escape", "%4"), ("invalid UTF-8", "%ff"), ("NUL", "a%00b")]
        for what, text in texts:
            yield Case(f"?{name}: {what}", pointer, query=f"{rest}&{name}={text}")
        yield Case(f"?{name}: twice", pointer, query=f"{rest}&{name}=1&{name}=1")
        if parameter["required"]:
            yield Case(f"?{name}: missing", pointer, query=rest)
    yield Case("?: bad name", query=urllib.parse.urlencode(base) + "&%ff=1")
    yield Case("?: many parameters", query="&".join(f"p{i}=1" for i in range(300)))
    yield Case("?: too long", codes=("uri_too_long",), query="q=" + "a" * 9000)


def path_cases(path, operation):
    for parameter in parameters(operation, "path"):
        if parameter["schema"].get("format") != "uuid":
            continue
        slot = "{" + parameter["name"] + "}"
        for text in ("x", "0", "0192f3a4-5b6c-7d8e-9f01-23456789abc", "%27%20or%201%3D1", "a" * 500, "%F0%9F%8F%A0"):
            yield Case(f"path: {text[:40]}", "/" + parameter["name"], ("bad_parameter", "not_found"), path.replace(slot, text))
        for text in ("%00", "a%2Fb", "%ff", "%zz", "%0a"):
            yield Case(f"path: {text}", codes=("bad_request",), path=path.replace(slot, text))


def header_cases(operation):
    page = any("text/html" in media for answer in operation["responses"].values() for media in answer.get("content", {}))
    yield Case("Accept", codes=("not_acceptable",), headers={"Accept": "application/json" if page else "text/html"})
    yield Case("Expect", codes=("bad_request",), headers={"Expect": "miracles"})
    if {"client": []} in operation["security"]:
        for value in ("Basic", "Basic !!!!", "Basic YTpi", "Basic YTpi=", "Basic OmI=", "Basic YQBiOmI=", "Basic /zpi", "Bearer x",
                      "Digest username=x", "Basic " + "QUFB" * 2000, "Basic JXp6OiV6eg=="):
            yield Case(f"Authorization: {value[:20]}", codes=("invalid_client", "invalid_request"), headers={"Authorization": value})
    names = {p["$ref"].rsplit("/", 1)[1] for p in operation["parameters"] if "$ref" in p}
    if "IdempotencyKey" in names:
        for key in ("", "a" * 256, "a b", "\xe9", '"open', '""'):
            yield Case(f"Idempotency-Key: {key[:10]}", codes=("bad_request",), headers={"Idempotency-Key": key.encode("latin-1")})
    if "IfMatch" in names:
        for tag in ("", "bare", '"open', '"a" "b"'):
            yield Case(f"If-Match: {tag}", codes=("bad_request",), headers={"If-Match": tag})


# ---- all of them

def fill(path, operation, ids=None):
    """The path with something real in each place: ids is {start of a path: id}; else with an example."""
    for parameter in parameters(operation, "path"):
        known = [value for start, value in (ids or {}).items() if path.startswith(start)]
        path = path.replace("{" + parameter["name"] + "}", known[0] if known else parameter["schema"]["examples"][0])
    return path


def cases(document, path, operation, ids=None, query=None):
    """`query` is a whole good one, for operations that pass over what they do not know."""
    good = fill(path, operation, ids)
    body = None
    found = list(path_cases(path, operation))
    if FORM in operation.get("requestBody", {}).get("content", {}):
        media = operation["requestBody"]["content"][FORM]
        body = form_of(media["example"])
        if isinstance(resolve(document, media["schema"])["additionalProperties"], dict):
            query = query or {}
        found += form_members(document, media)
        found += form_texts(media, operation["requestBody"]["required"])
    elif MULTIPART in operation.get("requestBody", {}).get("content", {}):
        body = upload_of()
        found += upload_texts()
    elif "requestBody" in operation:
        body = json.dumps(operation["requestBody"]["content"]["application/json"]["example"]).encode()
        found += body_members(document, operation)
        found += body_texts(operation)
    found += query_cases(operation, query)
    found += header_cases(operation)
    if query:
        for case in found:
            case.query = case.query or urllib.parse.urlencode(query)
    for case in found:
        case.path = case.path or good
        case.body = body if case.body is None else case.body
    return found
