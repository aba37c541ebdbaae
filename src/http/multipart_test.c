/* Tests of multipart/form-data, whole and in pieces. Many more bodies are in tests/test_photos.py. */
#include "http/http_tests.h"
#include "http/multipart.h"

#include <stdio.h>
#include <string.h>

#define HEAD "Content-Disposition: form-data; name=\"file\"; filename=\"a.jpg\""

static char said[1024]; /* what was called: name[data], or name<data> for a file */
static bool refusing;

static void say(const char *p, size_t n)
{
    size_t at = strlen(said);
    ck_assert(at + n < sizeof(said));
    memcpy(said + at, p, n);
    said[at + n] = '\0';
}

static bool on_part(void *data, struct str name, bool is_file)
{
    say(name.p, name.n);
    say(is_file ? "<" : "[", 1);
    return !refusing;
}

static bool on_data(void *data, struct str bytes)
{
    ck_assert_uint_gt(bytes.n, 0);
    say(bytes.p, bytes.n);
    return true;
}

static bool on_end(void *data)
{
    say("|", 1);
    return true;
}

static const struct multipart_calls calls = { .part = on_part, .data = on_data, .end = on_end };

static enum multipart_fault run(struct str body, size_t piece)
{
    static struct multipart m;
    said[0] = '\0';
    multipart_start(&m, STR("b"), &calls, NULL);
    for (size_t at = 0; at < body.n; at += piece) {
        (void)multipart_feed(&m, (struct str){ body.p + at, body.n - at < piece ? body.n - at : piece });
    }
    return multipart_finish(&m);
}

/* The same whatever the pieces. */
static void check(struct str body, enum multipart_fault fault, const char *expected)
{
    for (size_t piece = 1; piece <= body.n + 1; piece++) {
        enum multipart_fault found = run(body, piece);
        ck_assert_msg(found == fault, "%.*s in pieces of %zu: %d", (int)body.n, body.p, piece, found);
        ck_assert_str_eq(said, expected);
    }
}

START_TEST(good_bodies)
{
    check(STR("--b\r\n" HEAD "\r\n\r\nabc\r\n--b--"), MULTIPART_FINE, "file<abc|");
    check(STR("--b\r\n" HEAD "\r\n\r\nabc\r\n--b--\r\n"), MULTIPART_FINE, "file<abc|");
    check(STR("--b\r\n" HEAD "\r\n\r\n\r\n--b--\r\n"), MULTIPART_FINE, "file<|");
    check(STR("--b\r\ncontent-disposition:form-data;name=x\r\n\r\n1\r\n--b\r\n" HEAD
              "\r\nContent-Type: image/jpeg\r\n\r\n2\r\n--b--\r\n"),
          MULTIPART_FINE, "x[1|file<2|");
    check(STR("--b\r\nContent-Disposition: form-data; filename*=UTF-8''a%20b; "
              "name=\"a%22b\"\r\n\r\nx\r\n--b--"),
          MULTIPART_FINE, "a%22b<x|");
}
END_TEST

START_TEST(what_looks_like_a_delimiter)
{
    check(STR("--b\r\n" HEAD "\r\n\r\n\r\r\n\r\n-\r\n--\r\n--a\n--b--\r\r\n--b--"), MULTIPART_FINE,
          "file<\r\r\n\r\n-\r\n--\r\n--a\n--b--\r|");
    check(STR("--b\r\n" HEAD "\r\n\r\n--b\r\n--b--"), MULTIPART_FINE, "file<--b|");
}
END_TEST

