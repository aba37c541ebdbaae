/* What may be said of a client when it is registered or changed. */
#ifndef NEXUS_OAUTH_CLIENT_IN_H
#define NEXUS_OAUTH_CLIENT_IN_H

#include "oauth/oauth.h"

struct client_in {
    struct shape_seen seen;
    struct uuid id; /* of changes */
    struct str name;
    bool confidential; /* of registrations */
    struct shape_list redirect_uris, post_logout_redirect_uris, grants, scopes, audiences;
    bool trusted, disabled;
};
enum client_bit {          /* in the order of both tables */
                  C_FIRST, /* id or confidential */
                  C_NAME,
                  C_REDIRECT_URIS,
                  C_POST_LOGOUT,
                  C_GRANTS,
                  C_SCOPES,
                  C_AUDIENCES,
                  C_TRUSTED,
                  C_DISABLED
};
extern const struct shape client_create_shape, client_update_shape;

/* {"client_id", "client_secret"}: the one time a secret is shown. */
extern const struct shape client_credentials_shape;
void client_write_credentials(struct request *rq, const struct uuid *id, struct str secret);

/* What a client has to be as a whole: names what is wrong by pointer. */
struct client_facts {
    bool is_public;
    size_t redirect_uris; /* how many */
    unsigned grants;
};
unsigned client_in_grants(const struct client_in *in);
void client_in_check_whole(const struct client_facts *f, struct violations *v);
/* Whether some redirect URI is not fit for a client of this kind: names each. */
void client_in_check_kind(const struct client_in *in, bool is_public, struct violations *v);

/* Parameters for the database; null when the member was not given. */
struct db_param client_in_texts(struct arena *a, const struct shape_list *list, bool given);
struct db_param client_in_grant_names(struct arena *a, const struct client_in *in, bool given);
struct db_param client_in_scope_names(struct arena *a, const struct client_in *in, bool given);

/* For the audit log: what the members given are now, JSON. */
const char *client_in_audit(struct arena *a, const struct client_in *in, bool all);

/* Only a path parameter. */
struct client_id_in {
    struct shape_seen seen;
    struct uuid id;
};
extern const struct shape client_id_shape;

#endif
