/* Tests of format.c and timezone.c. */
#include "json/format.h"
#include "json/json_tests.h"

#include <regex.h>
#include <stdio.h>

#define LABEL63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LOCAL64 LABEL63 "a"

static const struct {
    const char *format, *good, *bad; /* separated by blanks */
} cases[] = {
    { "email",
      "a@b.co ada@example.com first.last+tag@sub.example.co.uk o'brien@example.com a@xn--bcher-kva.example "
      "x@1.aa " LOCAL64 "@example.com",
      "a a@ @b.co a@b a@b. a@.b a@b..co .a@b.co a.@b.co a..b@c.de a@b@c.de \"a\"@b.co a@[127.0.0.1] "
      "a@127.0.0.1 "
      "a@-b.co a@b-.co a@b_c.de a,b@c.de a@b.co, <a@b.co> gr\xC3\xBC\xC3\x9F@b.co a@b\xC3\xBC.co " LOCAL64
      "a@example.com a@" LABEL63 "a.com a@" LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 ".com" },
    { "uri",
      "https://example.com https://example.com/ https://a.b.example.com:8443/x/y.jpg?a=b&c=%20#f "
      "https://e.co?x "
      "https://e.co#",
      "http://example.com https:// https:///x https://localhost https://1.2.3.4/x https://user@example.com/ "
      "https://example.com@evil.com https://example.com:/ https://example.com:0/ https://example.com:65536 "
      "https://example.com:+80/ https://example.com/%2 https://example.com/%zz https://example.com/<x> "
      "https://example.com/\xC3\xBC https://example.com/#a#b https://exa\\mple.com ftp://example.com "
      "HTTPS://example.com "
      "//example.com javascript:alert(1) https://[::1]/ https://example.com:80:80/" },
    { "timezone",
      "America/New_York Europe/Berlin UTC Asia/Kolkata America/Argentina/Buenos_Aires Etc/GMT+5 Japan",
      "america/new_york New_York Factory ../../etc/passwd America/ /America/New_York posix/UTC tzdata.zi "
      "America/New_Yorkk xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
    { "currency", "USD EUR JPY KWD CLP", "usd US USDD XXX XAU BTC 840 \xE2\x82\xAC" },
    { "country", "US DE GB CI", "us USA UK XX EU 1A D" },
    { "language", "en de-CH zh-Hant-TW es-419 sl-rozaj-biske de-1996 gsw sr-Latn",
      "e engl en- -en en--US en_US en-US-Latn en-USAA-Latn x-private en-abcdefghi 12 en-a en-US-DE" },
    { "phone", "+442079460123 +12025550123 +123456789012345 +1234567",
      "442079460123 +0442079460123 +123456 +1234567890123456 +44-20 +44 ++4420794601 +44207946012a "
      "0044207946012" },
    { "name", "a guest front_desk a1_ z9", "A Guest gUest 1a _a a-b a.b a* \xC3\xA4 a\xC3\xA4" },
    { "time", "00:00 23:59 09:05 15:00", "24:00 12:60 9:00 12.00 12:0 12:000 1200 ab:cd -1:00" },
    { "cursor", "AAECAwQFBgc a a-b_c", "a+b a/b a= a.b \xC3\xBC" },
};

static void check_all(const struct format *f, const char *texts, bool expected)
{
    struct str rest = str_from(texts), text;
    while (str_split(&rest, ' ', &text)) {
        ck_assert_msg(f->check(text) == expected, "%s: " STR_FMT, f->name, STR_ARG(text));
    }
}

START_TEST(accepted_and_refused_texts)
{
    const struct format *f = format_find(cases[_i].format);
    ck_assert_ptr_nonnull(f);
    check_all(f, cases[_i].good, true);
    check_all(f, cases[_i].bad, false);
    ck_assert(!f->check(STR("")));
}
END_TEST

START_TEST(blanks_and_nul_are_refused)
{
    for (size_t i = 0; i < format_count; i++) {
        char text[128];
        snprintf(text, sizeof(text), "%s ", format_table[i].example);
        ck_assert_msg(!format_table[i].check(str_from(text)), "%s", text);
        size_t n = strlen(text);
        text[n - 1] = '\0';
        ck_assert_msg(!format_table[i].check((struct str){ text, n }), "%s and NUL", text);
        ck_assert(!format_table[i].check((struct str){ text, 0 }));
    }
}
END_TEST

START_TEST(the_table_is_complete)
{
    ck_assert_uint_eq(format_count, sizeof(cases) / sizeof(cases[0]));
    for (size_t i = 0; i < format_count; i++) {
        const struct format *f = &format_table[i];
        ck_assert_msg(f->check(str_from(f->example)), "%s", f->name);
        ck_assert_int_eq(strncmp(f->detail, "must be ", 8), 0);
        ck_assert_ptr_eq(format_find(f->name), f);
    }
    ck_assert_ptr_null(format_find("nothing"));
}
END_TEST

START_TEST(patterns_match_what_is_accepted)
{
    const struct format *f = format_find(cases[_i].format);
    regex_t r;
    if (!f->pattern) {
        return;
    }
    ck_assert_int_eq(regcomp(&r, f->pattern, REG_EXTENDED | REG_NOSUB), 0);
    struct str rest = str_from(cases[_i].good), text;
    while (str_split(&rest, ' ', &text)) {
        char z[256];
        snprintf(z, sizeof(z), STR_FMT, STR_ARG(text));
        ck_assert_msg(regexec(&r, z, 0, NULL, 0) == 0, "%s", z);
    }
    regfree(&r);
}
END_TEST

START_TEST(currencies_have_exponents)
{
    ck_assert_int_eq(currency_exponent(STR("USD")), 2);
    ck_assert_int_eq(currency_exponent(STR("JPY")), 0);
    ck_assert_int_eq(currency_exponent(STR("BHD")), 3);
    ck_assert_int_eq(currency_exponent(STR("ZZZ")), -1);
    ck_assert_int_eq(currency_exponent(STR("D A")), -1);
    ck_assert_int_eq(currency_exponent(STR("")), -1);
}
END_TEST

/* The list of countries that comes with tzdata is made from the same standard. */
START_TEST(countries_agree_with_tzdata)
{
    FILE *in = fopen("/usr/share/zoneinfo/iso3166.tab", "r");
    char line[256];
    size_t listed = 0, accepted = 0;
    const struct format *f = format_find("country");
    while (in && fgets(line, sizeof(line), in)) {
        if (line[0] != '#') {
            listed++;
            ck_assert_msg(f->check((struct str){ line, 2 }), "%s", line);
        }
    }
    for (char a = 'A'; a <= 'Z'; a++) {
        for (char b = 'A'; b <= 'Z'; b++) {
            accepted += f->check((struct str){ (const char[]){ a, b }, 2 });
        }
    }
    ck_assert_uint_eq(accepted, 249);
    ck_assert(!in || listed == accepted);
    if (in) {
        fclose(in);
    }
}
END_TEST

Suite *format_suite(void)
{
    Suite *s = suite_create("format");
    TCase *t = tcase_create("format");
    int count = (int)(sizeof(cases) / sizeof(cases[0]));
    tcase_add_loop_test(t, accepted_and_refused_texts, 0, count);
    tcase_add_loop_test(t, patterns_match_what_is_accepted, 0, count);
    tcase_add_test(t, blanks_and_nul_are_refused);
    tcase_add_test(t, the_table_is_complete);
    tcase_add_test(t, currencies_have_exponents);
    tcase_add_test(t, countries_agree_with_tzdata);
    suite_add_tcase(s, t);
    return s;
}
