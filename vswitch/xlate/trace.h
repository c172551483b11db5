/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XLATE_TRACE_H
#define XLATE_TRACE_H

/* An account of a translation, as a tree: bridges have tables, tables have a
 * rule's actions, an action that leads to another table has that.  Printed, a
 * line that ends its level continues without indentation, so that a pipeline
 * of twenty tables does not wander off to the right. */

#include "lib/base/list.h"
#include "lib/base/str.h"
#include "lib/flow/flow.h"

enum trace_type {
    TRACE_ROOT,
    TRACE_BRIDGE,
    TRACE_TABLE,
    TRACE_THAW,
    TRACE_BUCKET,
    TRACE_ACTION,
    TRACE_DETAIL,                /* " -> ..." */
    TRACE_WARNING,               /* " >> ..." */
    TRACE_ERROR,                 /* " >>>> ... <<<<" */
};

/* A recirculation to follow. */
struct trace_recirc {
    struct list node;
    uint32_t recirc_id;
    bool is_conntrack;
    struct flow flow;            /* As it will be, but for what the datapath
                                  * adds. */
};

struct trace_node {
    struct list node;            /* In the parent's 'children'. */
    enum trace_type type;
    char *text;
    struct list children;
    struct list *recircs;        /* Of the root, inherited; may be NULL. */
};

struct trace_node *trace_create_root(struct list *recircs);
void trace_destroy(struct trace_node *);

/* Adds a child and returns it; NULL in, NULL out. */
struct trace_node *trace_add(struct trace_node *parent, enum trace_type,
                             const char *format, ...) PRINTF_FORMAT(3, 4);

/* Returns the last child of 'parent', 'parent' itself if it has none. */
struct trace_node *trace_last(struct trace_node *parent);

/* Prints the children of 'root'. */
void trace_format(const struct trace_node *root, struct str *);

#endif /* xlate/trace.h */
