/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/netdev/ingress.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/base/compiler.h"

/* Since Linux 6.6; older headers lack the names. */
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

int
ingress_claim(int ifindex)
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
