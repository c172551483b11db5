/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/print.h"

#include <ctype.h>
#include <inttypes.h>

#include "lib/openflow/printer.h"

void
hex_dump(struct str *s, const void *data, size_t size, size_t offset,
         bool ascii)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < size; i += 16) {
        size_t n = MIN(16, size - i);

        str_printf(s, "%08zx ", offset + i);
        for (size_t j = 0; j < 16; j++) {
            if (j < n) {
                str_printf(s, "%c%02x", j == 8 ? '-' : ' ', p[i + j]);
            } else if (ascii) {
                str_put(s, "   ");
            }
        }
        if (ascii) {
            str_put(s, " |");
            for (size_t j = 0; j < n; j++) {
                str_put_char(s, isprint(p[i + j]) ? p[i + j] : '.');
            }
            str_put_chars(s, ' ', 16 - n);
            str_put_char(s, '|');
        }
        str_put_char(s, '\n');
    }
}

void
print_bits(struct str *s, uint32_t bits, const struct bit_name *names,
         char separator)
{
    size_t start = s->length;

    if (!bits) {
        str_put_char(s, '0');
    }
    for (; names->name; names++) {
        if (bits & names->bit) {
            if (s->length > start) {
                str_put_char(s, separator);
            }
            str_put(s, names->name);
            bits &= ~names->bit;
        }
    }
    if (bits) {
        if (s->length > start) {
            str_put_char(s, separator);
        }
        str_printf(s, "0x%"PRIx32, bits);
    }
}

struct ofp_decode
printer_decode(void)
{
    struct ofp_decode d = ofp_decode_default;

    d.loose_unknown = true;
    d.protocol = OFP_PROTO_10_TID;
    return d;
}

static print_fn *
find_printer(enum ofmsg_type type)
{
    static const struct print_row *const tables[] = {
        print_session_rows, print_port_rows, print_table_rows,
        print_flow_rows,
    };

    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        for (const struct print_row *row = tables[i]; row->print; row++) {
            if (row->type == type) {
                return row->print;
            }
        }
    }
    return NULL;
}

static void
put_name(const struct ofmsg *msg, struct str *s)
{
    str_put(s, ofmsg_name(msg));
    if (msg->is_multipart) {
        str_put(s, ofmsg_is_reply(msg) ? " reply" : " request");
    }
    if (msg->version > OFP10_VERSION) {
        str_printf(s, " (OF1.%d)", msg->version - 1);
    }
    str_printf(s, " (xid=0x%"PRIx32"):", ntohl(msg->xid));
}

void
ofp_print(struct str *s, const void *data, size_t size,
          const struct text_names *names, int verbosity)
{
    struct ofmsg msg;
    struct printer p = { &msg, names, verbosity, s };
    print_fn *print;
    enum ofperr error;
    size_t start;

    if (size < OFP_HEADER_SIZE) {
        str_printf(s, "OpenFlow packet too short (only %zu bytes):\n", size);
        hex_dump(s, data, size, 0, true);
        return;
    }
    error = ofmsg_decode(data, size, &msg);
    if (error) {
        str_printf(s, "***decode error: %s***\n", ofperr_name(error));
        hex_dump(s, data, size, 0, true);
        return;
    }
    put_name(&msg, s);
    start = s->length;
    print = find_printer(msg.type);
    if (print) {
        error = print(&p);
    } else {
        str_put_char(s, '\n');
    }
    if (error) {
        str_truncate(s, start);
        str_printf(s, " ***decode error: %s***\n", ofperr_name(error));
        hex_dump(s, data, size, 0, true);
    } else if (verbosity > 3) {
        hex_dump(s, data, size, 0, true);
    }
}
