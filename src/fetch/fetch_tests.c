/* Tests of where calls may go. What calls do is in tests/test_federation.py. */
#include "fetch/fetch.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ISSUER "https://id.example.com/realm"

static bool is_public(const char *text)
{
    struct sockaddr_storage storage = { 0 };
    struct sockaddr_in *in = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
    } else {
        ck_assert_msg(inet_pton(AF_INET6, text, &in6->sin6_addr) == 1, "%s", text);
        in6->sin6_family = AF_INET6;
    }
    return fetch_address_is_public((const struct sockaddr *)&storage);
}

START_TEST(only_public_addresses)
{
    static const char *const not [] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.7",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.1.1",
        "192.175.48.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.9",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "::8.8.8.8",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:1::1",
        "2001:db8::1",
        "2001:2::1",
        "2001:10::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    };
    static const char *const open[] = { "8.8.8.8",         "1.1.1.1",         "9.255.255.255",
                                        "11.0.0.0",        "100.63.255.255",  "100.128.0.0",
                                        "126.255.255.255", "128.0.0.1",       "172.15.255.255",
                                        "172.32.0.0",      "192.167.255.255", "192.169.0.0",
                                        "198.17.255.255",  "198.20.0.0",      "223.255.255.255",
                                        "2606:4700::1111", "2a00:1450::1",    "2001:4860:4860::8888",
                                        "2003::1" };
    for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++) {
        ck_assert_msg(!is_public(not [i]), "%s", not [i]);
    }
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        ck_assert_msg(is_public(open[i]), "%s", open[i]);
    }
    struct sockaddr unix_ = { .sa_family = AF_UNIX };
    ck_assert(!fetch_address_is_public(&unix_));
}
END_TEST

START_TEST(only_https_or_the_issuers_origin)
{
    static const char *const may[] = { "https://keys.example.org/jwks", "https://KEYS.example.org:443/jwks",
                                       "https://id.example.com/x?y=z", "https://10.0.0.1/"
                                       /* by its address it is refused when the socket is opened */ };
    static const char *const may_not[] = { "http://keys.example.org/jwks",
                                           "https://keys.example.org:8443/",
                                           "ftp://keys.example.org/",
                                           "file:///etc/passwd",
                                           "gopher://x/",
                                           "//keys.example.org/",
                                           "/jwks",
                                           "",
                                           "https://",
                                           "https://user@keys.example.org/",
                                           "https://user:pw@keys.example.org/",
                                           "https://keys.example.org/#x",
                                           "https://keys.example.org/ x",
                                           "https://keys.example.org\\@evil.example/",
                                           "https://keys.example.org/\x7f",
                                           "https://k\xc3\xbcys.example.org/",
                                           "http://id.example.com/",
                                           "javascript:alert(1)",
                                           "https://[::1",
                                           "https://a:99999/" };
    for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++) {
        ck_assert_msg(fetch_may_call(ISSUER, str_from(may[i])), "%s", may[i]);
    }
    for (size_t i = 0; i < sizeof(may_not) / sizeof(may_not[0]); i++) {
        ck_assert_msg(!fetch_may_call(ISSUER, str_from(may_not[i])), "%s", may_not[i]);
    }
    ck_assert(fetch_may_call("http://127.0.0.1:4000", STR("http://127.0.0.1:4000/jwks")));
    ck_assert(!fetch_may_call("http://127.0.0.1:4000", STR("http://127.0.0.1:4001/jwks")));
    ck_assert(!fetch_may_call("http://127.0.0.1:4000", STR("http://localhost:4000/jwks")));
    ck_assert(fetch_same_origin(ISSUER, STR("https://id.example.com:443/other")));
    ck_assert(!fetch_same_origin(ISSUER, STR("https://id.example.com.evil.example/")));
}
END_TEST

START_TEST(too_long_urls)
{
    static char url[FETCH_URL_MAX + 2];
    memset(url, 'a', sizeof(url) - 1);
    memcpy(url, "https://keys.example.org/", strlen("https://keys.example.org/"));
    ck_assert(!fetch_may_call(ISSUER, str_from(url)));
    url[FETCH_URL_MAX] = '\0';
    ck_assert(fetch_may_call(ISSUER, str_from(url)));
}
END_TEST

START_TEST(forms)
{
    struct buf form;
    buf_init(&form, 200);
    fetch_form_add(&form, "a", STR("1 & 2"));
    fetch_form_add(&form, "metadata[b]", STR("x"));
    ck_assert(str_eqz(buf_str(&form), "a=1%20%26%202&metadata[b]=x"));
    buf_free(&form);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fetch");
    TCase *t = tcase_create("all");
    tcase_add_test(t, only_public_addresses);
    tcase_add_test(t, only_https_or_the_issuers_origin);
    tcase_add_test(t, too_long_urls);
    tcase_add_test(t, forms);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
