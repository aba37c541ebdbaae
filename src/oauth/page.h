/* The pages of the authorization server: plain HTML that needs no script. */
#ifndef NEXUS_OAUTH_PAGE_H
#define NEXUS_OAUTH_PAGE_H

#include "base/template.h"
#include "oauth/oauth.h"

/* Each makes the answer of the request, with this status. Absent texts are left out. */
struct login_page {
    int status;
    struct str client;      /* name of the application that asks */
    struct str redirect;    /* where the user will be sent: for the policy of forms */
    struct str email;       /* in the field when the page opens */
    struct str fault;       /* why the form is shown again */
    struct str transaction; /* sealed */
};
void page_login(struct request *rq, const struct login_page *p);

struct factor_page {
    int status;
    struct str client, redirect, fault, transaction;
    struct str proof; /* that the password was right, sealed */
};
void page_factor(struct request *rq, const struct factor_page *p);

struct consent_page {
    struct str client, email, redirect;
    uint32_t scopes;
    struct str transaction;
};
void page_consent(struct request *rq, const struct consent_page *p);

void page_logout(struct request *rq, struct str email, struct str redirect, struct str transaction);
void page_logged_out(struct request *rq);

/* 303 See Other: what is opened next is opened by GET, so a form is not sent on to it. */
void page_redirect(struct request *rq, const char *location);

/*
 * Any other page: a template that begins with PAGE_BODY and ends with PAGE_END. `values` has its title, too.
 * Forms on it may lead to `redirect` (absent: to the web).
 */
#define PAGE_BODY  "</style>\n</head>\n<body>\n<main>\n"
#define PAGE_END   "</main>\n</body>\n</html>\n"
#define PAGE_FAULT "{{?fault}}<p class=\"fault\" id=\"fault\" role=\"alert\">{{fault}}</p>\n{{/fault}}"
void page_write(struct request *rq, int status, struct str redirect, const char *html,
                const struct template_value *values);

#endif
