/* Tests of src/session. Those of the store need a real server: without one in the environment the program
 * starts itself again under tests/with-postgres. */
#include "session/session.h"

#include "auth/auth_tests.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "db/queries.h"
#include "session/refresh_token.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct str secret = { "0123456789abcdef0123456789abcdef", 32 };
static struct arena *arena;

static struct str text_of(const struct refresh_token *t)
{
    return (struct str){ t->text, REFRESH_TOKEN_SIZE };
}

/* ---- tokens ---- */

static struct uuid session;
static struct refresh_token token;

static void setup(void)
{
    log_init("session_tests", LOG_ERROR);
    arena = arena_create(65536, 1 << 24);
    session = uuid_v7();
    refresh_token_first(secret, &session, &token);
}

static void teardown(void)
{
    arena_destroy(arena);
}

static bool is_ours(struct str key, struct str text)
{
    unsigned char hash[REFRESH_TOKEN_HASH];
    struct uuid found;
    bool ours = false;
    return refresh_token_read(key, text, &found, &ours, hash) && uuid_eq(&found, &session) && ours;
}

START_TEST(a_token_names_its_session)
{
    unsigned char hash[REFRESH_TOKEN_HASH];
    struct uuid found;
    bool ours = false;
    ck_assert(refresh_token_read(secret, text_of(&token), &found, &ours, hash));
    ck_assert(ours && uuid_eq(&found, &session));
    ck_assert_mem_eq(hash, token.hash, sizeof(hash));
    ck_assert(str_starts(text_of(&token), STR("nxr_")));
}
END_TEST

START_TEST(tokens_are_random)
{
    struct refresh_token other;
    refresh_token_first(secret, &session, &other);
    ck_assert(!str_eq(text_of(&token), text_of(&other)));
    ck_assert_mem_ne(token.hash, other.hash, sizeof(token.hash));
}
END_TEST

START_TEST(a_successor_is_the_same_each_time)
{
    unsigned char salt[REFRESH_TOKEN_SALT], other_salt[REFRESH_TOKEN_SALT];
    struct refresh_token one, again, other, later;
    refresh_token_salt(salt);
    refresh_token_salt(other_salt);
    refresh_token_next(secret, salt, text_of(&token), &one);
    refresh_token_next(secret, salt, text_of(&token), &again);
    refresh_token_next(secret, other_salt, text_of(&token), &other);
    refresh_token_next(secret, salt, text_of(&one), &later);
    ck_assert(str_eq(text_of(&one), text_of(&again)));
    ck_assert_mem_eq(one.hash, again.hash, sizeof(one.hash));
    ck_assert(is_ours(secret, text_of(&one)) && is_ours(secret, text_of(&other)) &&
              is_ours(secret, text_of(&later)));
    ck_assert(!str_eq(text_of(&one), text_of(&other)) && !str_eq(text_of(&one), text_of(&token)));
    ck_assert(!str_eq(text_of(&one), text_of(&later)));
}
END_TEST

/* Who knows a token, and even the salt, cannot make its successor without the secret. */
START_TEST(another_secret_makes_others)
{
    static const struct str keys[] = { { "0123456789abcdef0123456789abcdeF", 32 }, { "", 0 } };
    unsigned char salt[REFRESH_TOKEN_SALT] = { 1 };
    struct refresh_token ours, theirs;
    refresh_token_next(secret, salt, text_of(&token), &ours);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        refresh_token_next(keys[i], salt, text_of(&token), &theirs);
        ck_assert(!str_eq(text_of(&ours), text_of(&theirs)));
        ck_assert(!is_ours(keys[i], text_of(&token)));
        ck_assert(!is_ours(secret, text_of(&theirs)));
    }
}
END_TEST

