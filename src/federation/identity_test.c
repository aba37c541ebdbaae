/* Tests of what is believed of a provider's claims. */
#include "federation/federation_tests.h"
#include "federation/identity.h"
#include "json/document.h"

#include <string.h>

#define NOW INT64_C(1800000000)
#define BASE                                                                                                 \
    "\"iss\":\"https://"                                                                                     \
    "id.example.com\",\"sub\":\"248\",\"aud\":\"us\",\"exp\":1800000300,\"iat\":1800000000,"                 \
    "\"nonce\":\"n\""

static struct arena *memory;
static struct identity identity;

static void start(void)
{
    memory = arena_create(65536, 16 * 1024 * 1024);
}

static void end(void)
{
    arena_destroy(memory);
}

/* The claims between the braces. */
static const char *check(const char *members)
{
    struct jws token = { JWS_RS256, document_read(memory, str_from(arena_printf(memory, "{%s}", members))) };
    ck_assert_ptr_nonnull(token.claims);
    const struct identity_expected expected = { "https://id.example.com", "us", STR("n"), STR("token"), NOW };
    return identity_check(&expected, memory, &token, &identity);
}

static const char *replaced(const char *part, const char *with)
{
    const char *at = strstr(BASE, part);
    ck_assert_ptr_nonnull(at);
    return arena_printf(memory, "%.*s%s%s", (int)(at - BASE), BASE, with, at + strlen(part));
}

START_TEST(good_ones)
{
    ck_assert_ptr_null(check(BASE));
    ck_assert(str_eqz(identity.subject, "248"));
    ck_assert(!identity.email.p && !identity.name.p && !identity.email_verified);
    ck_assert_ptr_null(check(replaced("\"aud\":\"us\"", "\"aud\":[\"us\"]")));
    ck_assert_ptr_null(check(replaced("\"aud\":\"us\"", "\"aud\":[\"us\",\"them\"],\"azp\":\"us\"")));
    ck_assert_ptr_null(check(replaced("\"exp\":1800000300", "\"exp\":1800000300.5")));
    /* sha256("token") */
    ck_assert_ptr_null(check(BASE ",\"at_hash\":\"PEaenWxYddN6Q_NT1PiOYQ\""));
}
END_TEST

START_TEST(bad_ones)
{
    struct {
        const char *part, *with;
    } bad[] = {
        { "\"iss\":\"https://id.example.com\"", "\"iss\":\"https://id.example.com/\"" },
        { "\"iss\":\"https://id.example.com\"", "\"iss\":\"https://ID.example.com\"" },
        { "\"iss\":\"https://id.example.com\"", "\"iss\":[\"https://id.example.com\"]" },
        { "\"iss\":\"https://id.example.com\",", "" },
        { "\"sub\":\"248\"", "\"sub\":248" },
        { "\"sub\":\"248\"", "\"sub\":\"\"" },
        { "\"sub\":\"248\"", "\"sub\":\"a\\u0000b\"" },
        { "\"sub\":\"248\"", "\"sub\":\"a\\nb\"" },
        { "\"sub\":\"248\",", "" },
        { "\"aud\":\"us\"", "\"aud\":\"them\"" },
        { "\"aud\":\"us\"", "\"aud\":[\"them\"]" },
        { "\"aud\":\"us\"", "\"aud\":[\"us\",\"them\"]" },
        { "\"aud\":\"us\"", "\"aud\":[\"us\",\"them\"],\"azp\":\"them\"" },
        { "\"aud\":\"us\"", "\"aud\":\"us\",\"azp\":\"them\"" },
        { "\"aud\":\"us\"", "\"aud\":\"us\",\"azp\":[\"us\"]" },
        { "\"aud\":\"us\"", "\"aud\":[]" },
        { "\"aud\":\"us\",", "" },
        { "\"exp\":1800000300", "\"exp\":1799999900" },
        { "\"exp\":1800000300", "\"exp\":\"1800000300\"" },
        { "\"exp\":1800000300", "\"exp\":-1" },
        { "\"exp\":1800000300", "\"exp\":1e308" },
        { "\"exp\":1800000300,", "" },
        { "\"iat\":1800000000", "\"iat\":1800000100" },
        { "\"iat\":1800000000", "\"iat\":1799990000" },
        { "\"iat\":1800000000", "\"iat\":true" },
        { "\"iat\":1800000000,", "" },
        { "\"iat\":1800000000", "\"iat\":1800000000,\"nbf\":1800000100" },
        { "\"nonce\":\"n\"", "\"nonce\":\"m\"" },
        { "\"nonce\":\"n\"", "\"nonce\":[\"n\"]" },
        { ",\"nonce\":\"n\"", "" },
        { "\"nonce\":\"n\"", "\"nonce\":\"n\",\"at_hash\":\"QYOiP1TN_Q6NddYxWneaEP\"" },
        { "\"nonce\":\"n\"", "\"nonce\":\"n\",\"at_hash\":7" },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(check(replaced(bad[i].part, bad[i].with)) != NULL, "%s", bad[i].with);
    }
}
END_TEST

