/* What is committed is what the tables make. */
#include "ctl/manual.h"

#include "ctl/ctl_tests.h"

#include <stdlib.h>
#include <string.h>

static char *made(void (*write)(FILE *))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    write(out);
    fclose(out);
    return text;
}

static char *committed(const char *path)
{
    static char text[262144];
    FILE *in = fopen(path, "re");
    ck_assert_msg(in != NULL, "%s", path);
    text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
    fclose(in);
    return text;
}

static const struct {
    const char *path;
    void (*write)(FILE *);
} files[] = {
    { NEXUS_SRCDIR "/docs/man/nexusctl.1", manual_write_nexusctl },
    { NEXUS_SRCDIR "/docs/man/nexus.conf.5", manual_write_config },
    { NEXUS_SRCDIR "/src/ctl/completion/nexusctl", manual_write_completion },
};

START_TEST(committed_text_is_current)
{
    char *text = made(files[_i].write);
    ck_assert_msg(strcmp(text, committed(files[_i].path)) == 0, "%s is old: make update-manual",
                  files[_i].path);
    free(text);
}
END_TEST

Suite *manual_suite(void)
{
    Suite *s = suite_create("manual");
    TCase *t = tcase_create("manual");
    tcase_add_loop_test(t, committed_text_is_current, 0, sizeof(files) / sizeof(files[0]));
    suite_add_tcase(s, t);
    return s;
}
