/* Files that no row knows: of uploads that came to nothing, of photos and properties that were deleted. */
#include "base/log.h"
#include "db/queries.h"
#include "http/idempotency.h"
#include "photo/photo.h"
#include "photo/photo_jobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define GRACE_US      INT64_C(3600000000) /* a file is older before its row can be missing */
#define TIMEOUT_US    INT64_C(600000000)
#define PIECE         500 /* files that are asked about at a time */
#define NAME_SIZE     128
#define ROWS          1000
#define FOLDERS       256
#define ARENA_BLOCK   (64 * 1024)
#define ARENA_LARGEST ((size_t)8 * 1024 * 1024)

struct sweep {
    struct request *rq;
    struct arena *arena; /* of a piece */
    int64_t now_us;      /* business time */
    int folder;          /* that is looked at, and its name in names of variants: "xx/", or empty */
    const char *prefix;
    size_t count;
    struct uuid ids[PIECE];
    char names[PIECE][NAME_SIZE];
    int64_t removed;
};

static void remove_file(struct sweep *s, const char *name)
{
    if (unlinkat(s->folder, name, 0) == 0) {
        s->removed++;
    } else if (errno != ENOENT) {
        LOG(LOG_WARN, "an orphan cannot be removed", LOG_TEXT("file", name),
            LOG_TEXT("error", strerror(errno)));
    }
}

/* ---- which of them are known ---- */

static int add_question(struct sweep *s, struct db_batch *b)
{
    struct str *names = ARENA_ARRAY(s->arena, struct str, s->count);
    for (size_t i = 0; i < s->count; i++) {
        names[i] = str_from(arena_printf(s->arena, "%s%s", s->prefix, s->names[i]));
    }
    return s->prefix[0] ? DB_ADD(b, &q_photos_shown, db_uuid_array(s->arena, s->ids, s->count),
                                 db_text_array(s->arena, names, s->count))
                        : DB_ADD(b, &q_photos_waiting, db_uuid_array(s->arena, s->ids, s->count));
}

static bool is_in(const struct sweep *s, const PGresult *r, size_t i)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct uuid id = s->prefix[0] ? s->ids[i] : db_get_uuid(r, row, 0);
        bool same = s->prefix[0] ? str_eqz(str_skip(db_get_text(r, row, 0), strlen(s->prefix)), s->names[i])
                                 : memcmp(&id, &s->ids[i], sizeof(id)) == 0;
        if (same) {
            return true;
        }
    }
    return false;
}

static enum err settle(struct sweep *s)
{
    struct db_failure failure;
    if (s->count == 0) {
        return ERR_NONE;
    }
    arena_reset(s->arena);
    struct db_batch *b = db_batch(s->rq->db, s->arena);
    int at = add_question(s, b);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(s->rq, &failure);
    }
    for (size_t i = 0; i < s->count; i++) {
        if (!is_in(s, db_result(b, at), i)) {
            remove_file(s, s->names[i]);
        }
    }
    s->count = 0;
    return ERR_NONE;
}

/* ---- looking ---- */

static bool is_old(const struct sweep *s, const char *name)
{
    struct stat st;
    if (fstatat(s->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) {
        return false;
    }
    return s->now_us - ((int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000) > GRACE_US;
}

/* What is not named as we name files is not ours to remove. */
static enum err look_at(struct sweep *s, const char *name)
{
    size_t n = strlen(name), id_size = UUID_TEXT_SIZE - 1;
    bool ours = n >= id_size && n < NAME_SIZE &&
                uuid_parse((struct str){ name, id_size }, &s->ids[s->count]) &&
                (s->prefix[0] ? n > id_size : n == id_size);
    bool unfinished = !s->prefix[0] && name[0] == '.' && n > id_size;
    if ((!ours && !unfinished) || !is_old(s, name)) {
        return ERR_NONE;
    }
    if (unfinished) {
        remove_file(s, name);
        return ERR_NONE;
    }
    memcpy(s->names[s->count++], name, n + 1);
    return s->count == PIECE ? settle(s) : ERR_NONE;
}

static enum err sweep_folder(struct sweep *s, const char *path, const char *prefix)
{
    const struct dirent *entry;
    enum err e = ERR_NONE;
    DIR *dir = opendir(path);
    if (!dir) {
        return errno == ENOENT
                   ? ERR_NONE
                   : fail(s->rq, ERR_UNAVAILABLE, NULL, "%s cannot be read: %s.", path, strerror(errno));
    }
    s->folder = dirfd(dir);
    s->prefix = prefix;
    while (!e && (entry = readdir(dir))) {
        e = look_at(s, entry->d_name);
    }
    e = e ? e : settle(s);
    s->count = 0;
    closedir(dir);
    return e;
}

static enum err sweep_all(struct sweep *s)
{
    char path[PHOTO_PATH_SIZE], prefix[4];
    const char *top = s->rq->options->photos_dir;
    snprintf(path, sizeof(path), "%s/incoming", top);
    enum err e = sweep_folder(s, path, "");
    for (int i = 0; !e && i < FOLDERS; i++) {
        snprintf(prefix, sizeof(prefix), "%02x/", i);
        snprintf(path, sizeof(path), "%s/public/%s", top, prefix);
        e = sweep_folder(s, path, prefix);
    }
    return e;
}

static enum err business_time(struct request *rq, int64_t *now_us)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int at = db_add(b, &q_photo_now, NULL, 0);
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    *now_us = db_get_int8(db_result(b, at), 0, 0);
    return ERR_NONE;
}

static enum err sweep_files(struct request *rq, int64_t *removed)
{
    struct sweep *s = malloc(sizeof(*s));
    if (!s) {
        abort();
    }
    *s = (struct sweep){ .rq = rq, .arena = arena_create(ARENA_BLOCK, ARENA_LARGEST) };
    enum err e = business_time(rq, &s->now_us);
    e = e ? e : sweep_all(s);
    *removed = s->removed;
    if (s->removed > 0) {
        LOG(LOG_INFO, "orphans of photos removed", LOG_NUM("files", s->removed));
    }
    arena_destroy(s->arena);
    free(s);
    return e;
}

/* ---- rows ---- */

static enum err sweep_rows(struct request *rq, int64_t *done)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int forgotten = DB_ADD(b, &q_photos_forget, db_int8(rq->arena, ROWS));
    int put = DB_ADD(b, &q_photos_readdress, db_text(photo_base(rq)), db_int8(rq->arena, ROWS));
    enum err e = write_run(rq, b, &replayed);
    *done = e ? 0 : db_get_int8(db_result(b, forgotten), 0, 0) + db_get_int8(db_result(b, put), 0, 0);
    return e;
}

static enum err collect(struct request *rq, struct job_run *run)
{
    int64_t files = 0, rows = 0;
    enum err e = rq->options->photos_dir[0] ? sweep_files(rq, &files) : ERR_NONE;
    e = e ? e : sweep_rows(rq, &rows);
    run->done = files + rows;
    return e;
}

const struct job job_photo_collect = { .name = "photo-collect",
                                       .doc =
                                           "Removes files of photos that no row knows, and rejected photos "
                                           "after a week; puts URLs right.",
                                       .queue = JOBS_BULK,
                                       .unique = true,
                                       .calls = true,
                                       .timeout_us = TIMEOUT_US,
                                       .exec = collect };
