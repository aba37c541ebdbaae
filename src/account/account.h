/*
 * Accounts: who uses the marketplace. Other domains use the two entities; nexusctl makes accounts by the same
 * rules.
 */
#ifndef NEXUS_ACCOUNT_ACCOUNT_H
#define NEXUS_ACCOUNT_ACCOUNT_H

#include "account/second_factor.h"
#include "auth/password_rules.h"
#include "db/db.h"
#include "http/op.h"
#include "query/entity.h"

/* What everybody may know of a user; target of edges to hosts, guests and authors. */
extern const struct entity entity_user_public;
/* One's own account. */
extern const struct entity entity_account;

extern const struct op op_user_create, op_user_read, op_auth_login, op_me_read, op_me_update, op_me_password,
    op_me_email, op_me_deactivate, op_auth_verify_email, op_auth_resend_verification, op_auth_forgot_password,
    op_auth_reset_password, op_auth_confirm_email;

#define ACCOUNT_EMAIL_MAX    254 /* bytes */
#define ACCOUNT_NAME_MAX     200 /* Unicode scalars */
#define ACCOUNT_PASSWORD_MIN PASSWORD_LENGTH_MIN
#define ACCOUNT_PASSWORD_MAX PASSWORD_LENGTH_MAX

/* ---- store ---- */

struct account_new {
    struct uuid id;
    struct str email; /* normalised by account_email */
    struct str name;
    struct str password_hash; /* by password_hash(), before the transaction */
    const struct str *roles;
    size_t role_count;
};

/* The roles of whoever signs up: any user may book and may offer. */
extern const struct str account_default_roles[2];

/* The one spelling of an e-mail address under which it is stored and found: ASCII letters in lower case. */
struct str account_email(struct arena *a, struct str email);

/* Add the statement to a batch; texts must live until it has run. users_email_key: ERR_EMAIL_TAKEN. */
void account_add_create(struct db_batch *b, struct arena *a, const struct account_new *n);
struct account_login { /* absent hash: there is no such account */
    struct uuid id;
    struct str email;
    struct str password_hash;
    bool active;
    bool verified;       /* the e-mail address */
    int64_t password_us; /* when the password was set */
    struct second_factor factor;
};
/* `email` normalised. An unknown address is no error. Texts belong to the arena. */
enum err account_find_login(struct db *db, struct arena *a, struct str email, struct account_login *out,
                            struct db_failure *failure) MUST_CHECK;

/* The same by id. */
enum err account_find_login_of(struct db *db, struct arena *a, const struct uuid *user,
                               struct account_login *out, struct db_failure *failure) MUST_CHECK;

/* What a change that asks for the password anew must know of the account of rq->principal. */
struct account_contact {
    struct str email, name;
    struct str password_hash; /* absent: the account has none, and no password confirms anything */
};
/*
 * Read it and check the password, ahead of the first write_batch; with a key, the key is claimed first
 * (*replayed as in write_run). A wrong password is a violation at `pointer`.
 */
enum err account_confirm(struct request *rq, const char *pointer, struct str password,
                         struct account_contact *out, bool *replayed) MUST_CHECK;

/* Add an event that tells of an account, by its id, to the outbox. */
void account_add_event(struct request *rq, struct db_batch *b, const char *topic, const struct uuid *user);

#endif
