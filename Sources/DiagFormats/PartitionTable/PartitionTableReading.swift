/// The partition table of a device together with the bytes that it was read from.
public struct PartitionTableReading: Hashable, Sendable {
    /// Bytes of the table.
    public struct Piece: Hashable, Sendable {
        /// What they are, fit for a file name.
        public var name: String
        /// Where they stand on the device, in bytes.
        public var offset: UInt64
        /// The bytes.
        public var bytes: [UInt8]
    }

    /// The table.
    public var table: PartitionTable
    /// What it was read from, in the order of the device.
    public var pieces: [Piece]

    init(table: PartitionTable, pieces: [Piece]) {
        self.table = table
        self.pieces = pieces
    }

    /// Reads the table of `source`; `nil` when there is none that we know.
    ///
    /// A GPT goes before the MBR that protects it. Where the kernel's sector size gives no header,
    /// 512 and 4096 are tried: disks move between controllers that disagree on it. An encrypted
    /// volume has no table, and salts stand where one would be: nothing of it is kept.
    public init?(reading source: some MetadataSource) {
        let sector = source.bytes(512, at: 0)
        if let sector, sector.starts(with: LUKSMagic.primary) { return nil }
        let record = sector.flatMap { try? MasterBootRecord(parsing: $0.span) }
        var gpt = GPTReader(source)
        if let table = gpt.read(protectedBy: record) {
            self.table = table
            pieces = gpt.pieces
        } else if let dasd = DASDLabelReader.read(source) {
            self = dasd
            return
        } else if let record, record.isPlausible, let sector {
            var reader = MBRReader(source)
            table = reader.read(record)
            pieces = reader.pieces
            pieces.insert(Piece(name: "mbr", offset: 0, bytes: sector), at: 0)
            return
        } else {
            return nil
        }
        // The program in the first 440 bytes is no part of the table.
        if let sector { pieces.insert(Piece(name: "mbr", offset: 0, bytes: sector), at: 0) }
        pieces.sort { $0.offset < $1.offset }
    }
}
