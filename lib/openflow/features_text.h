/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_FEATURES_TEXT_H
#define OPENFLOW_FEATURES_TEXT_H

/* Replies about features of groups and tables, as text. */

#include "lib/base/str.h"
#include "lib/openflow/msg.h"
#include "lib/openflow/table_msg.h"

/* Append the body of the message to 's'. */
enum ofperr group_features_format(const struct ofmsg *, struct str *s);
enum ofperr table_features_format(const struct ofmsg *, struct str *s);
enum ofperr table_features_request_format(const struct ofmsg *, struct str *s);

/* "tables FIRST...LAST: ditto", if there are any. */
void table_dittos_format(int first, int last, struct str *s);

/* Appends the lines about the fields that a table of OpenFlow 1.0 matches, whose
 * wildcards it may have. */
void table_wildcards_format(uint32_t wildcards, struct str *s);

/* The tables of a reply of several messages: those that are like the one
 * before are said in a line.  Start with the initializer, add each message,
 * finish. */
struct table_features_text {
    struct table_features shown; /* The last that was said in full, */
    bool any;                    /* if any was. */
    int first, last;             /* Since then, its like. */
};

#define TABLE_FEATURES_TEXT_INITIALIZER { .last = -1 }

enum ofperr table_features_add(struct table_features_text *,
                               const struct ofmsg *, struct str *s);
void table_features_finish(struct table_features_text *, struct str *s);

#endif /* openflow/features_text.h */
