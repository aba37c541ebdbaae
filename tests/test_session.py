"""Sessions: refreshing, reuse, ending, lifetimes."""
import concurrent.futures
import json
import uuid

import pytest

from stack import wait_until


def refresh(session, token):
    return session.post("/v1/auth/refresh", json={"refresh_token": token})


def refused(response):
    assert response.status_code == 401, response.text
    assert response.json()["code"] == "invalid_refresh_token"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    return response.json()


def good(response):
    assert response.status_code == 200, response.text
    return response.json()


def row(stack, somebody, columns):
    """Of the one session of a user."""
    return stack.query(f"select {columns} from sessions where user_id = %s", somebody.id)[0]


# ---- refreshing

def test_a_refresh_gives_the_next_tokens(stack, api, user):
    somebody = user()
    answer = refresh(api, somebody.refresh_token)
    body = good(answer)
    assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert body["token_type"] == "Bearer" and body["expires_in"] == 900
    assert body["refresh_token"] != somebody.refresh_token
    assert "no-store" in answer.headers["Cache-Control"] and "ETag" not in answer.headers
    assert stack.session(body["access_token"]).get("/v1/me").json()["id"] == somebody.id
    assert good(refresh(api, body["refresh_token"]))["refresh_token"] not in (somebody.refresh_token, body["refresh_token"])
