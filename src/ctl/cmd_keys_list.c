/* nexusctl keys list */
#include "base/clock.h"
#include "ctl/commands.h"
#include "ctl/keys.h"

static enum ctl_exit keys_list_run(struct ctl *ctl);

const struct ctl_command ctl_keys_list = {
    .name = "keys list",
    .args = "",
    .example = "nexusctl keys list",
    .summary = "List the signing keys",
    .doc = "Prints name, algorithm, state and since when of each key. published: in the key set, signs "
           "nothing yet; active: signs; "
           "old: verifies what it has signed.",
    .run = keys_list_run,
};

static void print_json(const struct key_list *list)
{
    char since[CLOCK_TEXT_SIZE];
    putchar('[');
    for (size_t i = 0; i < list->count; i++) {
        const struct key_entry *k = &list->entry[i];
        clock_format(since, k->since_s * 1000000);
        printf("%s{\"id\":\"%s\",\"algorithm\":\"%s\",\"state\":\"%s\",\"since\":\"%s\"}", i ? "," : "",
               k->id, key_algorithm_name(k->algorithm), key_state_name(k->state), since);
    }
    puts("]");
}

static void print_table(const struct key_list *list)
{
    char since[CLOCK_TEXT_SIZE];
    for (size_t i = 0; i < list->count; i++) {
        const struct key_entry *k = &list->entry[i];
        clock_format(since, k->since_s * 1000000);
        printf("%s  %s  %-9s  %s\n", k->id, key_algorithm_name(k->algorithm), key_state_name(k->state),
               since);
    }
}

static enum ctl_exit keys_list_run(struct ctl *ctl)
{
    struct key_folder_edit e;
    enum ctl_exit exit = keys_begin(ctl, &e);
    if (exit == CTL_OK) {
        (ctl_json(ctl) ? print_json : print_table)(&e.list);
        key_folder_end(&e);
    }
    return exit;
}
