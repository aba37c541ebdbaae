"""Clients, browsers and flows for tests of the authorization server.

`Client` is a registered one with its requests; `Browser` keeps cookies and sends forms as a browser without JavaScript does.
"""
import base64
import hashlib
import html.parser
import json
import secrets
import urllib.parse

import jwt

REDIRECT = "https://app.example.com/done"
LOGGED_OUT = "https://app.example.com/bye"
SCOPES = ["openid", "profile", "email", "phone", "offline_access", "account", "bookings"]


def admin_of(stack):
    """A user who may register clients; the same for the whole stack."""
    if not hasattr(stack, "oauth_admin"):
        admin = stack.user(name="Admin")
        stack.ctl("user", "set-role", "--email", admin.email, "guest", "admin")
        stack.oauth_admin = admin
    return stack.oauth_admin


def pair():
    """(verifier, challenge) of RFC 7636."""
    verifier = secrets.token_urlsafe(48)
    return verifier, base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class Client:
    def __init__(self, stack, confidential=True, **members):
        self.stack, self.confidential = stack, confidential
        grants = ["authorization_code", "refresh_token"] + (["client_credentials"] if confidential else [])
        self.members = {"confidential": confidential, "name": "Travel planner", "redirect_uris": [REDIRECT],
                        "post_logout_redirect_uris": [LOGGED_OUT], "grants": grants, "scopes": SCOPES, **members}
        answer = admin_of(stack).post("/v1/oauth/clients", json=self.members)
        assert answer.status_code == 201, answer.text
        self.id, self.secret = answer.json()["client_id"], answer.json()["client_secret"]
        self.session = stack.session()

    @classmethod
    def known(cls, stack, identifier, secret):
        """One that was registered by other means."""
        client = cls.__new__(cls)
        client.stack, client.confidential, client.id, client.secret = stack, secret is not None, identifier, secret
        client.members, client.session = {"redirect_uris": [REDIRECT]}, stack.session()
        return client

    def params(self, **more):
        """An authorization request; a None leaves a parameter out. The verifier is kept."""
        self.verifier, challenge = pair()
        params = {"response_type": "code", "client_id": self.id, "redirect_uri": self.members["redirect_uris"][0],
                  "scope": "openid", "state": "the state", "nonce": "the nonce", "code_challenge": challenge,
                  "code_challenge_method": "S256", **more}
        return {name: value for name, value in params.items() if value is not None}

    def post(self, path, basic=True, headers=None, **form):
        headers = dict(headers or {})
        if self.confidential and basic:
            pair_ = f"{urllib.parse.quote_plus(self.id)}:{urllib.parse.quote_plus(self.secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair_.encode()).decode()
        elif "client_id" not in form:
            form["client_id"] = self.id
            if self.confidential:
                form["client_secret"] = self.secret
        return self.session.post(path, data=form, headers=headers)

    def exchange(self, code, **more):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.members["redirect_uris"][0],
                "code_verifier": self.verifier, **more}
        return self.post("/oauth/token", **{name: value for name, value in form.items() if value is not None})

    def tokens(self, browser, **more):
        """The whole way: authorization, pages as they come, code, tokens."""
        answer = self.exchange(browser.code(self.params(**more)))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refresh(self, token, **more):
        return self.post("/oauth/token", grant_type="refresh_token", refresh_token=token, **more)


class Form(html.parser.HTMLParser):
    """The one form of a page: .action, .fields {name: value}, .buttons [value]; and texts by what they are."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields, self.buttons, self.labels, self.heads, self.items = None, {}, [], {}, [], []
        self.ids, self.lang, self.fault, self.words, self._in = {}, None, "", "", []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        if tag == "html":
            self.lang = known.get("lang")
        if tag == "form":
            assert known["method"] == "post"
            self.action = known["action"]
        if tag == "input":
            self.fields[known["name"]] = known.get("value", "") or ""
            if known.get("type") != "hidden":
                self.ids[known["id"]] = known
        if tag == "button":
            self.buttons.append(known.get("value"))
        if tag not in ("input", "meta", "link", "br"):
            self._in.append((tag, known))

    def handle_endtag(self, tag):
        while self._in and self._in.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tags = [tag for tag, _ in self._in]
        if "style" in tags or not data.strip():
            return
        self.words += " " + data.strip()
        if tags[-1:] == ["label"]:
            self.labels[self._in[-1][1]["for"]] = data.strip()
        if tags[-1:] == ["h1"]:
            self.heads.append(data.strip())
        if tags[-1:] == ["li"]:
            self.items.append(data.strip())
        if self._in and self._in[-1][1].get("class") == "fault":
            self.fault = data.strip()


class Browser:
    """Cookies and forms. Redirects are followed on this server only."""

    def __init__(self, stack, user=None, decision="allow"):
        self.stack, self.user, self.decision = stack, user, decision
        self.session = stack.session()
        self.session.headers["Accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
        self.pages = []

    def get(self, url, **params):
        return self._follow(self.session.get(url, params=params or None, allow_redirects=False))

    def post(self, url, form, headers=None):
        headers = {"Origin": self.stack.url, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        return self._follow(self.session.post(url, data=form, headers=headers, allow_redirects=False))

    def _follow(self, answer):
        while answer.status_code == 303 and answer.headers["Location"].startswith("/"):
            answer = self.session.get(answer.headers["Location"], allow_redirects=False)
        return answer

    def submit(self, answer, **fields):
        """Fill the form of a page and send it."""
        form = Form(answer.text)
        return self.post(form.action, {**form.fields, **fields})

    def log_in(self, answer, user=None, **more):
        user = user or self.user
        return self.submit(answer, email=user.email, password=user.password, **more)

    def authorize(self, params):
        """Ask, and go through whatever pages come; the answer that is no page of ours."""
        return self.finish(self.get("/oauth/authorize", **params))

    def finish(self, answer):
        """Go on from this answer, which may be a page."""
        self.pages = []
        for _ in range(4):
            if answer.status_code != 200:
                break
            form = Form(answer.text)
            self.pages.append(form.action)
            if form.action == "/oauth/login":
                answer = self.log_in(answer)
            elif form.action == "/oauth/consent":
                answer = self.submit(answer, decision=self.decision)
            else:
                break
        return answer

    def answer(self, params):
        """What is sent back to the client: {name: value}."""
        return sent_back(self.authorize(params), params["redirect_uri"])

    def code(self, params):
        found = self.answer(params)
        assert "code" in found, found
        assert found.get("state") == params.get("state")
        return found["code"]

    def cookie(self, name):
        return {c.name: c for c in self.session.cookies}.get(name)


def sent_back(answer, redirect_uri):
    assert answer.status_code == 303, f"{answer.status_code} {Form(answer.text).words if answer.text else ''}"
    place, _, query = answer.headers["Location"].partition("?")
    assert place == redirect_uri.partition("?")[0], answer.headers["Location"]
    pairs = urllib.parse.parse_qsl(query, strict_parsing=True, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def read_token(stack, token, **options):
    """Claims of a token of ours, with the signature checked against what is published."""
    keys = jwt.PyJWKSet.from_dict(stack.session().get("/.well-known/jwks.json").json())
    header = jwt.get_unverified_header(token)
    key = next(key for key in keys.keys if key.key_id == header["kid"])
    return jwt.decode(token, key.key, algorithms=["EdDSA", "ES256"], **options)


def basic(identifier, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{identifier}:{secret}".encode()).decode()}


def claims(**parts):
    return json.dumps(parts)
