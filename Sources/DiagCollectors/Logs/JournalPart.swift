internal import DiagFormats
internal import SystemPackage

/// One journal file of the host, and what turned out to be wrong with it.
final class JournalPart {
    /// So many damaged entries and a file is not read on.
    private static let mostDamagedEntries = 10_000

    let path: FilePath
    let number: Int
    let file: JournalFile
    private(set) var damagedEntryCount = 0
    private(set) var damagedFieldCount = 0
    private(set) var firstDamage: JournalFailure?
    /// How many fields are not in the export: too large, or not what the format can hold.
    private(set) var leftOutFieldCount = 0
    /// Whether damage is counted; only in the first pass, for the others meet the same.
    var countsDamage = true
    /// Whether fields that the export leaves out are counted; only while it is written.
    var countsLeftOutFields = false

    init(path: FilePath, number: Int, file: JournalFile) {
        self.path = path
        self.number = number
        self.file = file
    }

    /// Whether so much of it is damaged that it is not read on.
    var isGivenUp: Bool { damagedEntryCount >= Self.mostDamagedEntries }

    func noteDamagedEntry(_ failure: JournalFailure) {
        guard countsDamage else { return }
        damagedEntryCount += 1
        if firstDamage == nil { firstDamage = failure }
    }

    func noteDamagedField(_ failure: JournalFailure) {
        guard countsDamage else { return }
        damagedFieldCount += 1
        if firstDamage == nil { firstDamage = failure }
    }

    func noteLeftOutField() { if countsLeftOutFields { leftOutFieldCount += 1 } }

    /// What is wrong with the file, in words; `nil` when nothing is.
    var damage: String? {
        var parts = [String]()
        if let failure = file.arrayFailure {
            parts.append(
                "only \(file.entryCount) of \(file.header.entryCount) entries are reached: \(failure)"
            )
        }
        if damagedEntryCount + damagedFieldCount > 0, let firstDamage {
            parts.append(
                "\(damagedEntryCount) entries and \(damagedFieldCount) fields are damaged;"
                    + " the first: \(firstDamage)")
        }
        if isGivenUp { parts.append("it was not read on") }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
