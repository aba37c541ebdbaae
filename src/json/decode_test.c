/* Tests of decode.c. Each case gives a body and the violations as "pointer code" lines. */
#include "json/json_tests.h"
#include "json/sample_shape.h"

#include "base/buf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ID "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

static struct arena *arena;
static struct violations v;
static struct sample *in;
static const char *why;
static const struct json_param id_param = { { "id", 2 }, { ID, sizeof(ID) - 1 } };

static void start(void)
{
    arena = arena_create(4096, 32 << 20);
}

static void finish(void)
{
    arena_destroy(arena);
}

static enum err decode_all(struct str body, const struct json_param *query, size_t query_count)
{
    void *out;
    memset(&v, 0, sizeof(v));
    /* The body ends where its memory ends: AddressSanitizer sees whoever reads on. */
    char *copy = body.p ? malloc(body.n ? body.n : 1) : NULL;
    if (copy) {
        memcpy(copy, body.p, body.n);
    }
    enum err e = shape_decode(&sample_shape, arena, copy ? (struct str){ copy, body.n } : STR_NONE, &id_param,
                              1, query, query_count, &out, &v, &why);
    free(copy);
    in = out;
    return e;
}

static enum err decode(struct str body)
{
    return decode_all(body, NULL, 0);
}

static const char *found(void)
{
    const char *text = "";
    for (size_t i = 0; i < v.count; i++) {
        text = arena_printf(arena, "%s%s%s %s", text, i > 0 ? "\n" : "", v.list[i].pointer, v.list[i].code);
        ck_assert_uint_gt(strlen(v.list[i].detail), 0);
    }
    return text;
}

static void check_fault(const char *body, const char *violations)
{
    ck_assert_int_eq(decode(str_from(body)), *violations ? ERR_VALIDATION : ERR_NONE);
    ck_assert_str_eq(found(), violations);
}

static void check_str(struct str s, const char *expected)
{
    ck_assert_ptr_nonnull(s.p);
    ck_assert(str_eqz(s, expected));
}

START_TEST(everything_at_once)
{
    ck_assert_int_eq(
        decode(STR(
            "{\"name\":\"Gr\\u00fc\xC3\x9F\",\"about\":\"a\\n\\tb\",\"email\":\"a@b.co\",\"password\":\" "
            "pass "
            "word "
            "\",\"photo\":\"https://e.co/x\",\"zone\":\"Europe/Berlin\",\"guests\":2,\"any\":-7,\"rating\":"
            "4.5,\"instant\":false,\"room\":\"shared_room\",\"day\":\"2026-02-28\",\"other\":\"" ID
            "\",\"price\":{\"amount\":100,\"currency\":\"USD\"},\"deposit\":{\"currency\":\"EUR\",\"amount\":"
            "5},\"stays\":[{\"from\":\"2026-01-01\",\"to\":\"2026-01-03\",\"kind\":\"repair\"},{\"from\":"
            "\"2026-"
            "01-03\",\"to\":\"2026-01-04\"}],\"a/b~c\":[1,-5,0],\"grid\":[[1,2],[3]]}")),
        ERR_NONE);
    ck_assert_str_eq(found(), "");
    check_str(in->name, "Gr\xC3\xBC\xC3\x9F");
    check_str(in->about, "a\n\tb");
    check_str(in->password, " pass word ");
    ck_assert_int_eq(in->guests, 2);
    ck_assert_int_eq(in->any, -7);
    ck_assert_double_eq(in->rating, 4.5);
    ck_assert(!in->instant && SHAPE_HAS(in, SAMPLE_INSTANT));
    ck_assert_int_eq(in->room, 2);
    ck_assert_int_eq(in->day, date_from_ymd(2026, 2, 28));
    ck_assert_uint_eq(in->other.b[0], 1);
    ck_assert_uint_eq(in->id.b[15], 0x8f);
    ck_assert_int_eq(in->price.amount, 100);
    check_str(in->deposit.currency, "EUR");
    ck_assert_uint_eq(in->stays.count, 2);
    const struct sample_stay *stays = in->stays.items;
    ck_assert_int_eq(stays[0].kind, 2);
    ck_assert_int_eq(stays[1].kind, -1);
    ck_assert(SHAPE_HAS(&stays[1], 1) && !SHAPE_HAS(&stays[1], 2));
    ck_assert_uint_eq(in->numbers.count, 3);
    ck_assert_int_eq(((int64_t *)in->numbers.items)[1], -5);
    const struct shape_list *grid = in->grid.items;
    ck_assert_int_eq(((int64_t *)grid[0].items)[1], 2);
    ck_assert_uint_eq(grid[1].count, 1);
}
END_TEST

