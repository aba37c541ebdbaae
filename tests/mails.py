"""Mails, read where they wait until something sends them: nexusctl outbox list."""
import json


def mails(stack, to, topic=None, limit=50):
    """Payloads of the mails to an address, newest first; all mails with their rows when there is no topic."""
    rows = json.loads(stack.ctl("outbox", "list", "--json", "--to", to, "--limit", str(limit)).stdout)
    return [row["payload"] for row in rows if row["topic"] == topic] if topic else rows


def token(stack, to, topic):
    """Token of the newest mail of a topic."""
    found = mails(stack, to, topic)
    assert found, f"no mail {topic} to {to}"
    assert found[0]["link"].endswith("#token=" + found[0]["token"])
    return found[0]["token"]