START_TEST(addresses)
{
    ck_assert_ptr_null(
        check(BASE ",\"email\":\"Ada@Example.com\",\"email_verified\":true,\"name\":\" Ada \""));
    ck_assert(str_eqz(identity.email, "ada@example.com") && identity.email_verified &&
              str_eqz(identity.name, "Ada"));
    static const char *const unverified[] = { "false", "\"true\"", "1", "null", "[true]", "\"false\"" };
    for (size_t i = 0; i < sizeof(unverified) / sizeof(unverified[0]); i++) {
        ck_assert_ptr_null(check(
            arena_printf(memory, BASE ",\"email\":\"a@example.com\",\"email_verified\":%s", unverified[i])));
        ck_assert(identity.email.p && !identity.email_verified);
    }
    static const char *const none[] = { "\"\"", "\"a\"", "7", "\"a@b\\u0000.example.com\"",
                                        "\"a b@example.com\"" };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        ck_assert_ptr_null(
            check(arena_printf(memory, BASE ",\"email\":%s,\"email_verified\":true", none[i])));
        ck_assert_msg(!identity.email.p && !identity.email_verified, "%s", none[i]);
    }
}
END_TEST

static const char *add(const char *json)
{
    return identity_add(&identity, memory, document_read(memory, str_from(json)));
}

START_TEST(userinfo)
{
    ck_assert_ptr_null(check(BASE));
    ck_assert_ptr_null(
        add("{\"sub\":\"248\",\"email\":\"a@example.com\",\"email_verified\":true,\"name\":\"A\"}"));
    ck_assert(identity.email_verified && str_eqz(identity.name, "A"));
    ck_assert_ptr_nonnull(add("{\"sub\":\"249\"}"));
    ck_assert_ptr_nonnull(add("{}"));
    ck_assert_ptr_nonnull(add("{\"sub\":248}"));
    /* what is said of one address says nothing of another */
    ck_assert_ptr_null(check(BASE ",\"email\":\"a@example.com\",\"email_verified\":false"));
    ck_assert_ptr_null(add("{\"sub\":\"248\",\"email\":\"b@example.com\",\"email_verified\":true}"));
    ck_assert(str_eqz(identity.email, "a@example.com") && !identity.email_verified);
    ck_assert_ptr_null(check(BASE));
    ck_assert_ptr_null(add("{\"sub\":\"248\",\"email_verified\":true}"));
    ck_assert(!identity.email.p && !identity.email_verified);
}
END_TEST

Suite *identity_suite(void)
{
    Suite *suite = suite_create("identity");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, start, end);
    tcase_add_test(all, good_ones);
    tcase_add_test(all, bad_ones);
    tcase_add_test(all, addresses);
    tcase_add_test(all, userinfo);
    suite_add_tcase(suite, all);
    return suite;
}