START_TEST(absent_members_keep_zero_or_default)
{
    ck_assert_int_eq(decode(STR("{\"name\":\"Ada\"}")), ERR_NONE);
    ck_assert_ptr_null(in->about.p);
    ck_assert_int_eq(in->guests, 0);
    ck_assert_int_eq(in->room, -1);
    check_str(in->zone, "UTC");
    ck_assert(in->instant && !SHAPE_HAS(in, SAMPLE_INSTANT));
    ck_assert_int_eq(in->limit, 20);
    ck_assert(SHAPE_HAS(in, SAMPLE_NAME));
    ck_assert_uint_eq(in->price.seen.given, 0);
    ck_assert_ptr_null(in->stays.items);
}
END_TEST

START_TEST(nulls)
{
    ck_assert_int_eq(decode(STR("{\"name\":\"Ada\",\"about\":null,\"day\":null,\"deposit\":null}")),
                     ERR_NONE);
    ck_assert(SHAPE_HAS(in, SAMPLE_ABOUT) && SHAPE_NULL(in, SAMPLE_ABOUT));
    ck_assert(SHAPE_NULL(in, SAMPLE_DAY) && SHAPE_NULL(in, SAMPLE_DEPOSIT) && !SHAPE_NULL(in, SAMPLE_NAME));
    check_fault(
        "{\"name\":null,\"guests\":null,\"price\":{\"amount\":null,\"currency\":\"USD\"},\"a/b~c\":[null]}",
        "/name null\n/guests null\n/price/amount null\n/a~1b~0c/0 null");
}
END_TEST

#define N "\"name\":\"Ada\""

