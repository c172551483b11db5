/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_PRINTER_H
#define OPENFLOW_PRINTER_H

/* What the parts of print.c share.  Each part has a table of the messages that
 * say more than their name; names and hex dumps are print.c's. */

#include "lib/base/str.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/msg.h"

struct printer {
    const struct ofmsg *msg;
    const struct text_names *names;
    int verbosity;
    struct str *s;
};

/* Appends what follows the message's name and xid, up to a newline. */
typedef enum ofperr print_fn(const struct printer *);

struct print_row {
    uint8_t type;                /* enum ofmsg_type. */
    print_fn *print;             /* NULL ends a table. */
};

extern const struct print_row print_session_rows[];
extern const struct print_row print_port_rows[];
extern const struct print_row print_table_rows[];
extern const struct print_row print_flow_rows[];

static inline const struct port_map *
printer_ports(const struct printer *p)
{
    return p->names ? p->names->ports : NULL;
}

/* For decoding what may come from anybody. */
struct ofp_decode printer_decode(void);

/* Words for the bits of a mask. */
struct bit_name {
    uint32_t bit;
    const char *name;            /* NULL ends the list. */
};

/* Appends the words, 'separator' between them; "0" for none; bits without a
 * word as a number. */
void print_bits(struct str *, uint32_t bits, const struct bit_name *names,
                char separator);

/* The ports that follow in 'r', in order of their numbers. */
enum ofperr print_phy_ports(const struct printer *, struct reader *r);

#endif /* openflow/printer.h */
