// SCSI commands through the generic interface. Source: scsi/sg.h.
#pragma once