static const struct {
    const char *body, *violations;
} faults[] = {
    { "{}", "/name required" },
    { "[]", " type" },
    { "\"x\"", " type" },
    { "1", " type" },
    { "null", " type" },
    { "{" N ",\"nam\":1}", "/nam unknown" },
    { "{" N ",\"id\":\"" ID "\",\"limit\":3}", "/id unknown\n/limit unknown" },
    { "{" N ",\"\":1,\"a/b\":1,\"~\":1}", "/ unknown\n/a~1b unknown\n/~0 unknown" },
    { "{" N ",\"name\":\"Bob\"}", "/name duplicate" },
    { "{\"name\":1,\"guests\":\"2\",\"instant\":\"true\",\"room\":1,\"day\":20260101,\"price\":[],\"stays\":{"
      "}}",
      "/name type\n/guests type\n/instant type\n/room type\n/day type\n/price type\n/stays type" },
    { "{\"name\":{},\"guests\":true,\"instant\":0,\"rating\":\"4\",\"other\":[]}",
      "/name type\n/guests type\n/instant type\n/rating type\n/other type" },
    { "{\"name\":\"A\"}", "/name length" },
    { "{\"name\":\"12345678901\"}", "/name length" },
    { "{\"name\":\"1234567890\"}", "" },
    { "{\"name\":"
      "\"\xF0\x9F\x8F\xA0\xF0\x9F\x8F\xA0\xF0\x9F\x8F\xA0\xF0\x9F\x8F\xA0\xF0\x9F\x8F\xA0\xF0\x9F\x8F\xA0\xF0"
      "\x9F\x8F\xA0\xF0\x9F\x8F\xA0\xF0\x9F\x8F\xA0\xF0\x9F\x8F\xA0\"}",
      "" },
    { "{\"name\":\" Ada\"}", "/name blank" },
    { "{\"name\":\"Ada \"}", "/name blank" },
    { "{\"name\":\"   \"}", "/name blank" },
    { "{\"name\":\"A\\nb\"}", "/name characters" },
    { "{\"name\":\"A\\u0000b\"}", "/name characters" },
    { "{\"name\":\"A\\u007fb\"}", "/name characters" },
    { "{\"name\":\"A\\u0085b\"}", "/name characters" },
    { "{\"name\":\"A\\u00a0b\"}", "" },
    { "{" N ",\"about\":\"a\\rb\"}", "/about characters" },
    { "{" N ",\"about\":\"a\\u0000b\"}", "/about characters" },
    { "{" N ",\"about\":\"\"}", "" },
    { "{" N ",\"password\":\"short\"}", "/password length" },
    { "{" N ",\"password\":\"with\\u0000nul\"}", "/password characters" },
    { "{" N ",\"guests\":0}", "/guests min" },
    { "{" N ",\"guests\":-0}", "/guests min" },
    { "{" N ",\"guests\":17}", "/guests max" },
    { "{" N ",\"guests\":2.0}", "" },
    { "{" N ",\"guests\":1e1}", "" },
    { "{" N ",\"guests\":2.5}", "/guests type" },
    { "{" N ",\"guests\":1e400}", "/guests type" },
    { "{" N ",\"guests\":9223372036854775808}", "/guests max" },
    { "{" N ",\"guests\":99999999999999999999999999}", "/guests max" },
    { "{" N ",\"guests\":-99999999999999999999999999}", "/guests min" },
    { "{" N ",\"any\":9223372036854775807}", "" },
    { "{" N ",\"any\":-9223372036854775807}", "" },
    { "{" N ",\"any\":9223372036854775808}", "/any max" },
    { "{" N ",\"any\":18446744073709551616}", "/any max" },
    { "{" N ",\"any\":-9223372036854775809}", "/any min" },
    { "{" N ",\"any\":1e19}", "/any type" },
    { "{" N ",\"any\":-0}", "" },
    { "{" N ",\"any\":-0.0}", "" },
    { "{" N ",\"rating\":5.1}", "/rating max" },
    { "{" N ",\"rating\":-0.1}", "/rating min" },
    { "{" N ",\"rating\":5}", "" },
    { "{" N ",\"rating\":1e400}", "/rating max" },
    { "{" N ",\"rating\":-1e400}", "/rating min" },
    { "{" N ",\"rating\":1e-400}", "" },
    { "{" N ",\"room\":\"castle\"}", "/room enum" },
    { "{" N ",\"room\":\"\"}", "/room enum" },
    { "{" N ",\"room\":\"shared_room\\u0000\"}", "/room enum" },
    { "{" N ",\"day\":\"2026-02-29\"}", "/day format" },
    { "{" N ",\"day\":\"\"}", "/day format" },
    { "{" N ",\"other\":\"" ID "0\"}", "/other format" },
    { "{" N ",\"email\":\"nobody\"}", "/email format" },
    { "{" N ",\"photo\":\"http://e.co\"}", "/photo format" },
    { "{" N ",\"zone\":\"Mars/Olympus\"}", "/zone format" },
    { "{" N ",\"price\":{}}", "/price/amount required\n/price/currency required" },
    { "{" N ",\"price\":{\"amount\":1,\"currency\":\"XXX\",\"more\":1}}",
      "/price/currency format\n/price/more unknown" },
    { "{" N ",\"price\":{\"amount\":1,\"amount\":2,\"currency\":\"USD\"}}", "/price/amount duplicate" },
    { "{" N ",\"stays\":[{\"from\":\"2026-01-01\",\"to\":\"2026-01-01\"}]}", "/stays/0/to rule" },
    { "{" N ",\"stays\":[1,{},{\"from\":\"x\",\"to\":\"2026-01-01\"}]}",
      "/stays/0 type\n/stays/1/from required\n/stays/1/to required\n/stays/2/from format" },
    { "{" N ",\"stays\":[1,1,1,1]}", "/stays length" },
    { "{" N ",\"a/b~c\":[6,\"x\",-6]}", "/a~1b~0c/0 max\n/a~1b~0c/1 type\n/a~1b~0c/2 min" },
    { "{" N ",\"a/b~c\":[]}", "" },
    { "{" N ",\"grid\":[[],[1,2,3],[9]]}", "/grid/0 length\n/grid/1 length\n/grid/2/0 max" },
    { "{" N ",\"price\":{\"amount\":1,\"currency\":\"USD\"},\"deposit\":{\"amount\":2,\"currency\":\"USD\"}}",
      "/deposit/amount rule" },
};

