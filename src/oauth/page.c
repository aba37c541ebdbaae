/* The pages of the authorization server. */
#include "oauth/page.h"

#include "http/problem.h"
#include <openssl/evp.h>
#include <stdlib.h>

/* Colours with a contrast of at least 4.5 in both schemes; sizes follow the reader's own. */
static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--soft:#57606a;--line:#6e7781;--main:#0a4fa3;"
    "--on-main:#fff;--fault:#b3261e;--back:#f3f5f8}"
    "@media (prefers-color-scheme:dark){:root{--ink:#e8ecf1;--paper:#1b1f24;--soft:#b4bcc6;--line:#8b949e;"
    "--main:#8ab8ff;--on-main:#0b1a30;--fault:#ffb4ab;--back:#101317}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--back);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}"
    "main{max-width:26rem;margin:0 auto;padding:2rem 1.25rem;background:var(--paper);min-height:100vh}"
    "@media (min-width:30rem){main{margin:3rem auto;min-height:0;border-radius:.5rem;padding:2rem}}"
    "h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem;overflow-wrap:anywhere}"
    "p,ul{margin:0 0 1rem;overflow-wrap:anywhere}ul{padding-left:1.25rem}.soft{color:var(--soft)}"
    "label{display:block;font-weight:600;margin-bottom:.25rem}"
    "input{display:block;width:100%;min-height:2.75rem;padding:.5rem "
    ".75rem;margin-bottom:1rem;font:inherit;color:inherit;"
    "background:transparent;border:1px solid var(--line);border-radius:.375rem}"
    "button{display:block;width:100%;min-height:2.75rem;padding:.5rem "
    "1rem;margin-top:.75rem;font:inherit;font-weight:600;"
    "color:var(--on-main);background:var(--main);border:1px solid "
    "var(--main);border-radius:.375rem;cursor:pointer}"
    ".or{text-align:center;margin:1rem 0 0}"
    "a.way{display:block;min-height:2.75rem;padding:.6rem "
    "1rem;margin-top:.75rem;font-weight:600;text-align:center;"
    "color:var(--main);border:1px solid var(--main);border-radius:.375rem;text-decoration:none}"
    "button.other{color:var(--main);background:transparent}"
    ":focus-visible{outline:3px solid var(--main);outline-offset:2px}"
    ".fault{border-left:.25rem solid var(--fault);padding:.5rem .75rem;color:var(--fault);font-weight:600}";

#define PAGE_START                                                                                           \
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"                                \
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"                             \
    "<meta name=\"robots\" content=\"noindex\">\n<title>{{title}}</title>\n<style>"
#define HIDDEN "<input type=\"hidden\" name=\"transaction\" value=\"{{transaction}}\">\n"

static const char login_html[] = PAGE_BODY
    "<h1>Log in{{?client}} to continue to {{client}}{{/client}}</h1>\n" PAGE_FAULT
    "<form method=\"post\" action=\"/oauth/login\">\n" HIDDEN "<label for=\"email\">E-mail address</label>\n"
    "<input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"username\" required maxlength=\"254\""
    " value=\"{{email}}\"{{?fault}} aria-describedby=\"fault\"{{/fault}}{{^email}} autofocus{{/email}}>\n"
    "<label for=\"password\">Password</label>\n"
    "<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required"
    " maxlength=\"1024\"{{?fault}} aria-describedby=\"fault\"{{/fault}}{{?email}} autofocus{{/email}}>\n"
    "<button type=\"submit\">Log in</button>\n</form>\n"
    "{{?or}}<p class=\"or\">or</p>\n{{/or}}{{#ways}}<a class=\"way\" "
    "href=\"/oauth/login/{{name}}?transaction="
    "{{transaction}}\">Continue with {{label}}</a>\n{{/ways}}" PAGE_END;

static const char factor_html[] = PAGE_BODY
    "<h1>Enter your code{{?client}} to continue to {{client}}{{/client}}</h1>\n" PAGE_FAULT
    "<form method=\"post\" action=\"/oauth/factor\">\n" HIDDEN
    "<input type=\"hidden\" name=\"proof\" value=\"{{proof}}\">\n"
    "<label for=\"code\">Code of your authenticator app, or a recovery code</label>\n"
    "<input id=\"code\" name=\"code\" autocomplete=\"one-time-code\" required maxlength=\"64\" autofocus"
    "{{?fault}} aria-describedby=\"fault\"{{/fault}}>\n"
    "<button type=\"submit\">Log in</button>\n</form>\n" PAGE_END;

