/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_PRINT_H
#define OPENFLOW_PRINT_H

/* Messages as text, the way ovs-ofctl prints them. */

#include "lib/base/str.h"
#include "lib/openflow/flow_text.h"

/* Appends the message of 'size' bytes at 'data', ending in a newline.
 * 'verbosity' 0 is short; 1 the usual; 2 adds packets; 3 hex dumps. */
void ofp_print(struct str *, const void *data, size_t size,
               const struct text_names *, int verbosity);

/* A hex dump as in "00000000  01 0e ..." */
void hex_dump(struct str *, const void *, size_t size, size_t offset,
              bool ascii);

#endif /* openflow/print.h */
