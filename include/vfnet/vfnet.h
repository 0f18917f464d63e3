/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VFNET_H
#define VFNET_H

/* All of libvfnet. The software 82576, libvfnet-sim, has its own <vfnet/sim.h>. */
#include <vfnet/cache.h>
#include <vfnet/counters.h>
#include <vfnet/ctx.h>
#include <vfnet/dev.h>
#include <vfnet/err.h>
#include <vfnet/filter.h>
#include <vfnet/offload.h>
#include <vfnet/pkt.h>
#include <vfnet/pool.h>
#include <vfnet/port.h>
#include <vfnet/queue.h>
#include <vfnet/region.h>
#include <vfnet/wait.h>

#endif
