/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRACE_REPORT_H
#define CONTROLLER_TRACE_REPORT_H

/* What a trace saw, as a tree, and the three forms in which it is printed. */

#include "lib/base/list.h"
#include "lib/base/str.h"
#include "lib/logical/arena.h"

enum report_type {
    REPORT_PIPELINE,             /* "ingress(dp=...)": a new section. */
    REPORT_TRANSFORM,            /* "arp", "ct_next(...)": a new section. */
    REPORT_TABLE,                /* A flow that matched. */
    REPORT_ACTION,               /* An action as the flow has it. */
    REPORT_COMMENT,              /* What became of an action. */
    REPORT_OUTPUT,               /* What became of an output action. */
    REPORT_MODIFY,               /* A header field and its new value: only in
                                  * the minimal form. */
    REPORT_DELIVER,              /* Left at a port: only in the minimal
                                  * form. */
};

struct report {
    struct list node;            /* In the parent's 'subs'. */
    struct list subs;            /* struct report. */
    enum report_type type;
    bool is_trivial;             /* A table that is not worth printing. */
    uint8_t table;               /* REPORT_TABLE. */
    const char *text;
};

/* A root for a report of its own. */
struct report *report_create(struct arena *);

/* Appends to 'parent' and returns the new node, which lives in 'arena'. */
struct report *report_add(struct arena *, struct report *parent,
                          enum report_type, const char *format, ...)
    PRINTF_FORMAT(4, 5);

void report_print_detailed(const struct report *root, struct str *);
void report_print_summary(const struct report *root, struct str *);
void report_print_minimal(const struct report *root, struct str *);

#endif /* controller/trace/report.h */
