/*
 * Claims about the user: which there are, which scope brings each, and the parameter `claims` that asks for
 * single ones (OpenID Connect Core, 5.1, 5.4, 5.5).
 */
#ifndef NEXUS_OAUTH_CLAIMS_REQUEST_H
#define NEXUS_OAUTH_CLAIMS_REQUEST_H

#include "oauth/oauth.h"
#include "json/write.h"

enum user_claim {
    CLAIM_NAME,
    CLAIM_PICTURE,
    CLAIM_LOCALE,
    CLAIM_UPDATED_AT,
    CLAIM_EMAIL,
    CLAIM_EMAIL_VERIFIED,
    CLAIM_PHONE_NUMBER,
    CLAIM_PHONE_NUMBER_VERIFIED,
    CLAIM_COUNT
};
extern const char *const user_claim_names[CLAIM_COUNT];

/* Claims the scopes bring to /oauth/userinfo. */
uint32_t claims_of_scopes(uint32_t scopes);
/* Scopes under which a person lets the claims be known. */
uint32_t claims_scopes(uint32_t claims);
/* Names with blanks between, and back; unknown names are nothing. */
struct str claims_text_of(struct arena *a, uint32_t claims);
uint32_t claims_of_text(struct str text);
struct db_param claims_param(struct arena *a, uint32_t claims);

struct claims_request {
    uint32_t userinfo, id_token; /* bits of enum user_claim */
    struct str sub;              /* the user it has to be; absent: any */
};
/* False when it is not what the standard describes; names nobody knows are passed over. */
bool claims_request_parse(struct arena *a, struct str json, struct claims_request *out);

/* Members of the user in a row of oauth_userinfo. */
void claims_write(struct json_writer *w, const PGresult *r, uint32_t claims);

#endif
