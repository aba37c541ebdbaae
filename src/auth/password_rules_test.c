/* Tests of password_rules.c. */
#include "auth/auth_tests.h"
#include "auth/password_rules.h"

#include <stdio.h>
#include <stdlib.h>

static enum password_flaw flaw(const char *password)
{
    return password_flaw(str_from(password), STR("ada.lovelace@example.com"), STR("Ada King Lovelace"));
}

START_TEST(common_ones_are_guessable)
{
    static const char *const common[] = {
        "password",   "12345678",   "123456789",        "1234567890",  "qwertyuiop",  "iloveyou",
        "princess",   "sunshine",   "football",         "1qaz2wsx",    "trustno1",    "starwars",
        "password1",  "Password1!", "P@ssw0rd",         "p4ssw0rd123", "letmein123",  "qwerty123",
        "asdfghjkl",  "abcd1234",   "abcdefghijkl",     "aaaaaaaaaa",  "Summer2024!", "welcome1",
        "11/11/1990", "19901990",   "drowssap1",        "monkey12",    "nexus1234",   "nexus nexus",
        "zxcvbnm,./", "0987654321", "passwordpassword",
    };
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        ck_assert_msg(flaw(common[i]) == PASSWORD_GUESSABLE, "%s", common[i]);
    }
}
END_TEST

START_TEST(good_ones_are_good)
{
    static const char *const good[] = {
        "correct horse battery staple",
        "twelve nights in May",
        "a long enough password 1",
        "kX9#mPq2vT",
        "  blanks at both ends  ",
        "quotes \" ' \\ and %n",
        "\xc3\xa4\xc3\xb6\xc3\xbc\xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80\xf0\x9f\x98\x81x",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(flaw(good[i]) == PASSWORD_GOOD, "%s", good[i]);
    }
}
END_TEST

START_TEST(lengths_are_of_characters)
{
    char text[4 * (PASSWORD_LENGTH_MAX + 1) + 1] = "";
    ck_assert_int_eq(flaw(""), PASSWORD_LENGTH);
    ck_assert_int_eq(flaw("kX9#mPq"), PASSWORD_LENGTH);
    ck_assert_int_eq(flaw("kX9#mPq2"), PASSWORD_GOOD);
    ck_assert_int_eq(flaw("\xf0\x9f\x98\x80\xf0\x9f\x98\x81"),
                     PASSWORD_LENGTH); /* eight bytes, two characters */
    ck_assert_int_eq(flaw("bad \xff bytes here"), PASSWORD_LENGTH);
    uint32_t random = 1;
    for (size_t i = 0; i < PASSWORD_LENGTH_MAX; i++) {
        random = random * 1664525 + 1013904223;
        memcpy(text + 4 * i, "\xf0\x9f\x98", 3);
        text[4 * i + 3] = (char)(0x80 + (random >> 27));
    }
    ck_assert_int_eq(flaw(text), PASSWORD_GOOD);
    text[4 * PASSWORD_LENGTH_MAX] = 'x';
    ck_assert_int_eq(flaw(text), PASSWORD_LENGTH);
}
END_TEST

START_TEST(own_words_are_worth_nothing)
{
    ck_assert_int_eq(flaw("my ada.lovelace and 7 more words"), PASSWORD_PERSONAL);
    ck_assert_int_eq(flaw("ADA.LOVELACE@EXAMPLE.COM!"), PASSWORD_PERSONAL);
    ck_assert_int_eq(flaw("the ada king lovelace passphrase"), PASSWORD_PERSONAL);
    ck_assert_int_eq(flaw("xx adaKINGlovelace 43 yy"), PASSWORD_PERSONAL);
    ck_assert_int_eq(flaw("Lovelace1815"), PASSWORD_GUESSABLE);
    ck_assert_int_eq(flaw("lovelace.king"), PASSWORD_GUESSABLE);
    ck_assert_int_eq(flaw("lovelace wrote twelve notes"), PASSWORD_GOOD);

    /* Short or absent ones are no ground to refuse. */
    ck_assert_int_eq(password_flaw(STR("twelve nights in May"), STR("in@x.org"), STR("May")), PASSWORD_GOOD);
    ck_assert_int_eq(password_flaw(STR("twelve nights in May"), STR_NONE, STR_NONE), PASSWORD_GOOD);
    ck_assert_int_eq(password_flaw(STR("xuwtoqzuvw"), STR("a@x.org"), STR("Xuwtoqzuvw")), PASSWORD_PERSONAL);
}
END_TEST

START_TEST(flaws_are_named)
{
    ck_assert_str_eq(password_flaw_code(PASSWORD_GUESSABLE), "guessable");
    ck_assert_str_eq(password_flaw_code(PASSWORD_PERSONAL), "personal");
    ck_assert(strlen(password_flaw_text(PASSWORD_LENGTH)) > 0);
}
END_TEST

Suite *password_rules_suite(void)
{
    Suite *s = suite_create("password rules");
    TCase *c = tcase_create("all");
    tcase_add_test(c, common_ones_are_guessable);
    tcase_add_test(c, good_ones_are_good);
    tcase_add_test(c, lengths_are_of_characters);
    tcase_add_test(c, own_words_are_worth_nothing);
    tcase_add_test(c, flaws_are_named);
    suite_add_tcase(s, c);
    return s;
}