START_TEST(faults_are_named)
{
    check_fault(faults[_i].body, faults[_i].violations);
}
END_TEST

static const char *const broken[] = {
    "",
    " ",
    "{",
    "{\"name\":\"Ada\"",
    "{\"name\":\"Ada\"}}",
    "{\"name\":\"Ada\"} x",
    "{\"name\":\"Ada\",}",
    "{\"name\":\"\xFF\"}",
    "{\"name\":\"\\ud800\"}",
    "{\"name\":NaN}",
    "{\"rating\":-Infinity}",
    "{'name':'Ada'}",
    "{\"name\":\"Ada\"/**/}",
    "{\"guests\":01}",
    "{\"guests\":+1}",
    "\xEF\xBB\xBF{\"name\":\"Ada\"}",
    "{\"na\\u0000me\":1}",
};

START_TEST(broken_texts_are_refused)
{
    ck_assert_int_eq(decode(str_from(broken[_i])), ERR_BAD_JSON);
    ck_assert_ptr_nonnull(why);
    ck_assert_uint_eq(v.count, 0);
}
END_TEST

START_TEST(a_missing_body_is_an_empty_one)
{
    ck_assert_int_eq(decode(STR_NONE), ERR_VALIDATION);
    ck_assert_str_eq(found(), "/name required");
}
END_TEST

START_TEST(hints_name_the_nearest)
{
    decode(STR("{" N ",\"gests\":1,\"room\":\"private_rom\"}"));
    ck_assert_str_eq(v.list[0].detail, "unknown member; did you mean 'guests'?");
    ck_assert_str_eq(v.list[1].detail, "is not a known value; did you mean 'private_room'?");
    decode(STR("{" N ",\"room\":\"castle\"}"));
    ck_assert_str_eq(v.list[0].detail, "must be one of entire_home, private_room, shared_room, hotel_room");
    decode(STR("{\"name\":\"x\",\"stays\":[1,1,1,1]}"));
    ck_assert_str_eq(v.list[0].detail, "must have 2 to 10 characters");
    ck_assert_str_eq(v.list[1].detail, "must have at most 3 items");
}
END_TEST

START_TEST(violations_are_bounded)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_addz(&b, "{" N);
    for (int i = 0; i < 5000; i++) {
        buf_printf(&b, ",\"unknown%d\":[%d]", i, i);
    }
    buf_addc(&b, '}');
    ck_assert_int_eq(decode(buf_str(&b)), ERR_VALIDATION);
    ck_assert_uint_eq(v.count, VIOLATIONS_MAX);
    ck_assert_uint_lt(arena_used(arena), 1 << 20);
    buf_free(&b);
}
END_TEST

START_TEST(long_strings)
{
    struct buf b;
    buf_init(&b, 4 << 20);
    buf_addz(&b, "{" N ",\"about\":\"");
    for (int i = 0; i < 1 << 20; i++) {
        buf_addc(&b, 'x');
    }
    buf_addz(&b, "\"}");
    ck_assert_int_eq(decode(buf_str(&b)), ERR_NONE);
    ck_assert_uint_eq(in->about.n, 1 << 20);
    ck_assert_int_eq(in->about.p[in->about.n], '\0');
    buf_free(&b);
}
END_TEST

START_TEST(truncated_at_each_byte)
{
    static const struct str whole =
        STR("{\"name\":\"Gr\\u00fc\xC3\x9F\",\"guests\":12,\"price\":{\"amount\":1.0,"
            "\"currency\":\"USD\"},\"a/b~c\":[1,2],\"instant\":true}");
    ck_assert_int_eq(decode(whole), ERR_NONE);
    for (size_t n = 0; n < whole.n; n++) {
        ck_assert_int_eq(decode((struct str){ whole.p, n }), ERR_BAD_JSON);
    }
}
END_TEST

