/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/vm/kmod/genl.h"

#include <cstdio>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

namespace kmod
{

namespace
{

void append(std::vector<uint8_t> *to, const void *data, size_t n)
{
	const uint8_t *bytes = static_cast<const uint8_t *>(data);

	to->insert(to->end(), bytes, bytes + n);
	to->resize(NLMSG_ALIGN(to->size()));
}

Message parse(const struct nlmsghdr *header)
{
	const uint8_t *at = reinterpret_cast<const uint8_t *>(header) + NLMSG_HDRLEN;
	const uint8_t *end = reinterpret_cast<const uint8_t *>(header) + header->nlmsg_len;
	Message message;

	message.command = at[0];
	message.sequence = header->nlmsg_seq;
	at += GENL_HDRLEN;
	while (at + NLA_HDRLEN <= end) {
		struct nlattr attribute;

		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.nla_len < NLA_HDRLEN || at + attribute.nla_len > end)
			break;
		message.attributes[attribute.nla_type & NLA_TYPE_MASK].assign(
		    at + NLA_HDRLEN, at + attribute.nla_len);
		at += NLA_ALIGN(attribute.nla_len);
	}
	return message;
}

} // namespace

uint64_t Message::get(uint16_t type) const
{
	auto found = attributes.find(type);
	uint64_t value = 0;

	if (found == attributes.end() || found->second.size() > sizeof(value))
		return UINT64_MAX;
	memcpy(&value, found->second.data(), found->second.size());
	return value;
}

Message &Message::put_address(const std::string &address)
{
	unsigned int domain = 0, bus = 0, slot = 0, function = 0;

	sscanf(address.c_str(), "%x:%x:%x.%x", &domain, &bus, &slot, &function);
	put<uint32_t>(VFIO_ATTR_PCI_DOMAIN, domain);
	put(VFIO_ATTR_PCI_BUS, static_cast<uint16_t>(bus));
	put(VFIO_ATTR_PCI_SLOT, static_cast<uint8_t>(slot));
	return put(VFIO_ATTR_PCI_FUNC, static_cast<uint8_t>(function));
}

std::string Message::address() const
{
	char text[64];

	snprintf(text, sizeof(text), "%04llx:%02llx:%02llx.%llx",
		 static_cast<unsigned long long>(get(VFIO_ATTR_PCI_DOMAIN)),
		 static_cast<unsigned long long>(get(VFIO_ATTR_PCI_BUS)),
		 static_cast<unsigned long long>(get(VFIO_ATTR_PCI_SLOT)),
		 static_cast<unsigned long long>(get(VFIO_ATTR_PCI_FUNC)));
	return text;
}

bool Genl::send(uint16_t type, uint8_t command, uint32_t sequence, const Message &message)
{
	struct nlmsghdr header = {0, type, NLM_F_REQUEST | NLM_F_ACK, sequence, 0};
	struct genlmsghdr genl = {command, VFIO_GENL_VERSION, 0};
	std::vector<uint8_t> bytes;

	append(&bytes, &header, sizeof(header));
	append(&bytes, &genl, sizeof(genl));
	for (const auto &attribute : message.attributes) {
		struct nlattr head;

		head.nla_len = static_cast<uint16_t>(NLA_HDRLEN + attribute.second.size());
		head.nla_type = attribute.first;
		append(&bytes, &head, sizeof(head));
		append(&bytes, attribute.second.data(), attribute.second.size());
	}
	header.nlmsg_len = static_cast<uint32_t>(bytes.size());
	memcpy(bytes.data(), &header, sizeof(header));
	return ::send(fd_.get(), bytes.data(), bytes.size(), 0) ==
	       static_cast<ssize_t>(bytes.size());
}

ssize_t Genl::receive_raw(int ms)
{
	struct pollfd pollfd = {fd_.get(), POLLIN, 0};

	if (poll(&pollfd, 1, ms) != 1)
		return -ETIMEDOUT;
	return recv(fd_.get(), buffer_, sizeof(buffer_), 0);
}

int Genl::open(const char *family)
{
	struct sockaddr_nl address = {};
	Message question;

	fd_.reset(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
	address.nl_family = AF_NETLINK;
	if (fd_.get() < 0 ||
	    bind(fd_.get(), reinterpret_cast<struct sockaddr *>(&address), sizeof(address)))
		return -errno;
	question.attributes[CTRL_ATTR_FAMILY_NAME].assign(family, family + strlen(family) + 1);
	if (!send(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, ++sequence_, question))
		return -errno;
	for (;;) {
		const struct nlmsghdr *header = reinterpret_cast<struct nlmsghdr *>(buffer_);

		if (receive_raw(5000) < static_cast<ssize_t>(NLMSG_HDRLEN))
			return -ETIMEDOUT;
		if (header->nlmsg_type == NLMSG_ERROR)
			return family_ ? 0 : -ENOENT;
		family_ = static_cast<uint16_t>(parse(header).get(CTRL_ATTR_FAMILY_ID));
	}
}

int Genl::call(const Message &message)
{
	uint32_t sequence = message.sequence ? message.sequence : ++sequence_;

	if (!send(family_, message.command, sequence, message))
		return -errno;
	for (;;) {
		const struct nlmsghdr *header = reinterpret_cast<struct nlmsghdr *>(buffer_);

		if (receive_raw(5000) < static_cast<ssize_t>(NLMSG_HDRLEN))
			return -ETIMEDOUT;
		if (header->nlmsg_type == NLMSG_ERROR)
			return reinterpret_cast<struct nlmsgerr *>(buffer_ + NLMSG_HDRLEN)->error;
		events_.push_back(parse(header));
	}
}

bool Genl::receive(Message *message, int ms)
{
	if (!events_.empty()) {
		*message = events_.front();
		events_.erase(events_.begin());
		return true;
	}
	if (receive_raw(ms) < static_cast<ssize_t>(NLMSG_HDRLEN + GENL_HDRLEN))
		return false;
	*message = parse(reinterpret_cast<struct nlmsghdr *>(buffer_));
	return true;
}

int Genl::listen(const std::string &address, uint64_t events)
{
	Message message;

	message.command = VFIO_MSG_REGISTER;
	return call(message.put_address(address).put(VFIO_ATTR_MSGCAP, events));
}

int Genl::reply(const Message &question, uint8_t command, uint16_t type, uint32_t answer)
{
	Message message;

	message.command = command;
	message.sequence = question.sequence;
	return call(message.put_address(question.address()).put(type, answer));
}

} // namespace kmod
