"""Tokens between this server and the public library jose: ours verify there, bad ones made there are refused here."""
import json
import shutil
import subprocess

import pytest

from stack import TOP


@pytest.fixture(scope="module")
def tokens(stack):
    node = shutil.which("node")
    if not node or not (TOP / "tests/node_modules/jose").exists():
        pytest.skip("node or tests/node_modules is missing: cd tests && npm ci")
    keys = json.loads(stack.ctl("keys", "list", "--json").stdout)
    given = {
        "issuer": stack.url, "audience": "nexus-api", "token": stack.user().token,
        "jwks": stack.session().get("/.well-known/jwks.json").json(),
        "active": next(key["id"] for key in keys if key["state"] == "active"),
        "pems": {key["id"]: (stack.run_dir / "secret/keys" / f"{key['id']}.pem").read_text() for key in keys},
    }
    done = subprocess.run([node, TOP / "tests/jose_tokens.mjs"], input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answer(stack, token):
    return stack.session().get("/v1/me", headers={"Authorization": f"Bearer {token}"})


def test_jose_verifies_ours(tokens):
    assert tokens["header"]["typ"] == "at+jwt" and set(tokens["header"]) == {"alg", "typ", "kid"}
    assert "roles" not in tokens["claims"] and tokens["claims"]["exp"] - tokens["claims"]["iat"] <= 86400


def test_what_jose_signs_with_our_key_is_ours(stack, tokens):
    for name, token in tokens["good"]:
        assert answer(stack, token).status_code == 200, name


def test_no_bad_token_is_accepted(stack, tokens):
    assert len(tokens["bad"]) >= 60 and len({name for name, _ in tokens["bad"]}) == len(tokens["bad"])
    accepted = []
    for name, token in tokens["bad"]:
        response = answer(stack, token)
        if response.status_code not in (400, 401, 431):  # too long a header, or one with a blank or NUL, is no credential at all
            accepted.append((name, response.status_code, response.text[:100]))
        elif response.status_code == 401:
            problem = response.json()
            assert problem["code"] in ("unauthenticated", "session_ended") and problem["errors"] == [], (name, problem)
    assert accepted == []
    assert answer(stack, tokens["good"][0][1]).status_code == 200  # and nothing was broken by them
