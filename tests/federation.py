"""OpenID providers for tests: npm oidc-provider as it is, and a stub that does whatever it is told.

`World` is a stack whose users may sign in with them; `Scenario` is one provider of the stub, below a path of its own.
"""
import base64
import collections
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

import jwt
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from oauth import Browser
from stack import TOP, wait_until

SECRET = "s3cret +/=%:&"
KEYS = {"RS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(), "other": rsa.generate_private_key(65537, 2048),
        "small": rsa.generate_private_key(65537, 1024)}
KEYS["PS256"] = KEYS["RS256"]


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def jwk(name, kid):
    public = KEYS[name].public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "kid": kid, "n": number(numbers.n), "e": number(numbers.e)}
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return {"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(point[1:33]), "y": b64(point[33:])}
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(raw)}


def public_pem(name):
    return KEYS[name].public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class Scenario:
    """One provider of the stub. What it does wrong is in its attributes."""

    def __init__(self, stub, name, **behaviour):
        self.stub, self.name, self.issuer = stub, name, f"{stub.base}/{name}"
        self.metadata, self.claims, self.header, self.userinfo, self.response = {}, {}, {}, {}, {}
        self.alg, self.sign, self.secret, self.at_hash = "RS256", None, SECRET, True
        self.keys = [jwk("RS256", "rsa"), jwk("ES256", "ec"), jwk("EdDSA", "ed")]
        self.endpoints = {}  # name -> function(handler) in place of an answer of its own
        self.hits, self.codes = collections.Counter(), {}
        for key, value in behaviour.items():
            assert hasattr(self, key), key
            setattr(self, key, value)
        stub.scenarios[name] = self

    def subject(self):
        return f"subject-of-{self.name}"

    # --- what it says

    def discovery(self):
        return without_none({"issuer": self.issuer, "authorization_endpoint": self.issuer + "/authorize",
                             "token_endpoint": self.issuer + "/token", "jwks_uri": self.issuer + "/jwks",
                             "userinfo_endpoint": self.issuer + "/userinfo", "response_types_supported": ["code"],
                             "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
                             "authorization_response_iss_parameter_supported": True, **self.metadata})

    def person(self):
        return {"sub": self.subject(), "email": f"{self.name}@example.com", "email_verified": True, "name": "Grace Hopper"}

    def id_token(self, given, access_token):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "nexus", "exp": now + 300, "iat": now, "nonce": given["nonce"], **self.person()}
        if self.at_hash:
            digest = hashlib.sha512 if self.alg == "EdDSA" else hashlib.sha256
            half = digest(access_token.encode()).digest()
            claims["at_hash"] = b64(half[:len(half) // 2])
        claims = without_none({**claims, **(self.claims(claims) if callable(self.claims) else self.claims)})
        if self.sign:
            return self.sign(claims)
        kid = {"RS256": "rsa", "PS256": "rsa", "ES256": "ec", "EdDSA": "ed"}[self.alg]
        return jwt.encode(claims, KEYS[self.alg], self.alg, headers={"kid": kid, **self.header})

    def token(self, handler):
        form = dict(urllib.parse.parse_qsl(handler.body.decode(), keep_blank_values=True))
        given = self.codes.pop(form.get("code"), None)
        pair = f"{urllib.parse.quote('nexus', safe='')}:{urllib.parse.quote(self.secret, safe='')}"
        basic = "Basic " + base64.b64encode(pair.encode()).decode()
        if handler.headers.get("Authorization") != basic and form.get("client_secret") != self.secret:
            return 401, {"error": "invalid_client"}
        verifier = form.get("code_verifier", "")
        if not given or b64(hashlib.sha256(verifier.encode()).digest()) != given["code_challenge"] or \
                form.get("redirect_uri") != given["redirect_uri"] or form.get("grant_type") != "authorization_code":
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(24)
        return 200, without_none({"access_token": access, "token_type": "Bearer", "expires_in": 60,
                                  "id_token": self.id_token(given, access), **self.response})

    def answer(self, endpoint, handler):
        self.hits[endpoint] += 1
        if endpoint in self.endpoints:
            return self.endpoints[endpoint](handler)
        if endpoint == ".well-known/openid-configuration":
            return 200, self.discovery()
        if endpoint == "jwks":
            return 200, {"keys": self.keys}
        if endpoint == "token":
            return self.token(handler)
        if endpoint == "userinfo":
            return 200, without_none({**self.person(), **self.userinfo})
        return 404, {}


def without_none(members):
    return {name: value for name, value in members.items() if value is not None}


class Stub:
    """The server of all scenarios. `base` is its address."""

    def __init__(self, certificate=None):
        self.scenarios, self.strangers = {}, []
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                name, _, endpoint = self.path.partition("?")[0].lstrip("/").partition("/")
                scenario = stub.scenarios.get(name)
                if not scenario:
                    stub.strangers.append(self.path)
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    answer = scenario.answer(endpoint, self) if scenario else (404, {})
                    if answer:
                        self.say(*answer)

            do_POST = do_GET

            def say(self, status, content, headers=None):
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close",
                           **(headers or {})}
                for header, value in headers.items():
                    if value is not None:
                        self.send_header(header, value)
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, address):
                pass  # peers that hang up, which is what some tests are about

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.base = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class World:
    """A stack and its providers. Files are written at once; `reload` makes workers read them."""

    def __init__(self, stack):
        self.stack, self.names = stack, []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nexus-providers-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.owner = os.stat(stack.run_dir / "secret" / "cursor.key").st_uid

    def add(self, name, issuer, client_id="nexus", secret=SECRET, **lines):
        path = self.folder / f"{name}.secret"
        path.write_text(secret + "\n")
        path.chmod(0o600)
        os.chown(path, self.owner, -1)
        text = {"issuer": issuer, "client_id": client_id, "client_secret_file": path, **lines}
        (self.folder / f"{name}.conf").write_text("".join(f"{key} = {value}\n" for key, value in text.items()))
        self.names.append(name)

    def reload(self, **options):
        before = set(self.stack.workers())
        self.stack.set_options(login_providers=", ".join(self.names), login_providers_dir=self.folder, **options)
        self.stack.signal("api", signal.SIGHUP)
        wait_until(lambda: self.stack.workers() and not before & set(self.stack.workers()) and self.stack.ready(), 30, "reload")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- the way of a browser

    def start(self, name, browser=None, **params):
        """Set out: (browser, what was asked of the provider)."""
        browser = browser or Browser(self.stack)
        answer = browser.get(f"/oauth/login/{name}", **params)
        assert answer.status_code == 303, (answer.status_code, answer.text)
        return browser, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["Location"]).query))

    def come_back(self, name, browser, **params):
        return browser.get(f"/oauth/callback/{name}", **{key: value for key, value in params.items() if value is not None})

    def sign_in(self, scenario, browser=None, **params):
        """There and back with a provider of the stub: (browser, answer)."""
        browser, asked = self.start(scenario.name, browser, **params)
        code = secrets.token_urlsafe(16)
        scenario.codes[code] = asked
        return browser, self.come_back(scenario.name, browser, state=asked["state"], code=code, iss=scenario.issuer)

    def why(self):
        """What the log says of the last provider that failed."""
        found = re.findall(r'"why":"((?:[^"\\\\]|\\\\.)*)"', self.stack.log("api"))
        return found[-1] if found else None

    def identities(self, issuer):
        return self.stack.query("select subject, user_id, email from user_identities where issuer = %s order by subject", issuer)

    def who(self, browser):
        """Address of who is logged in in a browser; None for nobody."""
        cookie = browser.cookie("__Host-nexus_session")
        if not cookie:
            return None
        digest = hashlib.sha256(cookie.value.encode()).digest()
        rows = self.stack.query("select u.email from sessions s join users u on u.id = s.user_id"
                                " where s.cookie_hash = %s and s.kind = 'browser' and s.ended_at is null", digest)
        return rows[0][0] if rows else None


