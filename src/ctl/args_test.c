/* The command line. */
#include "ctl/ctl.h"

#include "ctl/ctl_tests.h"

#include <stdlib.h>

static struct ctl ctl;

static enum ctl_exit parse(const char *line)
{
    static char words[512];
    char *argv[32] = { (char *)(uintptr_t) "nexusctl" };
    int argc = 1;
    snprintf(words, sizeof(words), "%s", line);
    for (char *p = words; *p && argc < 32;) {
        argv[argc++] = p;
        p += strcspn(p, " ");
        if (*p) {
            *p++ = '\0';
        }
    }
    ctl = (struct ctl){ 0 };
    return ctl_parse(&ctl, argc, argv);
}

START_TEST(finds_commands)
{
    ck_assert_int_eq(parse("migrate"), CTL_OK);
    ck_assert_str_eq(ctl.command->name, "migrate");
    ck_assert_int_eq(parse("user list --limit=5"), CTL_OK);
    ck_assert_str_eq(ctl.command->name, "user list");
    ck_assert_str_eq(ctl_value(&ctl, "limit"), "5");
    ck_assert_int_eq(parse("-c x.conf import inside-airbnb DIR --dry-run --json"), CTL_OK);
    ck_assert_str_eq(ctl_value(&ctl, "config"), "x.conf");
    ck_assert_str_eq(ctl_arg(&ctl, 0), "DIR");
    ck_assert(ctl_given(&ctl, "dry-run") && ctl_json(&ctl));
    ck_assert_int_eq(parse("-cx.conf check"), CTL_OK);
    ck_assert_str_eq(ctl_value(&ctl, "config"), "x.conf");
}
END_TEST

START_TEST(repeated_options)
{
    ck_assert_int_eq(parse("user create --role guest --role admin"), CTL_OK);
    ck_assert_str_eq(ctl_value(&ctl, "role"), "admin");
    ck_assert_str_eq(ctl_value_at(&ctl, "role", 0), "guest");
    ck_assert_ptr_null(ctl_value_at(&ctl, "role", 2));
}
END_TEST

static const char *const refused[] = {
    "migrat",
    "user",
    "user crate",
    "--nope",
    "migrate --sttus",
    "migrate extra",
    "migrate --dir",
    "migrate --status=yes",
    "import inside-airbnb",
    "import inside-airbnb a b",
    "-x",
    "user set-role --email a@b",
};

START_TEST(refuses)
{
    ck_assert_msg(parse(refused[_i]) == CTL_USAGE, "%s", refused[_i]);
}
END_TEST

START_TEST(help_needs_no_arguments)
{
    ck_assert_int_eq(parse("import inside-airbnb --help"), CTL_OK);
    ck_assert_int_eq(parse("--help"), CTL_OK);
    ck_assert_ptr_null(ctl.command);
}
END_TEST

START_TEST(dashes_end_options)
{
    ck_assert_int_eq(parse("import inside-airbnb -- --dry-run"), CTL_OK);
    ck_assert_str_eq(ctl_arg(&ctl, 0), "--dry-run");
}
END_TEST

START_TEST(numbers_have_bounds)
{
    long v = 0;
    ck_assert_int_eq(parse("demo --properties 12"), CTL_OK);
    ck_assert(ctl_number(&ctl, "properties", 1, 1, 100, &v) && v == 12);
    ck_assert(ctl_number(&ctl, "seed", 7, 1, 100, &v) && v == 7);
    ck_assert_int_eq(parse("demo --properties 1e6"), CTL_OK);
    ck_assert(!ctl_number(&ctl, "properties", 1, 1, 100, &v));
    ck_assert_int_eq(parse("demo --properties 101"), CTL_OK);
    ck_assert(!ctl_number(&ctl, "properties", 1, 1, 100, &v));
}
END_TEST

START_TEST(control_characters_are_harmless)
{
    char text[] = "a\033[31m\nb\177 \xc2\x9b"
                  "1m \xc3\xa9";
    ctl_clean(text);
    ck_assert_str_eq(text, "a?[31m?b? ?"
                           "?1m \xc3\xa9");
}
END_TEST

/* Every entry says what it is for, and its help fits a terminal. */
START_TEST(entries_are_complete)
{
    for (const struct ctl_command *const *c = ctl_commands; *c; c++) {
        ck_assert((*c)->name && (*c)->args && (*c)->example && (*c)->summary && (*c)->doc && (*c)->run);
        ck_assert_msg(strncmp((*c)->example, "nexusctl ", 9) == 0 || strstr((*c)->example, "nexusctl "), "%s",
                      (*c)->name);
        char *text = NULL;
        size_t size = 0, lines = 0, column = 0;
        FILE *out = open_memstream(&text, &size);
        ctl_help_command(out, *c);
        fclose(out);
        ck_assert_int_eq(strncmp(text, "Example: ", 9), 0);
        for (size_t i = 0; i < size; i++) {
            column = text[i] == '\n' ? 0 : column + 1;
            lines += text[i] == '\n';
            ck_assert_msg(column <= 80, "%s: line %zu is too wide", (*c)->name, lines + 1);
        }
        ck_assert_msg(lines <= 24, "%s: %zu lines", (*c)->name, lines);
        free(text);
    }
}
END_TEST

Suite *args_suite(void)
{
    Suite *s = suite_create("args");
    TCase *t = tcase_create("args");
    tcase_add_test(t, finds_commands);
    tcase_add_test(t, repeated_options);
    tcase_add_loop_test(t, refuses, 0, sizeof(refused) / sizeof(refused[0]));
    tcase_add_test(t, help_needs_no_arguments);
    tcase_add_test(t, dashes_end_options);
    tcase_add_test(t, numbers_have_bounds);
    tcase_add_test(t, control_characters_are_harmless);
    tcase_add_test(t, entries_are_complete);
    suite_add_tcase(s, t);
    return s;
}
