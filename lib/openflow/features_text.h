/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_FEATURES_TEXT_H
#define OPENFLOW_FEATURES_TEXT_H

/* Replies about features of groups and tables, as text. */

#include "lib/base/str.h"
#include "lib/openflow/msg.h"

/* Append the body of the message to 's'. */
enum ofperr group_features_format(const struct ofmsg *, struct str *s);
enum ofperr table_features_format(const struct ofmsg *, struct str *s);

#endif /* openflow/features_text.h */
