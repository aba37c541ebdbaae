/* POST /oauth/link: the form of the page that asks for what is missing. */
#include "federation/federation.h"
#include "oauth/page.h"

static enum err federation_link_exec(struct request *rq);

static const struct shape_field fields[] = {
    { .name = "pending",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_EXACT,
      .offset = offsetof(struct federation_link_in, pending),
      .min = 1,
      .max = 12288,
      .doc = "Who has come back from the provider, sealed.",
      .example = "\"MTIz.NDU2\"" },
    { .name = "password",
      .type = SHAPE_STRING,
      .flags = SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct federation_link_in, password),
      .min = 1,
      .max = 1024,
      .doc = "Of the account here, when the page asks for it.",
      .example = "\"correct horse battery staple\"" },
    { .name = "code",
      .type = SHAPE_STRING,
      .flags = SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct federation_link_in, code),
      .min = 1,
      .max = 64,
      .doc = "Of its second factor, when the page asks for it.",
      .example = "\"123456\"" },
};
static const struct shape shape = { .name = "FederationLink",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .size = sizeof(struct federation_link_in),
                                    .doc = "The page's form.",
                                    .open = true };
static const enum err errors[] = { ERR_INVALID_REQUEST,
                                   ERR_BAD_CREDENTIALS,
                                   ERR_SECOND_FACTOR_REQUIRED,
                                   ERR_SECOND_FACTOR_WRONG,
                                   ERR_ACCOUNT_INACTIVE,
                                   ERR_FORBIDDEN,
                                   ERR_IDENTITY_REFUSED,
                                   ERR_IDENTITY_TAKEN,
                                   ERR_BUSY,
                                   ERR_NONE };

const struct op op_federation_link = {
    .name = "federation_link",
    .method = METHOD_POST,
    .path = "/oauth/link",
    .tag = "OAuth",
    .summary = "Prove an account on the page",
    .doc = "The form of the page shown after signing in with a provider, when an account has the address, "
           "when it has "
           "a second factor, or when somebody logged in links an account; not for clients.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = OP_PAGE | OP_RAW | OP_SECRET | OP_OWN_AUTH | OP_FORM,
    .in = &shape,
    .errors = errors,
    .refusal = &page_refusal,
    .security = "[]",
    .exec = federation_link_exec,
};

static enum err federation_link_exec(struct request *rq)
{
    if (!browser_is_own_origin(rq)) {
        return fail(rq, ERR_FORBIDDEN, NULL, "The form was sent from another site, so nothing was done.");
    }
    return arrival_submitted(rq, rq->in);
}
