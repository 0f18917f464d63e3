/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SIM_WIRE_SHM_FILE_H
#define SIM_WIRE_SHM_FILE_H

/* The file of a hub: where it is, whose it is, and its lock. */

#include <stdbool.h>
#include <stddef.h>

#include <vfnet/err.h>

#define SIM_SHM_PATH_BYTES 256u

/**
 * sim_shm_file_path() - $XDG_RUNTIME_DIR/vfnet/shm-NAME, or /dev/shm/vfnet-UID-NAME without it
 *
 * @name is legal. Makes the folder. Return: 0; -ENAMETOOLONG; what mkdir() says.
 */
int sim_shm_file_path(const char *name, char path[SIM_SHM_PATH_BYTES], struct vfnet_err *err);

/**
 * sim_shm_file_open() - open the file, or make it, and lock it
 * @path: the file
 * @out:  a descriptor; closing it gives the lock back
 * @err:  may be NULL
 *
 * Return: 0; -EPERM it belongs to somebody else, or others may open it; -ETIMEDOUT somebody holds
 * the lock for seconds; what open() says.
 */
int sim_shm_file_open(const char *path, int *out, struct vfnet_err *err);

/** sim_shm_file_lock() - again. Return: false: somebody else holds it; waits seconds if @wait. */
bool sim_shm_file_lock(int fd, bool wait);

/** sim_shm_file_unlock() - ... and give it back. */
void sim_shm_file_unlock(int fd);

#endif
