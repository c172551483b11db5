/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: OpenFlow 1.3.5 sections A.3.4.4 and A.3.5.13 ff. */
#include "lib/openflow/meter_msg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/openflow/buf.h"
#include "lib/openflow/ofperr.h"
#include "lib/openflow/protocol.h"

#define BAND_SIZE 16
#define METER_MAX_BANDS 1024

void
meter_config_uninit(struct meter_config *meter)
{
    free(meter->bands);
    meter->bands = NULL;
    meter->n_bands = 0;
}

/* Reads bands up to the end of 'r', allocated for the caller. */
static enum ofperr
read_bands(struct reader *r, uint16_t flags, uint16_t *ret_n,
           struct meter_band **ret_bands)
{
    VEC(struct meter_band) bands = VEC_EMPTY;
    enum ofperr error = 0;

    while (r->left && !error) {
        struct meter_band band = { .type = reader_u16(r) };
        uint16_t length = reader_u16(r);

        band.rate = reader_u32(r);
        band.burst_size = reader_u32(r);
        band.prec_level = reader_u8(r);
        reader_skip(r, 3);
        if (r->is_bad || length != BAND_SIZE || bands.n >= METER_MAX_BANDS) {
            error = OFPBRC_BAD_LEN;
        } else if (band.type != METER_BAND_DROP
                   && band.type != METER_BAND_DSCP_REMARK) {
            error = OFPMMFC_BAD_BAND;
        } else {
            if (band.type != METER_BAND_DSCP_REMARK) {
                band.prec_level = 0;
            }
            if (!(flags & METER_F_BURST)) {
                band.burst_size = 0;
            }
            vec_push(&bands, band);
        }
    }
    if (error) {
        vec_uninit(&bands);
        return error;
    }
    *ret_n = bands.n;
    *ret_bands = bands.items;
    return 0;
}

static void
put_bands(struct buf *b, const struct meter_config *meter)
{
    for (size_t i = 0; i < meter->n_bands; i++) {
        const struct meter_band *band = &meter->bands[i];

        buf_put_u16(b, band->type);
        buf_put_u16(b, BAND_SIZE);
        buf_put_u32(b, band->rate);
        buf_put_u32(b, band->burst_size);
        buf_put_u8(b, band->prec_level);
        buf_put_zeros(b, 3);
    }
}

enum ofperr
meter_mod_decode(struct meter_mod *mod, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    memset(mod, 0, sizeof *mod);
    mod->command = reader_u16(&r);
    mod->meter.flags = reader_u16(&r);
    mod->meter.meter_id = reader_u32(&r);
    if (r.is_bad) {
        return OFPBRC_BAD_LEN;
    }
    if (mod->command > METER_MOD_DELETE) {
        return OFPMMFC_BAD_COMMAND;
    }
    if (mod->command == METER_MOD_DELETE) {
        return 0;
    }
    if (!mod->meter.meter_id
        || (mod->meter.meter_id > METER_MAX
            && mod->meter.meter_id != METER_CONTROLLER
            && mod->meter.meter_id != METER_SLOWPATH)) {
        return OFPMMFC_INVALID_METER;
    }
    if (!!(mod->meter.flags & METER_F_KBPS)
        == !!(mod->meter.flags & METER_F_PKTPS)
        || mod->meter.flags & ~(METER_F_KBPS | METER_F_PKTPS | METER_F_BURST
                                | METER_F_STATS)) {
        return OFPMMFC_BAD_FLAGS;
    }
    return read_bands(&r, mod->meter.flags, &mod->meter.n_bands,
                      &mod->meter.bands);
}

struct buf *
meter_mod_encode(const struct meter_mod *mod, uint8_t version)
{
    struct buf *b = buf_create(64);

    ofmsg_start(b, OFMSG_METER_MOD, version, ofmsg_alloc_xid());
    buf_put_u16(b, mod->command);
    buf_put_u16(b, mod->meter.flags);
    buf_put_u32(b, mod->meter.meter_id);
    put_bands(b, &mod->meter);
    ofmsg_finish(b, 0);
    return b;
}

struct buf *
meter_request_encode(enum ofmsg_type type, uint32_t meter_id,
                     uint8_t version)
{
    struct buf *b = buf_create(64);

    ofmsg_start(b, type, version, ofmsg_alloc_xid());
    if (type != OFMSG_METER_FEATURES_REQUEST) {
        buf_put_u32(b, meter_id);
        buf_put_zeros(b, 4);
    }
    ofmsg_finish(b, 0);
    return b;
}

enum ofperr
meter_request_decode(uint32_t *ret_meter_id, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    *ret_meter_id = reader_u32(&r);
    return r.is_bad ? OFPBRC_BAD_LEN : 0;
}

void
meter_config_append(struct multipart *mp, const struct meter_config *meter)
{
    struct buf *b = multipart_begin(mp);

    buf_put_u16(b, 8 + meter->n_bands * BAND_SIZE);
    buf_put_u16(b, meter->flags);
    buf_put_u32(b, meter->meter_id);
    put_bands(b, meter);
    multipart_end(mp);
}

