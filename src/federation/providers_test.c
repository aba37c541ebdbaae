/* Tests of providers' files and of their discovery documents. */
#include "auth/providers.h"
#include "federation/federation_tests.h"
#include "federation/upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/nexus-providers-XXXXXX";
static char error[512];
static struct options *options;

static void start(void)
{
    unsetenv("NEXUS_LOGIN_PROVIDERS");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    options = options_load(NULL, error, sizeof(error));
    ck_assert_ptr_nonnull(options);
    options->login_providers_dir = folder;
}

static void end(void)
{
    char command[80];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
    options_free(options);
}

static void put(const char *name, const char *text, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    fclose(out);
    chmod(path, mode);
}

static struct providers *load(const char *names)
{
    options->login_providers = names;
    error[0] = '\0';
    return providers_load(options, error, sizeof(error));
}

static void check_refused(const char *text, const char *reason)
{
    put("house.conf", text, 0644);
    ck_assert_ptr_null(load("house"));
    ck_assert_msg(strncmp(error, folder, strlen(folder)) == 0, "%s", error);
    ck_assert_str_eq(error + strlen(folder), reason);
}

START_TEST(files)
{
    put("secret", "s3cr3t\n", 0600);
    char text[400];
    snprintf(
        text, sizeof(text),
        "# comment\nissuer = https://id.example.com/x\nclient_id = \"us\"\nclient_secret_file = %s/secret\n"
        "label = The House # trailing\n",
        folder);
    put("house.conf", text, 0644);
    put("other.conf", "issuer = http://127.0.0.1:4000\nclient_id = them\nscopes = openid\n", 0644);
    struct providers *all = load("house, other");
    ck_assert_msg(all != NULL, "%s", error);
    ck_assert_uint_eq(all->count, 2);
    const struct provider *house = providers_find(all, STR("house")),
                          *other = providers_find(all, STR("other"));
    ck_assert_str_eq(house->issuer, "https://id.example.com/x");
    ck_assert_str_eq(house->label, "The House");
    ck_assert_str_eq(house->scopes, "openid email profile");
    ck_assert(str_eqz(house->secret, "s3cr3t"));
    ck_assert_str_eq(other->label, "other");
    ck_assert(!other->secret.p);
    ck_assert_ptr_null(providers_find(all, STR("nobody")));
    providers_free(all);
    all = load("");
    ck_assert_uint_eq(all->count, 0);
    providers_free(all);
    providers_free(NULL);
}
END_TEST

START_TEST(what_is_wrong)
{
    check_refused("issuer = https://id.example.com\n", "/house.conf: client_id is missing");
    check_refused("client_id = us\n", "/house.conf: issuer is missing");
    check_refused("isuer = x\n", "/house.conf:1: unknown setting 'isuer'; did you mean 'issuer'?");
    check_refused("client_id = us\nclient_id = us\n", "/house.conf:2: client_id is already set in line 1");
    check_refused("issuer\n", "/house.conf:1: expected 'name = value'");
    check_refused("client_id = \"us\n", "/house.conf:1: client_id: the quoted value has no end");
    static const char *const issuers[] = { "http://id.example.com",
                                           "ftp://id.example.com",
                                           "https://id.example.com?x",
                                           "http://127.0.0.1.example.com",
                                           "http://localhost.example.com",
                                           "https://a@id.example.com",
                                           "id.example.com",
                                           "https://id.example.com#x" };
    for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "issuer = \"%s\"\n", issuers[i]);
        check_refused(
            text, "/house.conf:1: issuer must be an https:// URL without query or fragment, or http:// on a "
                  "loopback address");
    }
    check_refused("scopes = email\n",
                  "/house.conf:1: scopes must be names with blanks between, openid among them");
    check_refused("issuer = https://id.example.com\nclient_id = us\nclient_secret_file = /nowhere/at/all\n",
                  "/house.conf: client_secret_file: /nowhere/at/all: No such file or directory");
    ck_assert_ptr_null(load("missing"));
    ck_assert_ptr_nonnull(strstr(error, "missing.conf: No such file or directory"));
    put("a.conf", "issuer = https://id.example.com\nclient_id = us\n", 0644);
    put("b.conf", "issuer = https://id.example.com\nclient_id = us\n", 0644);
    ck_assert_ptr_null(load("a,b"));
    ck_assert_ptr_nonnull(strstr(error, "b.conf: the issuer is that of a, too"));
}
END_TEST

static struct arena *memory;
static const struct provider house = { .issuer = "https://id.example.com",
                                       .name = "house",
                                       .secret = { "x", 1 } };
static struct upstream u;

static const char *read_document(const char *members)
{
    u = (struct upstream){ .provider = &house };
    return upstream_read(&u, memory, str_from(arena_printf(memory, "{%s}", members)));
}

#define ENDPOINTS                                                                                            \
    "\"authorization_endpoint\":\"https://id.example.com/a\",\"token_endpoint\":\"https://id.example.com/"   \
    "t\","                                                                                                   \
    "\"jwks_uri\":\"https://keys.example.org/k\""
#define ISSUER "\"issuer\":\"https://id.example.com\","

START_TEST(documents)
{
    memory = arena_create(65536, 16 * 1024 * 1024);
    ck_assert_ptr_null(read_document(ISSUER ENDPOINTS));
    ck_assert_uint_eq(u.algs, JWS_RS256);
    ck_assert_int_eq(u.auth, CLIENT_BASIC);
    ck_assert(!u.says_issuer && !u.userinfo_endpoint);
    ck_assert_ptr_null(read_document(
        ISSUER ENDPOINTS ",\"id_token_signing_alg_values_supported\":[\"none\",\"ES256\",\"EdDSA\"],"
                         "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"],"
                         "\"authorization_response_iss_parameter_supported\":true,"
                         "\"userinfo_endpoint\":\"https://id.example.com/u\""));
    ck_assert_uint_eq(u.algs, JWS_ES256 | JWS_EDDSA);
    ck_assert_int_eq(u.auth, CLIENT_POST);
    ck_assert(u.says_issuer);
    ck_assert_str_eq(u.userinfo_endpoint, "https://id.example.com/u");
    static const char *const bad[] = {
        ENDPOINTS,
        "\"issuer\":\"https://id.example.com/\"," ENDPOINTS,
        ISSUER "\"issuer\":\"https://id.example.com\"," ENDPOINTS,
        ISSUER "\"jwks_uri\":\"https://keys.example.org/k\"",
        ISSUER ENDPOINTS ",\"id_token_signing_alg_values_supported\":[\"none\",\"HS256\"]",
        ISSUER ENDPOINTS ",\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\"]",
        ISSUER ENDPOINTS ",\"response_types_supported\":[\"id_token\"]",
        ISSUER ENDPOINTS ",\"userinfo_endpoint\":\"http://169.254.169.254/\"",
        ISSUER
        "\"authorization_endpoint\":\"javascript:alert(1)\",\"token_endpoint\":\"https://id.example.com/t\","
        "\"jwks_uri\":\"https://id.example.com/k\"",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(read_document(bad[i]) != NULL, "%s", bad[i]);
    }
    arena_destroy(memory);
}
END_TEST

Suite *providers_suite(void)
{
    Suite *suite = suite_create("providers");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, start, end);
    tcase_add_test(all, files);
    tcase_add_test(all, what_is_wrong);
    tcase_add_test(all, documents);
    suite_add_tcase(suite, all);
    return suite;
}
