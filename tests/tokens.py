"""Access tokens signed with a stack's own key, for bearers that no operation makes yet or that should not exist."""
import base64
import json
import pathlib
import subprocess
import tempfile
import time
import uuid

NIL = str(uuid.UUID(int=0))


def _encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def mint(stack, sub, **more):
    """A token for `sub`; None takes a claim away. The signing key must be Ed25519, as a new stack's is."""
    key = next(k for k in json.loads(stack.ctl("keys", "list", "--json").stdout) if k["state"] == "active")
    now = int(time.time())
    said = {"iss": stack.url, "aud": "nexus-api", "sub": str(sub), "client_id": NIL, "jti": str(uuid.uuid4()),
            "iat": now, "exp": now + 900, **more}
    head = {"alg": key["algorithm"], "typ": "at+jwt", "kid": key["id"]}
    text = ".".join(_encode(json.dumps(part).encode()) for part in (head, {k: v for k, v in said.items() if v is not None}))
    with tempfile.NamedTemporaryFile() as file:
        pathlib.Path(file.name).write_text(text)
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey",
                                    str(stack.run_dir / "secret/keys" / f"{key['id']}.pem"), "-in", file.name],
                                   check=True, capture_output=True).stdout
    return f"{text}.{_encode(signature)}"


def make_client(stack, scopes, grants="client_credentials"):
    """The id of a new OAuth client."""
    made = str(uuid.uuid4())
    stack.query("insert into oauth_clients (id, name, secret_hash, grants, scopes) values (%s, 'Test', %s, %s, %s)",
                made, b"x" * 32, [grants], scopes)
    return made


def client_token(stack, client, **more):
    """What a client gets on its own behalf."""
    return mint(stack, client, client_id=client, **more)
