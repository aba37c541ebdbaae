"""The authorization matrix: every operation x everybody who might try it.

tests/matrix.tsv says what is expected: a row an operation, a column a principal, a status in each cell. A second table here says
how each operation is called: `@call("name")` functions make what it needs and return a Call. Operations come from
docs/permissions.md, which is made from the program.

    NEXUS_BUILD_DIR=build python3 tests/matrix.py     prints rows for the operations that have none, with what the API answers
                                                      now; read each cell before it goes into the table
"""
import base64
import contextlib
import hmac
import json
import pathlib
import random
import re
import secrets
import struct
import sys
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

import marketplace as market
import stack as stacks

TOP = pathlib.Path(__file__).resolve().parent.parent
TABLE = TOP / "tests/matrix.tsv"

PEOPLE = {  # who, and their roles
    "guest": ["guest"], "other_guest": ["guest"], "host": ["host"], "other_host": ["host"], "cohost": ["guest"],
    "support": ["support"], "admin": ["guest", "host", "admin"],
}
ACTING = "acting"  # an administrator who acts as the row's owner
BROKEN = ("expired", "revoked", "wrong_audience", "missing_scope")  # tokens of the row's owner
COLUMNS = ("anonymous", *PEOPLE, ACTING, *BROKEN)
MEMBER = ["property.write", "calendar.write", "booking.read", "booking.manage"]


# ---- operations and the table

@dataclass
class Op:
    name: str
    method: str
    path: str
    permission: str


def operations():
    rows = re.findall(r"^\| `(\w+)` \| `(\w+) ([^`]+)` \| `([a-z_.]+)`", (TOP / "docs/permissions.md").read_text(), re.M)
    return {name: Op(name, method, path, permission) for name, method, path, permission in rows}


def table():
    """{op: (owner, {column: status})}"""
    lines = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    assert tuple(lines[0]) == ("op", "owner", *COLUMNS), f"columns of {TABLE.name}"
    rows = {}
    for words in lines[1:]:
        assert words[0] not in rows, f"{words[0]} twice"
        assert len(words) == len(COLUMNS) + 2, f"{words[0]}: {len(words) - 2} cells instead of {len(COLUMNS)}"
        rows[words[0]] = (words[1], dict(zip(COLUMNS, (int(word) for word in words[2:]))))
    return rows


def scopes():
    """{scope: permissions it leaves}"""
    text = (TOP / "src/auth/scopes.def").read_text()
    names = dict(re.findall(r'^PERM\((\w+), "([a-z_.]+)"', (TOP / "src/auth/permissions.def").read_text(), re.M))
    found = {}
    for scope, perms in re.findall(r'^SCOPE\(\w+, "(\w+)", (.*?), "', text, re.M):
        found[scope] = set(names.values()) if "PERM_ALL" in perms else {names[i] for i in re.findall(r"PERM_BIT\((\w+)\)", perms)}
    return found


# ---- tokens

def _b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Mint:
    """Signs as the stack does, with its own key: tokens the API would never give out, and sessions without a log-in."""

    def __init__(self, stack):
        self.stack, self.connection = stack, stack.db()
        sample = stack.user()
        head, claims, signature = sample.token.split(".")
        self.header, self.claims = json.loads(_unb64(head)), json.loads(_unb64(claims))
        self.password_hash = stack.query("select password_hash from user_credentials where user_id = %s", sample.id)[0][0]
        self.key = self._find_key(f"{head}.{claims}".encode(), _unb64(signature))

    def _find_key(self, text, signature):
        for path in self.stack.run_dir.resolve().rglob("*"):
            with contextlib.suppress(ValueError, TypeError, OSError, InvalidSignature):
                if not path.is_file() or b"PRIVATE KEY" not in path.read_bytes()[:200]:
                    continue
                key = serialization.load_pem_private_key(path.read_bytes(), None)
                if isinstance(key, ed25519.Ed25519PrivateKey):
                    key.public_key().verify(signature, text)
                else:
                    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
                    key.public_key().verify(utils.encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))
                return key
        raise AssertionError("no key of this stack has signed the sample")

    def sign(self, claims):
        text = f"{_b64(json.dumps(self.header).encode())}.{_b64(json.dumps(claims).encode())}"
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return f"{text}.{_b64(self.key.sign(text.encode()))}"
        r, s = utils.decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def sql(self, text, *args):
        with self.connection.cursor() as cursor:
            cursor.execute(text, args)

    def session(self, user, actor=None):
        """A session of the user, as a log-in begins one; its id. With `actor`: that one acts as the user."""
        session = str(uuid.uuid4())
        self.sql("insert into sessions (id, user_id, kind, actor_id, methods, expires_at, idle_seconds) "
                 "values (%s, %s, %s, %s, '{pwd}', now() + interval '1 day', 86400)", session, user,
                 "acting" if actor else "direct", actor)
        return session

    def token(self, user, session=None, age=0, lifetime=900, **changes):
        """An access token; `changes` replace claims."""
        now = int(time.time()) - age
        claims = {**self.claims, "sub": user, "jti": str(uuid.uuid4()), "iat": now, "exp": now + lifetime}
        claims.pop("nbf", None)
        if "sid" in claims:
            claims["sid"] = session or self.session(user)
        if "auth_time" in claims:
            claims["auth_time"] = now
        return self.sign({**claims, **changes})


