internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads one array's folder `md` in sysfs.
struct MDArrayReader {
    private let folder: Directory
    private var reader = AttributeReader()
    /// No array has more slots: `MD_SB_DISKS` and the limit of version 1 metadata, 1920.
    private static let memberLimit = 4096
    /// What a page of bad blocks can hold is a few hundred; a page more is a damaged one.
    private static let pageByteCount = 4096

    /// A reader of the array in `folder`, a path below `root`.
    init(_ folder: FilePath, in root: RootedTree) throws(SystemCallError) {
        self.folder = try root.directory(folder).directory("md")
    }

    /// Everything about the array called `name`.
    mutating func document(name: String) throws(SystemCallError) -> MDDocument {
        var facts = [String: String]()
        reader.add(MDAttributes.array, of: folder, to: &facts)
        if let bitmap = try? folder.directory("bitmap") {
            reader.add(MDAttributes.bitmap, of: bitmap, under: "bitmap/", to: &facts)
        }
        var document = MDDocument(name: name, attributes: facts)
        document.level = facts["level"]
        document.state = facts["array_state"]
        document.memberCount = Self.leading(facts["raid_disks"])
        document.degradedCount = Self.leading(facts["degraded"])
        document.syncAction = facts["sync_action"]
        document.syncedSectors = Self.share(facts["sync_completed"])
        document.syncSpeedKibibytesPerSecond = facts["sync_speed"].flatMap { UInt64($0) }
        document.mismatchCount = facts["mismatch_cnt"].flatMap { UInt64($0) }
        document.uuid = facts["uuid"]
        document.metadataVersion = facts["metadata_version"]
        for entry in try folder.entries(limit: Self.memberLimit * 4)
        where entry.name.string.hasPrefix("dev-") && document.members.count < Self.memberLimit {
            guard let inner = try? folder.directory(entry.name.string) else { continue }
            document.members.append(member(entry.name, inner))
        }
        document.members.sort {
            ($0.slot ?? .max, $0.name) < ($1.slot ?? .max, $1.name)
        }
        let filled = Set(
            document.members.filter { !$0.states.contains("faulty") }.compactMap(\.slot))
        if let count = document.memberCount, count > 0 {
            document.emptySlots = (0..<min(count, Int64(Self.memberLimit))).filter {
                !filled.contains($0)
            }
        }
        return document
    }

    private mutating func member(
        _ name: FilePath.Component, _ folder: Directory
    ) -> MDDocument.Member {
        var facts = [String: String]()
        reader.add(MDAttributes.member, of: folder, to: &facts)
        var isFull = false
        func blocks(_ attribute: String) -> [MDDocument.BadBlocks] {
            guard let text = reader.text(attribute, of: folder) else { return [] }
            if text.utf8.count > Self.pageByteCount - 64 { isFull = true }
            return text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                guard words.count == 2, let sector = UInt64(words[0]), let count = UInt64(words[1])
                else { return nil }
                return MDDocument.BadBlocks(sector: sector, sectorCount: count)
            }
        }
        let bad = blocks("bad_blocks")
        let unacknowledged = blocks("unacknowledged_bad_blocks")
        return MDDocument.Member(
            name: Self.memberName(name),
            states: (facts["state"] ?? "").split(separator: ",").map(String.init),
            slot: facts["slot"].flatMap { Int64($0) },
            correctedErrorCount: facts["errors"].flatMap { UInt64($0) },
            offsetSectors: facts["offset"].flatMap { UInt64($0) },
            sizeKibibytes: facts["size"].flatMap { UInt64($0) },
            recoveryStartSector: facts["recovery_start"].flatMap { UInt64($0) },
            badBlocks: bad, unacknowledgedBadBlocks: unacknowledged, hasMoreBadBlocks: isFull,
            attributes: facts)
    }

    /// The member's device: sysfs writes `!` for the `/` in a name.
    private static func memberName(_ component: FilePath.Component) -> String {
        let bytes = component.string.utf8.dropFirst(4).map { $0 == 0x21 ? 0x2F : $0 }
        return UntrustedText.escapingForPath(bytes)
    }

    /// The first number: while the number of members changes, the kernel writes `4 (3)`.
    private static func leading(_ text: String?) -> Int64? {
        text?.split(separator: " ").first.flatMap { Int64($0) }
    }

    /// `123 / 456`.
    private static func share(_ text: String?) -> MapperShare? {
        let words = (text ?? "").split(separator: " ")
        guard words.count == 3, words[1] == "/", let done = UInt64(words[0]),
            let total = UInt64(words[2])
        else { return nil }
        return MapperShare(used: done, total: total)
    }
}
