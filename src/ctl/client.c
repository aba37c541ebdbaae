/* Secrets of OAuth clients. */
#include "ctl/client.h"

#include "base/uuid.h"
#include "oauth/oauth.h"

#include <json-c/json.h>

const char *client_new_secret(struct arena *a, const char **hash)
{
    struct str bytes;
    struct str secret = client_secret_make(a, &bytes);
    char *hex = arena_alloc(a, 2 * bytes.n + 1);
    for (size_t i = 0; i < bytes.n; i++) {
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)bytes.p[i]);
    }
    *hash = hex;
    return arena_strdup(a, secret);
}

void client_print(const struct ctl *ctl, const char *id, const char *secret)
{
    if (!ctl_json(ctl)) {
        printf("client_id      %s\n", id);
        if (secret) {
            printf("client_secret  %s\n", secret);
        }
        return;
    }
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "client_id", json_object_new_string(id));
    json_object_object_add(o, "client_secret", secret ? json_object_new_string(secret) : NULL);
    puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    json_object_put(o);
}

const char *client_argument(const struct ctl *ctl)
{
    struct uuid id;
    const char *text = ctl_arg(ctl, 0);
    if (!text || !uuid_parse(str_from(text), &id)) {
        ctl_say("a client is named by its client_id, a UUID");
        return NULL;
    }
    return text;
}
