/*
 * Second factors: codes of an authenticator app (RFC 6238), and recovery codes for who has lost it. The app's
 * secret is stored sealed with secret_file and the user's id, recovery codes as hashes. Each code is good
 * once, whoever races for it: PostgreSQL decides.
 */
#ifndef NEXUS_ACCOUNT_SECOND_FACTOR_H
#define NEXUS_ACCOUNT_SECOND_FACTOR_H

#include "auth/totp.h"
#include "http/op.h"

extern const struct op op_totp_read, op_totp_create, op_totp_confirm, op_totp_disable,
    op_recovery_codes_create;

#define SECOND_FACTOR_CODE_MIN 6
#define SECOND_FACTOR_CODE_MAX 64

struct second_factor {
    struct str sealed; /* absent: the user has none */
    int64_t last_step;
};

/*
 * Whether `code` is good for the user's second factor, and if so, use it up. ERR_NONE also when there is
 * none. ERR_SECOND_FACTOR_REQUIRED, ERR_SECOND_FACTOR_WRONG, or what *failure says. Counts no failures: that
 * is login.h's business.
 */
enum err second_factor_use(struct request *rq, const struct uuid *user, const struct second_factor *factor,
                           struct str code, struct db_failure *failure) MUST_CHECK;

/* ---- for the ops ---- */

/* Seal and open the secret of an app for its user. */
struct str second_factor_seal(struct request *rq, const struct uuid *user, struct str secret);
bool second_factor_open(struct request *rq, const struct uuid *user, struct str sealed, struct str *secret);

/* New recovery codes into the batch in place of the old ones; their texts live as long as the request. */
struct recovery_set {
    char codes[RECOVERY_CODES][RECOVERY_CODE_SIZE + 1];
};
const struct recovery_set *recovery_codes_add(struct request *rq, struct db_batch *b);
/* The answer {"recovery_codes": [...]}, and its description. */
void recovery_codes_write(struct request *rq, const struct recovery_set *set);
extern const struct shape recovery_codes_shape;

/* Input of the ops that ask for password and code anew. */
struct proof_in {
    struct shape_seen seen;
    struct str password, code;
};
extern const struct shape proof_shape;
/* Password and second factor of the user who is logged in. Not ERR_NONE: recorded in the request. */
enum err proof_check(struct request *rq, const struct proof_in *in) MUST_CHECK;

#endif
