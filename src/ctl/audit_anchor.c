/* Anchors of the audit log. */
#include "ctl/audit_anchor.h"

#include "base/clock.h"

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define SECRET_MIN  32
#define ANCHOR_NAME "nexus-audit-anchor-1"

static char *load_secret(const struct options *o, size_t *size)
{
    char error[256];
    if (!o->secret_file[0]) {
        ctl_say("an anchor needs a secret: name a file with secret_file");
        return NULL;
    }
    char *secret = options_secret(o->secret_file, size, error, sizeof(error));
    if (!secret) {
        ctl_say("%s", error);
    } else if (*size < SECRET_MIN) {
        ctl_say("secret_file holds less than %d bytes", SECRET_MIN);
        explicit_bzero(secret, *size);
        free(secret);
        secret = NULL;
    }
    return secret;
}

/* What the MAC is over: the name, the time, and a line for each lane. */
static void signed_text(struct buf *b, const char *made_at, const struct audit_head heads[AUDIT_LANES])
{
    char hash[2 * AUDIT_HASH_SIZE + 1];
    buf_printf(b, ANCHOR_NAME "\n%s\n", made_at);
    for (int lane = 0; lane < AUDIT_LANES; lane++) {
        audit_hash_format(hash, heads[lane].hash);
        buf_printf(b, "%d %lld %s\n", lane, (long long)heads[lane].seq, hash);
    }
}

static bool make_mac(const struct options *o, const char *made_at, const struct audit_head heads[AUDIT_LANES],
                     unsigned char mac[AUDIT_HASH_SIZE])
{
    size_t size;
    char *secret = load_secret(o, &size);
    if (!secret) {
        return false;
    }
    struct buf text;
    buf_init(&text, 65536);
    signed_text(&text, made_at, heads);
    if (!HMAC(EVP_sha256(), secret, (int)size, (const unsigned char *)text.p, text.n, mac, NULL)) {
        abort(); /* no memory */
    }
    buf_free(&text);
    explicit_bzero(secret, size);
    free(secret);
    return true;
}

static struct json_object *lane_json(int lane, const struct audit_head *head)
{
    char hash[2 * AUDIT_HASH_SIZE + 1];
    audit_hash_format(hash, head->hash);
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "lane", json_object_new_int(lane));
    json_object_object_add(o, "seq", json_object_new_int64(head->seq));
    json_object_object_add(o, "hash", json_object_new_string(hash));
    return o;
}

bool audit_anchor_print(const struct options *o, const struct audit_head heads[AUDIT_LANES])
{
    char made_at[CLOCK_TEXT_SIZE], hex[2 * AUDIT_HASH_SIZE + 1];
    unsigned char mac[AUDIT_HASH_SIZE];
    clock_format(made_at, clock_unix_us());
    if (!make_mac(o, made_at, heads, mac)) {
        return false;
    }
    struct json_object *anchor = json_object_new_object(), *lanes = json_object_new_array();
    for (int lane = 0; lane < AUDIT_LANES; lane++) {
        json_object_array_add(lanes, lane_json(lane, &heads[lane]));
    }
    audit_hash_format(hex, mac);
    json_object_object_add(anchor, "name", json_object_new_string(ANCHOR_NAME));
    json_object_object_add(anchor, "made_at", json_object_new_string(made_at));
    json_object_object_add(anchor, "lanes", lanes);
    json_object_object_add(anchor, "mac", json_object_new_string(hex));
    puts(json_object_to_json_string_ext(anchor, JSON_C_TO_STRING_PLAIN));
    json_object_put(anchor);
    return true;
}

/* ---- reading ---- */

static const char *text_of(struct json_object *o, const char *name)
{
    struct json_object *member;
    return json_object_object_get_ex(o, name, &member) && json_object_is_type(member, json_type_string)
               ? json_object_get_string(member)
               : "";
}

static bool read_lane(struct json_object *item, int lane, struct audit_head *head)
{
    struct json_object *number, *seq;
    head->known = json_object_object_get_ex(item, "lane", &number) && json_object_get_int(number) == lane &&
                  json_object_object_get_ex(item, "seq", &seq) && json_object_is_type(seq, json_type_int) &&
                  (head->seq = json_object_get_int64(seq)) >= 0 &&
                  audit_hash_parse(text_of(item, "hash"), head->hash);
    return head->known;
}

static bool read_lanes(struct json_object *anchor, struct audit_head heads[AUDIT_LANES])
{
    struct json_object *lanes;
    if (strcmp(text_of(anchor, "name"), ANCHOR_NAME) != 0 ||
        !json_object_object_get_ex(anchor, "lanes", &lanes) || !json_object_is_type(lanes, json_type_array) ||
        json_object_array_length(lanes) != AUDIT_LANES) {
        return false;
    }
    for (int lane = 0; lane < AUDIT_LANES; lane++) {
        if (!read_lane(json_object_array_get_idx(lanes, (size_t)lane), lane, &heads[lane])) {
            return false;
        }
    }
    return true;
}

static bool read_anchor(const struct options *o, const char *path, struct json_object *anchor,
                        struct audit_head heads[AUDIT_LANES])
{
    unsigned char given[AUDIT_HASH_SIZE], mac[AUDIT_HASH_SIZE];
    if (!anchor || !read_lanes(anchor, heads) || !audit_hash_parse(text_of(anchor, "mac"), given)) {
        ctl_say("%s: no anchor of the audit log", path);
        return false;
    }
    if (!make_mac(o, text_of(anchor, "made_at"), heads, mac)) {
        return false;
    }
    if (CRYPTO_memcmp(given, mac, sizeof(mac)) != 0) {
        ctl_say("%s: the anchor was not made with this secret_file, or was edited", path);
        return false;
    }
    return true;
}

bool audit_anchor_read(const struct options *o, const char *path, struct audit_head heads[AUDIT_LANES])
{
    struct json_object *anchor = json_object_from_file(path);
    bool ok = read_anchor(o, path, anchor, heads);
    json_object_put(anchor);
    return ok;
}
