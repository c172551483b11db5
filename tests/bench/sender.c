/* SPDX-License-Identifier: Apache-2.0 */
/* Sends 60-byte UDP frames from an AF_PACKET socket as fast as it goes.
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
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
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

static int
open_device(const char *name)
{
    struct sockaddr_ll sll = { .sll_family = AF_PACKET,
                               .sll_ifindex = if_nametoindex(name) };
    int size = 8 << 20, one = 1;
    int fd = socket(AF_PACKET, SOCK_RAW, 0);

    if (fd < 0 || !sll.sll_ifindex
        || bind(fd, (struct sockaddr *) &sll, sizeof sll)) {
        fail(name);
    }
    if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one)
        || setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size)) {
        fail("setsockopt");
    }
    return fd;
}

int
main(int argc, char *argv[])
{
    static struct frame frames[BATCH];
    struct iovec iovs[BATCH];
    struct mmsghdr msgs[BATCH];
    uint64_t n_sent = 0, turn = 0;
    unsigned int n_flows;
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
    memset(msgs, 0, sizeof msgs);
    for (size_t i = 0; i < BATCH; i++) {
        compose(&frames[i], argv);
        iovs[i] = (struct iovec) { &frames[i], sizeof frames[i] };
        msgs[i].msg_hdr.msg_iov = &iovs[i];
        msgs[i].msg_hdr.msg_iovlen = 1;
    }
    fd = open_device(argv[1]);
    for (end = now_ms() + atoi(argv[7]) * INT64_C(1000); now_ms() < end; ) {
        int n;

        for (size_t i = 0; i < BATCH; i++) {
            uint64_t flow = turn++ % n_flows;

            frames[i].udp.source = htons(FIRST_PORT + flow % N_PORTS);
            frames[i].udp.dest = htons(FIRST_DST_PORT + flow / N_PORTS);
        }
        n = sendmmsg(fd, msgs, BATCH, 0);
        if (n > 0) {
            n_sent += n;
        } else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
            fail("sendmmsg");
        }
    }
    printf("%llu\n", (unsigned long long) n_sent);
    return 0;
}
