// NVMe admin commands. Source: linux/nvme_ioctl.h.
#pragma once
#include <linux/nvme_ioctl.h>
#include <stdint.h>

/// Sends an admin command that only reads: Get Log Page (02h) or Identify (06h); any other is
/// refused with EINVAL. 0 for success, a positive NVMe status, or -1 and errno.
static inline int diag_nvme_admin(
    int descriptor, unsigned char opcode, unsigned namespace_id, const unsigned dwords[5],
    void *data, unsigned byte_count, unsigned timeout_ms) {
    if (opcode != 0x02 && opcode != 0x06) {
        errno = EINVAL;
        return -1;
    }
    struct nvme_admin_cmd command;
    memset(&command, 0, sizeof command);
    command.opcode = opcode;
    command.nsid = namespace_id;
    command.addr = (uintptr_t)data;
    command.data_len = byte_count;
    command.cdw10 = dwords[0];
    command.cdw11 = dwords[1];
    command.cdw12 = dwords[2];
    command.cdw13 = dwords[3];
    command.cdw14 = dwords[4];
    command.timeout_ms = timeout_ms;
    return ioctl(descriptor, NVME_IOCTL_ADMIN_CMD, &command);
}
