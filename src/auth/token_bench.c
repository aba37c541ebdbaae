/*
 * What checking a token costs: cold (signature and claims), warm (known to the process), and for comparison
 * the plain SHA-256 of a token. Prints one line each: name, nanoseconds of CPU.
 */
#include "auth/auth.h"
#include "auth/key_folder.h"
#include "auth/token_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define COLD_ROUNDS 2000
#define WARM_ROUNDS 1000000

static struct key_entry made;
static char folder[] = "/tmp/nexus-bench-XXXXXX";

static void remove_file(const char *name, const char *suffix)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s%s", folder, name, suffix);
    unlink(path);
}

static void clean_up(void)
{
    remove_file("keys", "");
    remove_file(made.id, ".pem");
}

static void die(const char *why)
{
    fprintf(stderr, "token_bench: %s\n", why);
    clean_up();
    exit(EXIT_FAILURE);
}

static struct auth *create(enum key_algorithm algorithm)
{
    char error[512];
    struct options o = { .token_keys = folder,
                         .token_issuer = "https://localhost:8443",
                         .token_audience = "nexus-api",
                         .token_lifetime = INT64_C(900000000) };
    struct key_folder_edit e;
    if (!key_folder_begin(&e, folder, error, sizeof(error)) ||
        !key_folder_generate(&e, algorithm, 0, &made, error, sizeof(error))) {
        die(error);
    }
    key_folder_end(&e);
    struct auth *auth = auth_create(&o, error, sizeof(error));
    if (!auth) {
        die(error);
    }
    return auth;
}

static struct str issue(struct auth *auth, struct arena *arena)
{
    struct token_spec spec = { .user = uuid_v7(), .session = uuid_v7() };
    struct str token;
    int64_t lifetime_us;
    if (token_issue(auth, arena, &spec, &token, &lifetime_us) != ERR_NONE) {
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

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void print(const char *kind, const char *what, int64_t start, int64_t rounds)
{
    printf("%s %s %lld ns\n", kind, what, (long long)((cpu_ns() - start) / rounds));
}

static void run(enum key_algorithm algorithm)
{
    const char *kind = key_algorithm_name(algorithm);
    struct arena *arena = arena_create(1 << 20, 256 << 20);
    struct auth *auth = create(algorithm);
    struct str *token = ARENA_ARRAY(arena, struct str, COLD_ROUNDS);
    int64_t start = cpu_ns();
    for (int i = 0; i < COLD_ROUNDS; i++) {
        token[i] = issue(auth, arena);
    }
    print(kind, "issue", start, COLD_ROUNDS);
    start = cpu_ns();
    for (int i = 0; i < COLD_ROUNDS; i++) {
        verify(auth, token[i]);
    }
    print(kind, "cold", start, COLD_ROUNDS);
    start = cpu_ns();
    for (int i = 0; i < WARM_ROUNDS; i++) {
        verify(auth, token[COLD_ROUNDS - 1 - i % 100]);
    }
    print(kind, "warm", start, WARM_ROUNDS);
    auth_free(auth);
    arena_destroy(arena);
    clean_up();
}

int main(void)
{
    if (!mkdtemp(folder)) {
        die("no place for a key");
    }
    run(KEY_EDDSA);
    run(KEY_ES256);
    rmdir(folder);
    return EXIT_SUCCESS;
}
