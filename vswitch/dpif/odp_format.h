/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DPIF_ODP_FORMAT_H
#define DPIF_ODP_FORMAT_H

/* Inside of the formatters of datapath actions and flows (odp_*_format.c). */

#include "lib/base/str.h"
#include "vswitch/dpif/odp_keys.h"
#include "vswitch/dpif/odp_text.h"

/* Walking attributes. */

struct attr {
    uint16_t type;
    const uint8_t *data;
    size_t size;
};

struct attr_walk {
    const uint8_t *p;
    size_t left;
    bool is_bad;                 /* It ended at a malformed attribute. */
};

/* The next attribute; false at the end. */
bool odp_next_attr(struct attr_walk *, struct attr *);

/* A walk over the attributes in 'attr'. */
struct attr_walk odp_walk_nested(const struct attr *attr);

/* Lists of items with commas between them. */

struct list_text {
    struct str *s;
    bool any;                    /* There is an item. */
    bool all;                    /* Members that do not matter are printed,
                                  * too. */
};

void odp_start_item(struct list_text *);

/* Members. */

static inline bool
all_zero(const uint8_t *p, size_t n)
{
    while (n && !*p) {
        p++;
        n--;
    }
    return !n;
}

static inline bool
all_ones(const uint8_t *p, size_t n)
{
    while (n && *p == 0xff) {
        p++;
        n--;
    }
    return !n;
}

void odp_put_value(enum member_form, const uint8_t *value, struct str *);

/* "NAME=VALUE" or "NAME=VALUE/MASK" of 'size' bytes; nothing if no bit of
 * 'mask' is set, unless all members are wanted.  'mask' NULL: all are set. */
void odp_put_member(struct list_text *, const char *name, enum member_form,
                    const void *value, const void *mask, size_t size);

/* "label=1,tc=0,ttl=64,bos=1" */
void odp_put_lse(uint32_t lse, struct str *);

/* "geneve({class=0x..,type=0x..,len=4,0x..}...)" of raw options. */
void odp_put_geneve(const uint8_t *options, size_t size, struct str *);

/* The members of an NSH header that 'mask' has bits of.  'mask' NULL: all, the
 * context only with metadata of type 1. */
void odp_put_nsh(struct list_text *, const struct flow_nsh *,
                 const struct flow_nsh *mask);

/* 16 bytes as one number. */
void odp_put_u128(const uint8_t *, struct str *);

/* A port's name or number. */
void odp_put_port(odp_port_t, const struct odp_names *, struct str *);

#endif /* dpif/odp_format.h */
