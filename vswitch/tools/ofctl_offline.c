/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/daemon.h"
#include "lib/flow/kv.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/print.h"
#include "lib/openflow/protocol.h"
#include "lib/openflow/session_msg.h"
#include "vswitch/tools/ofctl.h"
#include "vswitch/tools/ofctl_lines.h"

/* Commands that need no switch: they show what the parsers and the codec make
 * of their input. */

char *
ofctl_read_file(const char *name)
{
    FILE *f = strcmp(name, "-") ? fopen(name, "r") : stdin;
    struct str s = STR_EMPTY;
    char chunk[4096];
    size_t n;

    if (!f) {
        program_check(error_from_errno(errno, "%s: open", name));
    }
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        str_put_bytes(&s, chunk, n);
    }
    if (f != stdin) {
        fclose(f);
    }
    return s.string ? str_steal(&s) : xstrdup("");
}

bool
ofctl_read_hex(const char *text, struct buf *out)
{
    for (const char *s = text; *s; ) {
        if (text_hex_digit(s[0]) >= 0 && text_hex_digit(s[1]) >= 0) {
            buf_put_u8(out, text_hex_digit(s[0]) << 4
                       | text_hex_digit(s[1]));
            s += 2;
        } else if (*s == ' ' || *s == '-' || *s == '.') {
            s++;
        } else {
            return false;
        }
    }
    return true;
}

static void
read_hex(const char *text, struct buf *out)
{
    if (!ofctl_read_hex(text, out)) {
        program_fatal("%s: not hex digits", text);
    }
}

static void
print_message(const void *data, size_t size, int verbosity)
{
    struct str s = STR_EMPTY;

    ofp_print(&s, data, size, NULL, verbosity);
    fputs(str_cstr(&s), stdout);
    str_uninit(&s);
}

static void
cmd_ofp_print(int argc, char *argv[])
{
    struct buf b = BUF_EMPTY;
    int verbosity = 2;

    if (argc > 2 && !text_to_int(argv[2], 10, &verbosity)) {
        program_fatal("%s: not a verbosity", argv[2]);
    }
    read_hex(argv[1], &b);
    print_message(b.data, b.size, verbosity);
    buf_uninit(&b);
}

static void
cmd_ofp_parse(int argc, char *argv[])
{
    FILE *f = strcmp(argv[1], "-") ? fopen(argv[1], "r") : stdin;
    uint8_t data[UINT16_MAX];

    if (!f) {
        program_check(error_from_errno(errno, "%s: open", argv[1]));
    }
    while (fread(data, 1, OFP_HEADER_SIZE, f) == OFP_HEADER_SIZE) {
        size_t length = ofmsg_length(data);

        if (length < OFP_HEADER_SIZE) {
            program_fatal("%s: message is too short for OpenFlow", argv[1]);
        }
        if (fread(data + OFP_HEADER_SIZE, 1, length - OFP_HEADER_SIZE, f)
            != length - OFP_HEADER_SIZE) {
            program_fatal("%s: unexpected end of file mid-message", argv[1]);
        }
        print_message(data, length, ofctl.verbosity + 2);
    }
    if (f != stdin) {
        fclose(f);
    }
}

/* The protocol to show what was parsed in: the lowest of those that the
 * options allow and that can carry it. */
static uint32_t
choose(uint32_t usable)
{
    uint32_t allowed = (usable & ofctl.protocols
                        & ofp_protocols_from_versions(ofctl.versions));
    struct str s = STR_EMPTY;

    ofp_protocols_format(usable, &s);
    printf("usable protocols: %s\n", str_cstr(&s));
    str_uninit(&s);
    if (!allowed) {
        program_fatal("no usable protocol");
    }
    return allowed & -allowed;
}

struct parsed_flow {
    struct flow_mod fm;
    struct buf ofpacts;
};
typedef VEC(struct parsed_flow *) parsed_flows;

static struct error *
parse_flow(const char *text, parsed_flows *flows, uint32_t *usable)
{
    struct parsed_flow *flow = xzalloc(sizeof *flow);

    vec_push(flows, flow);
    return flow_mod_parse(&flow->fm, text, FLOW_MOD_ADD, NULL,
                          &flow->ofpacts, usable);
}

