internal import DiagFormats

/// One mapped device: a line of `device-mapper/<batch>.jsonl`.
struct MapperDevice: Encodable, Hashable {
    /// One target, as its table and as its status.
    struct Target: Encodable, Hashable {
        var startSector: UInt64
        var sectorCount: UInt64
        var type: String
        /// The table's parameters as the kernel writes them, keys left out.
        var tableText: String?
        var table: MapperTable?
        /// The status as the kernel writes it.
        var statusText: String?
        var status: MapperStatus?
        /// Why a text has no values beside it.
        var problem: String?
    }

    /// The kernel's name, `dm-3`.
    var device: String
    /// `253:3`.
    var number: String
    var name: String
    var uuid: String?
    var openCount: Int32
    var eventNumber: UInt32
    var isSuspended: Bool
    var isReadOnly: Bool
    var hasActiveTable: Bool
    var hasInactiveTable: Bool
    var targetCount: Int
    /// The targets, in order; of very many only the first.
    var targets: [Target] = []
    /// The numbers of the devices that it stands on.
    var dependencies: [String] = []
    /// What the kernel refused to tell.
    var problems: [String] = []

    /// No more targets are written for one device.
    static let targetLimit = 4096

    init(device: String, number: String, header: MapperHeader) {
        self.device = device
        self.number = number
        name = header.name
        uuid = header.uuid
        openCount = header.openCount
        eventNumber = header.eventNumber
        isSuspended = header.isSuspended
        isReadOnly = header.isReadOnly
        hasActiveTable = header.hasActiveTable
        hasInactiveTable = header.hasInactiveTable
        targetCount = 0
    }

    /// Puts the lines of the table and of the status together.
    mutating func setTargets(table: [MapperLine], status: [MapperLine]) {
        targetCount = max(table.count, status.count)
        for index in 0..<min(targetCount, Self.targetLimit) {
            let line = index < table.count ? table[index] : status[index]
            var target = Target(
                startSector: line.startSector, sectorCount: line.sectorCount, type: line.type)
            if index < table.count {
                target.tableText = line.words.joined(separator: " ")
                do throws(FormatError) { target.table = try MapperTable(line) } catch {
                    target.problem = "table: \(error)"
                }
            }
            if index < status.count, status[index].startSector == line.startSector,
                status[index].type == line.type
            {
                let line = status[index]
                target.statusText = line.words.joined(separator: " ")
                if !line.words.isEmpty {
                    do throws(FormatError) { target.status = try MapperStatus(line) } catch {
                        target.problem = "status: \(error)"
                    }
                }
            }
            targets.append(target)
        }
    }
}

/// The first line of `device-mapper/<batch>.jsonl`.
struct MapperDocumentHead: Encodable, Hashable {
    var schema = "diagbundle.device-mapper/1"
    /// The version of the kernel's interface: major, minor, patch.
    var interfaceVersion: [UInt32]?
    /// The kinds of targets that the kernel has loaded.
    var targetVersions: [MapperTargetVersion]
}
