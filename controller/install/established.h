/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_INSTALL_ESTABLISHED_H
#define CONTROLLER_INSTALL_ESTABLISHED_H

/* Connections that outlive changes of policy.
 *
 * An ACL with persist-established has a number (table ACL_ID) that is in the
 * connections it allowed.  When the row goes, the switch forgets these
 * connections, after it has the new flows. */

#include "controller/controller.h"

struct established;
struct install;

/* Unit of ACL_ID: emits FACT_ACL_ID. */
void acl_id_unit(struct incr_ctx *, const void *acl_id);

struct established *established_create(struct controller *, struct install *);
void established_destroy(struct established *);

#endif /* controller/install/established.h */