static const char consent_html[] = PAGE_BODY
    "<h1>Allow {{client}} to use your account?</h1>\n"
    "<p class=\"soft\">You are logged in as {{email}}.</p>\n"
    "<p>{{client}} asks to:</p>\n<ul>\n{{#scopes}}<li>{{doc}}</li>\n{{/scopes}}</ul>\n"
    "<p class=\"soft\">You will be sent to {{redirect}}. You can take this back at any time.</p>\n"
    "<form method=\"post\" action=\"/oauth/consent\">\n" HIDDEN
    "<button type=\"submit\" name=\"decision\" value=\"allow\">Allow</button>\n"
    "<button type=\"submit\" name=\"decision\" value=\"deny\" class=\"other\">Do not allow</button>\n"
    "<button type=\"submit\" name=\"decision\" value=\"switch\" class=\"other\">Use another "
    "account</button>\n"
    "</form>\n" PAGE_END;

static const char logout_html[] = PAGE_BODY
    "<h1>Log out?</h1>\n<p>You are logged in as {{email}}.</p>\n"
    "<form method=\"post\" action=\"/oauth/logout/confirm\">\n" HIDDEN
    "<button type=\"submit\" name=\"decision\" value=\"logout\">Log out</button>\n"
    "<button type=\"submit\" name=\"decision\" value=\"stay\" class=\"other\">Stay logged in</button>\n"
    "</form>\n" PAGE_END;

static const char message_html[] = PAGE_BODY "<h1>{{title}}</h1>\n<p>{{text}}</p>\n{{?request}}<p "
                                             "class=\"soft\">Request {{request}}</p>\n{{/request}}" PAGE_END;

/* ---- head ---- */

/* 'sha256-...' of the style sheet, as the policy wants it. */
static const char *style_hash(void)
{
    static char text[64];
    if (!text[0]) {
        unsigned char digest[32];
        if (EVP_Digest(style, sizeof style - 1, digest, NULL, EVP_sha256(), NULL) != 1) {
            abort();
        }
        EVP_EncodeBlock((unsigned char *)text, digest, sizeof digest);
    }
    return text;
}

/*
 * What a page may do: show its own style, and send its forms here. Browsers hold the policy against every
 * redirect that follows a form too, so the client's scheme is allowed; its host is not named, as it may send
 * users on.
 */
static void add_headers(struct request *rq, struct str redirect)
{
    struct str scheme = redirect.p ? redirect : STR("https:"), name;
    (void)str_split(&scheme, ':', &name);
    response_header(
        rq, "Content-Security-Policy",
        arena_printf(rq->arena,
                     "default-src 'none'; style-src 'sha256-%s'; form-action 'self' https: " STR_FMT
                     ":; frame-ancestors 'none'; base-uri 'none'",
                     style_hash(), STR_ARG(name)));
    /* Without a referrer the origin of a form would be "null", and could not be compared. */
    response_header(rq, "Referrer-Policy", "same-origin");
    rq->res.content_type = "text/html; charset=utf-8";
}

void page_write(struct request *rq, int status, struct str redirect, const char *html,
                const struct template_value *values)
{
    struct template_values all = { values, NULL };
    rq->res.status = status;
    add_headers(rq, redirect);
    buf_reset(rq->res.body);
    html_render(rq->res.body, PAGE_START, &all);
    buf_add(rq->res.body, style, sizeof style - 1);
    html_render(rq->res.body, html, &all);
}

/* ---- pages ---- */

/* Providers to sign in with, one row each. */
static struct template_list *ways(struct request *rq)
{
    size_t count = rq->providers ? rq->providers->count : 0;
    struct template_list *list = ARENA_NEW(rq->arena, struct template_list);
    const struct template_value **rows = ARENA_ARRAY(rq->arena, const struct template_value *, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct template_value *row = ARENA_ARRAY(rq->arena, struct template_value, 3);
        row[0] = (struct template_value){ "name", str_from(rq->providers->item[i].name), NULL };
        row[1] = (struct template_value){ "label", str_from(rq->providers->item[i].label), NULL };
        row[2] = (struct template_value)TEMPLATE_END;
        rows[i] = row;
    }
    *list = (struct template_list){ rows, count };
    return list;
}

