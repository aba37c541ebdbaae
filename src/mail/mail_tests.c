/* Unit tests of mails: every template, what becomes of hostile values, messages. */
#include "base/template.h"
#include "mail/mail.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPLATES NEXUS_SRCDIR "/conf/mail"

static struct arena *arena;
static struct options *options;
static char why[MAIL_WHY_SIZE];

static void setup(void)
{
    char error[256];
    arena = arena_create(65536, 64 * 1024 * 1024);
    setenv("NEXUS_MAIL_TEMPLATES", TEMPLATES, 1);
    options = options_load(NULL, error, sizeof(error));
    ck_assert_msg(options != NULL, "%s", error);
}

static void teardown(void)
{
    options_free(options);
    arena_destroy(arena);
}

static const char *const languages[] = { "en", "de" };

static struct mail_text rendered(const char *topic, const char *language, const char *payload)
{
    struct mail_text text = { STR_NONE, STR_NONE, STR_NONE };
    struct mail_wanted w = { str_from(topic), str_from(language), str_from(payload),
                             STR("https://x.example/u") };
    ck_assert_msg(mail_render(arena, options, &w, &text, why), "%s %s: %s", language, topic, why);
    return text;
}

static bool holds(struct str text, const char *part)
{
    return memmem(text.p, text.n, part, strlen(part)) != NULL;
}

/* ---- every template ---- */

struct names {
    const char *topic, *members;
};

static void check_name(void *data, struct str name)
{
    const struct names *n = data;
    char padded[2048], wanted[128];
    if (name.p[0] == '>') {
        return;
    }
    snprintf(padded, sizeof(padded), " %s site site_url subject unsubscribe content ", n->members);
    snprintf(wanted, sizeof(wanted), " " STR_FMT " ", STR_ARG(name));
    ck_assert_msg(strstr(padded, wanted) != NULL, "%s: {{" STR_FMT "}} is no member", n->topic,
                  STR_ARG(name));
}

static void check_file(const char *language, const struct mail_topic *t, const char *kind)
{
    static char text[65536];
    char path[512];
    struct names names = { t->name, t->members };
    snprintf(path, sizeof(path), "%s/%s/%s%s", TEMPLATES, language, t->name, kind);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s is missing", path);
    size_t n = fread(text, 1, sizeof(text), f);
    fclose(f);
    ck_assert_ptr_null(template_names((struct str){ text, n }, check_name, &names));
}

START_TEST(every_topic_in_every_language)
{
    const char *language = languages[_i];
    for (const struct mail_topic *t = mail_topics; t->name; t++) {
        check_file(language, t, ".subject");
        check_file(language, t, ".txt");
        struct mail_text m = rendered(t->name, language, t->sample);
        ck_assert_msg(m.subject.n > 5 && !memchr(m.subject.p, '\n', m.subject.n), "%s", t->name);
        ck_assert_msg(m.text.n > 20 && !holds(m.text, "{{") && !holds(m.text, "}}"), "%s", t->name);
        ck_assert_msg(holds(m.html, "</html>") && !holds(m.html, "{{"), "%s", t->name);
        ck_assert(holds(m.text, "https://x.example/u") && holds(m.html, "href=\"https://x.example/u\""));
        if (strstr(t->members, "link")) {
            ck_assert(holds(m.text, "https://stay.example.com/go#token=AAECAwQF"));
            ck_assert(holds(m.html, "<a href=\"https://stay.example.com/go#token=AAECAwQF\">"));
        }
    }
}
END_TEST

/* A file nobody asks for is a misspelt one. */
START_TEST(no_template_without_topic)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", TEMPLATES, languages[_i]);
    DIR *d = opendir(path);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        char *dot = strrchr(e->d_name, '.');
        bool own = e->d_name[0] == '.' || e->d_name[0] == '_' || strcmp(e->d_name, "locale") == 0 ||
                   strncmp(e->d_name, "layout.", 7) == 0;
        if (!own) {
            ck_assert_msg(dot && mail_topic_find((struct str){ e->d_name, (size_t)(dot - e->d_name) }), "%s",
                          e->d_name);
        }
    }
    closedir(d);
}
END_TEST

