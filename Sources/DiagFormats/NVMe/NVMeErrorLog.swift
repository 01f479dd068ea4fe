/// The last commands that failed, the newest first.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.2, figure 206: log 01h, entries of 64
/// bytes.
public struct NVMeErrorLog: Codable, Hashable, Sendable {
    /// One failed command.
    public struct Entry: Codable, Hashable, Sendable {
        /// Counts all errors over the life of the controller.
        public let errorCount: UInt64
        /// The submission queue of the command (SQID); FFFFh when it is of none.
        public let submissionQueue: UInt16
        /// The command's identifier (CID); FFFFh when it is of none.
        public let commandIdentifier: UInt16
        /// How it ended, the field as it is, with the phase tag in bit 0.
        public let statusField: UInt16
        /// How it ended, in words.
        public let status: String
        /// Where in the command the fault is: byte in bits 7:0, bit in 10:8; FFFFh nowhere.
        public let parameterLocation: UInt16
        /// The first block that failed.
        public let block: UInt64
        /// The namespace.
        public let namespaceIdentifier: UInt32
        /// The vendor's log that says more, 0 for none.
        public let vendorLog: UInt8
        /// The transport (TRTYPE): 0 none said, 1 RDMA, 2 Fibre Channel, 3 TCP, 254 within the host.
        public let transportType: UInt8
        /// What the command or its status defines.
        public let commandSpecific: UInt64
        /// What the transport defines.
        public let transportSpecific: UInt16

        init(_ bytes: Span<UInt8>, at offset: Int) throws(FormatError) {
            try bytes.check(64, at: offset, field: "error log entry")
            errorCount = try bytes.littleEndian(at: offset, field: "error count")
            submissionQueue = try bytes.littleEndian(at: offset + 8, field: "SQID")
            commandIdentifier = try bytes.littleEndian(at: offset + 10, field: "CID")
            statusField = try bytes.littleEndian(at: offset + 12, field: "status")
            status = NVMeStatus(statusField: statusField).description
            parameterLocation = try bytes.littleEndian(
                at: offset + 14, field: "parameter error location")
            block = try bytes.littleEndian(at: offset + 16, field: "LBA")
            namespaceIdentifier = try bytes.littleEndian(at: offset + 24, field: "NSID")
            vendorLog = bytes[offset + 28]
            transportType = bytes[offset + 29]
            commandSpecific = try bytes.littleEndian(
                at: offset + 32, field: "command specific information")
            transportSpecific = try bytes.littleEndian(
                at: offset + 40, field: "transport type specific information")
        }
    }

    /// The entries that are in use: those whose count is not 0.
    public let entries: [Entry]

    /// Reads as many whole entries as there are, 256 at most.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(64, at: 0, field: "error log entry")
        var entries = [Entry]()
        for index in 0..<min(bytes.count / 64, 256) {
            let entry = try Entry(bytes, at: index * 64)
            if entry.errorCount != 0 { entries.append(entry) }
        }
        self.entries = entries
    }
}