/* Every change of a character: of another form, of another session, or not ours. */
START_TEST(every_character_counts)
{
    for (size_t i = 0; i < REFRESH_TOKEN_SIZE; i++) {
        char text[REFRESH_TOKEN_SIZE];
        memcpy(text, token.text, sizeof(text));
        text[i] = text[i] == 'A' ? 'B' : 'A';
        ck_assert_msg(!is_ours(secret, (struct str){ text, sizeof(text) }), "at %zu", i);
    }
}
END_TEST

START_TEST(other_texts_are_no_tokens)
{
    static const char *const bad[] = { "", "nxr_", "nxr", "x", "nxr_AAAA", "\xff\xff" };
    unsigned char hash[REFRESH_TOKEN_HASH];
    struct uuid found;
    bool ours;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert(!refresh_token_read(secret, str_from(bad[i]), &found, &ours, hash));
    }
    for (size_t n = 0; n < REFRESH_TOKEN_SIZE;
         n++) { /* exact copies on the heap, so that a sanitizer sees a read too far */
        char *copy = malloc(n + 1);
        memcpy(copy, token.text, n);
        ck_assert(!refresh_token_read(secret, (struct str){ copy, n }, &found, &ours, hash));
        free(copy);
    }
    char longer[REFRESH_TOKEN_SIZE + 1];
    memcpy(longer, token.text, REFRESH_TOKEN_SIZE);
    longer[REFRESH_TOKEN_SIZE] = 'A';
    ck_assert(!refresh_token_read(secret, (struct str){ longer, sizeof(longer) }, &found, &ours, hash));
}
END_TEST

/* ---- where from ---- */

START_TEST(networks_are_coarse)
{
    static const struct {
        const char *address, *network;
    } rows[] = {
        { "203.0.113.77", "203.0.113.0/24" },
        { "127.0.0.1", "127.0.0.0/24" },
        { "::ffff:203.0.113.77", "203.0.113.0/24" },
        { "2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:1234::/48" },
        { "2001:DB8::1", "2001:db8::/48" },
        { "::1", "::/48" },
        { "", NULL },
        { "unix:", NULL },
        { "203.0.113", NULL },
        { "203.0.113.77, 10.0.0.1", NULL },
        { "fe80::1%eth0", NULL },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str network = session_network(arena, str_from(rows[i].address));
        ck_assert_msg(rows[i].network ? str_eqz(network, rows[i].network) : !network.p, "%s",
                      rows[i].address);
    }
    ck_assert_ptr_null(session_network(arena, STR_NONE).p);
}
END_TEST

START_TEST(user_agents_are_text)
{
    static const struct {
        const char *sent, *kept;
    } rows[] = {
        { "curl/8", "curl/8" },
        { "  curl/8\t", "curl/8" },
        { "a\nb\x1b[31mc\x7f", "ab[31mc" },
        { "", NULL },
        { " \t ", NULL },
        { "\x01\x02", NULL },
        { "caf\xc3\xa9", "caf\xc3\xa9" },
        { "caf\xe9!", "caf!" },
        { "x\xc2\x80y", "xy" },
        { "\xff\xfe", NULL },
        { "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
        { "half \xf0\x9f", "half " },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str kept = session_user_agent(arena, str_from(rows[i].sent));
        ck_assert_msg(rows[i].kept ? str_eqz(kept, rows[i].kept) : !kept.p, "%zu", i);
    }
    ck_assert_ptr_null(session_user_agent(arena, STR_NONE).p);
    char many[4 * 1000];
    for (size_t i = 0; i < sizeof(many); i += 4) {
        memcpy(many + i, "\xf0\x9f\x98\x80", 4);
    }
    struct str kept = session_user_agent(arena, (struct str){ many, sizeof(many) });
    ck_assert(utf8_valid(kept) && utf8_count(kept) == 256);
}
END_TEST

static Suite *rules_suite(void)
{
    Suite *s = suite_create("session_rules");
    TCase *c = tcase_create("rules");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_token_names_its_session);
    tcase_add_test(c, tokens_are_random);
    tcase_add_test(c, a_successor_is_the_same_each_time);
    tcase_add_test(c, another_secret_makes_others);
    tcase_add_test(c, every_character_counts);
    tcase_add_test(c, other_texts_are_no_tokens);
    tcase_add_test(c, networks_are_coarse);
    tcase_add_test(c, user_agents_are_text);
    suite_add_tcase(s, c);
    return s;
}

