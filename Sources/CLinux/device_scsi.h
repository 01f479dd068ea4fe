// SCSI commands through the generic interface. Source: scsi/sg.h.
#pragma once
#include <scsi/sg.h>

/// Sends a SCSI command that moves no data or takes data from the device, never to it.
///
/// `results`: SCSI status, host status, driver status, bytes of sense data, bytes of `data` that
/// the device left out, milliseconds.
static inline int diag_scsi_read(
    int descriptor, const unsigned char *command, unsigned char command_length, void *data,
    unsigned data_length, unsigned char *sense, unsigned char sense_length, unsigned timeout,
    unsigned results[6]) {
    struct sg_io_hdr header;
    memset(&header, 0, sizeof header);
    header.interface_id = 'S';
    header.dxfer_direction = data_length == 0 ? SG_DXFER_NONE : SG_DXFER_FROM_DEV;
    header.cmd_len = command_length;
    header.cmdp = (unsigned char *)command;
    header.mx_sb_len = sense_length;
    header.sbp = sense;
    header.dxfer_len = data_length;
    header.dxferp = data_length == 0 ? 0 : data;
    header.timeout = timeout;
    if (ioctl(descriptor, SG_IO, &header) < 0) return -1;
    results[0] = header.status;
    results[1] = header.host_status;
    results[2] = header.driver_status;
    results[3] = header.sb_len_wr;
    results[4] = header.resid < 0 ? 0 : (unsigned)header.resid;
    results[5] = header.duration;
    return 0;
}
