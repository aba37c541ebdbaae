"""The contract: every answer is checked against the OpenAPI document the server itself gives out.

`Contract(document).check(response)` raises AssertionError when an answer is not what the document says: a status it does not
name, another media type, a body its schema refuses, a header it does not know. tests/conftest.py hooks it into every session.
"""
import copy
import re
import urllib.parse

import jsonschema

# Answers that belong to no operation: there is no such path or method, or the request never reached the router.
STRAY = {400, 404, 405, 408, 413, 414, 421, 431, 500, 501, 502, 503, 504, 505}
METHODS = ("get", "post", "put", "patch", "delete")

# Headers an answer may carry beside those its operation declares: of HTTP itself, of the edge, of CORS and methods.
FREE_HEADERS = {
    "connection", "content-encoding", "content-length", "content-type", "date", "server", "transfer-encoding", "vary",
    "allow", "access-control-allow-origin", "access-control-expose-headers", "strict-transport-security",
    "x-content-type-options", "x-frame-options", "content-security-policy", "referrer-policy", "permissions-policy",
    "idempotency-replayed", "ratelimit", "ratelimit-policy", "retry-after", "cache-control", "x-request-id", "keep-alive",
}


class Contract:
    def __init__(self, document):
        self.document = document
        self.sparse = _without_required(document)
        self.routes = [(re.compile("^" + re.sub(r"\{[^}]+\}", "[^/]+", path) + "$"), path) for path in document["paths"]]
        self.routes.sort(key=lambda route: "[^/]+" in route[0].pattern)  # literal paths first, as the router does
        self.validators = {}
        self.seen = set()  # (operationId, status) that some test has produced

    def operation(self, method, path):
        """The operation behind a request; None when there is none."""
        method = "get" if method == "HEAD" else method.lower()
        for pattern, template in self.routes:
            if pattern.match(path) and method in self.document["paths"][template]:
                return self.document["paths"][template][method]
        return None

    def validator(self, document, *pointer):
        key = (id(document), pointer)
        if key not in self.validators:
            steps = "/".join(part.replace("~", "~0").replace("/", "~1") for part in pointer)
            resolver = jsonschema.RefResolver.from_schema(document)
            self.validators[key] = jsonschema.Draft202012Validator(
                {"$ref": "#/" + urllib.parse.quote(steps, safe="/~")}, resolver=resolver,
                format_checker=jsonschema.FormatChecker())
        return self.validators[key]

    def check(self, response):
        request = response.request
        parts = urllib.parse.urlsplit(request.url)
        what = f"{request.method} {parts.path} -> {response.status_code}"
        operation = self.operation(request.method, parts.path)
        if request.method == "OPTIONS" and response.status_code == 204:
            return
        if operation is None or str(response.status_code) not in operation["responses"]:
            assert response.status_code in STRAY, f"{what}: not in the document"
            # What fails before routing is not declared by each operation; what an operation may say, is.
            assert operation is None or response.status_code in (405, 421, 501, 505), f"{what}: not in the document"
            self.check_problem(what, response)
            return
        self.seen.add((operation["operationId"], response.status_code))
        declared = operation["responses"][str(response.status_code)]
        self.check_headers(what, response, declared)
        if request.method == "HEAD" or "content" not in declared:
            assert response.content == b"", f"{what}: has a body"
        else:
            self.check_body(what, response, operation, declared, "fields" in urllib.parse.parse_qs(parts.query))

    @staticmethod
    def check_headers(what, response, declared):
        known = {name.lower() for name in declared.get("headers", {})} | FREE_HEADERS
        unknown = {name.lower() for name in response.headers} - known
        assert not unknown, f"{what}: headers not in the document: {unknown}"
        assert re.fullmatch(r"[0-9a-f]{32}|[0-9a-f-]{36}", response.headers["X-Request-Id"]), what
        if response.status_code in (429, 503):
            assert int(response.headers["Retry-After"]) >= 1, f"{what}: no Retry-After"
        if response.status_code == 401:
            assert response.headers["WWW-Authenticate"].startswith(("Bearer", "Basic")), what

    def check_problem(self, what, response):
        if response.request.method == "HEAD":
            return
        assert response.headers["Content-Type"] == "application/problem+json", f"{what}: {response.text[:500]}"
        body = response.json()
        self.validator(self.document, "components", "schemas", "Problem").validate(body)
        self.check_problem_facts(what, response, body)

    @staticmethod
    def check_problem_facts(what, response, body):
        assert body["status"] == response.status_code, f"{what}: {body}"
        assert body["request_id"] == response.headers["X-Request-Id"], what
        if "violated-policies" in body:
            assert body["code"] == "rate_limited" and body["type"].startswith("https://iana.org/assignments/http-problem-types#"), what
        else:
            assert body["type"].endswith("/problems/" + body["code"]), what

    def check_body(self, what, response, operation, declared, sparse):
        media = response.headers["Content-Type"]
        assert media in declared["content"], f"{what}: {media} is not in the document"
        if media.startswith("text/html"):
            assert response.text.startswith("<!DOCTYPE html>") and "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            return
        if media.startswith("text/calendar"):
            assert response.text.startswith("BEGIN:VCALENDAR\r\n") and response.text.endswith("END:VCALENDAR\r\n")
            return
        body = response.json()
        document = self.sparse if sparse and response.ok else self.document
        path, method = self.place(operation)
        validator = self.validator(document, "paths", path, method, "responses", str(response.status_code), "content",
                                   media, "schema")
        errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"[:300] for e in validator.iter_errors(body)]
        assert not errors, f"{what}: {errors[:5]}"
        if media == "application/problem+json":
            self.check_problem_facts(what, response, body)

    def place(self, operation):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if item.get(method) is operation:
                    return path, method
        raise KeyError(operation["operationId"])


def _without_required(document):
    """`fields=` leaves members out: the same schemas without `required` for what is read."""
    sparse = copy.deepcopy(document)
    for schema in sparse["components"]["schemas"].values():
        if any(member.get("readOnly") for member in schema.get("properties", {}).values()):
            schema.pop("required", None)
    return sparse


def guard(stack):
    """From now on every answer a session of this stack gets is checked."""
    stack.contract = Contract(stack.session().get("/v1/openapi.json").json())
    stack.checks.append(stack.contract.check)
    return stack
