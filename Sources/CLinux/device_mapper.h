// Questions to the device mapper. Source: linux/dm-ioctl.h.
#pragma once
