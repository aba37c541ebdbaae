/* Templates and what becomes of values in them. */
#include "base/base_tests.h"
#include "base/template.h"

#include <signal.h>

static struct buf out;

static void setup(void)
{
    buf_init(&out, 4096);
}

static void teardown(void)
{
    buf_free(&out);
}

static const char *rendered(const char *page, const struct template_value *values)
{
    struct template_values v = { values, NULL };
    buf_reset(&out);
    html_render(&out, page, &v);
    buf_addc(&out, 0);
    return out.p;
}

START_TEST(values_never_become_markup)
{
    const struct template_value values[] = { { "x", STR("<b a='1' c=\"2\">&amp;</b>"), NULL },
                                             { NULL, STR_NONE, NULL } };
    ck_assert_str_eq(rendered("<p title=\"{{x}}\">{{x}}</p>", values),
                     "<p title=\"&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;&lt;/b&gt;\">"
                     "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;&lt;/b&gt;</p>");
}
END_TEST

START_TEST(values_are_not_templates)
{
    const struct template_value values[] = { { "x", STR("{{y}}{{"), NULL },
                                             { "y", STR("no"), NULL },
                                             { NULL, STR_NONE, NULL } };
    ck_assert_str_eq(rendered("{{x}}.", values), "{{y}}{{.");
}
END_TEST

START_TEST(sections)
{
    const struct template_value values[] = { { "x", STR(""), NULL },
                                             { "y", STR_NONE, NULL },
                                             { NULL, STR_NONE, NULL } };
    ck_assert_str_eq(rendered("{{?x}}a{{/x}}{{?y}}b{{/y}}{{^x}}c{{/x}}{{^y}}d{{?x}}e{{/x}}{{/y}}", values),
                     "ade");
}
END_TEST

START_TEST(lists)
{
    const struct template_value one[] = { { "n", STR("1"), NULL }, { NULL, STR_NONE, NULL } };
    const struct template_value two[] = { { "n", STR("<2>"), NULL }, { NULL, STR_NONE, NULL } };
    const struct template_value *const rows[] = { one, two };
    const struct template_list list = { rows, 2 }, none = { rows, 0 };
    const struct template_value values[] = {
        { "l", STR_NONE, &list }, { "e", STR_NONE, &none }, { "o", STR("!"), NULL }, { NULL, STR_NONE, NULL }
    };
    ck_assert_str_eq(rendered("{{#l}}{{n}}{{o}} {{/l}}{{#e}}x{{/e}}", values), "1! &lt;2&gt;! ");
}
END_TEST

static const char *const bad[] = { "{{x", "{{?x}}a", "{{/x}}", "{{unheard_of}}", "{{?x}}{{/y}}" };

START_TEST(faulty_templates_are_bugs)
{
    const struct template_value values[] = { { "x", STR("1"), NULL },
                                             { "y", STR("2"), NULL },
                                             { NULL, STR_NONE, NULL } };
    rendered(bad[_i], values);
}
END_TEST

Suite *template_suite(void)
{
    Suite *s = suite_create("template");
    TCase *t = tcase_create("template");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, values_never_become_markup);
    tcase_add_test(t, values_are_not_templates);
    tcase_add_test(t, sections);
    tcase_add_test(t, lists);
    tcase_add_loop_test_raise_signal(t, faulty_templates_are_bugs, SIGABRT, 0, sizeof bad / sizeof bad[0]);
    suite_add_tcase(s, t);
    return s;
}
