/* SPDX-License-Identifier: BSD-2-Clause */
#include "apps/vfnet-dev/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int dev_kmsg_open(const struct app_machine *machine)
{
	char path[APP_PATH_BYTES];
	int fd = open(app_path(path, "%s/kmsg", machine->dev), O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* "6,1234,567890,-;text": the text of a record's first line, if @word is in it */
static void take_record(char *record, const char *word, char *text)
{
	const char *said = strchr(record, ';');

	record[strcspn(record, "\n")] = '\0';
	if (said && strstr(said, word))
		snprintf(text, DEV_KMSG_BYTES, "%s", said + 1);
}

void dev_kmsg_close(int fd, const char *word, char text[DEV_KMSG_BYTES])
{
	char record[4096]; /* each read() gives one */
	ssize_t len;

	text[0] = '\0';
	if (fd < 0)
		return;
	/* EPIPE: records were overwritten before they were read; the next read goes on after them
	 */
	while ((len = read(fd, record, sizeof(record) - 1)) > 0 || (len < 0 && errno == EPIPE)) {
		record[len > 0 ? len : 0] = '\0';
		take_record(record, word, text);
	}
	close(fd);
}
