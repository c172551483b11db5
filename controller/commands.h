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

    /* Stops and continues taking in changes. */
    void (*set_paused)(void *aux, bool paused);
    bool (*is_paused)(void *aux);

    /* Reports of nb_cfg come this much later; 0 is at once. */
    void (*delay_reports)(void *aux, int seconds);

    /* Sends the switch again what differs. */
    void (*recompute)(void *aux);
    void *aux;
};

void commands_register(const struct commands *);
void commands_unregister(void);

#endif /* controller/commands.h */
