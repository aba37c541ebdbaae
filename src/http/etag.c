/* Entity tags. */
#include "http/etag.h"

#include <stdio.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

void etag_make(char out[ETAG_TEXT_SIZE], uint64_t version, struct str body)
{
    unsigned long long hash = XXH3_64bits(body.p, body.n);
    if (version > 0) {
        snprintf(out, ETAG_TEXT_SIZE, "\"%llu.%016llx\"", (unsigned long long)version, hash);
    } else {
        snprintf(out, ETAG_TEXT_SIZE, "\"%016llx\"", hash);
    }
}

/*
 * Take the next tag, with its quotes and without W/, and the comma behind it off a list. False at the end, or
 * when that is no tag; *list is then what was not understood.
 */
static bool next_tag(struct str *list, struct str *tag)
{
    struct str rest = str_trim(*list);
    if (str_starts(rest, STR("W/"))) {
        rest = str_skip(rest, 2);
    }
    const char *end = rest.n >= 2 && rest.p[0] == '"' ? memchr(rest.p + 1, '"', rest.n - 1) : NULL;
    if (!end) {
        return false;
    }
    *tag = (struct str){ rest.p, (size_t)(end - rest.p) + 1 };
    rest = str_trim(str_skip(rest, tag->n));
    if (rest.n > 0 && rest.p[0] != ',') {
        return false;
    }
    *list = rest.n > 0 ? str_skip(rest, 1) : rest;
    return true;
}

bool etag_listed(struct str header, const char *etag)
{
    struct str tag;
    if (str_eqz(str_trim(header), "*")) {
        return true;
    }
    while (next_tag(&header, &tag)) {
        if (str_eqz(tag, etag)) {
            return true;
        }
    }
    return false;
}

/* The version in "<version>.<hash>"; false for a tag that is not of this form. */
static bool tag_version(struct str tag, int64_t *version)
{
    struct str rest = { tag.p + 1, tag.n - 2 };
    struct str digits;
    return str_split(&rest, '.', &digits) && rest.p && digits.n > 0 && digits.p[0] != '-' &&
           str_int64(digits, version);
}

bool if_match_parse(struct str header, struct if_match *out)
{
    *out = (struct if_match){ .given = true };
    struct str rest = str_trim(header);
    struct str tag;
    out->any = str_eqz(rest, "*");
    if (out->any || rest.n == 0) {
        return out->any;
    }
    while (next_tag(&rest, &tag)) {
        int64_t version;
        if (tag_version(tag, &version) && out->count < IF_MATCH_MAX) {
            out->versions[out->count++] = version;
        }
    }
    return str_trim(rest).n == 0;
}

struct db_param if_match_param(const struct request *rq)
{
    if (!rq->if_match.given || rq->if_match.any) {
        return db_null(DB_INT8_ARRAY);
    }
    return db_int8_array(rq->arena, rq->if_match.versions, rq->if_match.count);
}

bool if_match_allows(const struct request *rq, int64_t version)
{
    const struct if_match *m = &rq->if_match;
    bool allowed = !m->given || m->any;
    for (size_t i = 0; i < m->count && !allowed; i++) {
        allowed = m->versions[i] == version;
    }
    return allowed;
}
