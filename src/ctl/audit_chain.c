/* Walking the chains of the audit log. */
#include "ctl/audit_chain.h"

#include "base/log.h"

#include <openssl/evp.h>
#include <stdlib.h>

const char *const audit_fault_names[AUDIT_FAULTS] = {
    [AUDIT_EDITED] = "edited",       [AUDIT_REMOVED] = "removed", [AUDIT_GAP] = "gap",
    [AUDIT_UNCHAINED] = "unchained", [AUDIT_HEAD] = "head",       [AUDIT_ANCHOR] = "anchor",
};

/* audit_canonical of the migration, in the words of the server's own functions. */
#define CANONICAL                                                                                            \
    "jsonb_build_array(l.lane, l.seq, e.id, (extract(epoch from e.at) * 1000000)::bigint, e.user_id,"        \
    " e.actor_id, e.client_id, e.operator, e.request_id, e.network::text, e.action, e.target_type,"          \
    " e.target_id, e.before, e.after)::text"

static const char *const cursor_sql =
    "declare audit_walk no scroll cursor for"
    " select l.lane, l.seq, encode(l.hash, 'hex'), coalesce(l.entry_id, e.id), e.id is not null, " CANONICAL
    "   from public.audit_links l full join public.audit_log e on e.id = l.entry_id"
    "  order by l.lane nulls last, l.seq, e.at, e.id";
enum { COL_LANE, COL_SEQ, COL_HASH, COL_ENTRY, COL_THERE, COL_TEXT };

static const char *const heads_sql =
    "select lane, seq, encode(hash, 'hex') from public.audit_heads where lane between 0 and 15 order by lane";

/* ---- hashes ---- */

