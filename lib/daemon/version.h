/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_VERSION_H
#define DAEMON_VERSION_H

/* The releases whose interfaces these programs offer.  Scripts and packages
 * compare them, so they are what --version and the command "version" say. */
#define OVS_COMPATIBLE_VERSION "3.7.0"
#define OVN_COMPATIBLE_VERSION "26.03.0"

#endif /* daemon/version.h */
