/* COPY on a connection of nexusctl. */
#include "ctl/copy.h"

bool copy_begin(struct copy *cp, PGconn *c, const char *sql)
{
    copy_start(cp, c);
    PGresult *r = pg_query(c, sql);
    PQclear(r);
    cp->failed = r == NULL;
    return r != NULL;
}

bool copy_end(struct copy *cp)
{
    copy_stop(cp);
    bool sent = PQputCopyEnd(cp->c, cp->failed ? "nexusctl stopped" : NULL) == 1;
    bool ok = pg_finish(cp->c) && sent && !cp->failed;
    buf_free(&cp->b);
    return ok;
}
