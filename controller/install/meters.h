/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_INSTALL_METERS_H
#define CONTROLLER_INSTALL_METERS_H

/* What meters are made of. */

#include "lib/incr/incr.h"

/* Unit of Meter: emits FACT_METER. */
void meter_unit(struct incr_ctx *, const void *meter);

#endif /* controller/install/meters.h */