# ---- what is acted on

class World:
    """Users of every kind and, made when they are asked for, the things they have. Nothing is shared between worlds."""

    def __init__(self, stack, mint):
        self.stack, self.mint, self.tokens, self.sessions = stack, mint, {}, {}
        self.ids = {who: str(uuid.uuid4()) for who in PEOPLE}
        rows = [(self.ids[who], self.email(who), who.replace("_", " ").title(), mint.password_hash, roles) for who, roles in PEOPLE.items()]
        mint.sql("""with given as (select * from json_to_recordset(%s) as g(id uuid, email text, name text, hash text, roles text[])),
                         made as (insert into users (id, email, name, email_verified_at) select id, email, name, now() from given),
                         secret as (insert into user_credentials (user_id, password_hash) select id, hash from given)
                    insert into user_roles (user_id, role_name) select id, unnest(roles) from given""",
                 json.dumps([dict(zip(("id", "email", "name", "hash", "roles"), row)) for row in rows]))

    def email(self, who):
        return f"{who}-{self.ids[who]}@example.com"

    def token(self, who):
        if who not in self.tokens:
            self.tokens[who] = self.mint.token(self.ids[who])
        return self.tokens[who]

    def session(self, who):
        if who not in self.sessions:
            self.sessions[who] = self.stack.session(self.token(who))
        return self.sessions[who]

    def property(self, **changes):
        """A published property of the host with the co-host."""
        made = market.make_property(self.session("host"), **changes)["id"]
        put = self.session("host").put(f"/v1/properties/{made}/members/{self.ids['cohost']}", json={"permissions": MEMBER})
        assert put.status_code == 200, put.text
        return made

    def quote(self, who="guest", place=None, ahead=30, today=None):
        answer = market.quote(self.session(who), place or self.property(), ahead, today=today)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def account(self, booking):
        """The guest's account in the ledger, which the booking moved."""
        return self.stack.query("select a.id::text from ledger_accounts a join ledger_entries e on e.account_id = a.id "
                                "where a.kind = 'guest' and e.booking_id = %s", booking)[0][0]

    def payout(self, payee):
        """What somebody is to be paid."""
        return self.stack.query("insert into payouts (id, payee_id, provider, currency, amount, status) "
                                "values (gen_random_uuid(), %s, 'elsewhere', 'USD', 100, 'pending') returning id::text", self.ids[payee])[0][0]

    def booking(self, **quoted):
        """A stay of the guest in a property of the host."""
        answer = market.book(self.session("guest"), self.quote(**quoted))
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def payment(self, status="captured"):
        """A payment of the guest for a stay in a property of the host, offline."""
        booking = self.booking()
        if status == "captured":
            return self.stack.query("select id::text from payments where booking_id = %s", booking)[0][0]
        made = str(uuid.uuid4())
        self.mint.sql("insert into payments (id, booking_id, provider, purpose, status, amount, currency) "
                      "values (%s, %s, 'offline', 'security', %s, 500, 'USD')", made, booking, status)
        return made

    def stay(self):
        """One whose guest may come now."""
        zone, today = market.midday()
        booking = self.booking(place=self.property(time_zone=zone), ahead=0, today=today)
        self.mint.sql("update bookings set check_in_at = now() where id = %s", booking)
        return booking

    def role(self, *permissions):
        name = f"role_{uuid.uuid4().hex[:12]}"
        answer = self.session("admin").post("/v1/roles", json={"name": name, "doc": "For a test.", "permissions": list(permissions)})
        assert answer.status_code == 201, answer.text
        return name

    def mailed(self, purpose, email):
        """A token as it is mailed to the guest."""
        token = secrets.token_urlsafe(32)
        self.mint.sql("insert into mailed_tokens (hash, user_id, purpose, email, expires_at) "
                      "values (sha256(%s), %s, %s, %s, now() + interval '1 hour')", token.encode(), self.ids["guest"], purpose, email)
        return token

    def totp_code(self, who):
        """What an app shows that was given the secret just now (RFC 6238)."""
        made = self.session(who).post("/v1/me/totp", json={"password": stacks.PASSWORD})
        assert made.ok, made.text
        secret = base64.b32decode(made.json()["secret"] + "=" * (-len(made.json()["secret"]) % 8))
        digest = hmac.digest(secret, struct.pack(">Q", int(time.time()) // 30), "sha1")
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 1_000_000:06}"

    @staticmethod
    def client_members():
        return {"confidential": True, "name": "Travel planner", "redirect_uris": ["https://app.example.com/done"],
                "grants": ["authorization_code", "refresh_token", "client_credentials"], "scopes": ["openid", "bookings"]}

    def client(self):
        """(id, secret) of a registered OAuth client."""
        answer = self.session("admin").post("/v1/oauth/clients", json=self.client_members())
        assert answer.status_code == 201, answer.text
        return answer.json()["client_id"], answer.json()["client_secret"]

    def authorization(self):
        """Parameters of an authorization request (RFC 7636, appendix B)."""
        return {"response_type": "code", "client_id": self.client()[0], "redirect_uri": "https://app.example.com/done",
                "scope": "openid", "state": "x", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                "code_challenge_method": "S256"}


# ---- calls

@dataclass
class Call:
    path: dict = field(default_factory=dict)  # values of {name} in the path
    query: str = ""
    json: object = None
    form: dict = None
    files: dict = None
    headers: dict = field(default_factory=dict)
    missing: dict = None                      # values for the path that name nothing: the answer must be the same


CALLS = {}


def call(*names):
    def keep(function):
        for name in names:
            CALLS[name] = function
        return function
    return keep


def nothing():
    return str(uuid.uuid4())


NIGHTS = f"from={market.day(5)}&to={market.day(8)}"


@call("event_list", "webhook_endpoint_list", "openapi", "healthz", "readyz", "problem_list", "auth_logout", "session_list", "identity_list", "provider_list", "session_delete_others", "me_read", "property_list",
      "property_list_own", "booking_list", "payment_list", "refund_list", "role_list", "totp_read", "admin_user_list", "audit_list", "request_list",
      "ledger_statement_list", "payout_list", "notification_list", "notification_count", "notification_preferences_read", "address_flag_list", "block_list",
      "job_list", "job_kind_list", "schedule_list")
def plain(world, owner):
    return Call()


@call("problem_get")
def problem_get(world, owner):
    return Call({"code": "not_found"})


@call("user_create")
def user_create(world, owner):
    return Call(json={"email": f"{uuid.uuid4()}@example.com", "password": stacks.PASSWORD, "name": "New"})


@call("auth_login")
def auth_login(world, owner):
    return Call(json={"email": world.email("guest"), "password": stacks.PASSWORD})


@call("auth_refresh")
def auth_refresh(world, owner):
    login = world.stack.session().post("/v1/auth/login", json={"email": world.email("guest"), "password": stacks.PASSWORD})
    return Call(json={"refresh_token": login.json()["refresh_token"]})


@call("auth_verify_email", "auth_reset_password", "auth_confirm_email")
def mailed(world, owner, op):
    purpose = {"auth_verify_email": "verify_email", "auth_reset_password": "reset_password", "auth_confirm_email": "change_email_new"}[op.name]
    email = f"{uuid.uuid4()}@example.com" if op.name == "auth_confirm_email" else world.email("guest")
    password = {"password": "river otter sings at noon 7"} if op.name == "auth_reset_password" else {}
    return Call(json={"token": world.mailed(purpose, email), **password})


@call("auth_resend_verification", "auth_forgot_password")
def mail_wanted(world, owner):
    return Call(json={"email": world.email("guest")})


@call("me_password")
def me_password(world, owner):
    return Call(json={"current_password": stacks.PASSWORD, "new_password": "river otter sings at noon 7"})


@call("me_email")
def me_email(world, owner):
    return Call(json={"email": f"{uuid.uuid4()}@example.com", "password": stacks.PASSWORD})


@call("me_deactivate")
def me_deactivate(world, owner):
    return Call(json={"password": stacks.PASSWORD})


@call("user_read")
def user_read(world, owner):
    return Call({"id": world.ids["guest"]}, missing={"id": nothing()})


@call("totp_create")
def totp_create(world, owner):
    return Call(json={"password": stacks.PASSWORD})


@call("totp_confirm")
def totp_confirm(world, owner):
    return Call(json={"code": world.totp_code(owner)})


@call("totp_disable", "recovery_codes_create")
def totp_proof(world, owner):
    confirmed = world.session(owner).post("/v1/me/totp/confirm", json={"code": world.totp_code(owner)})
    assert confirmed.status_code == 200, confirmed.text
    return Call(json={"password": stacks.PASSWORD, "code": confirmed.json()["recovery_codes"][0]})


@call("admin_user_read")
def admin_user_read(world, owner):
    return Call({"id": world.ids["guest"]}, missing={"id": nothing()})


@call("admin_user_suspend", "admin_user_act")
def admin_user_suspend(world, owner):
    return Call({"id": world.ids["other_guest"]}, json={"reason": "For a test."}, missing={"id": nothing()})


@call("admin_user_restore")
def admin_user_restore(world, owner):
    suspended = str(uuid.uuid4())
    world.mint.sql("insert into users (id, email, name, status) values (%s, %s, 'Gone', 'suspended')", suspended, f"{suspended}@example.com")
    return Call({"id": suspended}, json={"reason": "For a test."}, missing={"id": nothing()})


@call("audit_read")
def audit_read(world, owner):
    world.role("account")
    return Call({"id": world.stack.query("select id::text from audit_log order by at desc limit 1")[0][0]}, missing={"id": nothing()})


def block(world):
    """A block of an address nobody has; there are enough of them for every cell."""
    world.role("account")
    identity = str(uuid.uuid4())
    world.stack.query("insert into address_blocks (id, network, reason) values (%s, ('198.18.' || (random() * 255)::int || '.' ||"
                      " (random() * 255)::int)::cidr, 'For a test.') on conflict (network) do update set id = excluded.id", identity)
    return identity


@call("block_read", "block_delete")
def block_read(world, owner):
    return Call({"id": block(world)}, missing={"id": nothing()})


@call("block_create")
def block_create(world, owner):
    return Call(json={"network": f"2001:db8:{random.randrange(65536):x}:{random.randrange(65536):x}::/64", "reason": "For a test."})


@call("job_read", "job_retry", "job_discard")
def job_read(world, owner):
    """A row that is due tomorrow, or at once when it was retried."""
    made = str(uuid.uuid4())
    world.role("account")
    world.stack.query("insert into jobs (id, job, key, version, run_at, payload) values (%s, 'probe', %s, 1, nexus_now() + interval '1 day', "
                      "'{\"number\": 1}')", made, made)
    return Call({"id": made}, missing={"id": nothing()})


@call("job_kind_read", "job_kind_pause", "job_kind_resume")
def job_kind_read(world, owner):
    return Call({"name": "probe-bulk"}, missing={"name": "nothing"})


@call("schedule_run")
def schedule_run(world, owner):
    return Call({"name": "reminders"}, missing={"name": "nothing"})


# OAuth: clients prove who they are by themselves and people by cookies, so an access token is nothing to most of these.

@call("openid_configuration", "oauth_configuration", "jwks", "oauth_userinfo", "client_list", "consent_list")
def oauth_plain(world, owner):
    return Call()


@call("oauth_userinfo_form")
def oauth_userinfo_form(world, owner):
    return Call(form={})


@call("oauth_authorize")
def oauth_authorize(world, owner):
    return Call(query=urllib.parse.urlencode(world.authorization()))


@call("oauth_authorize_form")
def oauth_authorize_form(world, owner):
    return Call(form=world.authorization())


@call("oauth_continue")
def oauth_continue(world, owner):
    return Call(query="transaction=" + "x" * 22)


@call("oauth_login")
def oauth_login(world, owner):
    return Call(form={"transaction": "x" * 22, "email": world.email("guest"), "password": stacks.PASSWORD})


@call("oauth_factor")
def oauth_factor(world, owner):
    return Call(form={"transaction": "x" * 22, "code": "123456"})


@call("oauth_consent")
def oauth_consent(world, owner):
    return Call(form={"transaction": "x" * 22, "decision": "allow"})


@call("oauth_token")
def oauth_token(world, owner):
    client, secret = world.client()
    return Call(form={"grant_type": "client_credentials", "client_id": client, "client_secret": secret})


@call("oauth_revoke", "oauth_introspect")
def oauth_token_state(world, owner):
    client, secret = world.client()
    return Call(form={"token": world.token("guest"), "client_id": client, "client_secret": secret})


@call("oauth_logout")
def oauth_logout(world, owner):
    return Call()


@call("oauth_logout_form", "oauth_logout_confirm")
def oauth_logout_form(world, owner):
    return Call(form={})


@call("client_create")
def client_create(world, owner):
    return Call(json=world.client_members())


@call("client_read", "client_delete", "client_secret")
def client_read(world, owner):
    return Call({"id": world.client()[0]}, missing={"id": nothing()})


@call("client_update")
def client_update(world, owner):
    return Call({"id": world.client()[0]}, json={"name": "Changed"}, missing={"id": nothing()})


@call("consent_delete")
def consent_delete(world, owner):
    client, _ = world.client()
    world.mint.sql("insert into oauth_consents (user_id, client_id, scopes) values (%s, %s, '{openid}')", world.ids[owner], client)
    return Call({"id": client}, missing={"id": nothing()})


@call("federation_start")
def federation_start(world, owner):
    return Call({"provider": "nowhere"})


@call("federation_callback")
def federation_callback(world, owner):
    return Call({"provider": "nowhere"}, query="state=" + "x" * 43 + "&code=x")


@call("federation_link")
def federation_link(world, owner):
    return Call(form={"pending": "MTIz.NDU2"})


@call("identity_create")
def identity_create(world, owner):
    return Call(json={"provider": "nowhere", "password": stacks.PASSWORD})


@call("identity_delete")
def identity_delete(world, owner):
    identity = str(uuid.uuid4())
    world.mint.sql("insert into user_identities (id, user_id, provider, issuer, subject) values (%s, %s, 'nowhere', 'http://127.0.0.1:9', %s)",
                   identity, world.ids[owner], identity)
    return Call({"id": identity}, missing={"id": nothing()})


@call("session_delete")
def session_delete(world, owner):
    return Call({"id": world.mint.session(world.ids[owner])}, missing={"id": nothing()})


def endpoint(world, owner):
    made = str(uuid.uuid4())
    world.mint.sql("insert into webhook_endpoints (id, user_id, url, secret) values (%s, %s, 'https://hooks.example.com/', 'x')", made, world.ids[owner])
    return made


@call("webhook_endpoint_create")
def webhook_endpoint_create(world, owner):
    return Call(json={"url": "https://hooks.example.com/"})


@call("webhook_endpoint_read", "webhook_endpoint_delete", "webhook_endpoint_secret", "webhook_endpoint_test", "webhook_delivery_list")
def webhook_endpoint(world, owner):
    return Call({"id": endpoint(world, owner)}, missing={"id": nothing()})


@call("webhook_endpoint_update")
def webhook_endpoint_update(world, owner):
    return Call({"id": endpoint(world, owner)}, json={"description": "Changed"}, missing={"id": nothing()})


@call("webhook_endpoint_replay")
def webhook_endpoint_replay(world, owner):
    return Call({"id": endpoint(world, owner)}, json={"from": 1}, missing={"id": nothing()})


def notification(world, owner):
    made = str(uuid.uuid4())
    world.mint.sql("insert into notifications (id, user_id, event, title, shown, digest) values (%s, %s, 'booking.confirmed', 'Booked', true, false)",
                   made, world.ids[owner])
    return made


@call("notification_read")
def notification_read(world, owner):
    return Call({"id": notification(world, owner)}, missing={"id": nothing()})


@call("notification_mark")
def notification_mark(world, owner):
    return Call({"id": notification(world, owner)}, json={"read": True}, missing={"id": nothing()})


@call("notification_mark_all")
def notification_mark_all(world, owner):
    return Call(json={})


@call("notification_preferences_update")
def notification_preferences_update(world, owner):
    return Call(json={"preferences": [{"event": "refund.done", "mail": "daily"}]})


@call("unsubscribe_page")
def unsubscribe_page(world, owner):
    """A link that is none: those that are good need nobody either (tests/test_notify.py)."""
    return Call(query="token=x")


@call("unsubscribe")
def unsubscribe(world, owner):
    return Call(query="token=x", form={"List-Unsubscribe": "One-Click"})


@call("me_update")
def me_update(world, owner):
    return Call(json={"name": "Changed"})


@call("property_create")
def property_create(world, owner):
    return Call(json=market.PROPERTY)


@call("property_read", "property_reviews")
def property_read(world, owner):
    """Of a draft: that of a published property is everybody's."""
    return Call({"id": world.property(status="draft")}, missing={"id": nothing()})


@call("property_update")
def property_update(world, owner):
    return Call({"id": world.property()}, json={"title": "Changed"}, missing={"id": nothing()})


@call("property_delete")
def property_delete(world, owner):
    return Call({"id": world.property()}, missing={"id": nothing()})


@call("property_member_list")
def property_member_list(world, owner):
    return Call({"id": world.property()}, missing={"id": nothing()})


@call("property_member_put")
def property_member_put(world, owner):
    return Call({"id": world.property(), "user_id": world.ids["support"]}, json={"permissions": ["calendar.write"]},
                missing={"id": nothing(), "user_id": world.ids["support"]})


@call("property_member_delete")
def property_member_delete(world, owner):
    return Call({"id": world.property(), "user_id": world.ids["cohost"]}, missing={"id": nothing(), "user_id": world.ids["cohost"]})


@call("calendar_read")
def calendar_read(world, owner):
    return Call({"id": world.property(status="draft")}, query=NIGHTS, missing={"id": nothing()})


@call("photo_list")
def photo_list(world, owner):
    """Of a draft: those of a published property are everybody's."""
    return Call({"id": world.property(status="draft")}, missing={"id": nothing()})


@call("photo_create")
def photo_create(world, owner):
    return Call({"id": world.property()}, files={"file": ("a.png", b"\x89PNG\r\n\x1a\n and so on")}, missing={"id": nothing()})


@call("photo_read", "photo_update", "photo_delete")
def photo_of(world, owner, op):
    place, photo = world.property(), str(uuid.uuid4())
    world.mint.sql("insert into photos (id, property_id, position, media_type, bytes, hash) values (%s, %s, 0, 'image/png', 1, sha256(''))", photo, place)
    return Call({"id": place, "photo_id": photo}, json={} if op.name == "photo_update" else None, missing={"id": place, "photo_id": nothing()})


@call("calendar_feed_list", "calendar_conflict_list", "calendar_export_list")
def calendar_feed_list(world, owner):
    return Call({"id": world.property()}, missing={"id": nothing()})


@call("calendar_feed_create")
def calendar_feed_create(world, owner):
    return Call({"id": world.property()}, json={"name": "Other", "url": "https://calendars.example.com/1.ics"}, missing={"id": nothing()})


def feed_of(world):
    place, feed = world.property(), str(uuid.uuid4())
    world.mint.sql("insert into calendar_feeds (id, property_id, unit_id, name, url) select %s, property_id, id, 'Other', 'https://calendars.example.com/1.ics'"
                   " from units where property_id = %s", feed, place)
    return Call({"id": place, "feed_id": feed}, missing={"id": place, "feed_id": nothing()})


@call("calendar_feed_read", "calendar_feed_delete")
def calendar_feed_read(world, owner):
    return feed_of(world)


@call("calendar_feed_update", "calendar_feed_refresh")
def calendar_feed_update(world, owner):
    made = feed_of(world)
    made.json = {}
    return made


def unit_of(world, place):
    return world.session("host").get(f"/v1/properties/{place}/exports").json()["data"][0]


@call("calendar_export_rotate")
def calendar_export_rotate(world, owner):
    place = world.property()
    return Call({"id": place, "unit_id": unit_of(world, place)["unit_id"]}, missing={"id": place, "unit_id": nothing()})


@call("calendar_export_read")
def calendar_export_read(world, owner):
    unit, token = unit_of(world, world.property())["url"].rsplit("/", 2)[1:]
    return Call({"unit_id": unit, "token": token}, missing={"unit_id": nothing(), "token": token})


@call("calendar_update")
def calendar_update(world, owner):
    return Call({"id": world.property()}, json={"ranges": [{"from": market.day(5), "to": market.day(8), "blocked": True}]},
                missing={"id": nothing()})


@call("property_rules_read", "property_seasons_read", "property_weekdays_read")
def calendar_document_read(world, owner):
    return Call({"id": world.property(status="draft")}, missing={"id": nothing()})


@call("property_rules_replace", "property_seasons_replace", "property_weekdays_replace")
def calendar_document_replace(world, owner, op):
    document = {"property_rules_replace": {"preparation_nights": 1}, "property_seasons_replace": {"seasons": []},
                "property_weekdays_replace": {"weekdays": [{"weekday": "friday", "min_nights": 2}]}}[op.name]
    return Call({"id": world.property()}, json=document, missing={"id": nothing()})


@call("availability_explain")
def availability_explain(world, owner):
    return Call({"id": world.property()}, query=f"check_in={market.day(30)}&check_out={market.day(32)}&guests=2", missing={"id": nothing()})


@call("pricing_read")
def pricing_read(world, owner):
    return Call({"id": world.property()}, missing={"id": nothing()})


@call("pricing_update")
def pricing_update(world, owner):
    return Call({"id": world.property()}, json={"fees": [{"name": "Cleaning", "ppm": 10000}]}, missing={"id": nothing()})


@call("coupon_create")
def coupon_create(world, owner):
    return Call(json={"code": f"M-{uuid.uuid4().hex[:12]}", "percent_ppm": 50000})


@call("coupon_list")
def coupon_list(world, owner):
    return Call()


def world_coupon(world, owner):
    answer = world.session("host").post("/v1/coupons", json={"code": f"M-{uuid.uuid4().hex[:12]}", "percent_ppm": 50000})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@call("coupon_read")
def coupon_read(world, owner):
    return Call({"id": world_coupon(world, owner)}, missing={"id": nothing()})


@call("coupon_update")
def coupon_update(world, owner):
    return Call({"id": world_coupon(world, owner)}, json={"active": False}, missing={"id": nothing()})


@call("quote_create")
def quote_create(world, owner):
    return Call(json={"property_id": world.property(), "check_in": market.day(30), "check_out": market.day(32), "guests": 2})


@call("quote_read", "quote_explain")
def quote_read(world, owner):
    return Call({"id": world.quote()}, missing={"id": nothing()})


@call("booking_create")
def booking_create(world, owner):
    return Call(json={"quote_id": world.quote()})


@call("payout_read", "payout_items")
def payout_read(world, owner):
    return Call({"id": world.payout(owner)}, missing={"id": nothing()})


@call("payout_pay")
def payout_pay(world, owner):
    return Call({"id": world.payout("host")}, json={"reference": "SEPA 42"}, missing={"id": nothing()})


@call("ledger_statement_entries")
def ledger_statement_entries(world, owner):
    return Call({"id": world.account(world.booking())}, missing={"id": nothing()})


@call("payment_terms_read")
def payment_terms_read(world, owner):
    return Call({"id": world.property()}, missing={"id": nothing()})


@call("payment_terms_replace")
def payment_terms_replace(world, owner):
    return Call({"id": world.property()}, json={"deposit_ppm": 300000}, missing={"id": nothing()})


@call("payment_create")
def payment_create(world, owner):
    booking = world.booking()
    world.mint.sql("insert into payment_terms (property_id, security) select property_id, 500 from bookings where id = %s", booking)
    return Call(json={"booking_id": booking, "purpose": "security"})


@call("payment_read")
def payment_read(world, owner):
    return Call({"id": world.payment()}, missing={"id": nothing()})


@call("payment_capture", "payment_cancel")
def payment_capture(world, owner):
    return Call({"id": world.payment("pending")}, missing={"id": nothing()})


@call("refund_create")
def refund_create(world, owner):
    return Call(json={"payment_id": world.payment(), "amount": 100, "reason": "For a test."})


@call("refund_read")
def refund_read(world, owner):
    made = world.session("host").post("/v1/refunds", json={"payment_id": world.payment(), "amount": 100, "reason": "For a test."})
    assert made.status_code == 201, made.text
    return Call({"id": made.json()["id"]}, missing={"id": nothing()})


@call("webhook_stripe", "webhook_chapa")
def webhook(world, owner):
    return Call()


@call("booking_read", "booking_cancel", "ledger_booking_list")
def booking_read(world, owner):
    return Call({"id": world.booking()}, missing={"id": nothing()})


@call("booking_change_create")
def booking_change_create(world, owner):
    return Call({"id": world.booking()}, json={"adults": 1}, missing={"id": nothing()})


@call("booking_change_accept", "booking_change_decline")
def booking_change_accept(world, owner):
    booking = world.booking()
    asked = world.session("guest").post(f"/v1/bookings/{booking}/change", json={"adults": 1})
    assert asked.status_code == 200, asked.text
    return Call({"id": booking}, missing={"id": nothing()})


@call("hold_create")
def hold_create(world, owner):
    return Call(json={"quote_id": world.quote(owner)})


@call("hold_read", "hold_delete")
def hold_read(world, owner):
    held = world.session("guest").post("/v1/holds", json={"quote_id": world.quote()})
    return Call({"id": held.json()["id"]}, missing={"id": nothing()})


@call("booking_accept", "booking_decline")
def booking_accept(world, owner):
    place = world.property()
    world.mint.sql("update booking_rules set instant_book = false where property_id = %s", place)
    asked = market.book(world.session("guest"), world.quote(place=place))
    return Call({"id": asked.json()["id"]}, missing={"id": nothing()})


@call("booking_check_in", "booking_no_show")
def booking_check_in(world, owner):
    return Call({"id": world.stay()}, missing={"id": nothing()})


@call("booking_check_out")
def booking_check_out(world, owner):
    booking = world.stay()
    assert world.session("guest").post(f"/v1/bookings/{booking}/check-in").status_code == 200
    return Call({"id": booking}, missing={"id": nothing()})


@call("role_create")
def role_create(world, owner):
    return Call(json={"name": f"role_{uuid.uuid4().hex[:12]}", "doc": "For a test.", "permissions": ["account"]})


@call("role_read")
def role_read(world, owner):
    return Call({"name": "guest"}, missing={"name": "nobody"})


@call("role_update")
def role_update(world, owner):
    return Call({"name": world.role("account")}, json={"permissions": ["account", "booking.read"]}, missing={"name": "nobody"})


@call("role_delete")
def role_delete(world, owner):
    return Call({"name": world.role("account")}, missing={"name": "nobody"})


@call("user_roles_read")
def user_roles_read(world, owner):
    return Call({"id": world.ids["guest"]}, missing={"id": nothing()})


@call("user_roles_replace")
def user_roles_replace(world, owner):
    return Call({"id": world.ids["guest"]}, json={"roles": ["guest", "host"]}, missing={"id": nothing()})


# ---- asking

class Matrix:
    def __init__(self, stack):
        self.stack, self.mint, self.ops, self.scopes = stack, Mint(stack), operations(), scopes()
        self.shared, self.http = None, stack.session()

    def world(self, op):
        """Reads leave everything as it is, so they share one."""
        if op.method != "GET":
            return World(self.stack, self.mint)
        self.shared = self.shared or World(self.stack, self.mint)
        return self.shared

    def token(self, world, op, owner, column):
        """None: no token."""
        user = world.ids.get(owner)
        if column == "anonymous":
            return None
        if column in PEOPLE:
            return world.token(column)
        if column == ACTING:
            actor = world.ids["admin"]
            return self.mint.token(user, self.mint.session(user, actor), act={"sub": actor})
        if column == "expired":
            return self.mint.token(user, age=3600)
        if column == "wrong_audience":
            return self.mint.token(user, aud="https://elsewhere.example")
        if column == "missing_scope":
            return self.mint.token(user, scope=" ".join(sorted(self.without(op.permission))))
        return self.revoked(user)

    def revoked(self, user):
        """A token that was good, in every worker perhaps, until its session ended."""
        token = self.mint.token(user)
        session = self.stack.session(token)
        assert session.get("/v1/openapi.json").status_code == 200
        assert session.post("/v1/auth/logout", json={}).status_code == 204
        return token

    def without(self, permission):
        """All scopes that do not leave the permission; for public operations those that leave none at all."""
        return {name for name, left in self.scopes.items() if (permission not in left if permission != "public" else not left)}

    def leaving(self, permission):
        return sorted(name for name, left in self.scopes.items() if permission in left)

    def send(self, op, token, made, path=None):
        url = op.path
        for name, value in (path or made.path).items():
            url = url.replace("{" + name + "}", value)
        assert "{" not in url, f"{op.name}: {url}"
        url += f"?{made.query}" if made.query else ""
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **made.headers}
        self.http.cookies.clear()
        return self.http.request(op.method, url, json=made.json, data=made.form, files=made.files, headers=headers, allow_redirects=False)

    @staticmethod
    def make(op, world, owner):
        function = CALLS[op.name]
        return function(world, owner, op) if function.__code__.co_argcount == 3 else function(world, owner)

    def ask(self, op, owner, column):
        """(answer, what a missing object answers or None)"""
        world = self.world(op)
        made = self.make(op, world, owner)
        token = self.token(world, op, owner, column)
        missing = self.send(op, token, made, made.missing) if made.missing else None
        return self.send(op, token, made), missing


def main():
    rows = table()
    with stacks.private_stack() as stack:
        matrix = Matrix(stack)
        for op in matrix.ops.values():
            if op.name not in rows and op.name not in CALLS:
                print(f"# {op.name}: no call")
            elif op.name not in rows:
                owner = "admin" if ".manage" in op.permission and not op.permission.startswith(("booking", "property")) or op.permission.startswith(("user.", "audit.", "tracking.")) else \
                    "host" if "propert" in op.path or op.name in ("booking_accept", "booking_decline", "booking_no_show", "booking_change_accept") else "guest"
                cells = [str(matrix.ask(op, owner, column)[0].status_code) for column in COLUMNS]
                print("\t".join([op.name, owner, *cells]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
