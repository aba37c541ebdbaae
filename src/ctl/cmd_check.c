/* nexusctl check: is everything there that the API needs? */
#include "auth/auth.h"
#include "auth/providers.h"
#include "base/clock.h"
#include "cache/cache.h"
#include "ctl/commands.h"
#include "ctl/pg.h"
#include "ctl/schema.h"
#include "ctl/term.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

static enum ctl_exit check_run(struct ctl *ctl);

const struct ctl_command ctl_check = {
    .name = "check",
    .args = "",
    .example = "nexusctl check",
    .summary = "Check configuration, keys, database, Redis and clocks",
    .doc = "Looks at the same things the API needs and prints a line for each: ok, or FAIL with what to do. "
           "The exit "
           "status is 3 when anything failed.",
    .options = NULL,
    .run = check_run,
};

#define DETAIL_SIZE  1200
#define CLOCK_MAX_US 1000000
#define SECRET_MIN   32
#define PHOTOS_ROOM  ((size_t)256 * 1024 * 1024)
#define MEMORY_MAX   ((size_t)512 * 1024 * 1024)

struct check {
    struct ctl *ctl;
    const struct options *options;
    PGconn *c; /* role of the API; NULL when it cannot connect */
    bool ok;
    char detail[DETAIL_SIZE];
    const char *advice; /* when not ok */
    int failed;
    struct json_object *json; /* NULL: plain lines */
};

static void passed(struct check *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void failed(struct check *k, const char *advice, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void passed(struct check *k, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(k->detail, sizeof(k->detail), fmt, ap);
    va_end(ap);
    k->ok = true;
}

static void failed(struct check *k, const char *advice, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(k->detail, sizeof(k->detail), fmt, ap);
    va_end(ap);
    k->ok = false;
    k->advice = advice;
}

static void check_config(struct check *k);
static void check_keys(struct check *k);
static void check_secret(struct check *k);
static void check_providers(struct check *k);
static void check_socket(struct check *k);
static void check_photos(struct check *k);
static void check_decoder(struct check *k);
static void check_database(struct check *k);
static void check_schema(struct check *k);
static void check_extension(struct check *k);
static void check_settings(struct check *k);
static void check_rights(struct check *k);
static void check_clock(struct check *k);
static void check_redis(struct check *k);

static const struct {
    const char *name;
    bool needs_options, needs_database;
    void (*run)(struct check *k);
} checks[] = {
    { "config", false, false, check_config },     { "keys", true, false, check_keys },
    { "secret", true, false, check_secret },      { "providers", true, false, check_providers },
    { "socket", true, false, check_socket },      { "redis", true, false, check_redis },
    { "photos", true, false, check_photos },      { "decoder", true, false, check_decoder },
    { "database", true, false, check_database },  { "schema", true, true, check_schema },
    { "extension", true, true, check_extension }, { "settings", true, true, check_settings },
    { "rights", true, true, check_rights },       { "clock", true, true, check_clock },
};

static void check_config(struct check *k)
{
    char error[512];
    k->ctl->options = options_load(ctl_config_file(k->ctl), error, sizeof(error));
    k->options = k->ctl->options;
    if (k->options) {
        passed(k, "%s", ctl_config_file(k->ctl));
    } else {
        failed(k, "correct that line; nexus.conf(5) lists the settings", "%s", error);
    }
}

static void check_keys(struct check *k)
{
    char error[512];
    struct auth *auth = auth_create(k->options, error, sizeof(error));
    if (auth) {
        passed(k, "%s", k->options->token_keys);
    } else {
        failed(k,
               "set token_keys to a folder of the service's user (chmod 700) and run: nexusctl keys generate",
               "%s", error);
    }
    auth_free(auth);
}

static void check_secret(struct check *k)
{
    static const char *const advice =
        "make one: head -c 32 /dev/urandom | base64 > FILE, chmod 600, and set secret_file";
    char error[512];
    size_t size;
    if (!k->options->secret_file[0]) {
        failed(k, advice, "secret_file is not set");
        return;
    }
    char *secret = options_secret(k->options->secret_file, &size, error, sizeof(error));
    if (!secret) {
        failed(k, advice, "%s", error);
        return;
    }
    explicit_bzero(secret, size);
    free(secret);
    if (size < SECRET_MIN) {
        failed(k, advice, "%s has %zu bytes, fewer than %d", k->options->secret_file, size, SECRET_MIN);
    } else {
        passed(k, "%s, %zu bytes", k->options->secret_file, size);
    }
}

static void check_providers(struct check *k)
{
    char error[512];
    struct providers *all = providers_load(k->options, error, sizeof(error));
    if (!all) {
        failed(k, "correct that file; what may be in it is in nexus.conf(5), under PROVIDERS", "%s", error);
    } else if (all->count == 0) {
        passed(k, "none: people log in with passwords");
    } else {
        passed(k, "%s", k->options->login_providers);
    }
    providers_free(all);
}

/* 0, or the errno of the attempt. */
static int try_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return errno;
    }
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int error = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN ? 0 : errno;
    close(fd);
    return error;
}