void audit_hash_format(char out[2 * AUDIT_HASH_SIZE + 1], const unsigned char hash[AUDIT_HASH_SIZE])
{
    for (size_t i = 0; i < AUDIT_HASH_SIZE; i++) {
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
    }
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool audit_hash_parse(const char *text, unsigned char hash[AUDIT_HASH_SIZE])
{
    if (strlen(text) != (size_t)2 * AUDIT_HASH_SIZE) {
        return false;
    }
    for (size_t i = 0; i < AUDIT_HASH_SIZE; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        hash[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

static void link_hash(unsigned char out[AUDIT_HASH_SIZE], const unsigned char before[AUDIT_HASH_SIZE],
                      const char *text)
{
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    if (!sha || EVP_DigestInit_ex(sha, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(sha, before, AUDIT_HASH_SIZE) != 1 ||
        EVP_DigestUpdate(sha, text, strlen(text)) != 1 || EVP_DigestFinal_ex(sha, out, NULL) != 1) {
        abort(); /* no memory */
    }
    EVP_MD_CTX_free(sha);
}

/* ---- the walk ---- */

struct state {
    struct audit_walk *walk;
    int lane;
    struct audit_head last; /* link of the lane that was seen last; seq 0: none yet */
    struct audit_head heads[AUDIT_LANES];
    bool anchored[AUDIT_LANES]; /* the link the anchor names was met */
};

static void report(struct state *s, enum audit_fault fault, int lane, int64_t seq, const char *entry,
                   const char *detail)
{
    struct audit_finding finding = { fault, lane, seq, entry, detail };
    s->walk->faults++;
    s->walk->found(s->walk->context, &finding);
}

static void end_lane(struct state *s, int lane)
{
    const struct audit_head *head = &s->heads[lane];
    char detail[128];
    if (!head->known) {
        report(s, AUDIT_HEAD, lane, 0, NULL, "the head of the lane is gone");
    } else if (head->seq != s->last.seq) {
        snprintf(detail, sizeof(detail), "the head is at link %lld, the newest link is %lld",
                 (long long)head->seq, (long long)s->last.seq);
        report(s, AUDIT_HEAD, lane, head->seq > s->last.seq ? s->last.seq + 1 : s->last.seq, NULL, detail);
    } else if (memcmp(head->hash, s->last.hash, AUDIT_HASH_SIZE) != 0) {
        report(s, AUDIT_HEAD, lane, head->seq, NULL, "the head has another hash than the newest link");
    }
    const struct audit_head *anchor = s->walk->anchor ? &s->walk->anchor[lane] : NULL;
    if (anchor && anchor->seq > 0 && !s->anchored[lane]) {
        snprintf(detail, sizeof(detail), "link %lld was there when the anchor was made and is not now",
                 (long long)anchor->seq);
        report(s, AUDIT_ANCHOR, lane, anchor->seq, NULL, detail);
    }
}

/* On to `lane`, over those that have no links. */
static void go_to_lane(struct state *s, int lane)
{
    while (s->lane < lane) {
        if (s->lane >= 0) {
            end_lane(s, s->lane);
        }
        s->lane++;
        s->last = (struct audit_head){ 0 };
    }
}

static void check_anchor(struct state *s, const struct audit_head *link, const char *entry)
{
    const struct audit_head *anchor = s->walk->anchor ? &s->walk->anchor[s->lane] : NULL;
    if (!anchor || link->seq != anchor->seq) {
        return;
    }
    s->anchored[s->lane] = true;
    if (memcmp(link->hash, anchor->hash, AUDIT_HASH_SIZE) != 0) {
        report(s, AUDIT_ANCHOR, s->lane, link->seq, entry,
               "the anchor knows another hash: rewritten up to here");
    }
}

static void check_link(struct state *s, const PGresult *r, int row)
{
    const char *entry = PQgetvalue(r, row, COL_ENTRY);
    struct audit_head link = { .known = true };
    unsigned char computed[AUDIT_HASH_SIZE];
    char detail[128];
    (void)str_int64(str_from(PQgetvalue(r, row, COL_SEQ)), &link.seq);
    bool well_formed = audit_hash_parse(PQgetvalue(r, row, COL_HASH), link.hash);
    if (link.seq != s->last.seq + 1) {
        snprintf(detail, sizeof(detail), "link %lld follows link %lld", (long long)link.seq,
                 (long long)s->last.seq);
        report(s, AUDIT_GAP, s->lane, s->last.seq + 1, entry, detail);
    } else if (PQgetvalue(r, row, COL_THERE)[0] != 't') {
        report(s, AUDIT_REMOVED, s->lane, link.seq, entry, "the entry is gone");
    } else {
        link_hash(computed, s->last.hash, PQgetvalue(r, row, COL_TEXT));
        if (!well_formed || memcmp(computed, link.hash, AUDIT_HASH_SIZE) != 0) {
            report(s, AUDIT_EDITED, s->lane, link.seq, entry,
                   "the entry, its link or the one before was edited");
        }
    }
    check_anchor(s, &link, entry);
    s->last = link;
}

static void check_row(struct state *s, const PGresult *r, int row)
{
    int64_t lane;
    s->walk->entries += PQgetvalue(r, row, COL_THERE)[0] == 't';
    if (PQgetisnull(r, row, COL_LANE)) {
        go_to_lane(s, AUDIT_LANES);
        report(s, AUDIT_UNCHAINED, -1, 0, PQgetvalue(r, row, COL_ENTRY), "the entry is in no chain");
    } else if (!str_int64(str_from(PQgetvalue(r, row, COL_LANE)), &lane) || lane < 0 || lane >= AUDIT_LANES) {
        report(s, AUDIT_UNCHAINED, -1, 0, PQgetvalue(r, row, COL_ENTRY), "the link is in no lane there is");
    } else {
        go_to_lane(s, (int)lane);
        check_link(s, r, row);
    }
}

bool audit_chain_begin(PGconn *c)
{
    return pg_exec(c, "begin isolation level repeatable read read only; set local search_path = pg_catalog");
}

bool audit_chain_heads(PGconn *c, struct audit_head heads[AUDIT_LANES])
{
    PGresult *r = pg_query(c, heads_sql);
    memset(heads, 0, AUDIT_LANES * sizeof(*heads));
    for (int i = 0; r && i < PQntuples(r); i++) {
        int64_t lane;
        (void)str_int64(str_from(PQgetvalue(r, i, 0)), &lane);
        struct audit_head *h = &heads[lane];
        h->known = str_int64(str_from(PQgetvalue(r, i, 1)), &h->seq) &&
                   audit_hash_parse(PQgetvalue(r, i, 2), h->hash);
    }
    PQclear(r);
    return r != NULL;
}

bool audit_chain_walk(PGconn *c, struct audit_walk *walk)
{
    struct state s = { .walk = walk, .lane = -1 };
    if (!audit_chain_heads(c, s.heads) || !pg_exec(c, cursor_sql)) {
        return false;
    }
    for (;;) {
        PGresult *r = pg_query(c, "fetch 5000 from audit_walk");
        int rows = r ? PQntuples(r) : -1;
        for (int i = 0; i < rows; i++) {
            check_row(&s, r, i);
        }
        PQclear(r);
        if (rows <= 0) {
            go_to_lane(&s, AUDIT_LANES);
            return rows == 0;
        }
    }
}
