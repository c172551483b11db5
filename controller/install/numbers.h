/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_INSTALL_NUMBERS_H
#define CONTROLLER_INSTALL_NUMBERS_H

/* The groups and meters that wanted flows use, by number, and which of them
 * the switch has. */

#include "controller/ids.h"
#include "controller/install/messages.h"
#include "controller/install/seen.h"
#include "lib/base/hmap.h"

struct numbers {
    struct hmap by_id;           /* struct number. */
    const struct incr *incr;     /* Knows what meters are made of. */
    struct messages *messages;   /* Where they are put. */
};

/* Both are borrowed. */
void numbers_init(struct numbers *, const struct incr *, struct messages *);
void numbers_uninit(struct numbers *);

/* Group or meter 'id' is wanted from now on, with properties 'text', or is no
 * more.  Tells the switch if 'tell'. */
void numbers_set(struct numbers *, enum id_kind, const char *text,
                 uint32_t id, bool wanted, bool tell);

/* The row of the meter called 'name' came, changed or went. */
void numbers_put_meter(struct numbers *, const char *name);

/* Tells a switch that has what was 'seen' all that are wanted... */
void numbers_put_all(struct numbers *, const struct seen *);

/* ...and to remove the others. */
void numbers_remove_others(struct numbers *, const struct seen *);

#endif /* controller/install/numbers.h */
