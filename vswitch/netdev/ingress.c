/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/netdev/ingress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/netlink/attr.h"
#include "vswitch/netdev/background.h"

struct ingress_claim {
    char chain[IFNAMSIZ];        /* Empty: a program does it. */
    int link_fd;                 /* Of the program. */
};

/* A chain in a table that belongs to our netlink socket: the kernel removes it
 * when the socket is closed. */

#define CHAIN_PRIORITY (-300)    /* Of chains at an ingress: an early one. */

static int nft_fd = -1;
static char nft_table[32];
static unsigned int n_chains;

static size_t
begin_message(struct nlbuf *b, uint16_t type, uint16_t flags, uint8_t family,
              uint16_t resource)
{
    size_t ofs = b->size;
    const struct nlmsghdr h = {
        .nlmsg_type = type,
        .nlmsg_flags = NLM_F_REQUEST | flags,
    };
    const struct nfgenmsg g = {
        .nfgen_family = family,
        .version = NFNETLINK_V0,
        .res_id = htons(resource),
    };

    memcpy(nlbuf_put_raw(b, sizeof h), &h, sizeof h);
    memcpy(nlbuf_put_raw(b, sizeof g), &g, sizeof g);
    return ofs;
}

static void
end_message(struct nlbuf *b, size_t ofs)
{
    struct nlmsghdr *h = (void *) (b->data + ofs);

    h->nlmsg_len = b->size - ofs;
}

static size_t
begin_nft(struct nlbuf *b, unsigned int type, uint16_t flags)
{
    return begin_message(b, NFNL_SUBSYS_NFTABLES << 8 | type, flags,
                         NFPROTO_NETDEV, 0);
}

static void
put_batch_mark(struct nlbuf *b, uint16_t type)
{
    end_message(b, begin_message(b, type, 0, AF_UNSPEC,
                                 NFNL_SUBSYS_NFTABLES));
}

static void
put_string(struct nlbuf *b, uint16_t type, const char *s)
{
    nlbuf_put(b, type, s, strlen(s) + 1);
}

/* Sends the batch.  The kernel has carried it out, and answered, when send()
 * returns; it answers only to what it refuses. */
static int
transact(const struct nlbuf *b)
{
    uint64_t answer[512];
    int error = 0;
    ssize_t n;

    if (send(nft_fd, b->data, b->size, 0) < 0) {
        return -errno;
    }
    while ((n = recv(nft_fd, answer, sizeof answer, MSG_DONTWAIT)) > 0) {
        const struct nlmsghdr *h = (const void *) answer;

        for (int left = n; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
            const struct nlmsgerr *e = NLMSG_DATA(h);

            if (h->nlmsg_type == NLMSG_ERROR
                && h->nlmsg_len >= NLMSG_LENGTH(sizeof *e) && !error) {
                error = e->error;
            }
        }
    }
    return error;
}

static int
open_nft(void)
{
    if (nft_fd < 0) {
        nft_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
                        NETLINK_NETFILTER);
        snprintf(nft_table, sizeof nft_table, "ovs-vswitchd-%ld",
                 (long) getpid());
    }
    return nft_fd < 0 ? -errno : 0;
}

