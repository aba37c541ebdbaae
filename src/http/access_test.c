/* What tokens are good for, with a real PostgreSQL: sessions, status, roles, scopes, clients, actors. */
#include "http/http_tests.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SQL_MAX 1024

static PGconn *owner;
static struct uuid user, session, client, actor;

static void sql(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void sql(const char *fmt, ...)
{
    char text[SQL_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    PGresult *r = PQexec(owner, text);
    ExecStatusType status = PQresultStatus(r);
    ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", text,
                  PQresultErrorMessage(r));
    PQclear(r);
}

static const char *text_of(const struct uuid *id)
{
    static char texts[8][UUID_TEXT_SIZE];
    static unsigned next;
    char *text = texts[next++ % 8];
    uuid_format(text, id);
    return text;
}

static void make_user(const struct uuid *id, const char *role)
{
    sql("insert into users (id, email, name) values ('%s', '%s@example.com', 'X')", text_of(id), text_of(id));
    sql("insert into user_roles values ('%s', '%s')", text_of(id), role);
}

static void make_session(const char *kind)
{
    bool acting = strcmp(kind, "acting") == 0, oauth = strcmp(kind, "oauth") == 0;
    session = uuid_v7();
    sql("insert into sessions (id, user_id, client_id, kind, actor_id, expires_at, idle_seconds) values "
        "('%s', "
        "'%s', nullif('%s', '')::uuid, '%s', nullif('%s', '')::uuid, now() + interval '1 hour', 3600)",
        text_of(&session), text_of(&user), oauth ? text_of(&client) : "", kind,
        acting ? text_of(&actor) : "");
}

static void make_client(const char *scopes)
{
    client = uuid_v7();
    sql("insert into oauth_clients (id, name, grants, scopes) values ('%s', 'C', '{authorization_code}', "
        "'%s')",
        text_of(&client), scopes);
}

static void setup(void)
{
    owner = PQconnectdb(getenv("NEXUS_TEST_SUPERUSER"));
    ck_assert_msg(PQstatus(owner) == CONNECTION_OK, "%s", PQerrorMessage(owner));
    test_options_reset();
    test_options.database = getenv("NEXUS_DATABASE");
    test_service_start();
    test_executions = 0;
    user = uuid_v7();
    actor = uuid_v7();
    make_user(&user, "guest");
    make_user(&actor, "support");
    struct uuid keeper = uuid_v7(); /* of the role admin, which somebody must have */
    make_user(&keeper, "admin");
    make_session("direct");
}

static void teardown(void)
{
    test_service_stop();
    PQfinish(owner);
}

/* Status of a request with such a token. */
static int ask(const char *method, const char *target, const struct token_spec *spec)
{
    char *token = test_token_of(spec);
    int status = test_request(method, target, NULL, token, NULL).status;
    free(token);
    return status;
}

static struct token_spec mine(void)
{
    return (struct token_spec){ .user = user, .session = session };
}

static void refused(const struct token_spec *spec, int status, const char *code)
{
    ck_assert_int_eq(ask("GET", "/v1/mine", spec), status);
    ck_assert_str_eq(test_member("code"), code);
    ck_assert_int_eq(ask("GET", "/v1/hello", spec), status); /* public: whoever sends a token is somebody */
}

START_TEST(roles_open_what_they_are_for)
{
    struct token_spec spec = mine();
    ck_assert_int_eq(ask("GET", "/v1/mine", &spec), 200);
    ck_assert(test_seen_principal);
    ck_assert_str_eq(test_header("Cache-Control"), "private, no-store");
    ck_assert_int_eq(ask("GET", "/v1/staff", &spec), 403);
    ck_assert(strstr(test_header("WWW-Authenticate"), "insufficient_scope") != NULL);
    char *token = test_token_of(&spec);
    memcpy(strstr(token, "Bearer"), "bEARER", 6);
    ck_assert_int_eq(test_request("GET", "/v1/mine", NULL, token, NULL).status, 200);
    free(token);
    sql("insert into user_roles values ('%s', 'admin')", text_of(&user));
    ck_assert_int_eq(ask("GET", "/v1/staff", &spec), 200); /* '*' */
    sql("delete from user_roles where user_id = '%s'", text_of(&user));
    ck_assert_int_eq(ask("GET", "/v1/mine", &spec), 403);
    ck_assert_int_eq(ask("GET", "/v1/hello", &spec), 200);
}
END_TEST

START_TEST(sessions_end)
{
    struct token_spec spec = mine();
    sql("update sessions set ended_at = now(), end_reason = 'logout' where id = '%s'", text_of(&session));
    refused(&spec, 401, "session_ended");
    ck_assert(strstr(test_header("WWW-Authenticate"), "invalid_token") != NULL);
    make_session("direct");
    spec = mine();
    sql("update sessions set expires_at = now() where id = '%s'", text_of(&session));
    refused(&spec, 401, "session_ended");
    spec.session = uuid_v7(); /* there never was one */
    refused(&spec, 401, "session_ended");
    make_session("direct");
    spec = (struct token_spec){ .user = actor, .session = session }; /* of somebody else */
    refused(&spec, 401, "session_ended");
}
END_TEST

START_TEST(accounts_are_suspended_and_go)
{
    struct token_spec spec = mine();
    sql("update users set status = 'suspended' where id = '%s'", text_of(&user));
    refused(&spec, 403, "account_inactive");
    sql("update users set status = 'deactivated' where id = '%s'", text_of(&user));
    refused(&spec, 401, "session_ended");
    sql("delete from users where id = '%s'", text_of(&user));
    refused(&spec, 401, "session_ended");
}
END_TEST

START_TEST(scopes_leave_less)
{
    make_client("{bookings}");
    make_session("oauth");
    struct token_spec spec = { .user = user, .session = session, .client = client, .scope = STR("bookings") };
    ck_assert_int_eq(ask("GET", "/v1/mine", &spec), 403);
    spec.scope = STR("openid account");
    ck_assert_int_eq(ask("GET", "/v1/mine", &spec), 200);
    spec.scope = STR("admin"); /* leaves all that the roles allow, which is not all */
    ck_assert_int_eq(ask("GET", "/v1/mine", &spec), 200);
    ck_assert_int_eq(ask("GET", "/v1/staff", &spec), 403);
    spec.scope = STR("");
    ck_assert_int_eq(ask("GET", "/v1/mine", &spec), 403);
    spec.scope = STR("account");
    sql("update oauth_clients set disabled_at = now() where id = '%s'", text_of(&client));
    refused(&spec, 401, "session_ended");
    spec.client = (struct uuid){ { 0 } }; /* the session is the client's, the token says otherwise */
    refused(&spec, 401, "session_ended");
}
END_TEST

START_TEST(clients_on_their_own)
{
    make_client("{users,account,nonsense}");
    struct token_spec spec = { .client = client };
    ck_assert_int_eq(ask("GET", "/v1/staff", &spec), 200);
    ck_assert_int_eq(ask("GET", "/v1/mine", &spec), 403); /* there is no person */
    spec.scope = STR("account");
    ck_assert_int_eq(ask("GET", "/v1/staff", &spec), 403);
    sql("update oauth_clients set disabled_at = now() where id = '%s'", text_of(&client));
    refused(&spec, 401, "session_ended");
    spec.client = uuid_v7();
    refused(&spec, 401, "session_ended");
}
END_TEST

START_TEST(acting_is_less_than_being)
{
    sql("insert into user_roles values ('%s', 'admin')", text_of(&user));
    sql("insert into user_roles values ('%s', 'admin')", text_of(&actor));
    make_session("acting");
    struct token_spec spec = { .user = user, .session = session, .actor = actor };
    ck_assert_int_eq(ask("GET", "/v1/mine", &spec), 200);
    ck_assert_int_eq(ask("GET", "/v1/staff", &spec), 403);
    ck_assert_int_eq(ask("DELETE", "/v1/mine", &spec), 403);
    sql("update users set status = 'suspended' where id = '%s'", text_of(&actor));
    refused(&spec, 401, "session_ended");
    sql("update users set status = 'active' where id = '%s'", text_of(&actor));
    sql("delete from user_roles where user_id = '%s'", text_of(&actor)); /* who may not act any more */
    refused(&spec, 401, "session_ended");
    sql("insert into user_roles values ('%s', 'admin')", text_of(&actor));
    spec.actor = user; /* another than the session's */
    refused(&spec, 401, "session_ended");
    spec = mine(); /* the session is one of acting, the token hides it */
    refused(&spec, 401, "session_ended");
}
END_TEST

/* One statement at first sight, then none until what was loaded is too old. */
START_TEST(bearers_are_loaded_once)
{
    char *token = test_token_of(&(struct token_spec){ .user = user, .session = session });
    char *const env[] = { (char *)"REQUEST_METHOD=GET",
                          (char *)"REQUEST_URI=/v1/mine",
                          (char *)"SERVER_PROTOCOL=HTTP/1.1",
                          (char *)"REMOTE_ADDR=192.0.2.1",
                          token,
                          NULL };
    for (int i = 0; i < 50; i++) {
        struct request *rq = request_start(test_service, env);
        pipeline_run(rq);
        ck_assert_int_eq(rq->res.status, 200);
        ck_assert_int_eq(rq->statements, i == 0);
        request_end(rq);
    }
    free(token);
}
END_TEST

Suite *access_suite(void)
{
    Suite *s = suite_create("access");
    TCase *t = tcase_create("access");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, roles_open_what_they_are_for);
    tcase_add_test(t, sessions_end);
    tcase_add_test(t, accounts_are_suspended_and_go);
    tcase_add_test(t, scopes_leave_less);
    tcase_add_test(t, clients_on_their_own);
    tcase_add_test(t, acting_is_less_than_being);
    tcase_add_test(t, bearers_are_loaded_once);
    suite_add_tcase(s, t);
    return s;
}