int
meter_config_decode(struct meter_config *meter, struct reader *r)
{
    struct reader element;
    uint16_t length;

    if (!r->left) {
        return -ENODATA;
    }
    memset(meter, 0, sizeof *meter);
    length = reader_u16(r);
    meter->flags = reader_u16(r);
    meter->meter_id = reader_u32(r);
    if (r->is_bad || length < 8) {
        return OFPBRC_BAD_LEN;
    }
    element = reader_sub(r, length - 8);
    return element.is_bad ? OFPBRC_BAD_LEN
           : read_bands(&element, METER_F_BURST, &meter->n_bands,
                        &meter->bands);
}

#define STATS_SIZE 40
#define BAND_STATS_SIZE 16

void
meter_stats_append(struct multipart *mp, const struct meter_stats *s)
{
    struct buf *b = multipart_begin(mp);

    buf_put_u32(b, s->meter_id);
    buf_put_u16(b, STATS_SIZE + s->n_bands * BAND_STATS_SIZE);
    buf_put_zeros(b, 6);
    buf_put_u32(b, s->flow_count);
    buf_put_u64(b, s->n_packets_in);
    buf_put_u64(b, s->n_bytes_in);
    buf_put_u32(b, s->duration_s);
    buf_put_u32(b, s->duration_ns);
    for (size_t i = 0; i < s->n_bands; i++) {
        buf_put_u64(b, s->bands[i].n_packets);
        buf_put_u64(b, s->bands[i].n_bytes);
    }
    multipart_end(mp);
}

int
meter_stats_decode(struct meter_stats *s, struct reader *r)
{
    uint16_t length;

    if (!r->left) {
        return -ENODATA;
    }
    memset(s, 0, sizeof *s);
    s->meter_id = reader_u32(r);
    length = reader_u16(r);
    reader_skip(r, 6);
    s->flow_count = reader_u32(r);
    s->n_packets_in = reader_u64(r);
    s->n_bytes_in = reader_u64(r);
    s->duration_s = reader_u32(r);
    s->duration_ns = reader_u32(r);
    if (r->is_bad || length < STATS_SIZE
        || (length - STATS_SIZE) % BAND_STATS_SIZE
        || length - STATS_SIZE > r->left) {
        return OFPBRC_BAD_LEN;
    }
    s->n_bands = (length - STATS_SIZE) / BAND_STATS_SIZE;
    s->bands = xcalloc(s->n_bands, sizeof *s->bands);
    for (size_t i = 0; i < s->n_bands; i++) {
        s->bands[i].n_packets = reader_u64(r);
        s->bands[i].n_bytes = reader_u64(r);
    }
    return 0;
}

struct buf *
meter_features_encode(const struct meter_features *f,
                      const struct ofmsg *request)
{
    struct buf *b = buf_create(64);

    ofmsg_start_reply(b, request);
    buf_put_u32(b, f->max_meters);
    buf_put_u32(b, f->band_types);
    buf_put_u32(b, f->capabilities);
    buf_put_u8(b, f->max_bands);
    buf_put_u8(b, f->max_color);
    buf_put_zeros(b, 2);
    /* OpenFlow 1.5 appends feature bits; Open vSwitch's programs take the 16
     * bytes of 1.3 in every version, and refuse more. */
    ofmsg_finish(b, 0);
    return b;
}

enum ofperr
meter_features_decode(struct meter_features *f, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    f->max_meters = reader_u32(&r);
    f->band_types = reader_u32(&r);
    f->capabilities = reader_u32(&r);
    f->max_bands = reader_u8(&r);
    f->max_color = reader_u8(&r);
    reader_skip(&r, 2);
    return r.is_bad ? OFPBRC_BAD_LEN : 0;
}

/* ## Text ## */

/* Flags and their words, in the order in which they are printed. */
static const struct {
    uint16_t flag;
    const char *name;
} flags[] = {
    { METER_F_KBPS, "kbps" },
    { METER_F_PKTPS, "pktps" },
    { METER_F_BURST, "burst" },
    { METER_F_STATS, "stats" },
};

/* Special meters. */
static const struct {
    uint32_t id;
    const char *name;
} special_ids[] = {
    { METER_CONTROLLER, "controller" },
    { METER_SLOWPATH, "slowpath" },
    { METER_ALL, "all" },
};

static struct error *
parse_id(const char *text, uint16_t command, uint32_t *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(special_ids); i++) {
        if (!strcmp(text, special_ids[i].name)
            && (special_ids[i].id != METER_ALL
                || command == METER_MOD_DELETE)) {
            *ret = special_ids[i].id;
            return NULL;
        }
    }
    if (!text_to_uint(text, 0, ret) || !*ret || *ret > METER_MAX) {
        return error_create(0, "\"%s\" is no meter id (1 to %u)", text,
                            METER_MAX);
    }
    return NULL;
}

