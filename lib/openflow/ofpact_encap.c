/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/ofpact_encap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/flow/kv.h"
#include "lib/openflow/ofpact_decode.h"
#include "lib/openflow/ofpact_encode.h"
#include "lib/openflow/ofpact_parse.h"

/* encap and decap, on the wire and as text: what headers there are, and their
 * properties. */

static const struct encap_header {
    const char *name;
    uint32_t packet_type;
} headers[] = {
    { "ethernet", PACKET_TYPE_ETH },
    { "nsh", PACKET_TYPE_NSH },
    { "mpls", PACKET_TYPE_MPLS },
    { "mpls_mc", PACKET_TYPE_MPLS_MC },
};

static const struct encap_header *
find_header(uint32_t packet_type)
{
    for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
        if (headers[i].packet_type == packet_type) {
            return &headers[i];
        }
    }
    return NULL;
}

/* Appends a property with room for 'size' bytes of data; the returned pointer
 * is good until the next append. */
static struct encap_property *
put_property(struct buf *b, enum encap_property_type type, uint8_t value,
             size_t size)
{
    size_t ofs = b->size;
    struct encap_property *p;

    buf_put_zeros(b, sizeof *p + ROUND_UP(size, 8));
    p = buf_at(b, ofs);
    p->type = type;
    p->value = value;
    p->size = size;
    return p;
}

/* From the wire. */

static enum ofperr
read_tlv(struct decoder *d, struct reader *r, size_t length)
{
    uint16_t tlv_class = reader_u16(r);
    uint8_t type = reader_u8(r);
    uint8_t size = reader_u8(r);
    struct encap_property *p;

    if (r->is_bad || length != 8 + ROUND_UP((size_t) size, 8)
        || size > r->left) {
        return NXBAC_BAD_ED_PROP;
    }
    p = put_property(d->out, ENCAP_NSH_TLV, type, size);
    p->tlv_class = htons(tlv_class);
    memcpy(p->data, r->p, size);
    return 0;
}

static enum ofperr
read_property(struct decoder *d, struct reader *r)
{
    uint16_t class = reader_u16(r);
    uint8_t type = reader_u8(r);
    uint8_t length = reader_u8(r);
    struct reader body;

    if (r->is_bad || length < 4) {
        return OFPBAC_BAD_LEN;
    }
    body = reader_sub(r, ROUND_UP((size_t) length, 8) - 4);
    if (body.is_bad) {
        return OFPBAC_BAD_LEN;
    }
    if (class == OFPPPC_NSH && type == OFPPPT_PROP_NSH_TLV) {
        return read_tlv(d, &body, length);
    }
    if (class != OFPPPC_NSH || type != OFPPPT_PROP_NSH_MDTYPE) {
        return NXBAC_UNKNOWN_ED_PROP;
    }
    if (length > 8) {
        return NXBAC_BAD_ED_PROP;
    }
    put_property(d->out, ENCAP_NSH_MD_TYPE, reader_u8(&body), 0);
    return 0;
}

static enum ofperr
read_encap(struct decoder *d, struct reader *r)
{
    size_t ofs = d->out->size;
    struct ofpact_encap *a = ofpact_put_ENCAP(d->out);
    enum ofperr error = 0;

    a->header_size = reader_u16(r);
    a->packet_type = reader_u32(r);
    if (!find_header(a->packet_type)) {
        return NXBAC_BAD_HEADER_TYPE;
    }
    while (!error && r->left) {
        error = read_property(d, r);
    }
    ofpact_finish(d->out, ofs);
    return error;
}

static enum ofperr
read_decap(struct decoder *d, struct reader *r)
{
    reader_skip(r, 2);
    ofpact_put_DECAP(d->out)->packet_type = reader_u32(r);
    return 0;
}

static const struct action_row rows_nx[] = {
    [NXAST_ENCAP] = { 6, ANY, read_encap },
    [NXAST_DECAP] = { 6, 6, read_decap },
};

