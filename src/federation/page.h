/* The page that asks for what is missing after a provider has said who somebody is. */
#ifndef NEXUS_FEDERATION_PAGE_H
#define NEXUS_FEDERATION_PAGE_H

#include "oauth/page.h"

struct link_page {
    int status;
    struct str label;   /* of the provider */
    struct str email;   /* of the account here */
    struct str other;   /* address at the provider; absent: not known */
    struct str fault;   /* why the form is shown again */
    struct str pending; /* sealed */
    bool ask_password, ask_code;
};
void page_link(struct request *rq, const struct link_page *p);
void page_linked(struct request *rq, struct str label);
void page_signed_in(struct request *rq);

#endif
