/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program as the document of 2010 describes it: one descriptor, no call for a domain, its own
 * sample of a function taken as it stands. It is C, because the document is, and it is also built
 * for 32 bits. Argument: the node of an edu device. Prints PASS or FAIL for each thing it tries.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the sample's surroundings have to give it. */
typedef uint16_t u16;
void pci_write_config_word(int pci_fd, u16 off, u16 wd);

/* clang-format off: the document's lines */
#include <linux/vfio.h>
void pci_write_config_word(int pci_fd, u16 off, u16 wd)
{
	off_t cfg_off = VFIO_PCI_CONFIG_OFF + off;

	if (pwrite(pci_fd, &wd, 2, cfg_off) != 2)
		perror("pwrite config_dword");
}
/* clang-format on */

enum { PAGE = 4096, COMMAND = 4, MASTER = 4, INTX_DISABLE = 0x400 };

/* edu's registers, in words */
enum { IRQ_STATUS = 0x24 / 4, IRQ_RAISE = 0x60 / 4, IRQ_ACK = 0x64 / 4 };
enum { DMA_FROM = 0x80 / 4, DMA_TO = 0x88 / 4, DMA_COUNT = 0x90 / 4, DMA_COMMAND = 0x98 / 4 };
#define EDU_BUFFER 0x40000u

static int failures;

static void check(bool good, const char *name)
{
	printf("%s %s\n", good ? "PASS" : "FAIL", name);
	failures += !good;
}

static u16 config_word(int fd, u16 at)
{
	u16 word = 0xffff;

	if (pread(fd, &word, 2, (off_t)(VFIO_PCI_CONFIG_OFF + at)) != 2)
		perror("pread");
	return word;
}

static void check_numbers(void)
{
	check(sizeof(struct vfio_dma_map) == 32 && VFIO_DMA_MAP_IOVA == 0xc0203b65 &&
		  VFIO_DMA_UNMAP == 0x40203b66 && VFIO_EVENTFD_IRQ == 0x40043b67 &&
		  VFIO_EVENTFDS_MSIX == 0x40043b69 && VFIO_DMA_MASK == 0x40083b6a &&
		  VFIO_DOMAIN_SET == 0x40043b6b && VFIO_BAR_LEN == 0xc0043ba7,
	      "NumbersAreTheSameInEveryWordSize");
	check(vfio_pci_space_to_offset(6) == UINT64_C(0x600000000) &&
		  vfio_offset_to_pci_space(UINT64_C(0x612345678)) == 6 &&
		  vfio_offset_to_pci_offset(UINT64_C(0x612345678)) == 0x12345678,
	      "RoutinesConvertSpacesAndOffsets");
}

static void check_config(int fd)
{
	u16 command = config_word(fd, COMMAND);

	check(config_word(fd, 0) == 0x1234 && config_word(fd, 2) == 0x11e8, "ReadsConfigSpace");
	pci_write_config_word(fd, COMMAND, (u16)(command | MASTER));
	check(config_word(fd, COMMAND) == (command | MASTER), "SampleSetsABit");
	pci_write_config_word(fd, COMMAND, (u16)(command & ~MASTER));
	check(config_word(fd, COMMAND) == (command & ~MASTER), "SampleClearsABit");
}

static volatile uint32_t *map_registers(int fd)
{
	uint32_t length = 0;
	void *registers;

	check(ioctl(fd, VFIO_BAR_LEN, &length) == 0 && length == 1 << 20, "TellsTheLengthOfABar");
	registers = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(registers != MAP_FAILED, "MapsABar");
	return registers == MAP_FAILED ? NULL : registers;
}

static bool copy(volatile uint32_t *registers, uint32_t from, uint32_t to, uint32_t command)
{
	int ms;

	registers[DMA_FROM] = from;
	registers[DMA_TO] = to;
	registers[DMA_COUNT] = PAGE;
	registers[DMA_COMMAND] = command | 1;
	for (ms = 0; ms < 10000 && (registers[DMA_COMMAND] & 1); ms++)
		usleep(1000);
	return ms < 10000;
}

