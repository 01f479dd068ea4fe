internal import DiagFormats

/// `md/<array>.json`: one array as sysfs shows it.
struct MDDocument: Encodable, Hashable {
    /// A part of a member that could not be read or written.
    struct BadBlocks: Encodable, Hashable {
        /// Where, in sectors of 512 bytes from the beginning of the device.
        var sector: UInt64
        var sectorCount: UInt64
    }

    /// One member.
    struct Member: Encodable, Hashable {
        /// The device's name, such as `sda1`.
        var name: String
        /// The words of its state: `in_sync`, `faulty`, `spare`, `write_mostly` and others.
        var states: [String]
        /// Its place in the array; none for a spare or one that was put out.
        var slot: Int64?
        /// Read errors that were corrected.
        var correctedErrorCount: UInt64?
        /// Where the data begins, in sectors of 512 bytes.
        var offsetSectors: UInt64?
        /// How much of it the array uses, in units of 1024 bytes.
        var sizeKibibytes: UInt64?
        /// How far it is filled, in sectors of 512 bytes; none when it is in step.
        var recoveryStartSector: UInt64?
        var badBlocks: [BadBlocks]
        var unacknowledgedBadBlocks: [BadBlocks]
        /// Whether there are more bad blocks than sysfs shows in a page.
        var hasMoreBadBlocks: Bool
        /// Every attribute, as the kernel writes it.
        var attributes: [String: String]
    }

    var schema = "diagbundle.md/1"
    /// The array's name, such as `md0`.
    var name: String
    var level: String?
    var state: String?
    /// How many members it should have.
    var memberCount: Int64?
    /// How many of them it lacks.
    var degradedCount: Int64?
    var syncAction: String?
    /// What of a sync is done, in sectors of 512 bytes.
    var syncedSectors: MapperShare?
    /// In units of 1024 bytes each second.
    var syncSpeedKibibytesPerSecond: UInt64?
    /// Differences that the last check found, in sectors of 512 bytes.
    var mismatchCount: UInt64?
    var uuid: String?
    var metadataVersion: String?
    /// Slots that no member fills.
    var emptySlots: [Int64] = []
    var members: [Member] = []
    /// Every attribute of the array, as the kernel writes it.
    var attributes: [String: String]
}
