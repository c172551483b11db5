/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_FLOW_TEXT_H
#define OPENFLOW_FLOW_TEXT_H

/* Flows and actions as ovs-ofctl's users write and read them. */

#include "lib/base/error.h"
#include "lib/openflow/flow_mod.h"
#include "lib/openflow/ofpact.h"

struct text_names {
    const struct port_map *ports;    /* NULL: numbers. */
    const struct port_map *tables;   /* Table names by number; NULL. */
};

/* Reads a table's number (0 to 255), or its name. */
struct error *table_parse(const char *text, const struct text_names *,
                          uint8_t *ret) MUST_USE;

/* Words of actions, by number. */
extern const char *const hash_field_names[];      /* enum hash_fields. */
extern const char *const multipath_names[];       /* multipath_algorithm. */
extern const char *const bundle_names[];          /* bundle_algorithm. */

/* Parses "ACTION,ACTION..." and appends to 'out'.  Takes from
 * '*usable_protocols' (which starts as OFP_PROTO_ANY or less; may be NULL)
 * those that cannot carry them. */
struct error *ofpacts_parse_actions(const char *text,
                                    const struct text_names *,
                                    struct buf *out,
                                    uint32_t *usable_protocols) MUST_USE;

/* Likewise with instructions: meter, write_actions, goto_table, ... */
struct error *ofpacts_parse_instructions(const char *text,
                                         const struct text_names *,
                                         struct buf *out,
                                         uint32_t *usable_protocols) MUST_USE;

/* Prints "actions" lists ("drop" if empty), without the "actions=". */
void ofpacts_format(const struct ofpact *, size_t size,
                    const struct text_names *, struct str *);

/* Parses a flow: match, priority, table, cookie, timeouts, flags, actions.
 * 'command' -1: the text starts with the command's word ("add ", "modify ",
 * ...; none is add).  Actions go to 'ofpacts', which it clears first. */
struct error *flow_mod_parse(struct flow_mod *, const char *text, int command,
                             const struct text_names *, struct buf *ofpacts,
                             uint32_t *usable_protocols) MUST_USE;

/* Parses what dump-flows and dump-aggregate take. */
struct error *flow_stats_request_parse(struct flow_stats_request *,
                                       const char *text, bool aggregate,
                                       const struct text_names *,
                                       uint32_t *usable_protocols) MUST_USE;

/* Parses what monitor's watch: takes. */
struct error *flow_monitor_request_parse(struct flow_monitor_request *,
                                         const char *text,
                                         const struct text_names *,
                                         uint32_t *usable_protocols) MUST_USE;

/* One line of dump-flows, without a newline.  'show_stats' false leaves out
 * cookie, duration and counters. */
void flow_stats_format(const struct flow_stats *, const struct text_names *,
                       bool show_stats, struct str *);

/* "1.5s", "20.125s": the form of durations. */
void flow_duration_format(uint32_t sec, uint32_t nsec, struct str *);

/* The words of FLOW_F_* flags, each followed by a blank. */
void flow_flags_format(uint16_t flags, struct str *);

#endif /* openflow/flow_text.h */
