/* Tests of address.c. */
#include "base/address.h"
#include "base/base_tests.h"

START_TEST(addresses)
{
    static const struct {
        const char *text, *back; /* NULL: none */
    } cases[] = {
        { "192.0.2.7", "192.0.2.7" },
        { "::ffff:192.0.2.7", "192.0.2.7" },
        { "2001:DB8::1", "2001:db8::1" },
        { "::1", "::1" },
        { "", NULL },
        { "192.0.2", NULL },
        { "192.0.2.256", NULL },
        { "unix:", NULL },
        { "192.0.2.7 ", NULL },
        { "1:2:3:4:5:6:7:8:9", NULL },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address a;
        char text[ADDRESS_TEXT_SIZE];
        ck_assert_msg(address_parse(str_from(cases[i].text), &a) == (cases[i].back != NULL), "%s",
                      cases[i].text);
        ck_assert_int_eq(address_is_none(&a), cases[i].back == NULL);
        if (cases[i].back) {
            address_format(text, &a);
            ck_assert_str_eq(text, cases[i].back);
        }
    }
}
END_TEST

START_TEST(networks)
{
    static const struct {
        const char *text, *first;
        unsigned prefix;
    } cases[] = {
        { "192.0.2.7", "192.0.2.7", 128 },
        { "192.0.2.7/24", "192.0.2.0", 120 },
        { "192.0.2.7/0", "0.0.0.0", 96 },
        { "2001:db8:1:2::3/33", "2001:db8::", 33 },
        { "::1/128", "::1", 128 },
        { "192.0.2.0/33", NULL, 0 },
        { "192.0.2.0/-1", NULL, 0 },
        { "192.0.2.0/", NULL, 0 },
        { "192.0.2.0/024x", NULL, 0 },
        { "192.0.2.0/0024", NULL, 0 },
        { "::ffff:192.0.2.0/120", NULL, 0 },
        { "2001:db8::/129", NULL, 0 },
        { "here", NULL, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address a;
        unsigned prefix;
        char text[ADDRESS_TEXT_SIZE];
        bool known = network_parse(str_from(cases[i].text), &a, &prefix);
        ck_assert_msg(known == (cases[i].first != NULL), "%s", cases[i].text);
        if (known) {
            address_format(text, &a);
            ck_assert_str_eq(text, cases[i].first);
            ck_assert_uint_eq(prefix, cases[i].prefix);
        }
    }
}
END_TEST

Suite *address_suite(void)
{
    Suite *s = suite_create("address");
    TCase *c = tcase_create("address");
    tcase_add_test(c, addresses);
    tcase_add_test(c, networks);
    suite_add_tcase(s, c);
    return s;
}
