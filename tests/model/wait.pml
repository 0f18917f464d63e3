/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going to sleep: arm, flush, look, sleep, beside a card that frames reach at any moment, and
 * service that may stop the queue at any moment. What is left out is time: whatever can happen in
 * some order does.
 *
 * Register writes are posted: they travel in order through bus and arrive when the card takes them.
 * A register read returns once they all have. The card has DD in memory before it sends a message;
 * a cause stays while its vector is masked; sending clears the cause (EIAC) and masks the vector
 * (EIAM, but not on QEMU).
 *
 *   code                    here
 *   igbvf_rxq_irq()         MAP, CLEAR
 *   igbvf_rxq_arm()         ENABLE, flush, look
 *   vfnet_rxq_arm()         begin, ... park
 *   vfnet_rxq_disarm()      read the eventfd, MASK
 *   vfnet_port_stop()       Service
 *
 * Mistakes that the checker must find: NO_FLUSH, NO_LOOK, NO_WAKE (service does not signal who
 * sleeps), SIGNAL_FIRST (... or before the queue is stopped). Not mistakes: QEMU, CLEAR_FIRST (each
 * arming clears the cause, before the flush).
 *
 * What the flush is for: a late ENABLE alone loses nothing, as the cause waits for it. A late MAP
 * or CLEAR does. With SETUP_FLUSHED none of them is under way any more when the queue is first
 * armed, and NO_FLUSH is no mistake then, unless CLEAR_FIRST sends a new one.
 */
#define FRAMES 3

mtype = { MAP, CLEAR, ENABLE, MASK };
chan bus = [4] of { mtype };

/* the card */
bool mapped, unmasked, cause;
byte in_flight; /* messages on their way to the eventfd */

/* memory */
byte ring; /* frames with DD that the driver has not taken */
byte eventfd;
mtype = { RUN, AWAY, DOWN };
mtype state = RUN;
bool parked, asleep;

inline message()
{
	in_flight++;
	cause = false;
#ifndef QEMU
	unmasked = false
#endif
}

active proctype Card()
{
	mtype write;
	byte left = FRAMES;

end:	do
	:: atomic {
		bus?write ->
		if
		:: write == MAP -> mapped = true
		:: write == CLEAR -> cause = false
		:: write == MASK -> unmasked = false
		:: write == ENABLE ->
			unmasked = true;
			if
			:: cause -> message()
			:: else
			fi
		fi;
		write = 0
	}
	:: atomic { /* a frame, and its cause in the same moment */
		left > 0 -> left--; ring++;
		if
		:: mapped -> cause = true
		:: else
		fi;
		if
		:: cause && unmasked -> message()
		:: else
		fi
	}
	:: atomic { in_flight > 0 -> in_flight--; eventfd = 1 }
	od
}

active proctype Driver()
{
	bus!MAP;
	bus!CLEAR;
#ifdef SETUP_FLUSHED
	empty(bus);
#endif
	do
	:: atomic { /* a burst; it takes a parked queue back */
		if
		:: state == DOWN -> parked = true; break
		:: else -> state = RUN
		fi;
		ring = 0
	}
#ifdef CLEAR_FIRST
	bus!CLEAR;
#endif
	bus!ENABLE;
#ifndef NO_FLUSH
	empty(bus);
#endif
	if
#ifndef NO_LOOK
	:: ring > 0 -> bus!MASK
	:: ring == 0 ->
#else
	:: true ->
#endif
		atomic { /* one compare and exchange */
			if
			:: state == RUN -> state = AWAY
			:: else -> parked = true
			fi
		}
		asleep = true;
end_asleep:	atomic { eventfd > 0 -> asleep = false }
		eventfd = 0;
		bus!MASK
	fi
	od
}

active proctype Service()
{
	if
	:: true -> skip /* the port stays up */
	:: true ->
#ifdef SIGNAL_FIRST
		eventfd = 1;
#endif
		atomic {
			if
			:: state == AWAY -> parked = true
			:: else
			fi;
			state = DOWN
		}
#if !defined(NO_WAKE) && !defined(SIGNAL_FIRST)
		eventfd = 1
#endif
	fi
}

/* When nothing moves any more, nobody sleeps who should not. */
active proctype Judge()
{
	timeout;
	assert(!(asleep && ring > 0));
	assert(!(asleep && state == DOWN));
	assert(!(state == DOWN && !parked))
}
