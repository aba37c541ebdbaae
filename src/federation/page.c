/* Pages of sign-in with others. */
#include "federation/page.h"

static const char link_html[] = PAGE_BODY
    "<h1>{{?password}}You have an account already{{/password}}{{?confirm}}Link the two accounts?{{/confirm}}"
    "{{?second}}Enter a code{{/second}}</h1>\n" PAGE_FAULT
    "{{?password}}<p>{{email}} has an account here. Enter its password once, and you can log in with "
    "{{label}} from "
    "then on.</p>\n{{/password}}"
    "{{?confirm}}<p>Whoever signs in with {{label}}{{?other}} as {{other}}{{/other}} will be logged in to "
    "the account "
    "of {{email}}. Continue only if both are yours.</p>\n{{/confirm}}"
    "{{?second}}<p>You have signed in with {{label}}. The account also asks for a code.</p>\n{{/second}}"
    "<form method=\"post\" action=\"/oauth/link\">\n"
    "<input type=\"hidden\" name=\"pending\" value=\"{{pending}}\">\n"
    "{{?password}}<label for=\"password\">Password</label>\n"
    "<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required"
    " maxlength=\"1024\"{{?fault}} aria-describedby=\"fault\"{{/fault}} autofocus>\n{{/password}}"
    "{{?code}}<label for=\"code\">Code of your authenticator, or a recovery code</label>\n"
    "<input id=\"code\" name=\"code\" inputmode=\"text\" autocomplete=\"one-time-code\" maxlength=\"64\""
    "{{?fault}} aria-describedby=\"fault\"{{/fault}} required>\n{{/code}}"
    "<button "
    "type=\"submit\">{{?confirm}}Link{{/confirm}}{{^confirm}}Continue{{/confirm}}</button>\n</"
    "form>\n" PAGE_END;

static const char message_html[] = PAGE_BODY "<h1>{{title}}</h1>\n<p>{{text}}</p>\n" PAGE_END;

static struct str shown(bool yes)
{
    return yes ? STR("") : STR_NONE;
}

void page_link(struct request *rq, const struct link_page *p)
{
    bool confirm = !p->ask_password && !p->ask_code;
    const struct template_value values[] = { { "title",
                                               p->fault.p ? STR("Try again")
                                               : confirm  ? STR("Link accounts")
                                                          : STR("Log in"),
                                               NULL },
                                             { "password", shown(p->ask_password), NULL },
                                             { "code", shown(p->ask_code), NULL },
                                             { "second", shown(p->ask_code && !p->ask_password), NULL },
                                             { "confirm", shown(confirm), NULL },
                                             { "label", p->label, NULL },
                                             { "email", p->email, NULL },
                                             { "other", p->other, NULL },
                                             { "fault", p->fault, NULL },
                                             { "pending", p->pending, NULL },
                                             TEMPLATE_END };
    page_write(rq, p->status, STR_NONE, link_html, values);
}

static void message(struct request *rq, struct str title, struct str text)
{
    const struct template_value values[] = { { "title", title, NULL }, { "text", text, NULL }, TEMPLATE_END };
    page_write(rq, 200, STR_NONE, message_html, values);
}

void page_linked(struct request *rq, struct str label)
{
    message(rq, STR("The accounts are linked"),
            str_from(arena_printf(rq->arena,
                                  "You can log in with " STR_FMT " from now on. You can close this page.",
                                  STR_ARG(label))));
}

void page_signed_in(struct request *rq)
{
    message(rq, STR("You are logged in"), STR("You can close this page."));
}