/* Prints the flows as messages of one protocol, and frees them. */
static void
print_flows(parsed_flows *flows, uint32_t usable)
{
    uint32_t protocol = choose(usable);

    printf("chosen protocol: %s\n", ofp_protocol_name(protocol));
    VEC_FOR_EACH (p, flows) {
        struct buf *b = buf_create(256);

        flow_mod_put(b, &(*p)->fm, protocol, ofmsg_alloc_xid());
        print_message(b->data, b->size, ofctl.verbosity);
        buf_destroy(b);
        buf_uninit(&(*p)->ofpacts);
        free(*p);
    }
    vec_uninit(flows);
}

static void
cmd_parse_flow(int argc, char *argv[])
{
    parsed_flows flows = VEC_EMPTY;
    uint32_t usable = OFP_PROTO_ANY;

    program_check(parse_flow(argv[1], &flows, &usable));
    print_flows(&flows, usable);
}

static void
cmd_parse_flows(int argc, char *argv[])
{
    parsed_flows flows = VEC_EMPTY;
    uint32_t usable = OFP_PROTO_ANY;
    struct ofctl_lines lines;
    char *line;

    ofctl_lines_open(&lines, argv[1]);
    while ((line = ofctl_lines_next(&lines))) {
        ofctl_lines_check(&lines, parse_flow(line, &flows, &usable));
    }
    ofctl_lines_close(&lines);
    print_flows(&flows, usable);
}

static void
cmd_parse_group(int argc, char *argv[])
{
    uint32_t usable = OFP_PROTO_ANY;
    struct group_mod gm;
    uint8_t version;
    struct buf *b;

    program_check(group_mod_parse(&gm, argv[1], GROUP_MOD_ADD, NULL,
                                  &usable));
    version = ofp_protocol_version(choose(usable));
    printf("chosen version: %s\n", ofp_version_name(version));
    b = group_mod_encode(&gm, version);
    print_message(b->data, b->size, ofctl.verbosity);
    buf_destroy(b);
    group_mod_uninit(&gm);
}

/* Reads lines of hex on standard input and prints the actions in them. */
static void
parse_actions(const char *version_name, bool instructions)
{
    uint32_t versions;
    char *text, *rest, *line;
    uint8_t version;

    program_check(ofp_versions_parse(version_name, &versions));
    version = versions ? __builtin_ctz(versions) : OFP10_VERSION;
    rest = text = ofctl_read_file("-");
    while ((line = text_token(&rest, "\r\n"))) {
        struct buf wire = BUF_EMPTY, acts = BUF_EMPTY;
        struct str s = STR_EMPTY;
        enum ofperr error;

        line[strcspn(line, "#")] = '\0';
        if (!line[strspn(line, " \t")]) {
            continue;
        }
        read_hex(line, &wire);
        error = (instructions
                 ? ofpacts_decode_instructions(wire.data, wire.size, version,
                                               &ofp_decode_default, &acts)
                 : ofpacts_decode(wire.data, wire.size, version,
                                  &ofp_decode_default, &acts));
        if (error) {
            printf("bad OpenFlow%02d %s: %s\n\n", version + 9,
                   instructions ? "instructions" : "actions",
                   ofperr_name(error));
        } else {
            ofpacts_format((const void *) acts.data, acts.size, NULL, &s);
            printf("actions=%s\n", str_cstr(&s));
        }
        str_uninit(&s);
        buf_uninit(&wire);
        buf_uninit(&acts);
    }
    free(text);
}

static void
cmd_parse_actions(int argc, char *argv[])
{
    parse_actions(argv[1], false);
}

static void
cmd_parse_instructions(int argc, char *argv[])
{
    parse_actions(argv[1], true);
}

/* Text of OXM or NXM entries to the wire and back. */
static void
parse_oxm_lines(uint8_t version)
{
    char *text = ofctl_read_file("-"), *rest = text, *line;

    while ((line = text_token(&rest, "\r\n"))) {
        struct buf wire = BUF_EMPTY, again = BUF_EMPTY;
        struct str s = STR_EMPTY;
        struct match match;
        be64 cookie, mask;
        enum ofperr error;

        line[strcspn(line, "#")] = '\0';
        if (!line[strspn(line, " \t")]) {
            continue;
        }
        program_check(oxm_parse(line, &wire));
        error = oxm_decode(wire.data, wire.size, &ofp_decode_default, &match,
                           &cookie, &mask);
        if (error) {
            printf("nx_pull_match() returned error %s\n",
                   ofperr_name(error));
        } else {
            oxm_encode(&again, &match, version, cookie, mask);
            oxm_format(again.data, again.size, &s);
            puts(str_cstr(&s));
        }
        str_uninit(&s);
        buf_uninit(&wire);
        buf_uninit(&again);
    }
    free(text);
}