const struct action_rows decode_encap_rows[N_ACTIONS] = {
    [ACTIONS_NX] = { rows_nx, ARRAY_SIZE(rows_nx) },
};

/* To the wire. */

static void
write_property(struct buf *b, const struct encap_property *p)
{
    bool is_tlv = p->type == ENCAP_NSH_TLV;
    size_t ofs;

    buf_put_u16(b, OFPPPC_NSH);
    buf_put_u8(b, is_tlv ? OFPPPT_PROP_NSH_TLV : OFPPPT_PROP_NSH_MDTYPE);
    if (!is_tlv) {
        buf_put_u8(b, 5);
        buf_put_u8(b, p->value);
        buf_put_zeros(b, 3);
        return;
    }
    buf_put_u8(b, 8 + ROUND_UP(p->size, 8));
    buf_put_u16(b, ntohs(p->tlv_class));
    buf_put_u8(b, p->value);
    buf_put_u8(b, p->size);
    ofs = b->size;
    buf_put(b, p->data, p->size);
    buf_pad(b, ofs, 8);
}

void
encode_ENCAP(struct buf *b, const struct ofpact *a_, uint8_t version UNUSED)
{
    const struct ofpact_encap *a = ofpact_get_ENCAP(a_);
    size_t ofs = start_nx(b, NXAST_ENCAP);
    const struct encap_property *p;

    buf_put_u16(b, a->header_size);
    buf_put_u32(b, a->packet_type);
    ENCAP_PROPERTY_FOR_EACH (p, a) {
        write_property(b, p);
    }
    finish_action(b, ofs);
}

void
encode_DECAP(struct buf *b, const struct ofpact *a, uint8_t version UNUSED)
{
    size_t ofs = start_nx(b, NXAST_DECAP);

    buf_put_u16(b, 0);
    buf_put_u32(b, ofpact_get_DECAP(a)->packet_type);
    finish_action(b, ofs);
}

/* From text. */

/* Most bytes of a TLV: more do not fit into a property. */
#define MAX_TLV_SIZE 240

static struct error *
parse_md_type(struct parser *p, const char *value)
{
    uint8_t md_type;
    struct error *error = read_u8(value, "md_type", &md_type);

    if (error) {
        return error;
    }
    if (md_type != 1 && md_type != 2) {
        return error_create(EINVAL, "invalid md_type");
    }
    put_property(p->out, ENCAP_NSH_MD_TYPE, md_type, 0);
    return NULL;
}

/* "0x1000,10,0x12345678": pairs of hex digits; an odd one is left out. */
static struct error *
parse_tlv(struct parser *p, const char *value)
{
    unsigned int class, type;
    int n = 0;
    const char *digits = value;
    uint8_t data[MAX_TLV_SIZE];
    size_t size = 0;
    struct encap_property *property;

    if (sscanf(value, "0x%4x,%3u,%n", &class, &type, &n) == 2 && n) {
        digits = value + n;
    }
    if (!n || type > UINT8_MAX || !text_starts_with(digits, "0x")
        || text_hex_digit(digits[2]) < 0) {
        return error_create(EINVAL, "Invalid NSH TLV header: %s", value);
    }
    for (digits += 2; size < sizeof data && text_hex_digit(digits[0]) >= 0
         && text_hex_digit(digits[1]) >= 0; digits += 2) {
        data[size++] = text_hex_digit(digits[0]) << 4
                       | text_hex_digit(digits[1]);
    }
    property = put_property(p->out, ENCAP_NSH_TLV, type, size);
    property->tlv_class = htons(class);
    memcpy(property->data, data, size);
    return NULL;
}

static struct error *
parse_properties(struct parser *p, bool is_nsh, char *text)
{
    struct error *error = NULL;
    char *name, *value, *dst;

    while (!error && kv_next(&text, &name, &value, &dst)) {
        bool is_md_type = !strcmp(name, "md_type");

        if (!is_nsh || (!is_md_type && strcmp(name, "tlv"))) {
            error = error_create(EINVAL, "Invalid property: %s", name);
        } else if (!*value) {
            error = error_create(EINVAL, "Value missing for encap property");
        } else {
            error = is_md_type ? parse_md_type(p, value)
                               : parse_tlv(p, value);
        }
    }
    return error;
}

