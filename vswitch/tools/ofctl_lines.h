/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_TOOLS_OFCTL_LINES_H
#define VSWITCH_TOOLS_OFCTL_LINES_H

/* Files of flows, groups and the like: one a line, "#" starting a comment. */

#include "lib/base/error.h"

struct ofctl_lines {
    const char *name;            /* Of the file, borrowed. */
    char *text;                  /* All of it, owned. */
    char *rest;                  /* What is still to be read. */
    unsigned int number;         /* Of the line read last, from 1. */
};

/* Reads the file ("-": standard input), for ofctl_lines_close().  Ends the
 * program if it cannot be read. */
void ofctl_lines_open(struct ofctl_lines *, const char *name);
void ofctl_lines_close(struct ofctl_lines *);

/* The next line that has something on it, without its comment, or NULL at the
 * end.  The caller may change it in place; it lasts until
 * ofctl_lines_close(). */
char *ofctl_lines_next(struct ofctl_lines *);

/* Ends the program with 'error', if it is one, saying which line has it. */
void ofctl_lines_check(const struct ofctl_lines *, struct error *);

#endif /* vswitch/tools/ofctl_lines.h */
