/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of a hub: how they come, go, die and are woken. */
#define _GNU_SOURCE
#include "sim/wire/shm_hub.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/bits.h"
#include "lib/base/err.h"
#include "lib/base/io.h"

#define STAT_BYTES  1024u
#define STATE_FIELD 3u
#define START_FIELD 22u

static uint64_t own_pid_ns(void)
{
	struct stat stat_buf;

	return stat("/proc/self/ns/pid", &stat_buf) ? 0 : (uint64_t)stat_buf.st_ino;
}

/* When a process started, in ticks since boot; 0 = there is none, or only its exit code is left. */
static uint64_t start_of(uint32_t pid)
{
	char text[STAT_BYTES];
	char path[32];
	char *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* the name of the program, in brackets, may hold anything */
	at = strrchr(text, ')');
	for (unsigned int field = STATE_FIELD; at && field <= START_FIELD; field++) {
		at = strchr(at + 1, ' ');
		if (field == STATE_FIELD && at && (at[1] == 'Z' || at[1] == 'X'))
			return 0;
	}
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

static bool is_alive(const struct sim_shm_member *member, uint32_t pid)
{
	uint64_t start = start_of(pid);

	return start && start == __atomic_load_n(&member->start, __ATOMIC_RELAXED);
}

static void bell_path(const struct sim_shm_hub *hub, unsigned int member, char *path, size_t size)
{
	snprintf(path, size, "%s.%u", hub->path, member);
}

static void announce(struct sim_shm_hub *hub)
{
	__atomic_fetch_add(&hub->page->generation, 1, __ATOMIC_RELEASE);
}

/* Under the lock. */
static void free_place(struct sim_shm_hub *hub, unsigned int member)
{
	char path[SIM_SHM_PATH_BYTES + 4];

	bell_path(hub, member, path, sizeof(path));
	unlink(path);
	vfnet_word_store(&hub->page->members[member].pid, 0);
	announce(hub);
}

/* Under the lock. Return: bits of members that live. */
static uint32_t free_the_dead(struct sim_shm_hub *hub)
{
	uint32_t live = 0;

	for (unsigned int i = 0; i < SIM_SHM_MEMBERS; i++) {
		uint32_t pid = vfnet_word_load(&hub->page->members[i].pid);

		if (pid && is_alive(&hub->page->members[i], pid))
			live |= 1u << i;
		else if (pid)
			free_place(hub, i);
	}
	return live;
}

/*
 * The file as the first member makes it; nobody else has it mapped. The page takes memory now, a
 * ring when both its ends are members: a full file system is an error, and no SIGBUS later.
 */
static int format(struct sim_shm_hub *hub, struct vfnet_err *err)
{
	int ret;

	if (!ftruncate(hub->fd, 0) && !ftruncate(hub->fd, (off_t)SIM_SHM_FILE_BYTES) &&
	    !fallocate(hub->fd, 0, 0, sizeof(struct sim_shm_page)))
		return 0;
	ret = vfnet_err_set(err, -errno, "shm: cannot make %s: %s", hub->path, strerror(errno));
	unlink(hub->path);
	return ret;
}

static int check_page(const struct sim_shm_hub *hub, off_t size, struct vfnet_err *err)
{
	struct sim_shm_page page = {0};

	if (pread(hub->fd, &page, offsetof(struct sim_shm_page, members), 0) < 0)
		return vfnet_err_set(err, -errno, "shm: cannot read %s: %s", hub->path,
				     strerror(errno));
	if (page.magic != SIM_SHM_MAGIC)
		return vfnet_err_set(err, -EINVAL,
				     "shm: %s is no hub of vfnet; remove it or take another name",
				     hub->path);
	if (page.version != SIM_SHM_VERSION)
		return vfnet_err_set(err, -EPROTONOSUPPORT,
				     "shm: %s is a hub of version %u, this program has version "
				     "%u; end the other programs and remove it, or take another "
				     "name",
				     hub->path, page.version, SIM_SHM_VERSION);
	if (size != (off_t)SIM_SHM_FILE_BYTES)
		return vfnet_err_set(
		    err, -EINVAL, "shm: %s has %lld bytes where a hub has %llu; remove it",
		    hub->path, (long long)size, (unsigned long long)SIM_SHM_FILE_BYTES);
	if (page.pid_ns != own_pid_ns())
		return vfnet_err_set(err, -EXDEV,
				     "shm: %s was made in another container (its process numbers "
				     "are not ours); take another name",
				     hub->path);
	return 0;
}

/* A file without a word in it is new, or its maker died early. */
static int look_at_file(const struct sim_shm_hub *hub, bool *fresh, struct vfnet_err *err)
{
	uint64_t magic = 0;
	struct stat stat;

	if (fstat(hub->fd, &stat) || pread(hub->fd, &magic, sizeof(magic), 0) < 0)
		return vfnet_err_set(err, -errno, "shm: cannot read %s: %s", hub->path,
				     strerror(errno));
	*fresh = !magic && (stat.st_size == 0 || stat.st_size == (off_t)SIM_SHM_FILE_BYTES);
	return *fresh ? 0 : check_page(hub, stat.st_size, err);
}

static int map(struct sim_shm_hub *hub, struct vfnet_err *err)
{
	bool fresh;
	int ret = look_at_file(hub, &fresh, err);

	if (!ret && fresh)
		ret = format(hub, err);
	if (ret)
		return ret;
	hub->page = mmap(NULL, SIM_SHM_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, hub->fd, 0);
	if (hub->page == MAP_FAILED)
		return vfnet_err_set(err, -errno, "shm: cannot map %s: %s", hub->path,
				     strerror(errno));
	if (!fresh && !free_the_dead(hub)) {
		/* all are dead: what they left behind is nobody's */
		fresh = true;
		ret = format(hub, err);
	}
	if (!ret && fresh) {
		hub->page->version = SIM_SHM_VERSION;
		hub->page->pid_ns = own_pid_ns();
		hub->page->magic = SIM_SHM_MAGIC;
	}
	if (ret)
		munmap(hub->page, SIM_SHM_FILE_BYTES);
	return ret;
}

static uint64_t ring_off(unsigned int from, unsigned int to)
{
	return SIM_SHM_DATA_OFF + (uint64_t)(from * SIM_SHM_MEMBERS + to) * SIM_SHM_RING_BYTES;
}

static int take_place(struct sim_shm_hub *hub, struct vfnet_err *err)
{
	uint32_t taken = 0;

	for (unsigned int i = 0; i < SIM_SHM_MEMBERS; i++)
		taken |= vfnet_word_load(&hub->page->members[i].pid) ? 1u << i : 0;
	hub->self = (unsigned int)__builtin_ctz(~taken);
	if (hub->self >= SIM_SHM_MEMBERS)
		return vfnet_err_set(err, -EUSERS, "shm: %s has %u members, there is no place left",
				     hub->path, SIM_SHM_MEMBERS);
	for (uint32_t left = taken; left; left &= left - 1) {
		unsigned int other = (unsigned int)__builtin_ctz(left);

		if (fallocate(hub->fd, 0, (off_t)ring_off(hub->self, other), SIM_SHM_RING_BYTES) ||
		    fallocate(hub->fd, 0, (off_t)ring_off(other, hub->self), SIM_SHM_RING_BYTES))
			return vfnet_err_set(err, -errno,
					     "shm: no memory for the rings of %s: %s; its file "
					     "system is full",
					     hub->path, strerror(errno));
	}
	return 0;
}

static int make_bell(struct sim_shm_hub *hub, struct vfnet_err *err)
{
	char path[SIM_SHM_PATH_BYTES + 4];

	bell_path(hub, hub->self, path, sizeof(path));
	unlink(path);
	if (mkfifo(path, 0600))
		return vfnet_err_set(err, -errno, "shm: cannot make %s: %s", path, strerror(errno));
	hub->bell = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (hub->bell >= 0)
		return 0;
	unlink(path);
	return vfnet_err_set(err, -errno, "shm: cannot open %s: %s", path, strerror(errno));
}

/* Before the others know of us, so that nothing they send is passed over. */
static void open_rings(struct sim_shm_hub *hub)
{
	uint8_t *base = (uint8_t *)hub->page;
	unsigned int self = hub->self;

	for (unsigned int i = 0; i < SIM_SHM_MEMBERS; i++) {
		sim_shm_in_open(&hub->in[i], &hub->page->rings[i][self], base + ring_off(i, self));
		sim_shm_out_open(&hub->out[i], &hub->page->rings[self][i],
				 base + ring_off(self, i));
	}
}

static void enter(struct sim_shm_hub *hub)
{
	struct sim_shm_member *member = &hub->page->members[hub->self];

	__atomic_store_n(&member->armed, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&member->serial, member->serial + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&member->start, start_of((uint32_t)getpid()), __ATOMIC_RELAXED);
	vfnet_word_store(&member->pid, (uint32_t)getpid());
	announce(hub);
}

int sim_shm_hub_join(struct sim_shm_hub *hub, const char *name, struct vfnet_err *err)
{
	int ret;

	*hub = (struct sim_shm_hub){.fd = -1, .bell = -1};
	for (unsigned int i = 0; i < SIM_SHM_MEMBERS; i++)
		hub->bells[i] = -1;
	ret = sim_shm_file_path(name, hub->path, err);
	if (!ret)
		ret = sim_shm_file_open(hub->path, &hub->fd, err);
	if (ret)
		return ret;
	ret = map(hub, err);
	if (ret)
		goto err_close;
	ret = take_place(hub, err);
	if (!ret)
		ret = make_bell(hub, err);
	if (ret)
		goto err_unmap;
	open_rings(hub);
	enter(hub);
	sim_shm_file_unlock(hub->fd);
	sim_shm_hub_read(hub);
	return 0;

err_unmap:
	/* nobody uses a hub that was made just now */
	if (!free_the_dead(hub))
		unlink(hub->path);
	munmap(hub->page, SIM_SHM_FILE_BYTES);
err_close:
	close(hub->fd);
	return ret;
}

void sim_shm_hub_leave(struct sim_shm_hub *hub)
{
	bool locked = sim_shm_file_lock(hub->fd, true);

	free_place(hub, hub->self);
	if (locked && !free_the_dead(hub))
		unlink(hub->path);
	for (unsigned int i = 0; i < SIM_SHM_MEMBERS; i++)
		if (hub->bells[i] >= 0)
			close(hub->bells[i]);
	close(hub->bell);
	munmap(hub->page, SIM_SHM_FILE_BYTES);
	close(hub->fd);
}

uint32_t sim_shm_hub_read(struct sim_shm_hub *hub)
{
	uint32_t changed = 0;
	uint32_t live = 0;

	hub->generation = vfnet_word_load(&hub->page->generation);
	for (unsigned int i = 0; i < SIM_SHM_MEMBERS; i++) {
		const struct sim_shm_member *member = &hub->page->members[i];
		uint32_t pid = vfnet_word_load(&member->pid);
		uint32_t serial = __atomic_load_n(&member->serial, __ATOMIC_RELAXED);

		if (i == hub->self)
			continue;
		if (pid)
			live |= 1u << i;
		if (serial == hub->serials[i] && !((live ^ hub->live) & 1u << i))
			continue;
		changed |= 1u << i;
		hub->serials[i] = serial;
		if (hub->bells[i] >= 0)
			close(hub->bells[i]);
		hub->bells[i] = -1;
	}
	hub->live = live;
	return changed;
}

unsigned int sim_shm_hub_reap(struct sim_shm_hub *hub)
{
	uint32_t live = hub->live | 1u << hub->self;
	bool dead = false;

	for (uint32_t left = hub->live; left; left &= left - 1) {
		const struct sim_shm_member *member = &hub->page->members[__builtin_ctz(left)];
		uint32_t pid = vfnet_word_load(&member->pid);

		dead = dead || (pid && !is_alive(member, pid));
	}
	/* busy: somebody comes or goes, and looks after the dead */
	if (!dead || !sim_shm_file_lock(hub->fd, false))
		return 0;
	live &= ~free_the_dead(hub);
	sim_shm_file_unlock(hub->fd);
	return (unsigned int)__builtin_popcount(live);
}

void sim_shm_hub_arm(struct sim_shm_hub *hub)
{
	/* before the last look at the rings, as the fence in sim_shm_hub_wake() is after them */
	__atomic_store_n(&hub->page->members[hub->self].armed, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void sim_shm_hub_disarm(struct sim_shm_hub *hub)
{
	char bytes[SIM_SHM_MEMBERS];

	__atomic_store_n(&hub->page->members[hub->self].armed, 0, __ATOMIC_RELAXED);
	while (read(hub->bell, bytes, sizeof(bytes)) == sizeof(bytes))
		;
}

/* With both ends open a pipe never raises SIGPIPE, and a full one is readable as well. */
static void ring_bell(struct sim_shm_hub *hub, unsigned int member)
{
	char path[SIM_SHM_PATH_BYTES + 4];
	struct stat stat;
	int *bell = &hub->bells[member];

	if (*bell < 0) {
		bell_path(hub, member, path, sizeof(path));
		*bell = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
		if (*bell < 0)
			return;
		if (fstat(*bell, &stat) || !S_ISFIFO(stat.st_mode)) {
			close(*bell);
			*bell = -1;
			return;
		}
	}
	if (write(*bell, "", 1) < 0)
		return;
}

void sim_shm_hub_wake(struct sim_shm_hub *hub, uint32_t members)
{
	/* the frames first, as sim_shm_hub_arm() says */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (; members; members &= members - 1) {
		unsigned int i = (unsigned int)__builtin_ctz(members);
		uint32_t *armed = &hub->page->members[i].armed;

		if (vfnet_unlikely(__atomic_load_n(armed, __ATOMIC_RELAXED)) &&
		    __atomic_exchange_n(armed, 0, __ATOMIC_ACQ_REL))
			ring_bell(hub, i);
	}
}
