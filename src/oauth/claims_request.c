/* Claims about the user. */
#include "oauth/claims_request.h"

#include "json/scan.h"

#include <json-c/json.h>

#define BIT(c) (1u << (c))

const char *const user_claim_names[CLAIM_COUNT] = {
    [CLAIM_NAME] = "name",
    [CLAIM_PICTURE] = "picture",
    [CLAIM_LOCALE] = "locale",
    [CLAIM_UPDATED_AT] = "updated_at",
    [CLAIM_EMAIL] = "email",
    [CLAIM_EMAIL_VERIFIED] = "email_verified",
    [CLAIM_PHONE_NUMBER] = "phone_number",
    [CLAIM_PHONE_NUMBER_VERIFIED] = "phone_number_verified",
};

static const struct {
    enum scope scope;
    uint32_t claims;
} of_scopes[] = {
    { SCOPE_PROFILE, BIT(CLAIM_NAME) | BIT(CLAIM_PICTURE) | BIT(CLAIM_LOCALE) | BIT(CLAIM_UPDATED_AT) },
    { SCOPE_EMAIL, BIT(CLAIM_EMAIL) | BIT(CLAIM_EMAIL_VERIFIED) },
    { SCOPE_PHONE, BIT(CLAIM_PHONE_NUMBER) | BIT(CLAIM_PHONE_NUMBER_VERIFIED) },
};

uint32_t claims_of_scopes(uint32_t scopes)
{
    uint32_t claims = 0;
    for (size_t i = 0; i < sizeof of_scopes / sizeof of_scopes[0]; i++) {
        claims |= scopes >> of_scopes[i].scope & 1u ? of_scopes[i].claims : 0;
    }
    return claims;
}

uint32_t claims_scopes(uint32_t claims)
{
    uint32_t scopes = 0;
    for (size_t i = 0; i < sizeof of_scopes / sizeof of_scopes[0]; i++) {
        scopes |= claims & of_scopes[i].claims ? 1u << of_scopes[i].scope : 0;
    }
    return scopes;
}

static uint32_t claim_bit(struct str name)
{
    for (unsigned i = 0; i < CLAIM_COUNT; i++) {
        if (str_eqz(name, user_claim_names[i])) {
            return BIT(i);
        }
    }
    return 0;
}

struct str claims_text_of(struct arena *a, uint32_t claims)
{
    const char *text = "";
    for (unsigned i = 0; i < CLAIM_COUNT; i++) {
        if (claims & BIT(i)) {
            text = arena_printf(a, "%s%s%s", text, text[0] ? " " : "", user_claim_names[i]);
        }
    }
    return str_from(text);
}

uint32_t claims_of_text(struct str text)
{
    uint32_t claims = 0;
    struct str name;
    while (text.n > 0 && str_split(&text, ' ', &name)) {
        claims |= claim_bit(name);
    }
    return claims;
}

struct db_param claims_param(struct arena *a, uint32_t claims)
{
    struct str *names = ARENA_ARRAY(a, struct str, CLAIM_COUNT);
    size_t n = 0;
    for (unsigned i = 0; i < CLAIM_COUNT; i++) {
        if (claims & BIT(i)) {
            names[n++] = str_from(user_claim_names[i]);
        }
    }
    return db_text_array(a, names, n);
}

/* ---- the parameter ---- */

/* {"email": null, "sub": {"value": "..."}} */
static bool read_members(struct arena *a, json_object *members, uint32_t *claims, struct str *sub)
{
    if (!json_object_is_type(members, json_type_object)) {
        return false;
    }
    json_object_object_foreach(members, key, value)
    {
        if (value && !json_object_is_type(value, json_type_object)) {
            return false;
        }
        json_object *wanted;
        *claims |= claim_bit(str_from(key));
        if (value && strcmp(key, "sub") == 0 && json_object_object_get_ex(value, "value", &wanted)) {
            if (!json_object_is_type(wanted, json_type_string)) {
                return false;
            }
            *sub = arena_str(a, str_from(json_object_get_string(wanted)));
        }
    }
    return true;
}

static bool read_request(struct arena *a, json_object *root, struct claims_request *out)
{
    json_object *part;
    struct str sub = STR_NONE;
    if (!json_object_is_type(root, json_type_object)) {
        return false;
    }
    if (json_object_object_get_ex(root, "userinfo", &part) && part &&
        !read_members(a, part, &out->userinfo, &sub)) {
        return false;
    }
    return !json_object_object_get_ex(root, "id_token", &part) || !part ||
           read_members(a, part, &out->id_token, &out->sub);
}

bool claims_request_parse(struct arena *a, struct str json, struct claims_request *out)
{
    struct violations v = { .arena = a };
    const char *why;
    *out = (struct claims_request){ 0 };
    if (json_scan(json, a, &v, &why) != ERR_NONE || v.count > 0) {
        return false;
    }
    json_tokener *t = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
    json_object *root = t ? json_tokener_parse_ex(t, json.p, (int)json.n) : NULL;
    bool good = root && read_request(a, root, out);
    json_object_put(root);
    if (t) {
        json_tokener_free(t);
    }
    return good;
}

/* ---- values ---- */

static void write_text(struct json_writer *w, const char *name, const PGresult *r, int column)
{
    if (!db_is_null(r, 0, column)) {
        json_write_key(w, str_from(name));
        json_write_str(w, db_get_text(r, 0, column));
    }
}

/* What is not known is left out (5.3.2). A phone number is what the user says: nobody has called it. */
void claims_write(struct json_writer *w, const PGresult *r, uint32_t claims)
{
    enum { NAME = 3, EMAIL, VERIFIED, PHONE, PHOTO, LANGUAGES, UPDATED };
    struct str languages = db_get_text(r, 0, LANGUAGES), first;
    if (claims & BIT(CLAIM_NAME)) {
        write_text(w, "name", r, NAME);
    }
    if (claims & BIT(CLAIM_PICTURE)) {
        write_text(w, "picture", r, PHOTO);
    }
    if (claims & BIT(CLAIM_LOCALE) && languages.n > 0 && str_split(&languages, ',', &first)) {
        JSON_MEMBER(w, "locale", str, first);
    }
    if (claims & BIT(CLAIM_UPDATED_AT)) {
        JSON_MEMBER(w, "updated_at", int, db_get_timestamptz(r, 0, UPDATED) / 1000000);
    }
    if (claims & BIT(CLAIM_EMAIL)) {
        write_text(w, "email", r, EMAIL);
    }
    if (claims & BIT(CLAIM_EMAIL_VERIFIED)) {
        JSON_MEMBER(w, "email_verified", bool, db_get_bool(r, 0, VERIFIED));
    }
    if (claims & BIT(CLAIM_PHONE_NUMBER)) {
        write_text(w, "phone_number", r, PHONE);
    }
    if (claims & BIT(CLAIM_PHONE_NUMBER_VERIFIED) && !db_is_null(r, 0, PHONE)) {
        JSON_MEMBER(w, "phone_number_verified", bool, false);
    }
}
