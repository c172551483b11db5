/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_COMMANDS_H
#define CONTROLLER_COMMANDS_H

/* Control commands of ovn-controller, for ovn-appctl. */

#include "controller/controller.h"

struct ids;
struct install;

/* What the commands look at; borrowed until commands_unregister(). */
struct commands {
    struct controller *controller;
    struct ids *ids;
    struct install *install;
};

void commands_register(const struct commands *);
void commands_unregister(void);

#endif /* controller/commands.h */
