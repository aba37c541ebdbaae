/* Tests of options: files, environment, precedence, messages, secrets and the sample file. */
#include "base/base_tests.h"
#include "base/options.h"
#include "base/options_table.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/nexus-options-XXXXXX";
static char file[64];
static char error[512];

extern char **environ;

/* The environment of whoever runs the tests must not change their outcome. */
static void forget_environment(void)
{
    char **kept = environ;
    for (char **e = environ; *e; e++) {
        if (strncmp(*e, "NEXUS_", 6) != 0) {
            *kept++ = *e;
        }
    }
    *kept = NULL;
}

static void make_folder(void)
{
    forget_environment();
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/nexus.conf", folder);
}

static void remove_folder(void)
{
    unlink(file);
    rmdir(folder);
}

static void write_bytes(const char *p, size_t n, mode_t mode)
{
    unlink(file);
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, mode);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, p, n), (ssize_t)n);
    fchmod(fd, mode);
    close(fd);
}

static struct options *load(const char *text)
{
    write_bytes(text, strlen(text), 0644);
    error[0] = '\0';
    return options_load(file, error, sizeof(error));
}

static void check_refused(const char *text, const char *reason)
{
    ck_assert_ptr_null(load(text));
    const char *shown = strncmp(error, file, strlen(file)) == 0 ? error + strlen(file) : error;
    ck_assert_str_eq(shown, reason);
    ck_assert_ptr_null(strchr(error, '\n'));
}

START_TEST(defaults_are_valid)
{
    struct options *o = options_load(NULL, error, sizeof(error));
    ck_assert_msg(o != NULL, "%s", error);
    ck_assert_str_eq(o->listen, "/run/nexus/api.sock");
    ck_assert_int_eq(o->listen_mode, 0660);
    ck_assert_int_eq(o->request_deadline, 15000000);
    ck_assert_int_eq(o->body_limit, 262144);
    ck_assert_int_eq(o->rate_read.count, 6000);
    ck_assert_int_eq(o->rate_read.period_us, 60000000);
    ck_assert_str_eq(o->secret_file, "");
    options_free(o);
    options_free(NULL);
}
END_TEST

START_TEST(file_syntax)
{
    struct options *o = load("# comment\n"
                             "\n"
                             "workers = 3\n"
                             "workers_are_none = 1\n");
    ck_assert_ptr_null(o);
    o = load("# comment\n\nworkers = 3\r\n"
             "\tdatabase=host=/run/x dbname=a # comment\n"
             "redis_prefix = \"a \\\"b\\\" \\\\ # c\"   # comment\n"
             "listen_group = \n"
             "rate_login = 0\n"
             "rate_roles = admin:read=7/h, a_2:hash=0\n"
             "token_audience = a#b\n"
             "request_deadline = 250ms\n"
             "worker_max_growth = 1GiB");
    ck_assert_msg(o != NULL, "%s", error);
    ck_assert_int_eq(o->workers, 3);
    ck_assert_str_eq(o->database, "host=/run/x dbname=a");
    ck_assert_str_eq(o->redis_prefix, "a \"b\" \\ # c");
    ck_assert_str_eq(o->listen_group, "");
    ck_assert_int_eq(o->rate_login.count, 0);
    ck_assert_str_eq(o->rate_roles[0].role, "admin");
    ck_assert_str_eq(o->rate_roles[0].rate_class, "read");
    ck_assert_int_eq(o->rate_roles[0].limit.count, 7);
    ck_assert_int_eq(o->rate_roles[0].limit.period_us, INT64_C(3600000000));
    ck_assert_str_eq(o->rate_roles[1].role, "a_2");
    ck_assert_str_eq(o->rate_roles[1].rate_class, "hash");
    ck_assert_int_eq(o->rate_roles[1].limit.count, 0);
    ck_assert_ptr_null(o->rate_roles[2].role);
    ck_assert_str_eq(o->token_audience, "a#b");
    ck_assert_int_eq(o->request_deadline, 250000);
    ck_assert_int_eq(o->worker_max_growth, 1LL << 30);
    options_free(o);
}
END_TEST

