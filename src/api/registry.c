/* Every operation of the API: what is not named in ops.def cannot be reached. */
#include "http/op.h"

#define OP(name) extern const struct op op_##name;
#include "api/ops.def"
#undef OP

const struct op *const op_registry[] = {
#define OP(name) &op_##name,
#include "api/ops.def"
#undef OP
    NULL,
};
