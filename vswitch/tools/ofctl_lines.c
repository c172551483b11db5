/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/tools/ofctl_lines.h"

#include <stdlib.h>
#include <string.h>

#include "lib/daemon/daemon.h"
#include "vswitch/tools/ofctl.h"

void
ofctl_lines_open(struct ofctl_lines *lines, const char *name)
{
    char *text = ofctl_read_file(name);

    *lines = (struct ofctl_lines) {
        .name = name, .text = text, .rest = text,
    };
}

void
ofctl_lines_close(struct ofctl_lines *lines)
{
    free(lines->text);
}

/* Cuts off the first line of what is left. */
static char *
cut_line(struct ofctl_lines *lines)
{
    char *line = lines->rest;
    size_t length = strcspn(line, "\n");

    if (!*line) {
        return NULL;
    }
    lines->rest = line + length + (line[length] == '\n');
    line[length] = '\0';
    lines->number++;
    return line;
}

char *
ofctl_lines_next(struct ofctl_lines *lines)
{
    char *line;

    while ((line = cut_line(lines))) {
        line[strcspn(line, "#\r")] = '\0';
        if (line[strspn(line, " \t")]) {
            break;
        }
    }
    return line;
}

void
ofctl_lines_check(const struct ofctl_lines *lines, struct error *error)
{
    if (error) {
        program_check(error_wrap(error, "%s:%u", lines->name, lines->number));
    }
}