void page_login(struct request *rq, const struct login_page *p)
{
    const struct template_list *others = ways(rq);
    const struct template_value values[] = { { "title", p->fault.p ? STR("Log in: try again") : STR("Log in"),
                                               NULL },
                                             { "client", p->client, NULL },
                                             { "fault", p->fault, NULL },
                                             { "email", p->email, NULL },
                                             { "or", others->count > 0 ? STR("") : STR_NONE, NULL },
                                             { "ways", STR_NONE, others },
                                             { "transaction", p->transaction, NULL },
                                             TEMPLATE_END };
    page_write(rq, p->status, p->redirect, login_html, values);
}

void page_factor(struct request *rq, const struct factor_page *p)
{
    const struct template_value values[] = { { "title", p->fault.p ? STR("Code: try again") : STR("Code"),
                                               NULL },
                                             { "client", p->client, NULL },
                                             { "fault", p->fault, NULL },
                                             { "transaction", p->transaction, NULL },
                                             { "proof", p->proof, NULL },
                                             TEMPLATE_END };
    page_write(rq, p->status, p->redirect, factor_html, values);
}

/* Host of a web address, else the whole: what tells people where they are going. */
static struct str place_of(struct str uri)
{
    struct str rest = uri, host;
    if (!str_starts(uri, STR("https://")) && !str_starts(uri, STR("http://"))) {
        return uri;
    }
    rest = str_skip(uri, str_starts(uri, STR("https://")) ? 8 : 7);
    (void)str_split(&rest, '/', &host);
    (void)str_split(&host, '?', &rest);
    return rest;
}

void page_consent(struct request *rq, const struct consent_page *p)
{
    const struct template_value *rows[SCOPE_COUNT];
    struct template_value pairs[SCOPE_COUNT][2];
    struct template_list list = { rows, 0 };
    for (enum scope s = 0; s < SCOPE_COUNT; s++) {
        if (p->scopes >> s & 1u) {
            pairs[list.count][0] = (struct template_value){ "doc", str_from(scope_doc(s)), NULL };
            pairs[list.count][1] = (struct template_value)TEMPLATE_END;
            rows[list.count] = pairs[list.count];
            list.count++;
        }
    }
    const struct template_value values[] = { { "title", STR("Allow access"), NULL },
                                             { "client", p->client, NULL },
                                             { "email", p->email, NULL },
                                             { "redirect", place_of(p->redirect), NULL },
                                             { "scopes", STR_NONE, &list },
                                             { "transaction", p->transaction, NULL },
                                             TEMPLATE_END };
    page_write(rq, 200, p->redirect, consent_html, values);
}

void page_logout(struct request *rq, struct str email, struct str redirect, struct str transaction)
{
    const struct template_value values[] = { { "title", STR("Log out"), NULL },
                                             { "email", email, NULL },
                                             { "transaction", transaction, NULL },
                                             TEMPLATE_END };
    page_write(rq, 200, redirect, logout_html, values);
}

static void message(struct request *rq, int status, struct str title, struct str text, struct str id)
{
    const struct template_value values[] = {
        { "title", title, NULL }, { "text", text, NULL }, { "request", id, NULL }, TEMPLATE_END
    };
    page_write(rq, status, STR_NONE, message_html, values);
}

void page_logged_out(struct request *rq)
{
    message(rq, 200, STR("You are logged out"), STR("You can close this page."), STR_NONE);
}

void page_redirect(struct request *rq, const char *location)
{
    rq->res.status = 303;
    response_header(rq, "Location", location);
    response_header(rq, "Referrer-Policy", "no-referrer");
}

static void page_refuse(struct request *rq)
{
    problem_start(rq);
    const char *text = rq->detail ? rq->detail : err_info(rq->err)->doc;
    if (!rq->detail && rq->violations.count > 0) {
        text = "The request has parameters that cannot be understood.";
    }
    message(rq, err_info(rq->err)->status, str_from(err_info(rq->err)->title), str_from(text),
            str_from(rq->id));
}

const struct op_refusal page_refusal = {
    .media = "text/html; charset=utf-8",
    .schema = "{\"type\":\"string\"}",
    .example = "\"<!DOCTYPE html>\"",
    .write = page_refuse,
};
