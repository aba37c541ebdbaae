/* What the two ops of a user's roles share. */
#ifndef NEXUS_ACCESS_USER_ROLES_H
#define NEXUS_ACCESS_USER_ROLES_H

#include "http/request.h"
#include "json/shape.h"
#include "json/write.h"

extern const struct shape user_roles_shape;

/* The answer from a row of user_roles_read; ERR_NOT_FOUND, recorded, without one. */
enum err user_roles_write(struct request *rq, const struct uuid *user, const PGresult *r) MUST_CHECK;

#endif