/* The structure is full of what was on the stack; the program sets what the document names. */
static int map(int fd, unsigned long command, void *data, uint64_t *dmaaddr, int rdwr)
{
	struct vfio_dma_map argument;
	int rc;

	memset(&argument, 0xa5, sizeof(argument));
	argument.vaddr = (uintptr_t)data;
	argument.dmaaddr = *dmaaddr;
	argument.size = PAGE;
	argument.rdwr = rdwr;
	rc = ioctl(fd, command, &argument);
	*dmaaddr = argument.dmaaddr;
	return rc;
}

static void check_dma(int fd, volatile uint32_t *registers)
{
	void *memory =
	    mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t anywhere = UINT64_C(0xa5a5a5a5a5a5a5a5), iova = 0x20000000;
	uint64_t mask = 0xfffffff;
	uint8_t *out, *in;

	if (memory == MAP_FAILED)
		return;
	out = memory;
	in = out + PAGE;
	memset(out, 0x3c, PAGE);
	check(ioctl(fd, VFIO_DMA_MASK, &mask) == 0, "SetsADmaMask");
	check(config_word(fd, COMMAND) & MASTER, "DmaMaskEnablesBusMastership");
	check(map(fd, VFIO_DMA_MAP_ANYWHERE, out, &anywhere, 0) == 0 && anywhere <= mask,
	      "MapsAnywhereReadOnly");
	check(map(fd, VFIO_DMA_MAP_IOVA, in, &iova, 1) == 0 && iova == 0x20000000,
	      "MapsAtAnAddressReadWrite");
	check(copy(registers, (uint32_t)anywhere, EDU_BUFFER, 0) &&
		  copy(registers, EDU_BUFFER, (uint32_t)iova, 2) && !memcmp(in, out, PAGE),
	      "DeviceCopiesFromOneToTheOther");
	check(map(fd, VFIO_DMA_UNMAP, in, &iova, 1) == 0 &&
		  map(fd, VFIO_DMA_UNMAP, out, &anywhere, 0) == 0,
	      "Unmaps");
	munmap(memory, 2 * PAGE);
}

static bool comes(int efd)
{
	struct pollfd pollfd = {efd, POLLIN, 0};
	uint64_t n = 0;

	return poll(&pollfd, 1, 2000) == 1 && read(efd, &n, sizeof(n)) == sizeof(n) && n == 1;
}

static void check_interrupts(int fd, volatile uint32_t *registers)
{
	int efd = eventfd(0, 0), none = -1;
	u16 command;

	check(ioctl(fd, VFIO_EVENTFD_IRQ, &efd) == 0, "TakesAnEventfdForIrqs");
	registers[IRQ_RAISE] = 1;
	check(comes(efd), "IrqBecomesAnEvent");
	registers[IRQ_ACK] = registers[IRQ_STATUS];
	command = config_word(fd, COMMAND);
	pci_write_config_word(fd, COMMAND, (u16)(command & ~INTX_DISABLE));
	registers[IRQ_RAISE] = 2;
	check(comes(efd), "IrqComesAgainAfterCommandRegister");
	registers[IRQ_ACK] = registers[IRQ_STATUS];
	check(ioctl(fd, VFIO_EVENTFD_IRQ, &none) == 0, "SwitchesIrqsOff");
	check(ioctl(fd, VFIO_EVENTFD_MSI, &efd) == 0, "TakesAnEventfdForMsi");
	registers[IRQ_RAISE] = 4;
	check(comes(efd), "MsiBecomesAnEvent");
	registers[IRQ_ACK] = registers[IRQ_STATUS];
	check(ioctl(fd, VFIO_EVENTFD_MSI, &none) == 0, "SwitchesMsiOff");
	close(efd);
}

int main(int argc, char **argv)
{
	volatile uint32_t *registers;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: %s /dev/vfioN\n", argv[0]);
		return 2;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	check_numbers();
	check_config(fd);
	registers = map_registers(fd);
	if (registers) {
		registers[IRQ_ACK] = 0xffffffff;
		check_dma(fd, registers);
		check_interrupts(fd, registers);
	}
	close(fd);
	return failures != 0;
}
