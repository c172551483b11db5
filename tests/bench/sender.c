/* SPDX-License-Identifier: Apache-2.0 */
/* Sends 60-byte UDP frames from an AF_PACKET socket as fast as it goes: through
 * a ring that it shares with the kernel (packet(7), PACKET_TX_RING), since a
 * message header for each frame makes the sender slower than some switches.
 *
 * usage: sender DEVICE DST-MAC SRC-MAC DST-IP SRC-IP FLOWS SECONDS
 *
 * FLOWS pairs of source and destination ports take turns, those of 60000 source
 * ports and the next destination port after 2000 in order.  Prints how many
 * frames were sent. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define SLOT_SIZE 256
#define N_SLOTS 1024
#define RING_SIZE (SLOT_SIZE * N_SLOTS)
#define DATA_OFFSET (TPACKET2_HDRLEN - sizeof(struct sockaddr_ll))
#define FIRST_PORT 1024
#define N_PORTS 60000
#define FIRST_DST_PORT 2000
#define N_DST_PORTS 100

struct frame {
    struct ethhdr eth;
    struct iphdr ip;
    struct udphdr udp;
    char payload[60 - sizeof(struct ethhdr) - sizeof(struct iphdr)
                 - sizeof(struct udphdr)];
} __attribute__((packed));

static void
fail(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t
now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

static void
parse_mac(const char *text, unsigned char mac[ETH_ALEN])
{
    if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1],
               &mac[2], &mac[3], &mac[4], &mac[5]) != ETH_ALEN) {
        fprintf(stderr, "%s: not an Ethernet address\n", text);
        exit(2);
    }
}

static uint32_t
parse_ip(const char *text)
{
    struct in_addr addr;

    if (inet_pton(AF_INET, text, &addr) != 1) {
        fprintf(stderr, "%s: not an IPv4 address\n", text);
        exit(2);
    }
    return addr.s_addr;
}

static uint16_t
header_checksum(const void *ip)
{
    uint16_t words[sizeof(struct iphdr) / 2];
    uint32_t sum = 0;

    memcpy(words, ip, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        sum += words[i];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return ~(sum + (sum >> 16));
}

static void
compose(struct frame *f, char *argv[])
{
    memset(f, 0, sizeof *f);
    parse_mac(argv[2], f->eth.h_dest);
    parse_mac(argv[3], f->eth.h_source);
    f->eth.h_proto = htons(ETH_P_IP);
    f->ip.version = 4;
    f->ip.ihl = sizeof f->ip / 4;
    f->ip.tot_len = htons(sizeof *f - sizeof f->eth);
    f->ip.ttl = 64;
    f->ip.protocol = IPPROTO_UDP;
    f->ip.daddr = parse_ip(argv[4]);
    f->ip.saddr = parse_ip(argv[5]);
    f->ip.check = header_checksum(&f->ip);
    f->udp.dest = htons(FIRST_DST_PORT);
    f->udp.len = htons(sizeof *f - sizeof f->eth - sizeof f->ip);
}

/* What is in a slot of the ring after the kernel's header. */
struct contents {
    struct virtio_net_hdr vnet;
    struct frame frame;
} __attribute__((packed));

static void
set_option(int fd, int level, int option, int value)
{
    if (setsockopt(fd, level, option, &value, sizeof value)) {
        fail("setsockopt");
    }
}

static int
open_device(const char *name, unsigned char **ring)
{
    struct sockaddr_ll sll = { .sll_family = AF_PACKET,
                               .sll_ifindex = if_nametoindex(name) };
    struct tpacket_req req = { .tp_block_size = RING_SIZE, .tp_block_nr = 1,
                               .tp_frame_size = SLOT_SIZE,
                               .tp_frame_nr = N_SLOTS };
    int fd = socket(AF_PACKET, SOCK_RAW, 0);

    if (fd < 0 || !sll.sll_ifindex
        || bind(fd, (struct sockaddr *) &sll, sizeof sll)) {
        fail(name);
    }
    set_option(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
    set_option(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
    set_option(fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
    set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20);
    if (setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &req, sizeof req)) {
        fail("PACKET_TX_RING");
    }
    *ring = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*ring == MAP_FAILED) {
        fail("mmap");
    }
    return fd;
}

/* Fills up to a batch of free slots from '*slot' on, the frames of the next
 * flows from '*turn' on; returns how many. */
static int
fill(unsigned char *ring, const struct frame *frame, unsigned int n_flows,
     unsigned int *slot, uint64_t *turn)
{
    int n;

    for (n = 0; n < BATCH; n++) {
        struct tpacket2_hdr *h = (void *) (ring + *slot % N_SLOTS
                                           * SLOT_SIZE);
        struct contents *c = (void *) ((unsigned char *) h + DATA_OFFSET);
        uint64_t flow = *turn % n_flows;

        if (__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE)
            != TP_STATUS_AVAILABLE) {
            break;
        }
        /* All header: the kernel copies it all, and does not refer to a slot
         * that has another frame by the time somebody looks. */
        c->vnet = (struct virtio_net_hdr) { .hdr_len = sizeof c->frame };
        c->frame = *frame;
        c->frame.udp.source = htons(FIRST_PORT + flow % N_PORTS);
        c->frame.udp.dest = htons(FIRST_DST_PORT + flow / N_PORTS);
        h->tp_len = sizeof *c;
        __atomic_store_n(&h->tp_status, TP_STATUS_SEND_REQUEST,
                         __ATOMIC_RELEASE);
        ++*slot;
        ++*turn;
    }
    return n;
}

int
main(int argc, char *argv[])
{
    uint64_t turn = 0;
    unsigned int n_flows, slot = 0;
    struct frame frame;
    unsigned char *ring;
    int64_t end;
    int fd;

    if (argc != 8) {
        fprintf(stderr, "usage: %s DEVICE DST-MAC SRC-MAC DST-IP SRC-IP "
                "FLOWS SECONDS\n", argv[0]);
        return 2;
    }
    n_flows = atoi(argv[6]);
    if (!n_flows || n_flows > N_PORTS * N_DST_PORTS) {
        fprintf(stderr, "%s: not 1...%d flows\n", argv[6],
                N_PORTS * N_DST_PORTS);
        return 2;
    }
    compose(&frame, argv);
    fd = open_device(argv[1], &ring);
    for (end = now_ms() + atoi(argv[7]) * INT64_C(1000); now_ms() < end; ) {
        fill(ring, &frame, n_flows, &slot, &turn);
        /* What it does not take now stays in the ring. */
        if (send(fd, NULL, 0, MSG_DONTWAIT) < 0 && errno != ENOBUFS
            && errno != EAGAIN && errno != EINTR) {
            fail("send");
        }
    }
    printf("%llu\n", (unsigned long long) turn);
    return 0;
}
