/* Entity tags. */
#include "http/etag.h"
#include "http/http_tests.h"

START_TEST(tags_name_version_and_bytes)
{
    char a[ETAG_TEXT_SIZE], b[ETAG_TEXT_SIZE], c[ETAG_TEXT_SIZE];
    etag_make(a, 7, STR("body"));
    etag_make(b, 8, STR("body"));
    etag_make(c, 7, STR("other"));
    ck_assert(strncmp(a, "\"7.", 3) == 0 && strlen(a) == 20);
    ck_assert_str_ne(a, b);
    ck_assert_str_ne(a, c);
    etag_make(a, 0, STR("body"));
    ck_assert(strlen(a) == 18 && !strchr(a, '.'));
    etag_make(a, UINT64_MAX, STR("body"));
    ck_assert_uint_lt(strlen(a), ETAG_TEXT_SIZE);
}
END_TEST

static const struct {
    const char *header;
    bool listed;
} lists[] = {
    { "\"7.ab\"", true },
    { "W/\"7.ab\"", true },
    { "*", true },
    { " * ", true },
    { "\"x\", \"7.ab\"", true },
    { "W/\"x\",\"7.ab\"", true },
    { "\"a,b\", \"7.ab\"", true },
    { "\"7.ac\"", false },
    { "7.ab", false },
    { "", false },
    { "\"7.ab", false },
    { "w/\"7.ab\"", false },
    { "\"x\" junk \"7.ab\"", false },
};

START_TEST(if_none_match_compares_weakly)
{
    ck_assert_msg(etag_listed(str_from(lists[_i].header), "\"7.ab\"") == lists[_i].listed, "%s",
                  lists[_i].header);
}
END_TEST

static const struct {
    const char *header;
    bool valid;
    int64_t good, bad; /* versions it allows and refuses; 0: not looked at */
} conditions[] = {
    { "\"7.ab\"", true, 7, 8 },
    { "W/\"7.ab\"", true, 7, 8 }, /* as a compressing proxy hands it out */
    { "*", true, 99, 0 },
    { "\"7.ab\", \"9.cd\"", true, 9, 8 },
    { "\"zz\"", true, 0, 7 },
    { "\"7\"", true, 0, 7 },
    { "\"-7.ab\"", true, 0, 7 },
    { "\"99999999999999999999.a\"", true, 0, 7 },
    { "", false, 0, 0 },
    { "7.ab", false, 0, 0 },
    { "\"7.ab", false, 0, 0 },
    { "\"7.ab\" x", false, 0, 0 },
    { "\"7.ab\" \"8.cd\"", false, 0, 0 },
};

START_TEST(if_match_allows_versions)
{
    struct request rq = { 0 };
    ck_assert_msg(if_match_parse(str_from(conditions[_i].header), &rq.if_match) == conditions[_i].valid, "%s",
                  conditions[_i].header);
    ck_assert(!conditions[_i].good || if_match_allows(&rq, conditions[_i].good));
    ck_assert(!conditions[_i].bad || !if_match_allows(&rq, conditions[_i].bad));
}
END_TEST

START_TEST(without_if_match_everything_is_allowed)
{
    struct request rq = { 0 };
    ck_assert(if_match_allows(&rq, 5));
    ck_assert_ptr_null(if_match_param(&rq).data);
}
END_TEST

Suite *etag_suite(void)
{
    Suite *s = suite_create("etag");
    TCase *t = tcase_create("etag");
    tcase_add_test(t, tags_name_version_and_bytes);
    tcase_add_loop_test(t, if_none_match_compares_weakly, 0, sizeof lists / sizeof lists[0]);
    tcase_add_loop_test(t, if_match_allows_versions, 0, sizeof conditions / sizeof conditions[0]);
    tcase_add_test(t, without_if_match_everything_is_allowed);
    suite_add_tcase(s, t);
    return s;
}
