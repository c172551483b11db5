/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-appctl: asks and directs the daemons of OVN. */

#include "lib/daemon/control_client.h"

int
main(int argc, char *argv[])
{
    return control_client_main(argc, argv, DIRS_OVN, "ovn-controller");
}