static struct error *
parse_band_word(struct meter_band *band, const char *key, const char *value)
{
    unsigned int number;

    if (!strcmp(key, "type")) {
        band->type = (!strcmp(value, "drop") ? METER_BAND_DROP
                      : !strcmp(value, "dscp_remark") ? METER_BAND_DSCP_REMARK
                      : 0);
        return (band->type ? NULL
                : error_create(0, "unknown band type \"%s\"", value));
    }
    if (!text_to_uint(value, 0, &number)) {
        return error_create(0, "%s: \"%s\" is no number", key, value);
    }
    if (!strcmp(key, "rate")) {
        band->rate = number;
    } else if (!strcmp(key, "burst_size")) {
        band->burst_size = number;
    } else if (!strcmp(key, "prec_level") && number <= UINT8_MAX) {
        band->prec_level = number;
    } else {
        return error_create(0, "unknown word \"%s\" in a band", key);
    }
    return NULL;
}

/* Reads the words after "bands=", of which each "type" starts a band. */
static struct error *
parse_bands(char *s, struct meter_config *meter)
{
    VEC(struct meter_band) bands = VEC_EMPTY;
    struct error *error = NULL;
    char *word;

    while (!error && (word = text_token(&s, ", \t\n"))) {
        char *value = strchr(word, '=');

        if (!value) {
            error = error_create(0, "\"%s\" is not of the form KEY=VALUE",
                                 word);
            break;
        }
        *value++ = '\0';
        if (!strcmp(word, "type")) {
            if (bands.n >= METER_MAX_BANDS) {
                error = error_create(0, "too many bands");
                break;
            }
            vec_push(&bands, (struct meter_band) { 0 });
        }
        error = (bands.n
                 ? parse_band_word(&bands.items[bands.n - 1], word, value)
                 : error_create(0, "a band starts with type=..."));
    }
    for (size_t i = 0; !error && i < bands.n; i++) {
        if (!bands.items[i].rate) {
            error = error_create(0, "a band needs a rate");
        }
    }
    if (error) {
        vec_uninit(&bands);
        return error;
    }
    meter->bands = bands.items;
    meter->n_bands = bands.n;
    return NULL;
}

static struct error *
parse_word(char *word, uint16_t command, struct meter_config *meter)
{
    if (text_starts_with(word, "meter=")) {
        return parse_id(word + strlen("meter="), command, &meter->meter_id);
    }
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (!strcmp(word, flags[i].name)) {
            meter->flags |= flags[i].flag;
            return NULL;
        }
    }
    return error_create(0, "unknown word \"%s\"", word);
}

/* Checks what a new meter must have. */
static struct error *
check_meter(const struct meter_config *meter)
{
    if (!!(meter->flags & METER_F_KBPS) == !!(meter->flags & METER_F_PKTPS)) {
        return error_create(0, "a meter counts either kbps or pktps");
    }
    if (!meter->n_bands) {
        return error_create(0, "a meter needs bands=");
    }
    return NULL;
}

struct error *
meter_mod_parse(struct meter_mod *mod, const char *text, uint16_t command,
                uint32_t *usable_protocols)
{
    char *copy = xstrdup(text), *s = copy, *word, *bands;
    struct error *error = NULL;

    memset(mod, 0, sizeof *mod);
    mod->command = command;
    if (usable_protocols) {
        *usable_protocols &= OFP_PROTO_OXM_ANY;
    }
    bands = strstr(copy, "band");
    if (bands) {
        char *rest = strchr(bands, '=');

        *bands = '\0';
        error = (rest ? parse_bands(rest + 1, &mod->meter)
                 : error_create(0, "expected bands=..."));
    }
    while (!error && (word = text_token(&s, ", \t\n"))) {
        error = parse_word(word, command, &mod->meter);
    }
    if (!error && !mod->meter.meter_id) {
        error = error_create(0, "missing meter=ID");
    }
    if (!error && command != METER_MOD_DELETE) {
        error = check_meter(&mod->meter);
    }
    if (error) {
        meter_config_uninit(&mod->meter);
    }
    free(copy);
    return error;
}

void
meter_id_format(uint32_t meter_id, char separator, struct str *s)
{
    str_printf(s, "meter%c", separator);
    for (size_t i = 0; i < ARRAY_SIZE(special_ids); i++) {
        if (meter_id == special_ids[i].id) {
            str_put(s, special_ids[i].name);
            return;
        }
    }
    str_put_uint(s, meter_id);
}

void
meter_config_format(const struct meter_config *meter, struct str *s)
{
    meter_id_format(meter->meter_id, '=', s);
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (meter->flags & flags[i].flag) {
            str_printf(s, " %s", flags[i].name);
        }
    }
    str_put(s, " bands=");
    for (size_t i = 0; i < meter->n_bands; i++) {
        const struct meter_band *band = &meter->bands[i];

        str_printf(s, "\ntype=%s rate=%"PRIu32,
                   band->type == METER_BAND_DROP ? "drop" : "dscp_remark",
                   band->rate);
        if (meter->flags & METER_F_BURST) {
            str_printf(s, " burst_size=%"PRIu32, band->burst_size);
        }
        if (band->type == METER_BAND_DSCP_REMARK) {
            str_printf(s, " prec_level=%d", band->prec_level);
        }
    }
    str_put_char(s, '\n');
}