static void check_socket(struct check *k)
{
    const char *path = k->options->listen;
    int error = try_socket(path);
    if (error == 0) {
        passed(k, "%s takes connections", path);
    } else if (error == EACCES) {
        passed(k, "%s is there; this user may not connect to it", path);
    } else {
        failed(k, "start the API: systemctl start nexus-api.socket nexus-api", "%s: %s", path,
               strerror(error));
    }
}

static bool is_folder(const char *path, bool writable, struct stat *st)
{
    return stat(path, st) == 0 && S_ISDIR(st->st_mode) && (!writable || access(path, W_OK | X_OK) == 0);
}

static void check_photos(struct check *k)
{
    static const char *const advice = "systemd-tmpfiles --create makes it; both folders belong to the "
                                      "service's user and are on one file system";
    const char *top = k->options->photos_dir;
    char incoming[300], public[300];
    struct stat in, out;
    struct statvfs fs;
    if (!top[0]) {
        passed(k, "photos_dir is not set: nothing can be uploaded");
        return;
    }
    snprintf(incoming, sizeof(incoming), "%s/incoming", top);
    snprintf(public, sizeof(public), "%s/public", top);
    if (!is_folder(incoming, true, &in) || !is_folder(public, true, &out) || in.st_dev != out.st_dev) {
        failed(k, advice, "%s: incoming and public are not there, not one file system, or not writable", top);
    } else if (statvfs(incoming, &fs) != 0 || fs.f_bavail * fs.f_frsize < PHOTOS_ROOM) {
        failed(k, "make room: uploads are answered 507 when there is none", "%s has less than 256 MiB left",
               top);
    } else {
        passed(k, "%s, %.1f GiB free", top, (double)(fs.f_bavail * fs.f_frsize) / (1 << 30));
    }
}

static void check_decoder(struct check *k)
{
    const char *path = k->options->decode_socket;
    int error = path[0] ? try_socket(path) : 0;
    if (!path[0]) {
        passed(k, "decode_socket is not set: photos wait");
    } else if (error == 0) {
        passed(k, "%s takes connections", path);
    } else if (error == EACCES) {
        passed(k, "%s is there; this user may not connect to it", path);
    } else {
        failed(k, "start it: systemctl start nexus-decode.socket", "%s: %s", path, strerror(error));
    }
}

static void check_redis(struct check *k)
{
    struct cache *cache = cache_create(k->options);
    int64_t start = clock_mono_us();
    if (!cache_configured(cache)) {
        passed(k, "not configured: limits are kept per host");
    } else if (cache_ping(cache)) {
        passed(k, "%s answers in %.1f ms", k->options->redis, (double)(clock_mono_us() - start) / 1000);
    } else {
        failed(k, "start Redis, or correct redis and redis_password_file", "%s: %s", k->options->redis,
               cache_error(cache));
    }
    cache_close(cache);
}

static void check_database(struct check *k)
{
    char why[1024];
    enum ctl_exit ignored;
    int64_t start = clock_mono_us();
    k->c = pg_open(k->options, PG_API, why, sizeof(why), &ignored);
    if (k->c) {
        passed(k, "PostgreSQL %s, database %s, role %s, %.0f ms to connect",
               PQparameterStatus(k->c, "server_version"), PQdb(k->c), PQuser(k->c),
               (double)(clock_mono_us() - start) / 1000);
    } else {
        failed(k, "start PostgreSQL, or correct database and database_password_file", "%s", why);
    }
}

static void check_schema(struct check *k)
{
    struct arena *a = arena_create(65536, MEMORY_MAX);
    struct schema s;
    const char *dir = schema_dir(NULL);
    if (!schema_read(k->c, dir, a, &s)) {
        failed(k, "install the migrations, or name their folder in NEXUS_MIGRATIONS",
               "cannot be compared with %s", dir);
    } else if (!schema_current(&s)) {
        failed(k, "run nexusctl migrate; a changed or missing one needs the right release of Nexus",
               "%zu migrations pending, %zu changed, %zu missing", s.counts[SCHEMA_PENDING],
               s.counts[SCHEMA_CHANGED], s.counts[SCHEMA_MISSING]);
    } else {
        passed(k, "newest: %s", s.count > 0 ? s.items[s.count - 1].name : "none");
    }
    arena_destroy(a);
}

/* The first row's text, or fail. Caller clears the result. */
static PGresult *ask(struct check *k, const char *sql)
{
    PGresult *r = PQexec(k->c, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != 1) {
        failed(k, "look into the log of PostgreSQL", "%.*s", (int)strcspn(PQerrorMessage(k->c), "\n"),
               PQerrorMessage(k->c));
        PQclear(r);
        return NULL;
    }
    return r;
}

