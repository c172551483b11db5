/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/openflow/session_msg.h"

static const struct {
    uint32_t protocol;
    uint8_t version;
    const char *name;
} protocols[] = {
    { OFP_PROTO_10, OFP10_VERSION, "OpenFlow10-table_id" },
    { OFP_PROTO_10_TID, OFP10_VERSION, "OpenFlow10+table_id" },
    { OFP_PROTO_10_NXM, OFP10_VERSION, "NXM-table_id" },
    { OFP_PROTO_10_NXM_TID, OFP10_VERSION, "NXM+table_id" },
    { OFP_PROTO_13, OFP13_VERSION, "OXM-OpenFlow13" },
    { OFP_PROTO_14, OFP14_VERSION, "OXM-OpenFlow14" },
    { OFP_PROTO_15, OFP15_VERSION, "OXM-OpenFlow15" },
};

static const struct {
    uint32_t protocols;
    const char *name;
} sets[] = {
    { OFP_PROTO_ANY, "any" },
    { OFP_PROTO_10 | OFP_PROTO_10_TID, "OpenFlow10" },
    { OFP_PROTO_10_NXM | OFP_PROTO_10_NXM_TID, "NXM" },
    { OFP_PROTO_OXM_ANY, "OXM" },
};

uint8_t
ofp_protocol_version(uint32_t protocol)
{
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (protocols[i].protocol & protocol) {
            return protocols[i].version;
        }
    }
    return 0;
}

uint32_t
ofp_protocol_from_version(uint8_t version)
{
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (protocols[i].version == version) {
            return protocols[i].protocol;
        }
    }
    return 0;
}

uint32_t
ofp_protocols_from_versions(uint32_t versions)
{
    uint32_t set = 0;

    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (versions & OFP_VERSION_BIT(protocols[i].version)) {
            set |= protocols[i].protocol;
        }
    }
    return set;
}

uint32_t
ofp_protocols_to_versions(uint32_t set)
{
    uint32_t versions = 0;

    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (set & protocols[i].protocol) {
            versions |= OFP_VERSION_BIT(protocols[i].version);
        }
    }
    return versions;
}

const char *
ofp_protocol_name(uint32_t protocol)
{
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (protocols[i].protocol == protocol) {
            return protocols[i].name;
        }
    }
    return NULL;
}

void
ofp_protocols_format(uint32_t set, struct str *s)
{
    size_t start = s->length;

    if (!set) {
        str_put(s, "none");
    }
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        if ((set & sets[i].protocols) == sets[i].protocols) {
            str_printf(s, "%s%s", s->length > start ? "," : "",
                       sets[i].name);
            set &= ~sets[i].protocols;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (set & protocols[i].protocol) {
            str_printf(s, "%s%s", s->length > start ? "," : "",
                       protocols[i].name);
        }
    }
}

static uint32_t
find_set(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (!strcasecmp(name, protocols[i].name)) {
            return protocols[i].protocol;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        if (!strcasecmp(name, sets[i].name)) {
            return sets[i].protocols;
        }
    }
    return 0;
}

struct error *
ofp_protocols_parse(const char *text, uint32_t *ret)
{
    char *copy = xstrdup(text), *rest = copy, *word;
    struct error *error = NULL;
    uint32_t set = 0;

    while (!error && (word = text_token(&rest, ", "))) {
        uint32_t p = find_set(word);

        if (!p) {
            error = error_create(EINVAL, "%s: unknown flow protocol", word);
        }
        set |= p;
    }
    if (!error && !set) {
        error = error_create(EINVAL, "%s: no flow protocol specified", text);
    }
    free(copy);
    if (!error) {
        *ret = set;
    }
    return error;
}

uint32_t
ofp_protocol_set_tid(uint32_t protocol, bool tid)
{
    switch (protocol) {
    case OFP_PROTO_10:
    case OFP_PROTO_10_TID:
        return tid ? OFP_PROTO_10_TID : OFP_PROTO_10;
    case OFP_PROTO_10_NXM:
    case OFP_PROTO_10_NXM_TID:
        return tid ? OFP_PROTO_10_NXM_TID : OFP_PROTO_10_NXM;
    default:
        return protocol;
    }
}

struct buf *
ofp_protocol_step(uint32_t current, uint32_t want, uint32_t *next)
{
    uint32_t nxm = OFP_PROTO_10_NXM | OFP_PROTO_10_NXM_TID;
    bool tid = current & OFP_PROTO_TID;

    if (current == want || !(current & OFP_PROTO_10_ANY)
        || !(want & OFP_PROTO_10_ANY)) {
        return NULL;
    }
    if (!(current & nxm) != !(want & nxm)) {
        bool to_nxm = want & nxm;

        *next = ofp_protocol_set_tid(to_nxm ? OFP_PROTO_10_NXM
                                     : OFP_PROTO_10, tid);
        return set_flow_format_encode(to_nxm);
    }
    *next = want;
    return flow_mod_table_id_encode(!tid);
}
