/* Prices, HTML and numbers. */
#include "ctl/text.h"

#include "ctl/ctl_tests.h"

#include <stdio.h>

static const struct {
    const char *text;
    int exponent;
    int64_t price; /* -1: refused */
} prices[] = {
    { "$1,250.00", 2, 125000 },
    { "$99.00", 2, 9900 },
    { "99", 2, 9900 },
    { "99.5", 2, 9950 },
    { "0.01", 2, 1 },
    { "$0.29", 2, 29 },
    { "1250.00", 2, 125000 },
    { "$12,345,678.90", 2, 1234567890 },
    { "EUR 12.30", 2, 1230 },
    { "\xe2\x82\xac"
      "12.30",
      2, 1230 },
    { "12.30", 0, -1 },
    { "1,200.00", 0, 1200 },
    { "1.234", 3, 1234 },
    { "1.2345", 3, -1 },
    { "1.2340", 3, 1234 },
    { "1000000000.00", 2, 100000000000 },
    { "1000000000.01", 2, -1 },
    { "99999999999999999999999999", 2, -1 },
    { "", 2, -1 },
    { "$", 2, -1 },
    { "-5.00", 2, -1 },
    { "1,25.00", 2, -1 },
    { "1,2500.00", 2, -1 },
    { "12345,678.00", 2, -1 },
    { ",123", 2, -1 },
    { "1,", 2, -1 },
    { "5.", 2, -1 },
    { "5.0.0", 2, -1 },
    { "5.001", 2, -1 },
    { "1e3", 2, -1 },
    { "ten", 2, -1 },
};

START_TEST(prices_are_exact)
{
    int64_t v = -1;
    bool ok = text_price(str_from(prices[_i].text), prices[_i].exponent, &v);
    ck_assert_msg(ok == (prices[_i].price >= 0), "%s", prices[_i].text);
    ck_assert_msg(!ok || v == prices[_i].price, "%s is %lld", prices[_i].text, (long long)v);
}
END_TEST

static const char *html(const char *text, size_t limit)
{
    static char out[256];
    struct buf b;
    buf_init(&b, 200);
    text_from_html(str_from(text), limit, &b);
    snprintf(out, sizeof(out), "%.*s", (int)b.n, b.p ? b.p : "");
    buf_free(&b);
    return out;
}

START_TEST(html_becomes_text)
{
    ck_assert_str_eq(html("one<br/>two<br />three<BR>four", 100), "one\ntwo\nthree\nfour");
    ck_assert_str_eq(html("<b>bold</b> &amp; &lt;kind&gt; &quot;x&quot; &#39;y&#39;", 100),
                     "bold & <kind> \"x\" 'y'");
    ck_assert_str_eq(html("1 < 2 and 3 > 2 <3", 100), "1 < 2 and 3 > 2 <3");
    ck_assert_str_eq(html("  <p> padded </p> \r\n", 100), "padded");
    ck_assert_str_eq(html("&amp", 100), "&amp");
    ck_assert_str_eq(html("", 100), "");
    ck_assert_str_eq(html("<br>", 100), "");
    ck_assert_str_eq(html("<a", 100), "<a");
    ck_assert_str_eq(html("\xc3\xa9\xc3\xa9\xc3\xa9", 2), "\xc3\xa9\xc3\xa9");
}
END_TEST

START_TEST(halves_and_ratings)
{
    ck_assert_int_eq(text_halves(STR("3.5")), 7);
    ck_assert_int_eq(text_halves(STR("3.0")), 6);
    ck_assert_int_eq(text_halves(STR("0")), 0);
    ck_assert_int_eq(text_halves(STR("1.25")), -1);
    ck_assert_int_eq(text_halves(STR("")), -1);
    ck_assert_int_eq(text_halves(STR("123456")), -1);
    ck_assert_int_eq(text_rating(STR("4.87")), 487);
    ck_assert_int_eq(text_rating(STR("5.0")), 500);
    ck_assert_int_eq(text_rating(STR("5.1")), -1);
    ck_assert_int_eq(text_rating(STR("-1")), -1);
    ck_assert_int_eq(text_rating(STR("")), -1);
}
END_TEST

START_TEST(degrees_are_plain_decimals)
{
    double v;
    ck_assert(text_degrees(STR("-73.79919"), 180, &v) && v < -73.7991 && v > -73.7993);
    ck_assert(text_degrees(STR("42.652198791503906"), 90, &v) && v == 42.652199);
    ck_assert(!text_degrees(STR("90.0000001"), 90, &v));
    ck_assert(!text_degrees(STR("181"), 180, &v));
    ck_assert(!text_degrees(STR("1e5"), 180, &v));
    ck_assert(!text_degrees(STR("nan"), 180, &v));
    ck_assert(!text_degrees(STR("0x10"), 180, &v));
    ck_assert(!text_degrees(STR("1.2.3"), 180, &v));
    ck_assert(!text_degrees(STR("-"), 180, &v));
    ck_assert(!text_degrees(STR(""), 180, &v));
}
END_TEST

START_TEST(city_from_folder)
{
    char city[32];
    text_city("/data/inside-airbnb-new-york/", city, sizeof(city));
    ck_assert_str_eq(city, "New York");
    text_city("inside-airbnb-albany", city, sizeof(city));
    ck_assert_str_eq(city, "Albany");
    text_city("data/porto", city, sizeof(city));
    ck_assert_str_eq(city, "Porto");
    text_city("///", city, sizeof(city));
    ck_assert_str_eq(city, "");
}
END_TEST

Suite *text_suite(void)
{
    Suite *s = suite_create("text");
    TCase *t = tcase_create("text");
    tcase_add_loop_test(t, prices_are_exact, 0, sizeof(prices) / sizeof(prices[0]));
    tcase_add_test(t, html_becomes_text);
    tcase_add_test(t, halves_and_ratings);
    tcase_add_test(t, degrees_are_plain_decimals);
    tcase_add_test(t, city_from_folder);
    suite_add_tcase(s, t);
    return s;
}
