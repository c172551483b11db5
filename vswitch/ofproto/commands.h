/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_COMMANDS_H
#define OFPROTO_COMMANDS_H

/* Control commands about bridges: ofproto/..., fdb/..., bridge/...,
 * dpif/..., upcall/..., revalidator/..., and dpctl/show, dump-flows,
 * dump-dps, del-flows. */
void ofproto_register_commands(void);

#endif /* ofproto/commands.h */
