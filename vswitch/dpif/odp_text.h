/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DPIF_ODP_TEXT_H
#define DPIF_ODP_TEXT_H

/* Datapath flows and actions as text, as ovs-dpctl(8) prints and reads
 * them. */

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/flow/flow.h"

struct nlbuf;

/* Names of ports, if wanted: 'name' returns NULL for a number without one. */
struct odp_names {
    const char *(*name)(odp_port_t, const void *aux);
    const void *aux;
};

/* Prints the userdata of OVS_ACTION_ATTR_USERSPACE; returns false if it does
 * not know it.  The switch that chose the layout sets it. */
extern bool (*odp_userdata_format)(const void *, size_t size, struct str *);

/* Appends "drop" or "ACTION,...".  Malformed attributes print as "error". */
void odp_actions_format(const void *actions, size_t size,
                        const struct odp_names *, struct str *);

/* Appends "recirc_id(0),in_port(1),eth(...),...": the members of 'key' that
 * matter in 'mask' (NULL: all). */
void odp_flow_format(const struct flow *key, const struct flow_wildcards *mask,
                     const struct odp_names *, struct str *);

/* The same with members that do not matter, too, of the headers that 'key'
 * has: "ct_mark(0/0),...". */
void odp_flow_format_all(const struct flow *key,
                         const struct flow_wildcards *mask,
                         const struct odp_names *, struct str *);

/* Numbers of ports, if names may be used: 'number' returns ODPP_NONE for a
 * name that no port has. */
struct odp_numbers {
    odp_port_t (*number)(const char *name, const void *aux);
    const void *aux;
};

/* Reads "in_port(1),eth(src=...),..." into 'key' and, if not NULL, 'mask':
 * what the text does not say is wildcarded, but for recirc_id, which is 0. */
struct error *odp_flow_parse(const char *text, const struct odp_numbers *,
                             struct flow *key, struct flow_wildcards *mask)
    MUST_USE;

/* Reads "drop" or "ACTION,..." and appends the attributes.  Actions whose
 * userdata only a switch can make are refused.  The datapath checks the
 * rest. */
struct error *odp_actions_parse(const char *text, const struct odp_numbers *,
                                struct nlbuf *actions) MUST_USE;

#endif /* dpif/odp_text.h */
