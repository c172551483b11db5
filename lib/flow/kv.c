/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/flow/kv.h"

#include <string.h>

#define SEPARATORS ", \t\r\n"

/* Length of the text at 's' up to a character of 'stop' that is not within
 * parentheses. */
static size_t
nested_span(const char *s, const char *stop)
{
    int depth = 0;
    size_t n;

    for (n = 0; s[n]; n++) {
        if (!depth && strchr(stop, s[n])) {
            break;
        }
        if (s[n] == '(') {
            depth++;
        } else if (s[n] == ')' && depth) {
            depth--;
        }
    }
    return n;
}

/* Ends the string before 's' and returns what is after it. */
static char *
cut(char *s)
{
    if (*s) {
        *s++ = '\0';
    }
    return s;
}

bool
kv_next(char **sp, char **key, char **value, char **dst)
{
    char *s = *sp + strspn(*sp, SEPARATORS);
    char *end;

    *dst = NULL;
    if (!*s) {
        *sp = s;
        return false;
    }
    *key = s;
    s += strcspn(s, ":=(" SEPARATORS);
    if (*s == ':' || *s == '=') {
        *value = cut(s);
        end = *value + nested_span(*value, SEPARATORS);
    } else if (*s == '(') {
        *value = cut(s);
        end = *value + nested_span(*value, ")");
        if (end[0] == ')' && end[1] == '-' && end[2] == '>') {
            *end = '\0';
            *dst = end + 3;
            end = *dst + nested_span(*dst, SEPARATORS);
        }
    } else {
        *value = end = s;
        if (*s) {
            /* An empty value needs a terminator of its own. */
            *s = '\0';
            *sp = s + 1;
            return true;
        }
    }
    *sp = cut(end);
    return true;
}
