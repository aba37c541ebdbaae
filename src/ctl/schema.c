/* What migrations there are and which of them the database has. */
#include "ctl/schema.h"

#include "base/buf.h"
#include "base/date.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define STAMP_DIGITS   14
#define MIGRATIONS_MAX 10000

const char *const schema_state_names[] = { "pending", "applied", "changed", "missing" };

const char *schema_dir(const char *given)
{
    if (!given) {
        given = getenv("NEXUS_MIGRATIONS");
    }
    return given && given[0] ? given : NEXUS_DATADIR "/migrations";
}

static int two_digits(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

static bool stamp_valid(const char *p)
{
    char date[DATE_TEXT_SIZE];
    date_t ignored;
    snprintf(date, sizeof(date), "%.4s-%.2s-%.2s", p, p + 4, p + 6);
    return date_parse(STR(date), &ignored) && two_digits(p + 8) < 24 && two_digits(p + 10) < 60 &&
           two_digits(p + 12) < 60;
}

bool schema_name_valid(struct str s)
{
    const struct str end = STR(".sql");
    if (s.n <= STAMP_DIGITS + 1 + end.n || !str_eq(str_skip(s, s.n - end.n), end)) {
        return false;
    }
    for (size_t i = 0; i < s.n - end.n; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        bool letter = (s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '_';
        if (i < STAMP_DIGITS ? !digit : i == STAMP_DIGITS ? s.p[i] != '_' : !digit && !letter) {
            return false;
        }
    }
    return stamp_valid(s.p);
}

void schema_checksum(char out[SCHEMA_CHECKSUM_SIZE], struct str text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!EVP_Digest(text.p, text.n, digest, &n, EVP_sha256(), NULL)) {
        abort(); /* no memory */
    }
    for (unsigned i = 0; i < n; i++) {
        snprintf(out + (size_t)2 * i, 3, "%02x", digest[i]);
    }
}

static bool read_text(const char *path, struct arena *a, struct str *out)
{
    FILE *in = fopen(path, "re");
    if (!in) {
        ctl_say("%s: %s", path, strerror(errno));
        return false;
    }
    struct buf b;
    buf_init(&b, SCHEMA_FILE_MAX);
    char chunk[65536];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0) {
        buf_add(&b, chunk, n);
    }
    bool ok = !ferror(in) && !b.overflow;
    if (!ok) {
        ctl_say("%s: %s", path, b.overflow ? "too large" : "cannot be read");
    }
    *out = (struct str){ arena_strdup(a, buf_str(&b)), b.n };
    buf_free(&b);
    fclose(in);
    return ok;
}

static bool add_file(struct schema *s, const char *dir, const char *file, struct arena *a)
{
    struct str name = str_from(file);
    if (!schema_name_valid(name)) {
        ctl_say("%s/%s: the name is not YYYYMMDDhhmmss_name.sql", dir, file);
        return false;
    }
    struct schema_migration *m = &s->items[s->count++];
    m->name = arena_strdup(a, (struct str){ name.p, name.n - 4 });
    m->path = arena_printf(a, "%s/%s", dir, file);
    if (!read_text(m->path, a, &m->text)) {
        return false;
    }
    schema_checksum(m->checksum, m->text);
    return true;
}

static bool read_dir(struct schema *s, const char *dir, struct arena *a)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, NULL, alphasort);
    if (n < 0) {
        ctl_say("%s: %s; name the folder with --dir or NEXUS_MIGRATIONS", dir, strerror(errno));
        return false;
    }
    bool ok = true;
    for (int i = 0; i < n; i++) {
        const char *file = entries[i]->d_name;
        size_t len = strlen(file);
        if (ok && file[0] != '.' && len > 4 && strcmp(file + len - 4, ".sql") == 0 &&
            s->count < MIGRATIONS_MAX) {
            ok = add_file(s, dir, file, a);
        }
        free(entries[i]);
    }
    free(entries);
    return ok;
}

static int by_name(const void *a, const void *b)
{
    const struct schema_migration *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static bool check_stamps(const struct schema *s)
{
    for (size_t i = 1; i < s->count; i++) {
        if (strncmp(s->items[i - 1].name, s->items[i].name, STAMP_DIGITS) == 0) {
            ctl_say("%s and %s have one timestamp", s->items[i - 1].name, s->items[i].name);
            return false;
        }
    }
    return true;
}

static struct schema_migration *find(struct schema *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->items[i].name, name) == 0) {
            return &s->items[i];
        }
    }
    return NULL;
}

/* name, checksum, applied_at of one applied migration */
static void add_applied(struct schema *s, const PGresult *r, int row, struct arena *a)
{
    const char *name = PQgetvalue(r, row, 0), *checksum = PQgetvalue(r, row, 1);
    struct schema_migration *m = find(s, name);
    if (!m) {
        m = &s->items[s->count++];
        m->name = arena_strdup(a, str_from(name));
        m->state = SCHEMA_MISSING;
        snprintf(m->checksum, sizeof(m->checksum), "%s", checksum);
    } else {
        m->state = strcmp(m->checksum, checksum) == 0 ? SCHEMA_APPLIED : SCHEMA_CHANGED;
    }
    m->applied_at = arena_strdup(a, str_from(PQgetvalue(r, row, 2)));
}

static bool read_database(PGconn *c, struct schema *s, struct arena *a)
{
    int64_t there;
    if (!pg_number(c, "select count(*) from pg_class where oid = to_regclass('schema_migrations')", 0,
                   &there)) {
        return false;
    }
    if (there == 0) {
        return true;
    }
    PGresult *r = pg_query(c, "select name, checksum, to_char(applied_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
                              "  from schema_migrations order by name limit 10000");
    for (int i = 0; r && i < PQntuples(r); i++) {
        add_applied(s, r, i, a);
    }
    PQclear(r);
    return r != NULL;
}

bool schema_read(PGconn *c, const char *dir, struct arena *a, struct schema *out)
{
    *out = (struct schema){ .items = ARENA_ARRAY(a, struct schema_migration, (size_t)2 * MIGRATIONS_MAX) };
    if (!read_dir(out, dir, a)) {
        return false;
    }
    qsort(out->items, out->count, sizeof(*out->items), by_name);
    if (!check_stamps(out) || (c && !read_database(c, out, a))) {
        return false;
    }
    qsort(out->items, out->count, sizeof(*out->items), by_name);
    for (size_t i = 0; i < out->count; i++) {
        out->counts[out->items[i].state]++;
    }
    return true;
}

bool schema_current(const struct schema *s)
{
    return s->counts[SCHEMA_APPLIED] == s->count;
}