/* ---- values ---- */

START_TEST(values_by_language)
{
    static const char payload[] =
        "{\"guest_name\":\"Ada\",\"total\":\"1234567.50 EUR\",\"property\":\"Hut\","
        "\"city\":\"Bern\",\"check_in\":\"2026-12-24\",\"check_out\":\"2026-12-28\"}";
    struct mail_text en = rendered("booking.confirmed.guest", "en", payload);
    ck_assert(holds(en.text, "24 December 2026 - 28 December 2026") && holds(en.text, "1,234,567.50 EUR"));
    struct mail_text de = rendered("booking.confirmed.guest", "de-CH", payload);
    ck_assert(holds(de.text, "24. Dezember 2026 - 28. Dezember 2026") && holds(de.text, "1.234.567,50 EUR"));
    struct mail_text other = rendered("booking.confirmed.guest", "tlh", payload);
    ck_assert(str_eq(other.text, en.text));
    struct mail_text sly = rendered("booking.confirmed.guest", "../../etc", payload);
    ck_assert(str_eq(sly.text, en.text));
}
END_TEST

START_TEST(hostile_values)
{
    static const char payload[] =
        "{\"guest_name\":\"<script>alert(1)</script>\\r\\nBcc: x@y.example\",\"property\":\"A\\r\\nBcc: "
        "z@z.example\","
        "\"link\":\"javascript:alert(1)\",\"city\":\"{{link}}\",\"total\":\"<b>\",\"check_in\":\"soon\","
        "\"check_out\":\"2026-99-99\",\"nights\":\"\\u0085\\u007f\"}";
    struct mail_text m = rendered("booking.confirmed.guest", "en", payload);
    ck_assert(!memchr(m.subject.p, '\r', m.subject.n) && !memchr(m.subject.p, '\n', m.subject.n));
    ck_assert(!holds(m.text, "\nBcc:") && !memchr(m.text.p, '\r', m.text.n) && !holds(m.text, "\x7f"));
    ck_assert(!holds(m.text, "\xc2\x85") && holds(m.text, "{{link}}"));
    ck_assert(!holds(m.html, "<script") && holds(m.html, "&lt;script&gt;") &&
              !holds(m.html, "href=\"javascript"));
    ck_assert(holds(m.html, "href=\"#\""));
}
END_TEST

START_TEST(refused)
{
    struct mail_text text;
    struct mail_wanted w = { STR("no.such"), STR("en"), STR("{}"), STR_NONE };
    ck_assert(!mail_render(arena, options, &w, &text, why));
    w.topic = STR("mail.test");
    w.payload = STR("[1]");
    ck_assert(!mail_render(arena, options, &w, &text, why));
    w.payload = STR("{\"a\":1,\"b\":null,\"c\":[1,{\"d\":\"e\"}]}");
    ck_assert_msg(mail_render(arena, options, &w, &text, why), "%s", why);
    ck_assert(!holds(text.text, "unsubscribe") && !holds(text.html, "Unsubscribe"));
}
END_TEST

