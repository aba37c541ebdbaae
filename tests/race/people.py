"""Thousands of accounts at once: put into the database, with tokens signed by the stack's own key. Only the log-in is left out."""
import uuid

from psycopg2.extras import execute_values

from matrix import Mint


def people(stack, count, role="guest"):
    """[(user id, token)]"""
    mint = Mint(stack)
    users = [(str(uuid.uuid4()), str(uuid.uuid4())) for _ in range(count)]
    with stack.db() as connection, connection.cursor() as cursor:
        execute_values(cursor, "insert into users (id, email, name, status) values %s",
                       [(user, f"{user}@example.com", "Racer", "active") for user, _ in users])
        execute_values(cursor, "insert into user_roles (user_id, role_name) values %s", [(user, role) for user, _ in users])
        execute_values(cursor, "insert into sessions (id, user_id, kind, methods, expires_at, idle_seconds) values %s",
                       [(session, user, "direct", ["pwd"]) for user, session in users],
                       template="(%s, %s, %s, %s, now() + interval '1 day', 86400)")
    return [(user, mint.token(user, session, lifetime=3600)) for user, session in users]
