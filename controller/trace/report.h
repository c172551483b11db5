/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRACE_REPORT_H
#define CONTROLLER_TRACE_REPORT_H

/* What a trace saw, as a tree, and the forms in which it is printed: three for
 * people, one for programs. */

#include "lib/base/list.h"
#include "lib/base/str.h"
#include "lib/base/uuid.h"
#include "lib/logical/arena.h"

enum report_type {
    REPORT_PIPELINE,             /* "ingress(dp=...)": a new section. */
    REPORT_TRANSFORM,            /* "arp", "ct_next(...)": a new section. */
    REPORT_LOG,                  /* What log() writes, printed as a section. */
    REPORT_TABLE,                /* A flow that matched. */
    REPORT_ACTION,               /* An action as the flow has it. */
    REPORT_COMMENT,              /* What became of an action. */
    REPORT_OUTPUT,               /* What became of an output action. */
    REPORT_ERROR,                /* What cannot be or is not known: in all
                                  * forms. */
    REPORT_MODIFY,               /* A header field and its new value: only in
                                  * the minimal form. */
    REPORT_DELIVER,              /* Left at a port: only in the minimal
                                  * form. */
};

/* What a table says of itself beyond its text. */
struct report_table {
    const char *datapath;        /* Name. */
    bool is_ingress;
    const char *stage;           /* Or "". */
    struct uuid uuid;            /* Of the flow; zero if none matched. */
    const char *match;           /* NULL if none matched. */
    const char *source;          /* Likewise, and if the flow has none. */
    uint16_t priority;
};

struct report {
    struct list node;            /* In the parent's 'subs'. */
    struct list subs;            /* struct report. */
    enum report_type type;
    bool is_trivial;             /* A table that is not worth printing. */
    uint8_t table;               /* REPORT_TABLE. */
    const char *text;
    const struct report_table *of_table;    /* REPORT_TABLE, else NULL. */
};

/* A root for a report of its own. */
struct report *report_create(struct arena *);

/* Appends to 'parent' and returns the new node, which lives in 'arena'. */
struct report *report_add(struct arena *, struct report *parent,
                          enum report_type, const char *format, ...)
    PRINTF_FORMAT(4, 5);

/* A line of JSON: {"type": ..., "text": ..., "subs": [...]} nested as the
 * tree is, with more members for a table. */
void report_print_json(const struct report *root, struct str *);

void report_print_detailed(const struct report *root, struct str *);
void report_print_summary(const struct report *root, struct str *);
void report_print_minimal(const struct report *root, struct str *);

#endif /* controller/trace/report.h */