START_TEST(environment_wins_and_strangers_are_ignored)
{
    setenv("NEXUS_WORKERS", "7", 1);
    setenv("NEXUS_PORT", "8443", 1);
    setenv("NEXUS_WORKER", "9", 1);
    struct options *o = load("workers = 3\nlisten_backlog = 100\n");
    ck_assert_msg(o != NULL, "%s", error);
    ck_assert_int_eq(o->workers, 7);
    ck_assert_int_eq(o->listen_backlog, 100);
    ck_assert_str_eq(option_origin(o, option_row_find(STR("workers"))), "NEXUS_WORKERS");
    ck_assert_str_eq(option_origin(o, option_row_find(STR("redis"))), "default");
    ck_assert_str_eq(strrchr(option_origin(o, option_row_find(STR("listen_backlog"))), ':'), ":2");
    options_free(o);
    setenv("NEXUS_WORKERS", "many", 1);
    ck_assert_ptr_null(load(""));
    ck_assert_str_eq(error, "NEXUS_WORKERS: workers must be a whole number; 0 to 1024");
}
END_TEST

START_TEST(business_time_moves_in_the_sandbox_alone)
{
    struct options *o = load("sandbox = yes\nclock = -2h\n");
    ck_assert_msg(o != NULL, "%s", error);
    ck_assert_int_eq(o->clock, INT64_C(-7200000000));
    options_free(o);
    o = load("sandbox = yes\nclock = +3d\n");
    ck_assert_msg(o != NULL, "%s", error);
    ck_assert_int_eq(o->clock, INT64_C(3) * 86400000000);
    options_free(o);
    check_refused("clock = +3d\n", ":1: business time is moved in sandbox mode only; sandbox is no");
    check_refused("sandbox = yes\nclock = 3d\n",
                  ":2: clock must be + or -, a number, and us, ms, s, m, h or d; or 0");
    check_refused("sandbox = yes\nclock = +99999d\n",
                  ":2: clock must be + or -, a number, and us, ms, s, m, h or d; or 0");
}
END_TEST

START_TEST(refusals_name_line_and_reason)
{
    check_refused("\n\nwokers = 3\n", ":3: unknown option 'wokers'; did you mean 'workers'?");
    check_refused("zzzzzzzz = 3\n", ":1: unknown option 'zzzzzzzz'");
    check_refused("workers = 3\n#\nworkers = 4\n", ":3: workers is already set in line 1");
    check_refused("workers\n", ":1: expected 'name = value'");
    check_refused("= 3\n", ":1: expected 'name = value'");
    check_refused("[section]\n", ":1: expected 'name = value'");
    check_refused("work ers = 3\n", ":1: expected 'name = value'");
    check_refused("workers = 1025\n", ":1: workers must be a whole number; 0 to 1024");
    check_refused("workers = -1\n", ":1: workers must be a whole number; 0 to 1024");
    check_refused("workers = 1 2\n", ":1: workers must be a whole number; 0 to 1024");
    check_refused("workers =\n", ":1: workers must be a whole number; 0 to 1024");
    check_refused("read_timeout = 5\n",
                  ":1: read_timeout must be a number with us, ms, s, m, h or d; 100ms to 1m");
    check_refused("read_timeout = 2m\n",
                  ":1: read_timeout must be a number with us, ms, s, m, h or d; 100ms to 1m");
    check_refused("token_lifetime = 9999999999999999d\n",
                  ":1: token_lifetime must be a number with us, ms, s, m, h or d; 10s to 1d");
    check_refused("body_limit = 1kb\n",
                  ":1: body_limit must be bytes, or a number with KiB, MiB or GiB; 1KiB to 16MiB");
    check_refused("listen_mode = 0888\n", ":1: listen_mode must be octal permissions; at most 0777");
    check_refused("rate_read = 6/d\n", ":1: rate_read must be a number with /s, /m or /h, or 0");
    static const char *const bad_rates[] = { "admin",          "admin:read",      "admin:read=",
                                             "admin:read=6/d", "admin:reads=6/m", ":read=6/m",
                                             "Admin:read=6/m", "admin:read=6/m,", "admin:read=6/m;x" };
    for (size_t i = 0; i < sizeof(bad_rates) / sizeof(bad_rates[0]); i++) {
        char line[64];
        snprintf(line, sizeof(line), "rate_roles = %s\n", bad_rates[i]);
        check_refused(line, ":1: rate_roles must be comma-separated ROLE:CLASS=RATE, classes being read, "
                            "search, write, login and hash; at most 4096 bytes");
    }
    check_refused("listen = run/x\n", ":1: listen must be an absolute path; at most 107 bytes");
    check_refused("token_audience = \"\"\n", ":1: token_audience must be text; not empty, at most 256 bytes");
    check_refused("token_audience = \"a\n", ":1: token_audience: the quoted value has no end");
    check_refused("token_audience = \"a\" b\n", ":1: token_audience: text follows the quoted value");
    check_refused("token_audience = \"a\\n\"\n",
                  ":1: token_audience: only \\\" and \\\\ are known in a quoted value");
    check_refused("token_audience = a\x01z\n", ":1: token_audience has control characters or invalid UTF-8");
    check_refused("token_audience = a\xFFz\n", ":1: token_audience has control characters or invalid UTF-8");
    check_refused("log_level = loud\n", ":1: log_level must be error, warn, info or debug");
    check_refused("public_url = ftp://x\n",
                  ":1: public_url must be an http:// or https:// URL without a slash at its end");
    check_refused("metrics_listen = 9464\n", ":1: metrics_listen must be ADDRESS:PORT or empty");
    check_refused("redis = /run/redis.sock\n", ":1: redis must be unix:PATH, HOST:PORT or empty");
}
END_TEST

