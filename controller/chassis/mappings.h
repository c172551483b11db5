/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_MAPPINGS_H
#define CONTROLLER_CHASSIS_MAPPINGS_H

/* Settings that map names of physical networks: "NETWORK:VALUE,...". */

#include <stdbool.h>
#include <stddef.h>

/* A pair, borrowed from the text. */
struct mapping {
    const char *network;
    size_t network_length;
    const char *value;
    size_t value_length;
};

/* Reads the pair at '*p' and moves on; returns false at the end.  Words that
 * are no pair are left out. */
bool mapping_next(const char **p, struct mapping *);

/* The value of 'network' in 'text', for free(); NULL if there is none. */
char *mapping_find(const char *text, const char *network);

#endif /* controller/chassis/mappings.h */
