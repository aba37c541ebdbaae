"""Public clients against this server: npm openid-client as it is, and a real browser through the pages."""
import json
import os
import shutil
import socket
import subprocess
import urllib.parse

import pytest

import oauth
from test_login import Factor
from stack import TOP

NODE = shutil.which("node")


def run_node(stack, script, settings, timeout=120):
    if not NODE or not (TOP / "tests/node_modules").exists():
        pytest.skip("node or tests/node_modules is missing: cd tests && npm ci")
    env = {**os.environ, "NODE_EXTRA_CA_CERTS": str(stack.ca)}
    done = subprocess.run([NODE, TOP / "tests" / script], input=json.dumps(settings), env=env, text=True, capture_output=True,
                          timeout=timeout, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def learnt(stack):
    clients = {"basic": oauth.Client(stack), "post": oauth.Client(stack), "public": oauth.Client(stack, confidential=False)}
    user = stack.user(name="Ada Lovelace")
    found = run_node(stack, "openid_client.mjs", {
        "issuer": stack.url, "redirect": oauth.REDIRECT, "loggedOut": oauth.LOGGED_OUT, "email": user.email, "password": user.password,
        "clients": {kind: {"id": client.id, "secret": client.secret} for kind, client in clients.items()}})
    found["user"], found["ids"] = user, {kind: client.id for kind, client in clients.items()}
    return found


@pytest.mark.parametrize("kind", ["basic", "post", "public"])
def test_openid_client_code_flow(learnt, kind):
    result, user = learnt[kind], learnt["user"]
    assert result["claims"]["sub"] == user.id and result["claims"]["aud"] == learnt["ids"][kind]
    assert not {"email", "name"} & set(result["claims"]), "claims of scopes belong to userinfo"
    assert result["info"]["email"] == user.email and result["info"]["name"] == "Ada Lovelace"
    assert result["scope"] == "openid profile email offline_access bookings"


@pytest.mark.parametrize("kind", ["basic", "post", "public"])
def test_openid_client_refresh_revocation_and_logout(learnt, kind):
    result = learnt[kind]
    assert result["rotated"] and result["revoked"] == "invalid_grant"
    assert "was not refused" not in result["userinfoAfter"]
    assert result["endSession"] == f"{oauth.LOGGED_OUT}?state=bye" and result["cookieAfter"] is False


@pytest.mark.parametrize("kind", ["basic", "post"])
def test_openid_client_introspection_and_own_credentials(learnt, kind):
    result = learnt[kind]
    assert result["active"]["active"] is True and result["active"]["sub"] == learnt["user"].id
    assert result["inactive"] == {"active": False}
    assert result["ownScope"] == "bookings"


def test_openid_client_with_a_wrong_secret(learnt):
    assert learnt["wrongSecret"] == "OAUTH_WWW_AUTHENTICATE_CHALLENGE"  # 401 with a challenge it could parse


# ---- a real browser

@pytest.fixture(scope="module")
def browsed(stack):
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("Debian's chromium is not installed")
    folder = stack.build_dir / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        redirect = f"http://127.0.0.1:{free.getsockname()[1]}/done"
    client, user = oauth.Client(stack, name="Travel planner <b>&amp;", redirect_uris=[redirect]), stack.user()
    factor = Factor(user)
    params = client.params(scope="openid profile email bookings")
    query = urllib.parse.urlencode(params)
    found = run_node(stack, "oauth_browser.mjs", {
        "url": f"{stack.url}/oauth/authorize?{query}", "logout": f"{stack.url}/oauth/logout", "redirect": redirect,
        "bad": f"{stack.url}/oauth/authorize?client_id=nobody", "email": user.email, "password": user.password, "codes": factor.recovery,
        "chromium": chromium, "folder": str(folder)}, timeout=300)
    found["redirect"] = redirect
    found["pictures"], found["client"] = sorted(folder.glob("*.png")), client
    return found


def test_browser_without_scripts(browsed):
    back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browsed["back"]).query))
    assert back["state"] == "the state"
    assert browsed["client"].exchange(back["code"]).json()["error"] == "invalid_grant"  # the log-in it came from is over
    assert browsed["again"].startswith(browsed["redirect"]) and browsed["loggedOut"] == "You are logged out"
    assert browsed["asked"] == ["Know who you are", "See your name, photo and languages", "See your e-mail address",
                                "See your bookings, book and cancel for you"]
    assert "The code is wrong" in browsed["codeAlert"]
    assert "do not belong together" in browsed["alert"] and "@" in browsed["keptEmail"]


@pytest.mark.parametrize("screen", ["narrow", "wide"])
def test_browser_by_the_keyboard(browsed, screen):
    assert browsed[f"{screen} back"].startswith(browsed["redirect"]) and "code=" in browsed[f"{screen} back"]
    assert browsed[f"{screen} focus"] == "solid"


def test_pages_are_for_everybody(browsed):
    assert len(browsed["pages"]) == 12
    assert not {page: wrong for page, wrong in browsed["pages"].items() if wrong}
    assert not browsed["faults"], "the browser complained: a style or form was refused"


def test_pages_of_other_sites(browsed):
    assert browsed["framed"] is False and browsed["foreignForm"] == 403


def test_screenshots_are_kept(browsed):
    assert len(browsed["pictures"]) >= 10
    assert all(picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 2000 for picture in browsed["pictures"])
