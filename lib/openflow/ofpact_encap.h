/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_OFPACT_ENCAP_H
#define OPENFLOW_OFPACT_ENCAP_H

/* encap and decap as text, for the printer of actions. */

#include "lib/base/str.h"
#include "lib/openflow/ofpact.h"

/* Append "encap(nsh(md_type=1))", "decap()". */
void encap_format(const struct ofpact_encap *, struct str *);
void decap_format(const struct ofpact_decap *, struct str *);

#endif /* openflow/ofpact_encap.h */