/* ---- store ---- */

static const struct db_statement add_user = {
    "t_add_user", "insert into users (id, email, name) values ($1, $1::text || '@x', 'X')", 1, false
};
static const struct db_statement set_rotated = {
    "t_rotated", "update sessions set rotated_at = now() - $2 * interval '1 second' where id = $1", 2, false
};
static const struct db_statement set_used = {
    "t_used", "update sessions set used_at = now() - $2 * interval '1 second' where id = $1", 2, false
};
static const struct db_statement set_status = { "t_status", "update users set status = $2 where id = $1", 2,
                                                false };
static const struct db_statement add_password = { "t_password",
                                                  "insert into user_credentials values ($1, 'x', $2)", 2,
                                                  false };
static const struct db_statement state = {
    "t_state",
    "select coalesce(end_reason, 'open'), network::text, user_agent, head from sessions where id = $1", 1,
    true
};

static struct test_keys keys;
static struct options options, *loaded;
static struct auth *auth;
static struct db *db;
static struct cache *cache;
static struct buf body;
static struct uuid user;
static char *const no_headers[] = { NULL };

static struct request *request(void)
{
    struct request *rq = ARENA_NEW(arena, struct request);
    buf_reset(&body);
    rq->arena = arena;
    rq->violations.arena = arena;
    rq->res.body = &body;
    rq->db = db;
    rq->options = &options;
    rq->auth = auth;
    rq->cache = cache;
    rq->secret = secret;
    rq->env = no_headers;
    rq->now_us = clock_unix_us();
    memcpy(rq->id, "00000000000000000000000000000001", 33);
    rq->headers[HEADER_REMOTE_ADDR] = STR("203.0.113.77");
    return rq;
}

static void run(const struct db_statement *s, struct db_param a, struct db_param b)
{
    struct db_failure failure;
    struct db_batch *batch = db_batch(db, arena);
    (void)db_add(batch, s, (struct db_param[]){ a, b }, s->nparams);
    enum err e = db_run(batch, &failure);
    ck_assert_msg(e == ERR_NONE, "%s", db_error(db));
}

static void setup_store(void)
{
    char error[256] = "";
    setup();
    test_keys_make(&keys);
    loaded = options_load(NULL, error, sizeof(error));
    ck_assert_msg(loaded != NULL, "%s", error);
    struct options of_auth = test_auth_options(&keys);
    options = *loaded;
    options.token_keys = of_auth.token_keys;
    options.public_url = of_auth.public_url;
    auth = auth_create(&options, error, sizeof(error));
    ck_assert_msg(auth != NULL, "%s", error);
    options.redis = ""; /* nobody to announce to */
    cache = cache_create(&options);
    db = db_create(&options, DB_ROLE_API);
    buf_init(&body, 1 << 16);
    user = uuid_v7();
    run(&add_user, db_uuid(&user), db_uuid(&user));
}

static void teardown_store(void)
{
    buf_free(&body);
    db_close(db);
    cache_close(cache);
    auth_free(auth);
    options_free(loaded);
    test_keys_remove(&keys);
    teardown();
}

static enum err start_as(struct session_spec spec, struct session_tokens *out)
{
    bool replayed;
    struct request *rq = request();
    struct db_batch *b = write_batch(rq);
    spec.user = user;
    enum err e = session_add_start(rq, b, &spec, out);
    return e ? e : write_run(rq, b, &replayed);
}

