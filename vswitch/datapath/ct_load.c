/* SPDX-License-Identifier: Apache-2.0 */
/* What connections cost: commits many through the datapath's own interface and
 * says how much CPU time that took and how much memory the process grew by.
 *
 *     ct_load [CONNECTIONS] [THREADS] [tcp|udp]
 *
 * Each thread sends packets of connections of its own, in batches as a poller
 * would: first one that is looked up and committed, then a second look at it
 * (as an established connection's packets), then a look at replies.  Prints
 * one line of JSON. */

#include <linux/openvswitch.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/text.h"
#include "lib/flow/extract.h"
#include "lib/netlink/attr.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/rcu.h"
#include "vswitch/datapath/conntrack.h"
#include "vswitch/datapath/ct_private.h"

static struct conntrack *ct;
static bool is_tcp = true;
static struct nlbuf look = NLBUF_EMPTY, commit = NLBUF_EMPTY;

struct job {
    pthread_t thread;
    uint32_t first, n;           /* Connections. */
    bool commits, is_reply;
};

static void
put_action(struct nlbuf *b, bool commits)
{
    size_t a = nlbuf_begin_nested(b, OVS_ACTION_ATTR_CT);

    nlbuf_put_u16(b, OVS_CT_ATTR_ZONE, 1);
    if (commits) {
        nlbuf_put_flag(b, OVS_CT_ATTR_COMMIT);
    }
    nlbuf_end_nested(b, a);
}

/* Writes the addresses and ports of connection 'i' into 'p': a million hosts
 * with a few ports each. */
static void
address(struct packet *p, uint32_t i, bool is_reply)
{
    struct ipv4_header *ip = packet_l3(p);
    uint8_t *l4 = packet_l4(p);
    be32 client = htonl(0x0a000000 | (i & 0xfffff)), server = htonl(1);
    be16 cport = htons(1024 + (i >> 20)), sport = htons(80);

    ip->src = is_reply ? server : client;
    ip->dst = is_reply ? client : server;
    put_be16(l4, is_reply ? sport : cport);
    put_be16(l4 + 2, is_reply ? cport : sport);
    p->flags = PACKET_F_CSUM_VALID;
    p->conn = NULL;
    p->md.ct_state = 0;
    ip->csum = 0;
    ip->csum = csum(ip, sizeof *ip);
}

static struct packet *
make_packet(bool is_reply)
{
    const struct flow flow = {
        .dl_type = htons(ETH_TYPE_IPV4),
        .nw_proto = is_tcp ? IPPROTO_TCP : IPPROTO_UDP,
        .nw_ttl = 64,
        .tcp_flags = htons(is_reply ? TCP_FLAG_SYN | TCP_FLAG_ACK
                           : TCP_FLAG_SYN),
    };
    struct packet *p = packet_alloc(PACKET_SMALL);
    struct flow own;

    flow_compose(p, &flow, 20);
    flow_extract(p, &own);
    if (is_reply && is_tcp) {
        struct tcp_header *tcp = packet_l4(p);

        tcp->ack = htonl(ntohl(tcp->seq) + 1);
    }
    return p;
}

static void *
work(void *job_)
{
    struct job *job = job_;
    struct packet_batch batch;
    int64_t now_ms = clock_ns() / 1000000;

    rcu_register_thread();
    for (uint32_t k = 0; k < PACKET_BATCH; k++) {
        batch.packets[k] = make_packet(job->is_reply);
    }
    for (uint32_t i = 0; i < job->n; i += PACKET_BATCH) {
        batch.n = MIN(PACKET_BATCH, job->n - i);
        for (uint32_t k = 0; k < batch.n; k++) {
            address(batch.packets[k], job->first + i + k, job->is_reply);
        }
        rcu_read_lock();
        conntrack_run(ct, &batch, (const void *) look.data, now_ms);
        if (job->commits) {
            conntrack_run(ct, &batch, (const void *) commit.data, now_ms);
        }
        rcu_read_unlock();
    }
    batch.n = PACKET_BATCH;
    packet_batch_free(&batch);
    rcu_unregister_thread();
    return NULL;
}

static int64_t
cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* Nanoseconds of CPU time for one packet: the same with more threads if they
 * do not wait for each other. */
static double
run_all(uint32_t n, unsigned int n_threads, bool commits, bool is_reply)
{
    struct job jobs[16];
    int64_t start_ns = cpu_ns();

    for (unsigned int i = 0; i < n_threads; i++) {
        jobs[i] = (struct job) {
            .first = n / n_threads * i, .n = n / n_threads,
            .commits = commits, .is_reply = is_reply,
        };
        pthread_create(&jobs[i].thread, NULL, work, &jobs[i]);
    }
    for (unsigned int i = 0; i < n_threads; i++) {
        pthread_join(jobs[i].thread, NULL);
    }
    return (double) (cpu_ns() - start_ns) / n;
}

static uint64_t
resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long long pages = 0;

    if (!f || fscanf(f, "%*u %llu", &pages) != 1) {
        pages = 0;
    }
    if (f) {
        fclose(f);
    }
    return pages * 4096;
}

int
main(int argc, char *argv[])
{
    unsigned int n = 2000000, n_threads = 1;
    uint64_t before, after;
    double commit_ns, look_ns, reply_ns;

    if ((argc > 1 && !text_to_uint(argv[1], 10, &n))
        || (argc > 2 && !text_to_uint(argv[2], 10, &n_threads))
        || n_threads < 1 || n_threads > 16 || n > 16u << 20) {
        fprintf(stderr, "usage: ct_load [CONNECTIONS] [THREADS] [tcp|udp]\n");
        return 1;
    }
    is_tcp = argc <= 3 || !strcmp(argv[3], "tcp");
    rcu_register_thread();
    ct = conntrack_create();
    ct->max_conns = UINT32_MAX;
    put_action(&look, false);
    put_action(&commit, true);
    before = resident_bytes();
    commit_ns = run_all(n, n_threads, true, false);
    after = resident_bytes();
    look_ns = run_all(n, n_threads, false, false);
    reply_ns = run_all(n, n_threads, false, true);
    printf("{\"connections\": %u, \"threads\": %u, \"bytes\": %llu, "
           "\"bytes_each\": %.1f, \"commit_ns\": %.0f, \"look_ns\": %.0f, "
           "\"reply_ns\": %.0f}\n", ct->n_conns, n_threads,
           (unsigned long long) (after - before),
           (double) (after - before) / MAX(ct->n_conns, 1), commit_ns,
           look_ns, reply_ns);
    conntrack_destroy(ct);
    rcu_barrier();
    nlbuf_uninit(&look);
    nlbuf_uninit(&commit);
    rcu_unregister_thread();
    return 0;
}
