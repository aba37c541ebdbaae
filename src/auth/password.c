/* Argon2id (RFC 9106) by libargon2, in the PHC string form. */
#include "auth/auth.h"

#include <argon2.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define LANES     1
#define SALT_SIZE 16
#define HASH_SIZE 32
#define TEXT_MAX  256

/* The longest password that a shape lets through. */
#define PASSWORD_MAX 4096

struct cost {
    uint32_t memory_kib, passes;
};

static struct cost cost_of(const struct options *o)
{
    return (struct cost){ .memory_kib = (uint32_t)(o->argon2_memory / 1024),
                          .passes = (uint32_t)o->argon2_passes };
}

/* No weaker source is tried: without randomness there are no passwords. */
static void random_bytes(void *p, size_t n)
{
    unsigned char *at = p;
    while (n > 0) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno != EINTR) {
            abort();
        }
        at += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
}

/*
 * A hash takes tens of megabytes for a moment. After the first time malloc would keep them for the next one
 * (its threshold for mapping large blocks grows with every block freed), and all workers together would hold
 * gigabytes.
 */
static void give_memory_back(void)
{
    malloc_trim(0);
}

enum err password_hash(const struct options *o, struct arena *a, struct str password, struct str *encoded)
{
    struct cost cost = cost_of(o);
    unsigned char salt[SALT_SIZE];
    char text[TEXT_MAX];
    if (password.n > PASSWORD_MAX) {
        return ERR_VALIDATION;
    }
    random_bytes(salt, sizeof(salt));
    int status = argon2id_hash_encoded(cost.passes, cost.memory_kib, LANES, password.p, password.n, salt,
                                       sizeof(salt), HASH_SIZE, text, sizeof(text));
    give_memory_back();
    if (status != ARGON2_OK) {
        return status == ARGON2_MEMORY_ALLOCATION_ERROR ? ERR_UNAVAILABLE : ERR_INTERNAL;
    }
    *encoded = arena_str(a, str_from(text));
    return ERR_NONE;
}

/* A hash nobody has the password of, with today's cost: what is verified when there is no account. */
static void decoy(const struct options *o, char text[TEXT_MAX])
{
    struct cost cost = cost_of(o);
    snprintf(text, TEXT_MAX, "$argon2id$v=%d$m=%u,t=%u,p=%d$%s$%s", ARGON2_VERSION_NUMBER, cost.memory_kib,
             cost.passes, LANES, "bmV4dXMgZGVjb3kgc2FsdA", "bm8gcGFzc3dvcmQgaGFzIHRoaXMgaGFzaCBpbiBpdCE");
}

enum err password_verify(const struct options *o, struct str password, struct str encoded, bool *same)
{
    char text[TEXT_MAX];
    bool exists = encoded.p && encoded.n < sizeof(text);
    decoy(o, text);
    if (exists) {
        memcpy(text, encoded.p, encoded.n);
        text[encoded.n] = '\0';
    }
    int status =
        password.n > PASSWORD_MAX ? ARGON2_PWD_TOO_LONG : argon2id_verify(text, password.p, password.n);
    give_memory_back();
    *same = exists && status == ARGON2_OK;
    return status == ARGON2_MEMORY_ALLOCATION_ERROR ? ERR_UNAVAILABLE : ERR_NONE;
}