static struct session_tokens start(void)
{
    struct session_tokens out;
    enum err e = start_as(
        (struct session_spec){ .kind = "direct", .methods = { STR("pwd") }, .refreshable = true }, &out);
    ck_assert_msg(e == ERR_NONE, "%s", db_error(db));
    session = out.session;
    return out;
}

static enum err refresh(struct str shown, struct session_tokens *out)
{
    return session_refresh(request(), shown, NULL, out);
}

static struct session_tokens refreshed(struct str shown)
{
    struct session_tokens out;
    enum err e = refresh(shown, &out);
    ck_assert_msg(e == ERR_NONE, "%d %s", e, db_error(db));
    return out;
}

static void refused(struct str shown)
{
    struct session_tokens out;
    ck_assert_int_eq(refresh(shown, &out), ERR_INVALID_REFRESH_TOKEN);
}

static const PGresult *row(void)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(db, arena);
    int index = DB_ADD(b, &state, db_uuid(&session));
    ck_assert_int_eq(db_run(b, &failure), ERR_NONE);
    ck_assert_int_eq(PQntuples(db_result(b, index)), 1);
    return db_result(b, index);
}

static void is_state(const char *reason)
{
    ck_assert_msg(str_eqz(db_get_text(row(), 0, 0), reason), STR_FMT, STR_ARG(db_get_text(row(), 0, 0)));
}

static int end(const struct uuid *whose, const struct uuid *which)
{
    bool replayed;
    struct request *rq = request();
    struct db_batch *b = write_batch(rq);
    int index = session_add_end(rq, b, whose, which, "revoked");
    ck_assert_int_eq(write_run(rq, b, &replayed), ERR_NONE);
    return PQntuples(db_result(b, index));
}

START_TEST(a_session_goes_on)
{
    struct session_tokens t = start();
    ck_assert(t.access_token.n > 0 && t.expires_in == 900 && uuid_eq(&t.user, &user));
    for (int i = 0; i < 5; i++) {
        struct session_tokens next = refreshed(t.refresh_token);
        ck_assert(uuid_eq(&next.session, &t.session) && uuid_eq(&next.user, &user));
        ck_assert(!str_eq(next.refresh_token, t.refresh_token));
        t = next;
    }
    is_state("open");
    ck_assert(str_eqz(db_get_text(row(), 0, 1), "203.0.113.0/24"));
    ck_assert(db_is_null(row(), 0, 2));
}
END_TEST

START_TEST(the_same_again_within_the_grace)
{
    struct session_tokens t = start();
    struct session_tokens one = refreshed(t.refresh_token);
    run(&set_rotated, db_uuid(&session), db_float8(arena, 9.5));
    ck_assert(str_eq(refreshed(t.refresh_token).refresh_token, one.refresh_token));
    run(&set_rotated, db_uuid(&session), db_float8(arena, 10.5));
    refused(t.refresh_token);
    is_state("reuse");
    refused(one.refresh_token);
}
END_TEST

START_TEST(the_token_before_last_ends_it_within_the_grace)
{
    struct session_tokens t = start();
    struct session_tokens two = refreshed(refreshed(t.refresh_token).refresh_token);
    refused(t.refresh_token);
    is_state("reuse");
    refused(two.refresh_token);
}
END_TEST

/* A new secret_file: the head still works, but successors cannot be told again, and old tokens not known. */
START_TEST(another_secret_locks_nobody_out)
{
    struct session_tokens t = start(), again;
    struct session_tokens one = refreshed(t.refresh_token);
    struct request *rq = request();
    rq->secret = STR("another secret, of thirty-two by.");
    ck_assert_int_eq(session_refresh(rq, t.refresh_token, NULL, &again), ERR_INVALID_REFRESH_TOKEN);
    is_state("open");
    rq = request();
    rq->secret = STR("another secret, of thirty-two by.");
    ck_assert_int_eq(session_refresh(rq, one.refresh_token, NULL, &again), ERR_NONE);
    is_state("open");
}
END_TEST

