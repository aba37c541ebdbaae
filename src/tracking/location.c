/* Looking up, and a table of what was found: an address has one place in it, and the later one wins. */
#include "tracking/location.h"

#include "base/log.h"
#include "base/utf8.h"

#include <arpa/inet.h>
#include <maxminddb.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PLACES        4096 /* a power of two */
#define LOOK_EVERY_US 60000000

struct place {
    struct address address;
    int64_t until_us; /* 0: empty */
    struct location found;
};

struct locations {
    const char *path;
    bool open;
    bool complained;
    MMDB_s db;
    struct stat file;
    int64_t look_us; /* at the file, not before */
    struct place places[PLACES];
};

struct locations *locations_open(const char *path)
{
    struct locations *l = calloc(1, sizeof(*l));
    if (!l) {
        abort();
    }
    l->path = path;
    return l;
}

static void leave(struct locations *l)
{
    if (l->open) {
        MMDB_close(&l->db);
        l->open = false;
    }
}

void locations_close(struct locations *l)
{
    if (l) {
        leave(l);
        free(l);
    }
}

/* ---- the file ---- */

static void complain(struct locations *l, int code)
{
    if (!l->complained) {
        LOG(LOG_WARN, "the database of locations cannot be read", LOG_TEXT("file", l->path),
            LOG_TEXT("reason", MMDB_strerror(code)));
    }
    l->complained = true;
}

/* What is kept outlives the file it came from. */
static void look(struct locations *l, int64_t now_us)
{
    struct stat now;
    if (!l->path[0] || now_us < l->look_us) {
        return;
    }
    l->look_us = now_us + LOOK_EVERY_US;
    if (stat(l->path, &now) != 0) {
        complain(l, MMDB_FILE_OPEN_ERROR);
        return;
    }
    if (l->open && now.st_ino == l->file.st_ino && now.st_mtim.tv_sec == l->file.st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == l->file.st_mtim.tv_nsec && now.st_size == l->file.st_size) {
        return;
    }
    MMDB_s fresh;
    int code = MMDB_open(l->path, MMDB_MODE_MMAP, &fresh);
    if (code != MMDB_SUCCESS) {
        complain(l, code);
        return;
    }
    leave(l);
    l->db = fresh;
    l->file = now;
    l->open = true;
    l->complained = false;
}

/* ---- one address ---- */

static void copy(char *out, size_t size, const MMDB_entry_data_s *d)
{
    if (!d->has_data || d->type != MMDB_DATA_TYPE_UTF8_STRING) {
        return;
    }
    struct str rest = { d->utf8_string, d->data_size };
    size_t n = 0;
    uint32_t scalar;
    for (size_t len; (len = utf8_decode(rest, &scalar)) > 0 && n + len < size && scalar >= ' '; n += len) {
        memcpy(out + n, rest.p, len);
        rest = str_skip(rest, len);
    }
    out[n] = '\0';
}

static MMDB_lookup_result_s search(struct locations *l, const struct address *a, int *code)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    memcpy(&v4.sin_addr, a->b + 12, sizeof(v4.sin_addr));
    memcpy(&v6.sin6_addr, a->b, sizeof(v6.sin6_addr));
    return MMDB_lookup_sockaddr(
        &l->db, address_is_v4(a) ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6, code);
}

static void find(struct locations *l, const struct address *a, struct location *out)
{
    int code = MMDB_SUCCESS;
    *out = (struct location){ .country = "" };
    if (!l->open) {
        return;
    }
    MMDB_lookup_result_s r = search(l, a, &code);
    MMDB_entry_data_s d;
    if (code != MMDB_SUCCESS || !r.found_entry) {
        return;
    }
    if (MMDB_get_value(&r.entry, &d, "country", "iso_code", NULL) == MMDB_SUCCESS) {
        copy(out->country, sizeof(out->country), &d);
    }
    if (MMDB_get_value(&r.entry, &d, "city", "names", "en", NULL) == MMDB_SUCCESS) {
        copy(out->city, sizeof(out->city), &d);
    }
}

static size_t place_of(const struct address *a)
{
    uint64_t high, low;
    memcpy(&high, a->b, sizeof(high));
    memcpy(&low, a->b + 8, sizeof(low));
    /* The last bytes of an address are the highest of `low`, which a product leaves where they are: so they
     * are folded down, and the place is taken from the top. */
    uint64_t h = high ^ (low * UINT64_C(0x9e3779b97f4a7c15));
    h = (h ^ h >> 32) * UINT64_C(0xff51afd7ed558ccd);
    return (size_t)(h >> 32 ^ h >> 52) & (PLACES - 1);
}

const struct location *locations_find(struct locations *l, const struct address *a, int64_t now_us)
{
    struct place *p = &l->places[place_of(a)];
    look(l, now_us);
    if (p->until_us <= now_us || memcmp(&p->address, a, sizeof(*a)) != 0) {
        find(l, a, &p->found);
        p->address = *a;
        p->until_us = now_us + LOCATION_KEPT_US;
    }
    return &p->found;
}
