/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/encap_ips.h"

#include <stdbool.h>
#include <string.h>

#include "controller/program.h"

static bool
contains(const struct encap_ips *ips, const char *ip)
{
    size_t number = encap_ips_number(ips, ip);

    return ips->n && !strcmp(ips->ips[number], ip);
}

static void
add(struct encap_ips *ips, const char *word, size_t length)
{
    char *ip;

    if (ips->n >= ENCAP_MAX_IPS || length >= ENCAP_IP_SIZE) {
        return;
    }
    ip = ips->ips[ips->n];
    memset(ip, 0, ENCAP_IP_SIZE);
    memcpy(ip, word, length);
    ips->n += !contains(ips, ip);
}

/* Moves the default one to the front, and the others behind it. */
static void
put_first(struct encap_ips *ips, const char *def)
{
    size_t number = encap_ips_number(ips, def);
    char first[ENCAP_IP_SIZE];

    memcpy(first, ips->ips[number], sizeof first);
    memmove(ips->ips[1], ips->ips[0], number * sizeof first);
    memcpy(ips->ips[0], first, sizeof first);
}

void
encap_ips_parse(struct encap_ips *ips, const char *list, const char *def)
{
    ips->n = 0;
    for (const char *p = list + strspn(list, ", "); *p; ) {
        size_t length = strcspn(p, ", ");

        add(ips, p, length);
        p += length;
        p += strspn(p, ", ");
    }
    if (ips->n) {
        put_first(ips, def);
    }
}

void
encap_ips_read(struct incr_ctx *ctx, struct encap_ips *ips)
{
    encap_ips_parse(ips, controller_config(ctx, "ovn-encap-ip", ""),
                    controller_config(ctx, "ovn-encap-ip-default", ""));
}

size_t
encap_ips_number(const struct encap_ips *ips, const char *ip)
{
    for (size_t i = 0; i < ips->n; i++) {
        if (!strcmp(ips->ips[i], ip)) {
            return i;
        }
    }
    return 0;
}
