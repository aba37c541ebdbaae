/*
 * Codes of authenticator apps (RFC 6238: HMAC-SHA-1, six digits, steps of 30 seconds) and recovery codes. No
 * I/O: what was used is remembered by the caller.
 */
#ifndef NEXUS_AUTH_TOTP_H
#define NEXUS_AUTH_TOTP_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define TOTP_SECRET_SIZE   20
#define TOTP_DIGITS        6
#define TOTP_STEP_S        30
#define TOTP_WINDOW        1 /* steps before and after the present one */
#define RECOVERY_CODES     10
#define RECOVERY_CODE_SIZE 19 /* "xxxx-xxxx-xxxx-xxxx", 80 random bits */
#define RECOVERY_HASH_SIZE 32

/* HOTP (RFC 4226) of a counter: `digits` digits and NUL. */
void totp_code(struct str secret, uint64_t counter, int digits, char *out);

int64_t totp_step(int64_t unix_us);
/*
 * The step within the window whose code this is, later than `last_step`; 0: none. Blanks in the code do not
 * count. All steps are compared, in constant time.
 */
int64_t totp_match(struct str secret, struct str code, int64_t unix_us, int64_t last_step);

/* Base32 (RFC 4648) without padding, as apps take it. */
struct str totp_base32(struct arena *a, struct str bytes);
/* The otpauth:// URI that apps read as a QR code. */
struct str totp_uri(struct arena *a, struct str issuer, struct str account, struct str secret);

/* Whether it has the look of a code of an app: six digits. */
bool totp_is_code(struct str code);

/* A new recovery code; its hash is what is stored. */
void recovery_code_make(char out[RECOVERY_CODE_SIZE + 1]);
/* Of a code as typed: case, hyphens and blanks do not count. False when it cannot be one. */
bool recovery_code_hash(struct str code, unsigned char out[RECOVERY_HASH_SIZE]);

#endif