START_TEST(idle_and_over)
{
    struct session_tokens t = start();
    run(&set_used, db_uuid(&session), db_float8(arena, 7 * 86400 + 1));
    refused(t.refresh_token);
    is_state("open");
    run(&set_used, db_uuid(&session), db_float8(arena, 7 * 86400 - 5));
    (void)refreshed(t.refresh_token);
}
END_TEST

START_TEST(another_client_gets_nothing)
{
    struct session_tokens t = start(), out;
    struct session_tokens two = refreshed(refreshed(t.refresh_token).refresh_token);
    struct uuid client = uuid_v4();
    ck_assert_int_eq(session_refresh(request(), two.refresh_token, &client, &out), ERR_INVALID_REFRESH_TOKEN);
    ck_assert_int_eq(session_refresh(request(), t.refresh_token, &client, &out), ERR_INVALID_REFRESH_TOKEN);
    is_state("open");
    (void)refreshed(two.refresh_token);
}
END_TEST

START_TEST(sessions_without_refresh_tokens)
{
    struct session_tokens t;
    ck_assert_int_eq(start_as((struct session_spec){ .kind = "browser" }, &t), ERR_NONE);
    ck_assert_ptr_null(t.refresh_token.p);
    session = t.session;
    struct refresh_token made;
    refresh_token_first(secret, &session, &made); /* who had the secret could: still nothing */
    refused(text_of(&made));
}
END_TEST

START_TEST(nobody_begins_who_may_not)
{
    struct session_tokens t;
    struct session_spec spec = { .kind = "direct", .refreshable = true, .password_us = 1700000000000001 };
    run(&add_password, db_uuid(&user), db_timestamptz(arena, 1700000000000001));
    ck_assert_int_eq(start_as(spec, &t), ERR_NONE);
    spec.password_us--;
    ck_assert_int_eq(start_as(spec, &t), ERR_BAD_CREDENTIALS);
    spec.password_us = 0;
    spec.parent = uuid_v7();
    ck_assert_int_eq(start_as(spec, &t), ERR_SESSION_ENDED);
    spec.parent = start().session;
    ck_assert_int_eq(start_as(spec, &t), ERR_NONE);
    ck_assert_int_eq(end(&user, &spec.parent), 1);
    ck_assert_int_eq(start_as(spec, &t), ERR_SESSION_ENDED);
    spec.parent = (struct uuid){ { 0 } };
    run(&set_status, db_uuid(&user), db_text(STR("deactivated")));
    ck_assert_int_eq(start_as(spec, &t), ERR_ACCOUNT_INACTIVE);
    user = uuid_v7();
    ck_assert_int_eq(start_as(spec, &t), ERR_ACCOUNT_INACTIVE);
}
END_TEST

START_TEST(what_a_token_belongs_to)
{
    struct session_tokens t = start();
    struct session_found f;
    bool found;
    struct session_tokens one = refreshed(t.refresh_token);
    ck_assert_int_eq(session_find(request(), one.refresh_token, &found, &f), ERR_NONE);
    ck_assert(found && f.current && uuid_eq(&f.session, &t.session) && uuid_eq(&f.user, &user) && !f.scope.p);
    ck_assert_int_eq(f.expires_us - f.created_us, INT64_C(30) * 86400 * 1000000);
    ck_assert_int_eq(session_find(request(), t.refresh_token, &found, &f), ERR_NONE);
    ck_assert(found && !f.current);
    struct refresh_token other;
    refresh_token_first(STR("somebody else's"), &session, &other);
    ck_assert_int_eq(session_find(request(), text_of(&other), &found, &f), ERR_NONE);
    ck_assert(!found);
}
END_TEST

START_TEST(sessions_end_once_and_for_their_user)
{
    struct session_tokens t = start();
    struct uuid stranger = uuid_v7();
    ck_assert_int_eq(end(&stranger, &t.session), 0);
    is_state("open");
    ck_assert_int_eq(end(&user, &t.session), 1);
    is_state("revoked");
    ck_assert_int_eq(end(&user, &t.session), 0);
    refused(t.refresh_token);
}
END_TEST

