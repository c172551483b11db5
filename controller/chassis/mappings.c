/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/mappings.h"

#include <string.h>

#include "lib/base/alloc.h"

bool
mapping_next(const char **p, struct mapping *m)
{
    *p += strspn(*p, ", ");
    while (**p) {
        size_t length = strcspn(*p, ", ");
        const char *colon = memchr(*p, ':', length);

        m->network = *p;
        *p += length;
        *p += strspn(*p, ", ");
        if (colon) {
            m->network_length = colon - m->network;
            m->value = colon + 1;
            m->value_length = length - m->network_length - 1;
            return true;
        }
    }
    return false;
}

char *
mapping_find(const char *text, const char *network)
{
    size_t length = strlen(network);
    struct mapping m;

    while (mapping_next(&text, &m)) {
        if (m.network_length == length
            && !memcmp(m.network, network, length)) {
            return xmemdup0(m.value, m.value_length);
        }
    }
    return NULL;
}