START_TEST(odd_files_are_refused)
{
    ck_assert_ptr_null(options_load("/nonexistent/nexus.conf", error, sizeof(error)));
    ck_assert_str_eq(error, "/nonexistent/nexus.conf: No such file or directory");
    ck_assert_ptr_null(options_load(folder, error, sizeof(error)));
    static char big[1024 * 1024 + 1];
    memset(big, '\n', sizeof(big));
    write_bytes(big, sizeof(big), 0644);
    ck_assert_ptr_null(options_load(file, error, sizeof(error)));
    ck_assert_ptr_nonnull(strstr(error, "larger than 1 MiB"));
    write_bytes(big, sizeof(big) - 1, 0644);
    struct options *o = options_load(file, error, sizeof(error));
    ck_assert_ptr_nonnull(o);
    options_free(o);
    write_bytes("workers = 3\0\n", 13, 0644);
    ck_assert_ptr_null(options_load(file, error, sizeof(error)));
}
END_TEST

START_TEST(every_misspelt_name_is_corrected)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const char *name = option_rows[i].name;
        if (!name) {
            continue;
        }
        char text[256], hint[128];
        snprintf(text, sizeof(text), "%sx = 1\n", name);
        snprintf(hint, sizeof(hint), "did you mean '%s'?", name);
        ck_assert_ptr_null(load(text));
        ck_assert_msg(strstr(error, hint) != NULL, "%s", error);
    }
}
END_TEST

START_TEST(lists)
{
    const char *cursor = " a , b,,c ,";
    char item[4];
    ck_assert(option_list_next(&cursor, item, sizeof(item)));
    ck_assert_str_eq(item, "a");
    ck_assert(option_list_next(&cursor, item, sizeof(item)));
    ck_assert_str_eq(item, "b");
    ck_assert(option_list_next(&cursor, item, sizeof(item)));
    ck_assert_str_eq(item, "c");
    ck_assert(!option_list_next(&cursor, item, sizeof(item)));
    cursor = "";
    ck_assert(!option_list_next(&cursor, item, sizeof(item)));
    cursor = "abcdefgh";
    ck_assert(option_list_next(&cursor, item, sizeof(item)));
    ck_assert_str_eq(item, "abc");
    ck_assert(!option_list_next(&cursor, item, sizeof(item)));
}
END_TEST

START_TEST(secrets)
{
    size_t size;
    write_bytes("s3cret\n", 7, 0600);
    char *secret = options_secret(file, &size, error, sizeof(error));
    ck_assert_msg(secret != NULL, "%s", error);
    ck_assert_str_eq(secret, "s3cret");
    ck_assert_uint_eq(size, 6);
    free(secret);
    static const mode_t bad[] = { 0640, 0604, 0660, 0644 };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_bytes("x", 1, bad[i]);
        ck_assert_ptr_null(options_secret(file, &size, error, sizeof(error)));
        ck_assert_ptr_nonnull(strstr(error, "chmod 600"));
    }
    write_bytes("\n", 1, 0600);
    ck_assert_ptr_null(options_secret(file, &size, error, sizeof(error)));
    ck_assert_ptr_null(options_secret(folder, &size, error, sizeof(error)));
    ck_assert_ptr_null(options_secret("/nonexistent", &size, error, sizeof(error)));
}
END_TEST