START_TEST(all_but_one_end)
{
    bool replayed;
    struct session_tokens kept = start(), gone = start();
    struct request *rq = request();
    struct db_batch *b = write_batch(rq);
    int index = session_add_end_all(rq, b, &user, &kept.session, "password");
    ck_assert_int_eq(write_run(rq, b, &replayed), ERR_NONE);
    ck_assert_int_eq(PQntuples(db_result(b, index)), 1);
    refused(gone.refresh_token);
    (void)refreshed(kept.refresh_token);
    session_add_end_all(rq, b = write_batch(rq), &user, NULL, "password");
    ck_assert_int_eq(write_run(rq, b, &replayed), ERR_NONE);
    session = kept.session;
    is_state("password");
}
END_TEST

#define RACERS 8

/* In a process of its own, with a connection of its own: the successor it is given goes into the pipe. */
static void race(struct str shown, int out)
{
    struct session_tokens t;
    db = db_create(&options, DB_ROLE_API);
    bool ok = refresh(shown, &t) == ERR_NONE && t.refresh_token.n == REFRESH_TOKEN_SIZE &&
              write(out, t.refresh_token.p, REFRESH_TOKEN_SIZE) == REFRESH_TOKEN_SIZE;
    _exit(ok ? 0 : 1);
}

START_TEST(one_head_whoever_races)
{
    struct session_tokens t = start();
    for (int round = 0; round < 20; round++) {
        char given[RACERS][REFRESH_TOKEN_SIZE];
        int ends[2], status;
        ck_assert_int_eq(pipe(ends), 0);
        for (int i = 0; i < RACERS; i++) {
            pid_t pid = fork();
            ck_assert_int_ge(pid, 0);
            if (pid == 0) {
                race(t.refresh_token, ends[1]);
            }
        }
        for (int i = 0; i < RACERS; i++) {
            ck_assert_int_gt(wait(&status), 0);
            ck_assert_int_eq(status, 0);
            ck_assert_int_eq(read(ends[0], given[i], REFRESH_TOKEN_SIZE), REFRESH_TOKEN_SIZE);
            ck_assert_mem_eq(given[i], given[0], REFRESH_TOKEN_SIZE);
        }
        close(ends[0]);
        close(ends[1]);
        t.refresh_token = arena_str(arena, (struct str){ given[0], REFRESH_TOKEN_SIZE });
    }
    is_state("open");
}
END_TEST

static Suite *store_suite(void)
{
    Suite *s = suite_create("session_store");
    TCase *c = tcase_create("server");
    tcase_add_checked_fixture(c, setup_store, teardown_store);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_session_goes_on);
    tcase_add_test(c, the_same_again_within_the_grace);
    tcase_add_test(c, the_token_before_last_ends_it_within_the_grace);
    tcase_add_test(c, another_secret_locks_nobody_out);
    tcase_add_test(c, idle_and_over);
    tcase_add_test(c, another_client_gets_nothing);
    tcase_add_test(c, sessions_without_refresh_tokens);
    tcase_add_test(c, nobody_begins_who_may_not);
    tcase_add_test(c, what_a_token_belongs_to);
    tcase_add_test(c, sessions_end_once_and_for_their_user);
    tcase_add_test(c, all_but_one_end);
    tcase_add_test(c, one_head_whoever_races);
    suite_add_tcase(s, c);
    return s;
}

int main(int argc, char **argv)
{
    if (!getenv("NEXUS_TEST_SUPERUSER")) {
        execl(NEXUS_SRCDIR "/tests/with-postgres", "with-postgres", argv[0], (char *)NULL);
        perror(NEXUS_SRCDIR "/tests/with-postgres");
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(rules_suite());
    srunner_add_suite(runner, store_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