/* An operator's folder comes first, file by file; what is wrong in it is said. */
START_TEST(own_templates)
{
    char folder[] = "/tmp/nexus-mail-XXXXXX", path[256], error[256];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/en", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    static const char *const files[][2] = { { "mail.test.subject", "Own {{site}}\n" },
                                            { "mail.test.txt", "Own text\n" },
                                            { "mail.test.html", "<b>{{site}}</b>{{?x}}" } };
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/en/%s", folder, files[i][0]);
        FILE *f = fopen(path, "w");
        fputs(files[i][1], f);
        fclose(f);
    }
    setenv("NEXUS_MAIL_TEMPLATES", folder, 1);
    struct options *own = options_load(NULL, error, sizeof(error));
    struct mail_text text;
    struct mail_wanted w = { STR("mail.test"), STR("en"), STR("{}"), STR_NONE };
    ck_assert(!mail_render(arena, own, &w, &text, why));
    ck_assert_msg(strstr(why, "every section ends") != NULL, "%s", why);
    unlink(path);
    ck_assert_msg(mail_render(arena, own, &w, &text, why), "%s", why);
    ck_assert(holds(text.subject, "Own Nexus") && str_eqz(text.text, "Own text\n"));
    options_free(own);
}
END_TEST

/* ---- messages ---- */

START_TEST(addresses)
{
    static const char *const good[] = { "a@b.example", " Nexus <a@b.example> ", "\"x\" <a@b.example>" };
    static const char *const bad[] = { "",
                                       "a",
                                       "@b",
                                       "a@",
                                       "a@b>",
                                       "a b@c",
                                       "a@b\r\nBcc: c@d",
                                       "N <a@b",
                                       "N <a@b> x",
                                       "N\n <a@b.example>",
                                       "a,c@b.example",
                                       "<>" };
    struct mail_address a;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(mail_address_parse(good[i], &a) && strcmp(a.address, "a@b.example") == 0, "%s",
                      good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!mail_address_parse(bad[i], &a), "%s", bad[i]);
    }
}
END_TEST

START_TEST(messages_are_ascii_and_short)
{
    struct mail_address from;
    struct mail_text text = {
        STR("Gr\xc3\xbc\xc3\x9f"
            "e aus Z\xc3\xbcrich und von allen anderen Orten der Welt"),
        STR("Z\xc3\xbcrich = sch\xc3\xb6n \n.\nein sehr langer Satz, der nicht in eine Zeile passt, "
            "weil er mehr als 76 Zeichen hat\n"),
        STR("<p>x</p>")
    };
    ck_assert(mail_address_parse("H\xc3\xbctte & Co, <no-reply@example.com>", &from));
    struct mail_message m = { &from, "ada@example.com", &text, STR("https://x.example/u?t=1"),
                              7,     1700000000000000 };
    struct buf out, again;
    buf_init(&out, 100000);
    buf_init(&again, 100000);
    mail_write(&out, &m);
    mail_write(&again, &m);
    ck_assert(str_eq(buf_str(&out), buf_str(&again)));
    size_t line = 0;
    for (size_t i = 0; i < out.n; i++) {
        ck_assert((unsigned char)out.p[i] < 0x7F && (out.p[i] != '\n' || out.p[i - 1] == '\r'));
        line = out.p[i] == '\n' ? 0 : line + 1;
        ck_assert_msg(line < 100, "%.60s", out.p + i - 60);
    }
    struct str all = buf_str(&out);
    ck_assert(holds(all, "Message-ID: <7.1700000000000000@example.com>\r\n"));
    ck_assert(holds(all, "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
    ck_assert(holds(all, "List-Unsubscribe: <https://x.example/u?t=1>\r\nList-Unsubscribe-Post: "
                         "List-Unsubscribe=One-Click\r\n"));
    ck_assert(holds(all, "Z=C3=BCrich =3D sch=C3=B6n=20\r\n.\r\n") && holds(all, "Subject: =?UTF-8?B?"));
    buf_free(&out);
    buf_free(&again);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mail");
    TCase *t = tcase_create("all");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, every_topic_in_every_language, 0, 2);
    tcase_add_loop_test(t, no_template_without_topic, 0, 2);
    tcase_add_test(t, values_by_language);
    tcase_add_test(t, hostile_values);
    tcase_add_test(t, refused);
    tcase_add_test(t, own_templates);
    tcase_add_test(t, addresses);
    tcase_add_test(t, messages_are_ascii_and_short);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
