/* nexusctl keys generate */
#include "ctl/commands.h"
#include "ctl/keys.h"

#include <string.h>

static enum ctl_exit keys_generate_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "algorithm", "NAME", "EdDSA (Ed25519; the default) or ES256 (P-256)." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_keys_generate = {
    .name = "keys generate",
    .args = "",
    .example = "nexusctl keys generate",
    .summary = "Make and publish a signing key",
    .doc = "Makes a key in the folder token_keys, owned as the folder is, and prints its name. It is "
           "published in the key set and signs "
           "nothing until it is made active; the first key of a folder is active at once.",
    .options = options,
    .run = keys_generate_run,
};

static bool algorithm_of(const char *name, enum key_algorithm *out)
{
    *out = name && strcmp(name, key_algorithm_name(KEY_ES256)) == 0 ? KEY_ES256 : KEY_EDDSA;
    return !name || strcmp(name, key_algorithm_name(*out)) == 0;
}

static enum ctl_exit keys_generate_run(struct ctl *ctl)
{
    char error[512];
    enum key_algorithm algorithm;
    struct key_folder_edit e;
    struct key_entry made;
    if (!algorithm_of(ctl_value(ctl, "algorithm"), &algorithm)) {
        return ctl_fail(CTL_USAGE, "--algorithm is EdDSA or ES256");
    }
    enum ctl_exit exit = keys_begin(ctl, &e);
    if (exit != CTL_OK) {
        return exit;
    }
    if (!key_folder_generate(&e, algorithm, keys_now_s(), &made, error, sizeof(error))) {
        key_folder_end(&e);
        return ctl_fail(CTL_FAILED, "%s", error);
    }
    keys_tell(ctl, AUDIT_KEY_GENERATE, made.id, NULL);
    if (ctl_json(ctl)) {
        printf("{\"id\":\"%s\",\"state\":\"%s\"}\n", made.id, key_state_name(made.state));
    } else {
        puts(made.id);
    }
    key_folder_end(&e);
    return exit;
}