/* The kept tokener must not carry anything from one text into the next. */
START_TEST(nothing_is_kept_between_texts)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(decode(STR("{\"name\":\"Ada")), ERR_BAD_JSON);
        ck_assert_int_eq(decode(STR("{\"name\":\"Bob\"}")), ERR_NONE);
        check_str(in->name, "Bob");
    }
}
END_TEST

#define P(n, text) ((struct json_param){ STR(n), STR(text) })

static void check_query(const struct json_param *query, size_t count, const char *violations)
{
    ck_assert_int_eq(decode_all(STR("{" N "}"), query, count), *violations ? ERR_BAD_PARAMETER : ERR_NONE);
    ck_assert_str_eq(found(), violations);
}

START_TEST(parameters)
{
    const struct json_param query[] = { P("limit", "7"), P("tag", "x"),       P("amenities", "pool,wifi"),
                                        P("tag", "y,z"), P("lat", "-42.5e0"), P("flexible", "true") };
    check_query(query, 6, "");
    ck_assert_int_eq(in->limit, 7);
    ck_assert_uint_eq(in->amenities.count, 2);
    ck_assert_int_eq(((int *)in->amenities.items)[0], 2);
    ck_assert_uint_eq(in->tags.count, 2);
    check_str(((struct str *)in->tags.items)[1], "y,z");
    ck_assert_double_eq(in->lat, -42.5);
    ck_assert(in->flexible);
}
END_TEST

START_TEST(faulty_parameters)
{
    const struct json_param query[] = { P("limit", "0"), P("lmit", "1"),       P("amenities", "pool,sauna"),
                                        P("lat", "nan"), P("flexible", "yes"), P("tag", "toolong"),
                                        P("limit", "5"), P("name", "Ada") };
    check_query(query, 8,
                "/limit min\n/lmit unknown\n/amenities/1 enum\n/lat type\n/flexible type\n/tag/0 length\n"
                "/limit duplicate\n/name unknown");
    ck_assert_str_eq(v.list[1].detail, "unknown parameter; did you mean 'limit'?");
}
END_TEST

START_TEST(odd_parameters)
{
    check_query(&P("amenities", ""), 1, "");
    ck_assert_uint_eq(in->amenities.count, 0);
    ck_assert(SHAPE_HAS(in, SAMPLE_AMENITIES));
    check_query(&P("amenities", ","), 1, "/amenities/0 enum\n/amenities/1 enum");
    check_query(&P("amenities", "pool,pool,pool,pool"), 1, "/amenities length");
    check_query(&P("limit", ""), 1, "/limit type");
    check_query(&P("limit", "1\0"), 1, "/limit type");
    check_query(&P("limit", "99999999999999999999"), 1, "/limit type");
    check_query(&P("tag", "a\0b"), 1, "/tag/0 characters");
    check_query(&P("tag", ""), 1, "/tag/0 length");
    check_query(&P("lat", "1e999"), 1, "/lat max");
    check_query(&P("", ""), 1, "/ unknown");
}
END_TEST

START_TEST(path_parameters_are_required)
{
    void *out;
    v = (struct violations){ 0 };
    ck_assert_int_eq(shape_decode(&sample_shape, arena, STR("{" N "}"), NULL, 0, NULL, 0, &out, &v, &why),
                     ERR_BAD_PARAMETER);
    ck_assert_str_eq(found(), "/id required");
    const struct json_param bad = P("id", "7");
    v = (struct violations){ 0 };
    ck_assert_int_eq(shape_decode(&sample_shape, arena, STR("{}"), &bad, 1, NULL, 0, &out, &v, &why),
                     ERR_VALIDATION);
    ck_assert_str_eq(found(), "/id format\n/name required");
}
END_TEST

