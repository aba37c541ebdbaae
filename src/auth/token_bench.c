/*
 * What checking a token costs: cold (signature and claims), warm (known to the process), and for comparison
 * the plain SHA-256 of a token. Prints one line each: name, nanoseconds.
 */
#include "auth/auth.h"
#include "auth/token_cache.h"
#include "base/clock.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COLD_ROUNDS 2000
#define WARM_ROUNDS 1000000

static char path[] = "/tmp/nexus-bench-XXXXXX";

static void die(const char *why)
{
    fprintf(stderr, "token_bench: %s\n", why);
    unlink(path);
    exit(EXIT_FAILURE);
}

static struct auth *create(const char *kind)
{
    char error[256];
    struct options o = { .token_key_file = path,
                         .token_keys_extra = "",
                         .token_issuer = "https://localhost:8443",
                         .token_audience = "nexus-api",
                         .token_lifetime = INT64_C(900000000) };
    EVP_PKEY *pkey = kind[1] == 'd' ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                    : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    FILE *f = fopen(path, "w");
    if (!pkey || !f || PEM_write_PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL) != 1 || fclose(f) != 0) {
        die("cannot write a key");
    }
    EVP_PKEY_free(pkey);
    struct auth *auth = auth_create(&o, error, sizeof(error));
    if (!auth) {
        die(error);
    }
    return auth;
}

static struct str issue(struct auth *auth, struct arena *arena)
{
    struct uuid user = uuid_v7();
    struct str token;
    int64_t lifetime_us;
    if (token_issue(auth, arena, &user, STR("guest,host"), &token, &lifetime_us) != ERR_NONE) {
        die("cannot issue");
    }
    return token;
}

static void verify(struct auth *auth, struct str token)
{
    struct principal who;
    if (token_verify(auth, token, &who) != ERR_NONE) {
        die("not verified");
    }
}

static void print(const char *kind, const char *what, int64_t start_us, int64_t rounds)
{
    printf("%s %s %lld ns\n", kind, what, (long long)((clock_mono_us() - start_us) * 1000 / rounds));
}

static void run(const char *kind)
{
    struct arena *arena = arena_create(1 << 20, 256 << 20);
    struct auth *auth = create(kind);
    struct str *token = ARENA_ARRAY(arena, struct str, COLD_ROUNDS);
    int64_t start = clock_mono_us();
    for (int i = 0; i < COLD_ROUNDS; i++) {
        token[i] = issue(auth, arena);
    }
    print(kind, "issue", start, COLD_ROUNDS);
    start = clock_mono_us();
    for (int i = 0; i < COLD_ROUNDS; i++) {
        verify(auth, token[i]);
    }
    print(kind, "cold", start, COLD_ROUNDS);
    start = clock_mono_us();
    for (int i = 0; i < WARM_ROUNDS; i++) {
        verify(auth, token[COLD_ROUNDS - 1 - i % 100]);
    }
    print(kind, "warm", start, WARM_ROUNDS);
    auth_free(auth);
    arena_destroy(arena);
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0) {
        die("no place for a key");
    }
    close(fd);
    run("EdDSA");
    run("ES256");
    unlink(path);
    return EXIT_SUCCESS;
}
