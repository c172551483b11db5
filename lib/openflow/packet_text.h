/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_PACKET_TEXT_H
#define OPENFLOW_PACKET_TEXT_H

/* A packet as a line of text. */

#include <stddef.h>

#include "lib/base/str.h"

/* Appends what the headers of the 'size' bytes of an Ethernet packet say, as a
 * flow, and its transport checksum. */
void packet_format(const void *packet, size_t size, struct str *);

#endif /* openflow/packet_text.h */