static void
cmd_parse_nxm(int argc, char *argv[])
{
    parse_oxm_lines(0);
}

static void
cmd_parse_oxm(int argc, char *argv[])
{
    uint32_t versions;

    program_check(ofp_versions_parse(argv[1], &versions));
    if (!(versions & ~OFP_VERSION_BIT(OFP10_VERSION))) {
        program_fatal("%s: not a valid version for OXM", argv[1]);
    }
    parse_oxm_lines(__builtin_ctz(versions));
}

static void
cmd_parse_key_value(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++) {
        char *s = argv[i], *key, *value, *dst;
        bool first = true;

        while (kv_next(&s, &key, &value, &dst)) {
            printf("%s%s", first ? "" : ", ", key);
            if (*value) {
                printf("=%s", value);
            }
            if (dst) {
                printf(")->%s", dst);
            }
            first = false;
        }
        putchar('\n');
    }
}

static void
cmd_print_error(int argc, char *argv[])
{
    enum ofperr error = ofperr_from_name(argv[1]);

    if (!error) {
        program_fatal("unknown error \"%s\"", argv[1]);
    }
    for (int version = OFP10_VERSION; version <= OFP15_VERSION; version++) {
        struct ofperr_code code;

        if (ofperr_to_code(error, version, &code)) {
            printf("OpenFlow 1.%d: vendor %#x, type %u, code %u\n",
                   version - 1, code.vendor, code.type, code.code);
        } else {
            printf("OpenFlow 1.%d: vendor 0, type -1, code -1\n",
                   version - 1);
        }
    }
}

static void
dump(const struct buf *b)
{
    struct str s = STR_EMPTY;

    hex_dump(&s, b->data, b->size, 0, false);
    fputs(str_cstr(&s), stdout);
    str_uninit(&s);
}

static void
cmd_encode_error_reply(int argc, char *argv[])
{
    enum ofperr error = ofperr_from_name(argv[1]);
    struct buf request = BUF_EMPTY;
    struct buf *b;

    if (!error) {
        program_fatal("unknown error \"%s\"", argv[1]);
    }
    read_hex(argv[2], &request);
    if (request.size < OFP_HEADER_SIZE) {
        program_fatal("reply is too short");
    }
    b = error_msg_reply(error, request.data, request.size);
    dump(b);
    buf_destroy(b);
    buf_uninit(&request);
}

static void
cmd_encode_hello(int argc, char *argv[])
{
    uint64_t versions;
    struct buf *b;

    if (!text_to_u64(argv[1], 0, &versions) || versions > UINT32_MAX
        || !versions) {
        program_fatal("%s: not a bitmap of versions", argv[1]);
    }
    b = hello_encode(versions);
    dump(b);
    print_message(b->data, b->size, 0);
    buf_destroy(b);
}

const struct command ofctl_offline_commands[] = {
    { "ofp-print", "HEX [VERBOSITY]", 1, 2, cmd_ofp_print },
    { "ofp-parse", "FILE", 1, 1, cmd_ofp_parse },
    { "parse-flow", "FLOW", 1, 1, cmd_parse_flow },
    { "parse-flows", "FILE", 1, 1, cmd_parse_flows },
    { "parse-group", "GROUP", 1, 1, cmd_parse_group },
    { "parse-actions", "VERSION", 1, 1, cmd_parse_actions },
    { "parse-instructions", "VERSION", 1, 1, cmd_parse_instructions },
    { "parse-nx-match", "", 0, 0, cmd_parse_nxm },
    { "parse-nxm", "", 0, 0, cmd_parse_nxm },
    { "parse-oxm", "VERSION", 1, 1, cmd_parse_oxm },
    { "parse-key-value", "STRING...", 1, 99, cmd_parse_key_value },
    { "print-error", "ERROR", 1, 1, cmd_print_error },
    { "encode-error-reply", "ERROR REQUEST", 2, 2, cmd_encode_error_reply },
    { "encode-hello", "BITMAP", 1, 1, cmd_encode_hello },
    { NULL, NULL, 0, 0, NULL }
};
