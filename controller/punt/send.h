/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_SEND_H
#define CONTROLLER_PUNT_SEND_H

/* Packets into the pipelines of the switch. */

#include "lib/flow/flow.h"
#include "lib/openflow/buf.h"
#include "lib/packet/packet.h"

struct install;

/* Where messages to the switch go: a connection of the caller's thread. */
struct outlet {
    /* Takes 'b'; drops it if there is no connection. */
    void (*take)(void *aux, struct buf *b);
    void *aux;
};

/* The installer's connection, for the main thread. */
struct outlet outlet_of_installer(struct install *);

static inline void
outlet_take(const struct outlet *outlet, struct buf *b)
{
    outlet->take(outlet->aux, b);
}

/* Appends actions that give a packet the logical fields and metadata that
 * 'flow' has. */
void send_put_metadata(const struct flow *, struct buf *ofpacts);

/* Sends 'packet' with the actions. */
void send_with(const struct outlet *, const struct packet *,
               const struct buf *ofpacts);

/* Sends 'packet', with the metadata of 'flow', to OpenFlow table 'table'. */
void send_to_table(const struct outlet *, const struct packet *,
                   const struct flow *, uint8_t table);

/* Sends 'packet' as if it had come in by a logical port; 'flags' are bits of
 * LOG_REG_FLAGS. */
void send_from_port(const struct outlet *, const struct packet *,
                    uint32_t dp_key, uint32_t port_key, uint32_t flags);

#endif /* controller/punt/send.h */
