/* The error table made from errors.def. */
#include "base/err.h"

static const struct err_info infos[ERR_COUNT] = {
    [ERR_NONE] = { "none", "No error", "Nothing failed.", 200 },
#define ERROR(id, status, slug, title, doc) [id] = { slug, title, doc, status },
#include "base/errors.def"
#undef ERROR
};

const struct err_info *err_info(enum err e)
{
    unsigned at = (unsigned)e;
    return &infos[at < ERR_COUNT ? at : ERR_INTERNAL];
}