static void
put_chain(struct nlbuf *b, const char *name)
{
    size_t message = begin_nft(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
    size_t hook;

    put_string(b, NFTA_CHAIN_TABLE, nft_table);
    put_string(b, NFTA_CHAIN_NAME, name);
    put_string(b, NFTA_CHAIN_TYPE, "filter");
    nlbuf_put_u32(b, NFTA_CHAIN_POLICY, htonl(NF_DROP));
    hook = nlbuf_begin_nested(b, NLA_F_NESTED | NFTA_CHAIN_HOOK);
    nlbuf_put_u32(b, NFTA_HOOK_HOOKNUM, htonl(NF_NETDEV_INGRESS));
    nlbuf_put_u32(b, NFTA_HOOK_PRIORITY, htonl(CHAIN_PRIORITY));
    put_string(b, NFTA_HOOK_DEV, name);
    nlbuf_end_nested(b, hook);
    end_message(b, message);
}

static int
add_chain(const char *name)
{
    uint64_t storage[128];
    struct nlbuf b;
    size_t message;
    int error = open_nft();

    if (error) {
        return error;
    }
    nlbuf_use(&b, storage, sizeof storage);
    put_batch_mark(&b, NFNL_MSG_BATCH_BEGIN);
    message = begin_nft(&b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
    put_string(&b, NFTA_TABLE_NAME, nft_table);
    nlbuf_put_u32(&b, NFTA_TABLE_FLAGS, htonl(NFT_TABLE_F_OWNER));
    end_message(&b, message);
    put_chain(&b, name);
    put_batch_mark(&b, NFNL_MSG_BATCH_END);
    error = transact(&b);
    nlbuf_uninit(&b);
    n_chains += !error;
    return error;
}

/* Deletes the chain, the last one with its table.  It may be gone, with its
 * interface. */
static void
delete_chain(const char *name)
{
    uint64_t storage[64];
    struct nlbuf b;
    size_t message;

    nlbuf_use(&b, storage, sizeof storage);
    put_batch_mark(&b, NFNL_MSG_BATCH_BEGIN);
    if (--n_chains) {
        message = begin_nft(&b, NFT_MSG_DELCHAIN, 0);
        put_string(&b, NFTA_CHAIN_TABLE, nft_table);
        put_string(&b, NFTA_CHAIN_NAME, name);
    } else {
        message = begin_nft(&b, NFT_MSG_DELTABLE, 0);
        put_string(&b, NFTA_TABLE_NAME, nft_table);
    }
    end_message(&b, message);
    put_batch_mark(&b, NFNL_MSG_BATCH_END);
    transact(&b);
    nlbuf_uninit(&b);
}

/* A program.  Since Linux 6.6; older headers lack the names. */

#define TCX_INGRESS 46
#define VERDICT_DROP 2

static int
bpf(enum bpf_cmd command, union bpf_attr *attr)
{
    int fd = syscall(SYS_bpf, command, attr, sizeof *attr);

    return fd < 0 ? -errno : fd;
}

/* return VERDICT_DROP; */
static int
load_program(void)
{
    static const struct bpf_insn program[] = {
        { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
          .imm = VERDICT_DROP },
        { .code = BPF_JMP | BPF_EXIT },
    };
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    attr.insns = (uintptr_t) program;
    attr.insn_cnt = ARRAY_SIZE(program);
    attr.license = (uintptr_t) "Apache-2.0";
    return bpf(BPF_PROG_LOAD, &attr);
}

/* Returns a file descriptor that keeps the program there. */
static int
attach_program(int ifindex)
{
    int program = load_program();
    union bpf_attr attr;
    int link;

    if (program < 0) {
        return program;
    }
    memset(&attr, 0, sizeof attr);
    attr.link_create.prog_fd = program;
    attr.link_create.target_ifindex = ifindex;
    attr.link_create.attach_type = TCX_INGRESS;
    link = bpf(BPF_LINK_CREATE, &attr);
    close(program);              /* The link holds it. */
    return link;
}

static void
close_link(void *fd)
{
    close((intptr_t) fd);
}

int
ingress_claim(const char *name, int ifindex, struct ingress_claim **ret)
{
    struct ingress_claim claim = { .link_fd = -1 };

    if (!add_chain(name)) {
        snprintf(claim.chain, sizeof claim.chain, "%s", name);
    } else {
        claim.link_fd = attach_program(ifindex);
        if (claim.link_fd < 0) {
            return claim.link_fd;
        }
    }
    *ret = xmemdup(&claim, sizeof claim);
    return 0;
}

void
ingress_release(struct ingress_claim *claim)
{
    if (claim) {
        if (claim->chain[0]) {
            delete_chain(claim->chain);
        } else {
            background_run(close_link, (void *) (intptr_t) claim->link_fd);
        }
        free(claim);
    }
}
