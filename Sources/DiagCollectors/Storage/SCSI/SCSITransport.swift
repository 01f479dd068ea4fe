internal import DiagSystem

/// Takes SCSI commands that only read: a device, or in a test what one answered once.
protocol SCSITransport {
    /// Sends the command descriptor block `command` and takes up to `byteCount` bytes.
    ///
    /// - Throws: when the command could not be sent; what the device refuses is a response.
    func execute(
        _ command: [UInt8], reading byteCount: Int
    ) throws(SystemCallError) -> SCSIResponse
}