START_TEST(credentials)
{
    size_t size;
    unsetenv("CREDENTIALS_DIRECTORY");
    ck_assert_ptr_null(options_secret("credential:nexus.conf", &size, error, sizeof(error)));
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    write_bytes("key", 3, 0440);
    char *secret = options_secret("credential:nexus.conf", &size, error, sizeof(error));
    ck_assert_msg(secret != NULL, "%s", error);
    ck_assert_str_eq(secret, "key");
    free(secret);
    free(options_secret(file, &size, error, sizeof(error)));
    ck_assert_uint_eq(size, 3);
    write_bytes("key", 3, 0444);
    ck_assert_ptr_null(options_secret("credential:nexus.conf", &size, error, sizeof(error)));
    ck_assert_ptr_null(options_secret("credential:../x", &size, error, sizeof(error)));
    ck_assert_ptr_null(options_secret("credential:..", &size, error, sizeof(error)));
    ck_assert_ptr_null(options_secret("credential:", &size, error, sizeof(error)));
}
END_TEST

static char *written(void (*write_to)(FILE *out))
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    write_to(out);
    fclose(out);
    return text;
}

START_TEST(the_sample_file_is_up_to_date)
{
    static char committed[65536];
    FILE *in = fopen(NEXUS_SRCDIR "/conf/nexus.conf.sample", "r");
    ck_assert_msg(in != NULL, "conf/nexus.conf.sample is missing: make update-sample");
    committed[fread(committed, 1, sizeof(committed) - 1, in)] = '\0';
    fclose(in);
    char *text = written(options_write_sample);
    ck_assert_msg(strcmp(text, committed) == 0, "conf/nexus.conf.sample is not current: make update-sample");
    free(text);
}
END_TEST

/* With the comment marks of the settings removed the sample says exactly what the defaults are. */
START_TEST(the_sample_file_loads)
{
    char *text = written(options_write_sample);
    struct options *o = load(text);
    ck_assert_msg(o != NULL, "%s", error);
    options_free(o);
    for (char *p = text; (p = strstr(p, "\n#")) != NULL; p++) {
        if (p[2] >= 'a' && p[2] <= 'z') {
            p[1] = ' ';
        }
    }
    o = load(text);
    ck_assert_msg(o != NULL, "%s", error);
    for (size_t i = 0; i < option_row_count; i++) {
        if (option_rows[i].name) {
            ck_assert_str_eq(option_text(o, &option_rows[i]), option_rows[i].value);
            ck_assert_str_ne(option_origin(o, &option_rows[i]), "default");
        }
    }
    options_free(o);
    free(text);
}
END_TEST

START_TEST(the_manual_names_every_option)
{
    char *text = written(options_write_man);
    for (size_t i = 0; i < option_row_count; i++) {
        char head[128];
        snprintf(head, sizeof(head), ".BR %s ", option_rows[i].name);
        ck_assert(!option_rows[i].name || strstr(text, head));
    }
    free(text);
}
END_TEST

static struct options *shown;

static void write_shown(FILE *out)
{
    options_write_effective(out, shown);
}

START_TEST(values_in_force_are_listed_without_passwords)
{
    shown = load("database = host=x password=hunter2 user=y\nworkers=5\n");
    ck_assert_msg(shown != NULL, "%s", error);
    char *text = written(write_shown);
    ck_assert_ptr_null(strstr(text, "hunter2"));
    ck_assert_ptr_nonnull(strstr(text, "database\thost=x ***\t"));
    ck_assert_ptr_nonnull(strstr(text, "workers\t5\t"));
    ck_assert_ptr_nonnull(strstr(text, "log_level\tinfo\tdefault\n"));
    free(text);
    options_free(shown);
}
END_TEST

Suite *options_suite(void)
{
    Suite *s = suite_create("options");
    TCase *t = tcase_create("options");
    tcase_add_checked_fixture(t, make_folder, remove_folder);
    tcase_add_test(t, defaults_are_valid);
    tcase_add_test(t, file_syntax);
    tcase_add_test(t, environment_wins_and_strangers_are_ignored);
    tcase_add_test(t, refusals_name_line_and_reason);
    tcase_add_test(t, odd_files_are_refused);
    tcase_add_test(t, every_misspelt_name_is_corrected);
    tcase_add_test(t, lists);
    tcase_add_test(t, secrets);
    tcase_add_test(t, credentials);
    tcase_add_test(t, the_sample_file_is_up_to_date);
    tcase_add_test(t, the_sample_file_loads);
    tcase_add_test(t, business_time_moves_in_the_sandbox_alone);
    tcase_add_test(t, the_manual_names_every_option);
    tcase_add_test(t, values_in_force_are_listed_without_passwords);
    suite_add_tcase(s, t);
    return s;
}
