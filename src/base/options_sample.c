/* Prints conf/nexus.conf.sample; run by `make update-sample`. */
#include "base/options.h"

int main(void)
{
    options_write_sample(stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