START_TEST(bad_bodies)
{
    check(STR(""), MULTIPART_CUT_OFF, "");
    check(STR("--c"), MULTIPART_START, "");
    check(STR("\r\n--b\r\n"), MULTIPART_START, "");
    check(STR("--b--"), MULTIPART_BOUNDARY, "");
    check(STR("--bx"), MULTIPART_BOUNDARY, "");
    check(STR("--b\rx"), MULTIPART_BOUNDARY, "");
    check(STR("--b\r\n\r\nabc\r\n--b--"), MULTIPART_DISPOSITION, "");
    check(STR("--b\r\n" HEAD "\r\n\r\nabc"), MULTIPART_CUT_OFF, "file<abc");
    check(STR("--b\r\n" HEAD "\r\n\r\nabc\r\n--b"), MULTIPART_CUT_OFF, "file<abc|");
    check(STR("--b\r\n" HEAD "\r\n\r\nabc\r\n--b-"), MULTIPART_CUT_OFF, "file<abc|");
    check(STR("--b\r\n" HEAD "\r\n\r\nabc\r\n--b-x"), MULTIPART_BOUNDARY, "file<abc|");
    check(STR("--b\r\n" HEAD "\r\n\r\nabc\r\n--b--x"), MULTIPART_AFTER_END, "file<abc|");
    check(STR("--b\r\n" HEAD "\r\n\r\nabc\r\n--b--\r\n\r\n"), MULTIPART_AFTER_END, "file<abc|");
    check(STR("--b\r\n" HEAD "\r\n x: y\r\n\r\nabc\r\n--b--"), MULTIPART_HEAD, "");
    check(STR("--b\r\n" HEAD "\r\n" HEAD "\r\n\r\nabc\r\n--b--"), MULTIPART_DISPOSITION, "");
    check(STR("--b\r\n" HEAD "x\r\n\r\nabc\r\n--b--"), MULTIPART_DISPOSITION, "");
    check(STR("--b\r\nContent-Disposition: form-data; name\r\n\r\nabc\r\n--b--"), MULTIPART_DISPOSITION, "");
    check(STR("--b\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\nabc\r\n--b--"), MULTIPART_NAME,
          "");
    check(STR("--b\r\n" HEAD "\r\nContent-Transfer-Encoding: base64\r\n\r\nabc\r\n--b--"), MULTIPART_ENCODING,
          "");
    refusing = true;
    check(STR("--b\r\n" HEAD "\r\n\r\nabc\r\n--b--"), MULTIPART_REFUSED, "file<");
    refusing = false;
}
END_TEST

START_TEST(a_head_of_any_length)
{
    static char body[MULTIPART_HEAD_MAX + 100];
    static const char start[] = "--b\r\n" HEAD "\r\nX: ", end[] = "\r\n\r\nabc\r\n--b--";
    size_t room =
        MULTIPART_HEAD_MAX - (sizeof(start) - 1 - 5) - 4; /* without --b CR LF; the two ends of lines */
    for (size_t more = 0; more < 2; more++) {
        memcpy(body, start, sizeof(start) - 1);
        memset(body + sizeof(start) - 1, 'x', room + more);
        memcpy(body + sizeof(start) - 1 + room + more, end, sizeof(end));
        ck_assert_int_eq(run(str_from(body), 100), more ? MULTIPART_HEAD_SIZE : MULTIPART_FINE);
    }
}
END_TEST

START_TEST(boundaries)
{
    struct str b;
    ck_assert(multipart_boundary(STR("multipart/form-data; boundary=abc"), &b) && str_eqz(b, "abc"));
    ck_assert(multipart_boundary(STR("Multipart/Form-Data; charset=utf-8; Boundary=\"a:b\""), &b) &&
              str_eqz(b, "a:b"));
    static const char *const wrong[] = { "",
                                         "multipart/form-data",
                                         "multipart/form-data; boundary",
                                         "multipart/form-data; boundary=",
                                         "multipart/form-data; boundary=\"\"",
                                         "multipart/form-data; boundary=a; boundary=a",
                                         "multipart/form-data; boundary=a b",
                                         "multipart/form-data; boundary=a\"",
                                         "multipart/form-data; boundary=a\xc3\xa4",
                                         "multipart/mixed; boundary=a" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!multipart_boundary(str_from(wrong[i]), &b), "%s", wrong[i]);
    }
    ck_assert(!multipart_boundary(STR_NONE, &b));
}
END_TEST

Suite *multipart_suite(void)
{
    Suite *s = suite_create("multipart");
    TCase *t = tcase_create("all");
    tcase_add_test(t, good_bodies);
    tcase_add_test(t, what_looks_like_a_delimiter);
    tcase_add_test(t, bad_bodies);
    tcase_add_test(t, a_head_of_any_length);
    tcase_add_test(t, boundaries);
    suite_add_tcase(s, t);
    return s;
}
