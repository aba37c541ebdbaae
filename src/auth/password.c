/* Argon2id (RFC 9106) by libargon2, in the PHC string form. */
#include "auth/auth.h"
#include "auth/hash_pool.h"

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

/* One computation of the hash pool. */
struct job {
    struct cost cost;
    struct str password;
    unsigned char salt[SALT_SIZE];
    char text[TEXT_MAX]; /* the encoded hash: made, or verified against */
    int status;          /* of libargon2 */
};

static void make_hash(void *p)
{
    struct job *j = p;
    j->status = argon2id_hash_encoded(j->cost.passes, j->cost.memory_kib, LANES, j->password.p, j->password.n,
                                      j->salt, sizeof(j->salt), HASH_SIZE, j->text, sizeof(j->text));
    give_memory_back();
}

static void verify_hash(void *p)
{
    struct job *j = p;
    j->status = argon2id_verify(j->text, j->password.p, j->password.n);
    give_memory_back();
}

enum err password_hash(const struct options *o, struct arena *a, struct str password, struct str *encoded)
{
    struct job job = { .cost = cost_of(o), .password = password };
    if (password.n > PASSWORD_MAX) {
        return ERR_VALIDATION;
    }
    random_bytes(job.salt, sizeof(job.salt));
    enum err e = hash_pool_run(o, make_hash, &job);
    if (e != ERR_NONE || job.status != ARGON2_OK) {
        return e ? e : job.status == ARGON2_MEMORY_ALLOCATION_ERROR ? ERR_UNAVAILABLE : ERR_INTERNAL;
    }
    *encoded = arena_str(a, str_from(job.text));
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
    struct job job = { .password = password };
    bool exists = encoded.p && encoded.n < sizeof(job.text);
    decoy(o, job.text);
    if (exists) {
        memcpy(job.text, encoded.p, encoded.n);
        job.text[encoded.n] = '\0';
    }
    *same = false;
    if (password.n > PASSWORD_MAX) {
        return ERR_NONE;
    }
    enum err e = hash_pool_run(o, verify_hash, &job);
    if (e != ERR_NONE || job.status == ARGON2_MEMORY_ALLOCATION_ERROR) {
        return e ? e : ERR_UNAVAILABLE;
    }
    *same = exists && job.status == ARGON2_OK;
    return ERR_NONE;
}

bool password_outdated(const struct options *o, struct str encoded)
{
    struct cost cost = cost_of(o), had;
    unsigned version;
    char text[TEXT_MAX];
    if (encoded.n >= sizeof(text)) {
        return true;
    }
    memcpy(text, encoded.p, encoded.n);
    text[encoded.n] = '\0';
    int n = sscanf(text, "$argon2id$v=%u$m=%u,t=%u,p=", &version, &had.memory_kib, &had.passes);
    return n != 3 || version < ARGON2_VERSION_NUMBER || had.memory_kib < cost.memory_kib ||
           had.passes < cost.passes;
}