START_TEST(earlier_violations_are_kept)
{
    void *out;
    memset(&v, 0, sizeof(v));
    v.arena = arena;
    violations_add(&v, "/sort", "unknown", "is not sortable");
    ck_assert_int_eq(
        shape_decode(&sample_shape, arena, STR("{" N "}"), &id_param, 1, NULL, 0, &out, &v, &why), ERR_NONE);
    ck_assert_str_eq(found(), "/sort unknown");
}
END_TEST

struct form {
    struct shape_seen seen;
    struct str word;
    int64_t count;
};

static const struct shape_field form_fields[] = {
    { .name = "word",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct form, word),
      .min = 1,
      .max = 5,
      .doc = "A word." },
    { .name = "count", .type = SHAPE_INT, .offset = offsetof(struct form, count), .doc = "A number." },
};

static enum err decode_pairs(bool open, const struct json_param *list, size_t count, struct form **form)
{
    const struct shape shape = { "Form", form_fields, 2, sizeof(struct form), "A form.", NULL, open };
    void *out;
    memset(&v, 0, sizeof(v));
    enum err e =
        shape_decode_form(&shape, arena, (struct json_params){ list, count }, (struct json_params){ NULL, 0 },
                          (struct json_params){ NULL, 0 }, &out, &v);
    *form = out;
    return e;
}

START_TEST(forms)
{
    const struct json_param good[] = { { STR("count"), STR("7") }, { STR("word"), STR("one") } };
    const struct json_param bad[] = { { STR("count"), STR("x") },
                                      { STR("word"), STR("too long") },
                                      { STR("more"), STR("1") } };
    struct form *form;
    ck_assert_int_eq(decode_pairs(false, good, 2, &form), ERR_NONE);
    ck_assert(str_eqz(form->word, "one") && form->count == 7);
    ck_assert_int_eq(decode_pairs(false, bad, 3, &form), ERR_BAD_PARAMETER);
    ck_assert_str_eq(found(), "/count type\n/word length\n/more unknown");
    ck_assert_int_eq(decode_pairs(false, good, 1, &form), ERR_BAD_PARAMETER);
    ck_assert_str_eq(found(), "/word required");
}
END_TEST

START_TEST(open_forms_pass_over_what_they_do_not_know)
{
    const struct json_param list[] = { { STR("count"), STR("") },
                                       { STR("word"), STR("one") },
                                       { STR("more"), STR("1") } };
    struct form *form;
    ck_assert_int_eq(decode_pairs(true, list, 3, &form), ERR_NONE);
    ck_assert(str_eqz(form->word, "one") && !SHAPE_HAS(form, 1));
    const struct json_param empty[] = { { STR("word"), STR("") } };
    ck_assert_int_eq(decode_pairs(true, empty, 1, &form), ERR_BAD_PARAMETER);
    ck_assert_str_eq(found(), "/word required");
}
END_TEST

Suite *decode_suite(void)
{
    Suite *s = suite_create("decode");
    TCase *t = tcase_create("decode");
    tcase_add_checked_fixture(t, start, finish);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, everything_at_once);
    tcase_add_test(t, absent_members_keep_zero_or_default);
    tcase_add_test(t, nulls);
    tcase_add_loop_test(t, faults_are_named, 0, sizeof(faults) / sizeof(faults[0]));
    tcase_add_loop_test(t, broken_texts_are_refused, 0, sizeof(broken) / sizeof(broken[0]));
    tcase_add_test(t, a_missing_body_is_an_empty_one);
    tcase_add_test(t, hints_name_the_nearest);
    tcase_add_test(t, violations_are_bounded);
    tcase_add_test(t, long_strings);
    tcase_add_test(t, truncated_at_each_byte);
    tcase_add_test(t, nothing_is_kept_between_texts);
    tcase_add_test(t, parameters);
    tcase_add_test(t, faulty_parameters);
    tcase_add_test(t, odd_parameters);
    tcase_add_test(t, path_parameters_are_required);
    tcase_add_test(t, earlier_violations_are_kept);
    tcase_add_test(t, forms);
    tcase_add_test(t, open_forms_pass_over_what_they_do_not_know);
    suite_add_tcase(s, t);
    return s;
}
