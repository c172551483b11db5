/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/ipfix_msg.h"

#include <errno.h>
#include <string.h>

/* In the order of the wire. */
static const size_t counters[] = {
    offsetof(struct ipfix_stats, n_flows),
    offsetof(struct ipfix_stats, n_current_flows),
    offsetof(struct ipfix_stats, n_packets),
    offsetof(struct ipfix_stats, n_ipv4),
    offsetof(struct ipfix_stats, n_ipv6),
    offsetof(struct ipfix_stats, n_errors),
    offsetof(struct ipfix_stats, n_ipv4_errors),
    offsetof(struct ipfix_stats, n_ipv6_errors),
    offsetof(struct ipfix_stats, n_sent),
    offsetof(struct ipfix_stats, n_send_errors),
};

void
ipfix_stats_append(struct multipart *mp, const struct ipfix_stats *stats)
{
    struct buf *b = multipart_begin(mp);

    for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
        uint64_t x;

        memcpy(&x, (const char *) stats + counters[i], sizeof x);
        buf_put_u64(b, x);
    }
    buf_put_u32(b, stats->collector_set_id);
    buf_put_zeros(b, 4);
    multipart_end(mp);
}

int
ipfix_stats_decode(struct ipfix_stats *stats, struct reader *r)
{
    if (!r->left) {
        return -ENODATA;
    }
    for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
        uint64_t x = reader_u64(r);

        memcpy((char *) stats + counters[i], &x, sizeof x);
    }
    stats->collector_set_id = reader_u32(r);
    reader_skip(r, 4);
    return r->is_bad ? OFPBRC_BAD_LEN : 0;
}
