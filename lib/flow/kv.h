/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_KV_H
#define FLOW_KV_H

/* The syntax of flows, actions and groups: items separated by commas or
 * blanks, each a KEY, KEY=VALUE, KEY:VALUE, KEY(VALUE) or KEY(VALUE)->DST,
 * where commas and blanks within parentheses do not separate. */

#include "lib/base/compiler.h"

/* Cuts the next item off '*sp', in place.  '*key', '*value' ("" if there is
 * none) and '*dst' (NULL if there is none) are then strings within it.  False
 * at the end. */
bool kv_next(char **sp, char **key, char **value, char **dst);

#endif /* flow/kv.h */
