/* SPDX-License-Identifier: Apache-2.0 */

/* ovs-appctl: asks and directs the daemons of Open vSwitch. */

#include "lib/daemon/control_client.h"

int
main(int argc, char *argv[])
{
    return control_client_main(argc, argv, DIRS_OVS, "ovs-vswitchd");
}
