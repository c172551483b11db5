/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DPIF_ODP_KEYS_H
#define DPIF_ODP_KEYS_H

/* The keys of set actions as text, for those who print (odp_text.c) and read
 * (odp_parse.c) them. */

#include <linux/openvswitch.h>
#include <stdint.h>

enum member_form {
    MEMBER_MAC,
    MEMBER_IPV4,
    MEMBER_IPV6,
    MEMBER_U8,
    MEMBER_X8,
    MEMBER_BE16,
    MEMBER_X16,
    MEMBER_X32,                  /* Network order. */
};

/* A member of a key: bytes 'offset' to 'offset' + 'size'. */
struct odp_member {
    const char *name;            /* NULL behind the last. */
    uint8_t form;                /* enum member_form. */
    uint8_t offset;
    uint8_t size;
};

/* "NAME(MEMBER=VALUE,...)", 'size' bytes in all. */
struct odp_key {
    const char *name;            /* NULL: there is no such key. */
    uint8_t size;
    struct odp_member members[7];
};

#define ODP_N_KEYS __OVS_KEY_ATTR_MAX

/* By OVS_KEY_ATTR_*. */
extern const struct odp_key odp_keys[ODP_N_KEYS];

#endif /* dpif/odp_keys.h */
