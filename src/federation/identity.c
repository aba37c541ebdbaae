/* Claims about a user of a provider. */
#include "federation/identity.h"

#include "account/account.h"
#include "base/utf8.h"
#include "json/document.h"
#include "json/format.h"

#include <string.h>

#define SKEW_S 60
#define AGE_S  600 /* a token is exchanged at once; an older one has been kept by somebody */

static bool is_subject(struct str sub)
{
    for (size_t i = 0; i < sub.n; i++) {
        if (sub.p[i] < ' ' || sub.p[i] > '~') {
            return false;
        }
    }
    return sub.p && sub.n > 0 && sub.n <= IDENTITY_SUBJECT_MAX;
}

/* For us, and when for others too, given to us. */
static bool is_for_us(struct json_object *claims, const char *client_id)
{
    struct json_object *list = document_list(claims, "aud");
    struct str azp = document_text(claims, "azp"), one = document_text(claims, "aud");
    bool ours = one.p ? str_eqz(one, client_id) : document_lists(list, client_id);
    if (document_has(claims, "azp")) {
        return ours && azp.p && str_eqz(azp, client_id);
    }
    return ours && (!list || json_object_array_length(list) == 1);
}

static const char *check_times(struct json_object *claims, int64_t now)
{
    int64_t exp, iat, nbf;
    if (!document_seconds(claims, "exp", &exp) || exp <= now - SKEW_S) {
        return "the ID token has expired";
    }
    if (!document_seconds(claims, "iat", &iat) || iat > now + SKEW_S || iat < now - AGE_S) {
        return "the ID token was not made just now";
    }
    if (document_has(claims, "nbf") && (!document_seconds(claims, "nbf", &nbf) || nbf > now + SKEW_S)) {
        return "the ID token is not good yet";
    }
    return NULL;
}

static const char *check_hash(struct arena *a, const struct jws *token, struct str access_token)
{
    struct str given = document_text(token->claims, "at_hash");
    if (!document_has(token->claims, "at_hash")) {
        return NULL;
    }
    struct str own = access_token.p ? jws_half_hash(token->alg, a, access_token) : STR_NONE;
    return given.p && own.p && str_eq(given, own) ? NULL : "at_hash is of another access token";
}

/* Addresses and names that could not be those of an account are as good as none. */
static struct str usable_email(struct arena *a, struct str email)
{
    const struct format *format = format_find("email");
    bool good = email.p && email.n > 0 && email.n <= ACCOUNT_EMAIL_MAX && format->check(email);
    return good ? account_email(a, email) : STR_NONE;
}

static struct str usable_name(struct str name)
{
    struct str text = name.p ? str_trim(name) : STR_NONE;
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7F) {
            return STR_NONE;
        }
    }
    return text.p && text.n > 0 && text.n <= ACCOUNT_NAME_MAX && utf8_valid(text) ? text : STR_NONE;
}

static void take_profile(struct identity *identity, struct arena *a, struct json_object *o)
{
    struct str email = usable_email(a, document_text(o, "email"));
    struct str name = usable_name(document_text(o, "name"));
    if (email.p && !identity->email.p) { /* the address and what is said of it are of one document */
        identity->email = email;
        identity->email_verified = document_true(o, "email_verified");
    } else if (email.p && str_eq(email, identity->email)) {
        identity->email_verified = identity->email_verified || document_true(o, "email_verified");
    }
    if (!identity->name.p) {
        identity->name = name;
    }
}

const char *identity_check(const struct identity_expected *expected, struct arena *a, const struct jws *token,
                           struct identity *out)
{
    struct json_object *claims = token->claims;
    struct str issuer = document_text(claims, "iss"), nonce = document_text(claims, "nonce");
    *out = (struct identity){ .subject = document_text(claims, "sub") };
    if (!issuer.p || !str_eqz(issuer, expected->issuer)) {
        return "the ID token is of another issuer";
    }
    if (!is_for_us(claims, expected->client_id)) {
        return "the ID token is for another client";
    }
    if (!nonce.p || !str_eq(nonce, expected->nonce)) {
        return "the ID token has not the nonce of this log-in";
    }
    if (!is_subject(out->subject)) {
        return "the ID token has no usable sub";
    }
    const char *why = check_times(claims, expected->now_s);
    why = why ? why : check_hash(a, token, expected->access_token);
    if (!why) {
        take_profile(out, a, claims);
    }
    return why;
}

const char *identity_add(struct identity *identity, struct arena *a, struct json_object *userinfo)
{
    struct str subject = document_text(userinfo, "sub");
    if (!subject.p || !str_eq(subject, identity->subject)) {
        return "userinfo is about somebody else";
    }
    take_profile(identity, a, userinfo);
    return NULL;
}
