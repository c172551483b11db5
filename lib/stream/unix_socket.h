/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_UNIX_SOCKET_H
#define STREAM_UNIX_SOCKET_H

/* Unix sockets without a stream around them, for threads other than the main
 * one. */

/* Connects a new non-blocking socket to 'path', of whatever length.  Returns
 * it, for close(), or a negative errno value: -EAGAIN if the listener's queue
 * is full.  Threads: any. */
int unix_socket_connect(const char *path);

#endif /* stream/unix_socket.h */
