/*
 * The log-in decision in one place, for the log-in op, for server-rendered pages and for ops that ask for the
 * password anew.
 *
 * Nothing in here fails the request: a page shows its form again, an op answers with login_refuse. Addresses
 * without an account take the same way as others, to the same answer after the same time. That an account is
 * suspended or has a second factor is told only to who knows its password.
 *
 * Failures make wait (cache/backoff.h): five wrong passwords or codes in a row are free (login_failures),
 * then the account cools down for a second, two, four, up to login_cooldown_max. Attackers cannot keep the
 * owner out with that: who has entered the account before from a network counts for himself there; sessions
 * that go on are not touched; and a password reset starts anew.
 */
#ifndef NEXUS_ACCOUNT_LOGIN_H
#define NEXUS_ACCOUNT_LOGIN_H

#include "http/request.h"

struct login {
    struct uuid user;
    struct str email;      /* as it is stored */
    struct str methods[3]; /* RFC 8176: pwd, otp, mfa */
    size_t method_count;
    int64_t password_us;           /* since when the password is the account's; for the session that begins */
    int64_t retry_after_us;        /* with ERR_RATE_LIMITED and ERR_BUSY */
    struct str old_hash, new_hash; /* when the hash is to be replaced; for login_add */
    struct db_failure failure;     /* of PostgreSQL */
};

/*
 * Whether these credentials are good. `code` is that of a second factor or a recovery code; absent or empty
 * when none was given. `email` as it was typed. `out` is always filled; texts belong to the request.
 *
 * ERR_NONE                     yes: out->user, methods. A code given is used up.
 * ERR_BAD_CREDENTIALS          address or password is wrong
 * ERR_SECOND_FACTOR_REQUIRED   the password is right, the account (out->user) has a second factor, and no
 * code was given: second_factor_check goes on from here ERR_SECOND_FACTOR_WRONG      the password is right,
 * the code is not, or it was used before ERR_ACCOUNT_INACTIVE         everything is right, but the account is
 * suspended or deactivated ERR_RATE_LIMITED             too many failures for this account or from this
 * network: out->retry_after_us ERR_BUSY                     too many passwords are being checked:
 * out->retry_after_us others                       PostgreSQL is away and the like: out->failure
 */
enum err login_check(struct request *rq, struct str email, struct str password, struct str code,
                     struct login *out) MUST_CHECK;

/* The same for the user who is logged in (rq->principal), before a change that asks for the password anew:
 * the password alone, or with the second factor when there is one. */
enum err login_confirm(struct request *rq, struct str password, struct login *out) MUST_CHECK;
enum err login_confirm_both(struct request *rq, struct str password, struct str code,
                            struct login *out) MUST_CHECK;

/*
 * The second factor alone, of somebody who has proven himself otherwise: by a password a page ago, by another
 * provider. ERR_NONE also when the user has none; else as login_check.
 */
enum err second_factor_check(struct request *rq, const struct uuid *user, struct str code,
                             struct login *out) MUST_CHECK;

/* Make a refusal of these the answer of the request; returns the error. */
enum err login_refuse(struct request *rq, enum err e, const struct login *login);

/* Add to the transaction that starts the session what belongs to a good log-in: a hash of today's cost. */
void login_add(struct request *rq, struct db_batch *b, const struct login *login);

/* Whoever reads the account's mail has proven himself (a password reset): its failures are forgotten. */
void login_forgive(struct request *rq, struct str email);

/*
 * Whether a password may be chosen (auth/password_rules.h), for the account of this address and name. No: a
 * violation at `pointer`, and ERR_VALIDATION is recorded.
 */
enum err password_acceptable(struct request *rq, const char *pointer, struct str password, struct str email,
                             struct str name) MUST_CHECK;

#endif