class OidcProvider:
    """npm oidc-provider with its own pages. Any name logs in; the name is the subject."""

    def __init__(self, redirect_uris, claims):
        node = shutil.which("node")
        self.process = subprocess.Popen([node, str(TOP / "tests" / "oidc_provider.mjs")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdin.write(json.dumps({"client_id": "nexus", "client_secret": SECRET, "claims": claims,
                                             "redirect_uris": redirect_uris}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "oidc-provider did not start"
        self.issuer = json.loads(line)["issuer"]

    def log_in(self, url, name, home):
        """Through its pages; the address it sends the browser back to. Stops at `home`."""
        session = requests.Session()
        session.trust_env = False
        answer = session.get(url, allow_redirects=False, timeout=30)
        for _ in range(12):
            location = answer.headers.get("Location")
            if location:
                location = urllib.parse.urljoin(answer.url, location)
                if location.startswith(home):
                    return location
                answer = session.get(location, allow_redirects=False, timeout=30)
                continue
            action = re.search(r'<form[^>]*action="([^"]+)"', answer.text).group(1)
            fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
            answer = session.post(urllib.parse.urljoin(answer.url, action), data={**fields, "login": name, "password": "x"},
                                  allow_redirects=False, timeout=30)
        raise AssertionError("oidc-provider never sends back")

    def close(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait(10)