static void check_extension(struct check *k)
{
    PGresult *r =
        ask(k, "select coalesce((select extversion from pg_extension where extname = 'btree_gist'), '')");
    if (!r) {
        return;
    }
    if (PQgetvalue(r, 0, 0)[0]) {
        passed(k, "btree_gist %s", PQgetvalue(r, 0, 0));
    } else {
        failed(k, "run nexusctl migrate, or as superuser: create extension btree_gist",
               "btree_gist is not installed");
    }
    PQclear(r);
}

static void check_settings(struct check *k)
{
    PGresult *r = ask(
        k, "select coalesce(string_agg(name || ' = ' || setting, ', ' order by name), '') from pg_settings"
           " where (name in ('fsync', 'full_page_writes') and setting <> 'on')"
           "    or (name = 'synchronous_commit' and setting = 'off')"
           "    or (name = 'server_encoding' and setting <> 'UTF8')"
           "    or (name = 'jit' and setting = 'on')");
    if (!r) {
        return;
    }
    if (PQgetvalue(r, 0, 0)[0]) {
        failed(k,
               "see conf/postgresql: nothing acknowledged may be lost, and compiling plans costs more than "
               "it saves",
               "%s", PQgetvalue(r, 0, 0));
    } else {
        passed(k, "durable, UTF8, no jit");
    }
    PQclear(r);
}

static void check_rights(struct check *k)
{
    PGresult *r = ask(
        k,
        "select case when rolsuper then 'is superuser'"
        "            when exists (select from pg_class where relowner = r.oid and relkind in ('r', 'v', 'S'))"
        "                then 'owns tables' else '' end"
        "  from pg_roles r where rolname = current_user");
    if (!r) {
        return;
    }
    if (PQgetvalue(r, 0, 0)[0]) {
        failed(k, "give the API a role of its own: conf/postgresql/roles.sql", "role %s %s", PQuser(k->c),
               PQgetvalue(r, 0, 0));
    } else {
        passed(k, "role %s owns nothing", PQuser(k->c));
    }
    PQclear(r);
}

/* The server read its clock between our two readings; what lies outside of them is difference. */
static void check_clock(struct check *k)
{
    int64_t before = clock_unix_us(), theirs = 0;
    PGresult *r = ask(k, "select (extract(epoch from clock_timestamp()) * 1000000)::bigint");
    int64_t after = clock_unix_us();
    if (!r || !str_int64(str_from(PQgetvalue(r, 0, 0)), &theirs)) {
        PQclear(r);
        return;
    }
    PQclear(r);
    int64_t off = theirs < before ? theirs - before : theirs > after ? theirs - after : 0;
    if (off > CLOCK_MAX_US || off < -CLOCK_MAX_US) {
        failed(k, "synchronise the clocks of both hosts (chrony, systemd-timesyncd)",
               "the database's clock is %.3f s %s ours", fabs((double)off) / 1e6,
               off > 0 ? "ahead of" : "behind");
    } else {
        passed(k, "the database's clock is within %.3f s of ours", fabs((double)off) / 1e6);
    }
}

static void print_line(struct check *k, const char *name)
{
    const char *colour = term_colour() ? (k->ok ? "\033[32m" : "\033[31m") : "";
    printf("%s%-4s%s %-10s %s\n", colour, k->ok ? "ok" : "FAIL", colour[0] ? "\033[0m" : "", name, k->detail);
    if (!k->ok && k->advice) {
        printf("%-16s%s\n", "", k->advice);
    }
}

static void print(struct check *k, const char *name)
{
    if (!k->json) {
        print_line(k, name);
        return;
    }
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "name", json_object_new_string(name));
    json_object_object_add(o, "ok", json_object_new_boolean(k->ok));
    json_object_object_add(o, "detail", json_object_new_string(k->detail));
    json_object_object_add(o, "advice", k->ok || !k->advice ? NULL : json_object_new_string(k->advice));
    json_object_array_add(k->json, o);
}

static enum ctl_exit check_run(struct ctl *ctl)
{
    struct check k = { .ctl = ctl, .json = ctl_json(ctl) ? json_object_new_array() : NULL };
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if ((checks[i].needs_options && !k.options) || (checks[i].needs_database && !k.c)) {
            continue; /* the line that says why is there already */
        }
        k.ok = false;
        k.advice = NULL;
        k.detail[0] = '\0';
        checks[i].run(&k);
        k.failed += !k.ok;
        print(&k, checks[i].name);
    }
    pg_close(k.c);
    if (k.json) {
        puts(json_object_to_json_string_ext(k.json, JSON_C_TO_STRING_PLAIN));
        json_object_put(k.json);
    }
    return k.failed > 0 ? CTL_PROBLEMS : CTL_OK;
}
