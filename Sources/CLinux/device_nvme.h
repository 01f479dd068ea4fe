// NVMe admin commands. Source: linux/nvme_ioctl.h.
#pragma once
