/* nexusctl audit verify: whether the audit log is what was written. */
#include "ctl/audit_anchor.h"
#include "ctl/commands.h"

#include <json-c/json.h>

static enum ctl_exit audit_verify_run(struct ctl *ctl);

static const struct ctl_option options[] = {
    { "anchor", "FILE", "Also check that the chains go on from what `audit anchor` once printed into FILE." },
    { NULL, NULL, NULL },
};

const struct ctl_command ctl_audit_verify = {
    .name = "audit verify",
    .args = "",
    .example = "nexusctl audit verify --anchor /mnt/elsewhere/anchor-2026-11-01.json",
    .summary = "Check that the audit log was not tampered with",
    .doc =
        "Computes every chain of the audit log anew and names each entry that was edited, removed, put "
        "elsewhere "
        "or added past the chain, the first one first; exit status 3 when there is one. That the newest "
        "entries were removed together with their heads, or that a whole chain was written anew, shows only "
        "against an anchor.",
    .options = options,
    .run = audit_verify_run,
};

#define SHOWN_MAX 100

struct output {
    bool json;
    int64_t shown;
    struct json_object *list;
};

static void add_json(struct output *out, const struct audit_finding *f)
{
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "kind", json_object_new_string(audit_fault_names[f->fault]));
    json_object_object_add(o, "lane", f->lane < 0 ? NULL : json_object_new_int(f->lane));
    json_object_object_add(o, "seq", f->seq == 0 ? NULL : json_object_new_int64(f->seq));
    json_object_object_add(o, "entry", f->entry ? json_object_new_string(f->entry) : NULL);
    json_object_object_add(o, "detail", json_object_new_string(f->detail));
    json_object_array_add(out->list, o);
}

static void print_text(const struct audit_finding *f)
{
    printf("%-9s ", audit_fault_names[f->fault]);
    if (f->lane >= 0) {
        printf("lane %d link %lld ", f->lane, (long long)f->seq);
    }
    printf("%s%s%s\n", f->entry ? "entry " : "", f->entry ? f->entry : "", f->entry ? ": " : "");
    printf("          %s\n", f->detail);
}

static void found(void *context, const struct audit_finding *finding)
{
    struct output *out = context;
    if (out->shown++ >= SHOWN_MAX) {
        return;
    }
    if (out->json) {
        add_json(out, finding);
    } else {
        print_text(finding);
    }
}

static void print_end(struct output *out, const struct audit_walk *walk)
{
    if (!out->json) {
        if (walk->faults > SHOWN_MAX) {
            printf("and %lld more\n", (long long)walk->faults - SHOWN_MAX);
        }
        printf("%lld entries, %lld problems\n", (long long)walk->entries, (long long)walk->faults);
        return;
    }
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "entries", json_object_new_int64(walk->entries));
    json_object_object_add(o, "faults", json_object_new_int64(walk->faults));
    json_object_object_add(o, "problems", json_object_get(out->list));
    puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
    json_object_put(o);
}

static enum ctl_exit verify(PGconn *c, bool json, const struct audit_head *anchor)
{
    struct output out = { .json = json, .list = json_object_new_array() };
    struct audit_walk walk = { .anchor = anchor, .found = found, .context = &out };
    enum ctl_exit exit = CTL_OK;
    if (!audit_chain_begin(c) || !audit_chain_walk(c, &walk)) {
        exit = pg_exit(c);
    } else {
        print_end(&out, &walk);
        exit = walk.faults > 0 ? CTL_PROBLEMS : CTL_OK;
    }
    json_object_put(out.list);
    return exit;
}

static enum ctl_exit audit_verify_run(struct ctl *ctl)
{
    const char *path = ctl_value(ctl, "anchor");
    const struct options *o = ctl_options(ctl);
    struct audit_head anchor[AUDIT_LANES];
    if (!o || (path && !audit_anchor_read(o, path, anchor))) {
        return CTL_FAILED;
    }
    enum ctl_exit exit = CTL_FAILED;
    PGconn *c = pg_connect(o, &exit);
    if (c) {
        exit = verify(c, ctl_json(ctl), path ? anchor : NULL);
        pg_close(c);
    }
    return exit;
}
