/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_PCAP_H
#define PACKET_PCAP_H

/* Capture files in the classic pcap format, Ethernet link type. */

#include "lib/base/error.h"
#include "lib/packet/packet.h"

struct pcap_file;

/* Opens 'name' for reading; writing starts an empty file, appending continues
 * one (or starts it).  pcap_close() ends it (NULL is fine). */
struct error *pcap_open_read(const char *name, struct pcap_file **) MUST_USE;
struct error *pcap_open_write(const char *name, struct pcap_file **) MUST_USE;
struct error *pcap_open_append(const char *name, struct pcap_file **) MUST_USE;
void pcap_close(struct pcap_file *);

/* Stores the next packet, for packet_free(), in '*packet', and its time (ns
 * since 1970) in '*when_ns' if not NULL.  0, -ENODATA at the end, -EPROTO for
 * a malformed file, or another negative errno value. */
int pcap_read(struct pcap_file *, struct packet **packet, int64_t *when_ns);

/* Writes 'packet' with time 'when_ns', and flushes. */
int pcap_write(struct pcap_file *, const struct packet *, int64_t when_ns);

#endif /* packet/pcap.h */
