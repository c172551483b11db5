/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_CT_MATCH_H
#define FLOW_CT_MATCH_H

/* Connections, as commands and messages name them: by the tuple of a
 * direction, zone, mark and label. */

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/flow/flow.h"

/* A direction of a connection. */
struct ct_tuple {
    struct in6_addr src;         /* IPv4 as ::ffff:a.b.c.d. */
    struct in6_addr dst;
    uint8_t nw_proto;
    be16 tp_src;                 /* ICMP: the id. */
    be16 tp_dst;
    uint8_t icmp_type;
    uint8_t icmp_code;
};

/* What to flush: every connection that all given conditions fit. */
struct ct_flush {
    int zone;                    /* < 0: any. */
    bool has_orig, has_reply;    /* Members of zero match anything. */
    struct ct_tuple orig, reply;
    uint32_t mark, mark_mask;
    union be128 label, label_mask;
};

#define CT_FLUSH_ALL { .zone = -1 }

/* Adds to 'flush' the condition that 'text' says: "zone=5", "mark=1/0xff",
 * "labels=0x5", or a tuple as "ct_nw_src=10.0.0.1,ct_nw_proto=6,ct_tp_dst=80",
 * first that of the original direction, which may be empty, then that of
 * replies. */
struct error *ct_flush_parse(const char *text, struct ct_flush *) MUST_USE;

/* Appends the conditions, each as ct_flush_parse() reads it, with a space in
 * front. */
void ct_flush_format(const struct ct_flush *, struct str *);

#endif /* flow/ct_match.h */
