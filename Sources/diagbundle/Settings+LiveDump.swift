import DiagCollect
import DiagLiveDump
import DiagModel
import SystemPackage

/// The settings of live dumps, as what they mean.
extension Settings {
    /// The built-in defaults.
    static var dumpDefaults: [SettingName: [String]] {
        let options = LiveDumpOptions()
        let settings = DumpSettings()
        return [
            .liveDump: ["no"], .dumpLevel: ["\(options.level)"],
            .dumpCompress: [options.compression.rawValue], .dumpFormat: [options.format.rawValue],
            .dumpUserPages: [options.includesUserPages ? "yes" : "no"],
            .dumpGuestPages: [options.includesGuestPages ? "yes" : "no"],
            .dumpOnPressure: [options.onPressure.rawValue], .dumpMaxSize: [],
            .dumpOriginator: [options.originator], .dumpThreads: [],
            .dumpThrottle: ["yes"],
            .dumpDirectory: [settings.folder],
            .dumpKeep: ["\(settings.keepCount)"],
            .dumpKeepPolicy: [settings.keep.rawValue],
            .dumpFreeSpace: [],
            .dumpInterval: ["\(settings.systemIntervalSeconds / 60)m"],
            .dumpOriginatorInterval: ["\(settings.originatorIntervalSeconds / 3600)h"],
        ]
    }

    /// The dump that `collect` makes; none unless it is asked for.
    var liveDump: LiveDumpReport.Kind? {
        get throws {
            switch text(.liveDump) {
            case "no", "none", "false": return nil
            case "yes", "true": return .full
            case let word:
                guard let kind = LiveDumpReport.Kind(rawValue: word) else {
                    throw wrong(.liveDump, "full, stacks or no is needed, not \"\(word)\"")
                }
                return kind
            }
        }
    }

    /// The folder of the dumps that name no other.
    var dumpDirectory: FilePath {
        get throws {
            guard !text(.dumpDirectory).isEmpty else {
                throw wrong(.dumpDirectory, "a folder is needed")
            }
            return FilePath(text(.dumpDirectory))
        }
    }

    /// What is wanted of a dump of that kind.
    func dumpOptions(_ kind: LiveDumpReport.Kind) throws -> LiveDumpOptions {
        var options = LiveDumpOptions()
        options.kind = kind
        options.level = try number(.dumpLevel, in: 0...31)
        options.compression = try choice(.dumpCompress)
        options.format = try choice(.dumpFormat)
        options.includesUserPages = try isYes(.dumpUserPages)
        options.includesGuestPages = try isYes(.dumpGuestPages)
        options.onPressure = try choice(.dumpOnPressure)
        if !text(.dumpMaxSize).isEmpty {
            options.maxByteCount = try byteCount(.dumpMaxSize)
            guard options.maxByteCount != 0 else {
                throw wrong(.dumpMaxSize, "a size above 0 is needed")
            }
        }
        options.originator = try originator
        options.isThrottled = try isYes(.dumpThrottle)
        if !text(.dumpThreads).isEmpty {
            options.threadCount = try number(.dumpThreads, in: 1...256)
        }
        return options
    }

    /// How often dumps are made, and how many are kept.
    func dumpSettings() throws -> DumpSettings {
        var settings = DumpSettings()
        settings.folder = try dumpDirectory.string
        settings.keepCount = try number(.dumpKeep, in: 0...100_000)
        settings.keep = try choice(.dumpKeepPolicy)
        if !text(.dumpFreeSpace).isEmpty {
            settings.freeSpaceFloor = try byteCount(.dumpFreeSpace)
        }
        settings.systemIntervalSeconds = Int64(try duration(.dumpInterval))
        settings.originatorIntervalSeconds = Int64(try duration(.dumpOriginatorInterval))
        return settings
    }

    /// Whether the folder of the dumps is the host's own, in which old dumps give way to new ones,
    /// and not one that was named for this dump alone.
    var isDumpStored: Bool { values[.dumpDirectory]?.source != .commandLine }

    /// Refuses options of a dump that would have no effect, or none that a bundle can hold.
    func checkDumpOptions(
        beside collectors: [any Collector], hasReason: Bool = false
    ) throws {
        let name = BuiltInCollectors.liveDump.descriptor.name
        guard collectors.contains(where: { $0.descriptor.name == name }) else {
            let given = SettingName.allCases.first {
                $0.isOfDump && values[$0]?.source == .commandLine
            }
            let why = "no live dump is asked for: it goes with --include-live-dump or --live-dump"
            if let given { throw wrong(given, why) }
            if hasReason { throw CommandFailure(.usage, "--dump-reason: \(why)") }
            return
        }
        // The archive knows no holes, and the file is as large as memory.
        guard try dumpOptions(.full).format != .elf else {
            throw wrong(
                .dumpFormat,
                "a bundle cannot hold an ELF core file, which is as large as memory: use"
                    + " `diagbundle dump full --format elf`, or `dump convert` afterwards")
        }
    }

    /// Whether `name` comes from the configuration file and `other` from the command line.
    func isOverridden(_ name: SettingName, by other: SettingName) -> Bool {
        values[name]?.source != .commandLine && values[other]?.source == .commandLine
    }

    /// Checks every value without using it.
    func checkDump() throws {
        _ = try liveDump
        _ = try dumpDirectory
        _ = try dumpOptions(.full)
        _ = try dumpSettings()
    }

    /// The dump keeps it in eight bytes, as Windows does.
    private var originator: String {
        get throws {
            let word = text(.dumpOriginator)
            guard (1...8).contains(word.utf8.count), word.utf8.allSatisfy({ (0x20...0x7E) ~= $0 })
            else {
                throw wrong(
                    .dumpOriginator,
                    "1 to 8 printable ASCII characters are needed, not \"\(word)\"")
            }
            return word
        }
    }

    private func number(_ name: SettingName, in range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text(name)), range.contains(number) else {
            throw wrong(
                name,
                "a number from \(range.lowerBound) to \(range.upperBound) is needed, not"
                    + " \"\(text(name))\"")
        }
        return number
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: SettingName
    ) throws -> Choice {
        guard let choice = Choice(rawValue: text(name)) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw wrong(name, "one of \(names) is needed, not \"\(text(name))\"")
        }
        return choice
    }
}
