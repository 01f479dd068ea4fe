/// What came back from a SCSI command.
public struct SCSIResponse: Hashable, Sendable {
    /// The status byte of the device: 0 good, 2 check condition. Source: SAM-6, section 5.3.1.
    public var status: UInt8
    /// What the host adapter said, 0 when it did its part. Source: scsi/sg.h, `host_status`.
    public var hostStatus: UInt16
    /// What the driver said, 0 when it did its part; bit 3 says that sense data is there.
    public var driverStatus: UInt16
    /// The sense data, empty when there is none.
    public var sense: [UInt8]
    /// What the device sent, without what it left out.
    public var data: [UInt8]

    /// What came back.
    public init(
        status: UInt8 = 0, hostStatus: UInt16 = 0, driverStatus: UInt16 = 0, sense: [UInt8] = [],
        data: [UInt8] = []
    ) {
        self.status = status
        self.hostStatus = hostStatus
        self.driverStatus = driverStatus
        self.sense = sense
        self.data = data
    }
}
