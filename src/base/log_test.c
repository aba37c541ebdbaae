/* Tests of log.c: what is written to stderr is read back through a pipe and parsed by json-c. */
#include "base/base_tests.h"
#include "base/log.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <unistd.h>

static int pipe_ends[2];
static int real_stderr;
static char line[65536];

static void redirect(void)
{
    ck_assert_int_eq(pipe2(pipe_ends, O_NONBLOCK), 0);
    real_stderr = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(pipe_ends[1], STDERR_FILENO), 0);
    log_init("tests", LOG_INFO);
}

static void restore(void)
{
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

static size_t take_line(void)
{
    ssize_t n = read(pipe_ends[0], line, sizeof(line) - 1);
    size_t got = n > 0 ? (size_t)n : 0;
    line[got] = '\0';
    return got;
}

static json_object *take_json(void)
{
    size_t n = take_line();
    ck_assert_uint_gt(n, 0);
    ck_assert_int_eq(line[n - 1], '\n');
    ck_assert_ptr_eq(strchr(line, '\n'), line + n - 1);
    ck_assert(utf8_valid((struct str){ line, n }));
    json_object *o = json_tokener_parse(line);
    ck_assert_ptr_nonnull(o);
    return o;
}

static const char *member(json_object *o, const char *key)
{
    return json_object_get_string(json_object_object_get(o, key));
}

START_TEST(a_line_has_all_members)
{
    LOG(LOG_WARN, "disk is full", LOG_TEXT("path", "/var"), LOG_NUM("free", -1), LOG_STR("none", STR("")));
    json_object *o = take_json();
    ck_assert_str_eq(member(o, "level"), "warn");
    ck_assert_str_eq(member(o, "program"), "tests");
    ck_assert_str_eq(member(o, "message"), "disk is full");
    ck_assert_str_eq(member(o, "path"), "/var");
    ck_assert_int_eq(json_object_get_int(json_object_object_get(o, "free")), -1);
    ck_assert_int_eq(json_object_get_int(json_object_object_get(o, "pid")), getpid());
    ck_assert_str_eq(member(o, "none"), "");
    ck_assert_uint_ge(strlen(member(o, "time")), 20);
    json_object_put(o);
}
END_TEST

START_TEST(what_is_below_the_level_is_not_written)
{
    log_msg(LOG_DEBUG, "unseen");
    ck_assert_uint_eq(take_line(), 0);
    log_init("tests", LOG_ERROR);
    log_msg(LOG_WARN, "unseen");
    ck_assert_uint_eq(take_line(), 0);
    log_msg(LOG_ERROR, "seen");
    ck_assert_uint_gt(take_line(), 0);
}
END_TEST

START_TEST(any_byte_is_safe)
{
    char all[256];
    for (int i = 0; i < 256; i++) {
        all[i] = (char)i;
    }
    LOG(LOG_INFO, "bytes", LOG_STR("all", ((struct str){ all, 256 })),
        LOG_TEXT("ok", "gr\xC3\xBC\xC3\x9F \xF0\x9F\x8F\xA0"), LOG_TEXT("surrogate", "\xED\xA0\x80"),
        LOG_TEXT("overlong", "\xC0\xAF"), LOG_TEXT("cut", "\xF0\x9F\x8F"));
    json_object *o = take_json();
    ck_assert_ptr_nonnull(strstr(line, "\\u0000\\u0001"));
    ck_assert_ptr_nonnull(strstr(line, "\\u007f"));
    ck_assert_str_eq(member(o, "ok"), "gr\xC3\xBC\xC3\x9F \xF0\x9F\x8F\xA0");
    ck_assert_str_eq(member(o, "overlong"), "\xEF\xBF\xBD\xEF\xBF\xBD");
    json_object_put(o);
}
END_TEST

START_TEST(long_texts_are_cut_and_the_line_stays_json)
{
    static char text[40000];
    for (int c = 0; c < 3; c++) {
        memset(text, "x\x01\""[c], sizeof(text));
        struct str s = { text, sizeof(text) };
        LOG(LOG_INFO, "long", LOG_STR("a", s), LOG_STR("b", s), LOG_NUM("c", 1));
        json_object *o = take_json();
        ck_assert_str_eq(member(o, "truncated"), "1");
        ck_assert_uint_le(strlen(line), 16384);
        json_object_put(o);
    }
}
END_TEST

START_TEST(levels_have_names)
{
    enum log_level level;
    ck_assert(log_level_parse(STR("debug"), &level));
    ck_assert_int_eq(level, LOG_DEBUG);
    ck_assert(log_level_parse(STR("error"), &level));
    ck_assert_int_eq(level, LOG_ERROR);
    ck_assert(!log_level_parse(STR("loud"), &level));
    ck_assert(!log_level_parse(STR(""), &level));
}
END_TEST

Suite *log_suite(void)
{
    Suite *s = suite_create("log");
    TCase *t = tcase_create("log");
    tcase_add_checked_fixture(t, redirect, restore);
    tcase_add_test(t, a_line_has_all_members);
    tcase_add_test(t, what_is_below_the_level_is_not_written);
    tcase_add_test(t, any_byte_is_safe);
    tcase_add_test(t, long_texts_are_cut_and_the_line_stays_json);
    tcase_add_test(t, levels_have_names);
    suite_add_tcase(s, t);
    return s;
}