static struct error *
parse_encap(struct parser *p, char *arg, char *dst UNUSED)
{
    size_t ofs = p->out->size;
    struct error *error;
    char *name, *properties, *unused;

    p->usable &= OFP_PROTO_OXM_ANY;
    if (!kv_next(&arg, &name, &properties, &unused)) {
        return error_create(EINVAL, "Missing encap hdr: %s", arg);
    }
    for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
        if (!strcmp(name, headers[i].name)) {
            ofpact_put_ENCAP(p->out)->packet_type = headers[i].packet_type;
            error = parse_properties(
                p, headers[i].packet_type == PACKET_TYPE_NSH, properties);
            ofpact_finish(p->out, ofs);
            return error;
        }
    }
    return error_create(EINVAL, "Encap hdr not supported: %s", properties);
}

static struct error *
parse_packet_type(char *text, uint32_t *ret)
{
    uint16_t parts[2];
    bool has[2] = { false, false };
    char *name, *value, *unused;

    while (kv_next(&text, &name, &value, &unused)) {
        int i = !strcmp(name, "type");

        if (i || !strcmp(name, "ns")) {
            struct error *error = read_u16(value, name, &parts[i]);

            if (error) {
                return error;
            }
            has[i] = true;
        }
    }
    if (has[0] && parts[0] > PACKET_TYPE_NS_IPV4_OPTION) {
        return error_create(EINVAL, "Unsupported ns value: %u", parts[0]);
    }
    if (!has[0] || !has[1]) {
        return error_create(EINVAL, "Missing packet_type attribute %s",
                            has[0] ? "type" : "ns");
    }
    *ret = PACKET_TYPE(parts[0], parts[1]);
    return NULL;
}

static struct error *
parse_decap(struct parser *p, char *arg, char *dst UNUSED)
{
    uint32_t packet_type = PACKET_TYPE_NEXT;
    struct error *error = NULL;
    char *name, *value, *unused;

    while (!error && kv_next(&arg, &name, &value, &unused)) {
        error = (!strcmp(name, "packet_type")
                 ? parse_packet_type(value, &packet_type)
                 : error_create(EINVAL, "Invalid decap argument: %s", name));
    }
    if (!error) {
        ofpact_put_DECAP(p->out)->packet_type = packet_type;
    }
    return error;
}

const struct parse_word parse_encap_words[] = {
    { "encap", parse_encap, false, false },
    { "decap", parse_decap, false, false },
    { NULL, NULL, false, false }
};

/* To text. */

void
encap_format(const struct ofpact_encap *a, struct str *s)
{
    const struct encap_header *header = find_header(a->packet_type);
    const struct encap_property *p;
    bool any = false;

    str_printf(s, "encap(%s", header ? header->name : "unknown");
    ENCAP_PROPERTY_FOR_EACH (p, a) {
        str_put_char(s, any ? ',' : '(');
        any = true;
        if (p->type == ENCAP_NSH_MD_TYPE) {
            str_printf(s, "md_type=%u", p->value);
        } else {
            str_printf(s, "tlv(0x%04x,%u,", ntohs(p->tlv_class), p->value);
            str_put_hex_number(s, p->data, p->size);
            str_put_char(s, ')');
        }
    }
    str_put(s, any ? "))" : ")");
}

void
decap_format(const struct ofpact_decap *a, struct str *s)
{
    str_put(s, "decap(");
    if (a->packet_type != PACKET_TYPE_NEXT) {
        str_printf(s, "packet_type(ns=%u,type=%#x)", a->packet_type >> 16,
                   a->packet_type & UINT16_MAX);
    }
    str_put_char(s, ')');
}
