import DiagAnalysis
import DiagCollect
import DiagLiveDump
import DiagModel
import DiagSystem
import SystemPackage

/// The live dump in a run: beside the other collectors, or alone.
extension RunDirector {
    /// The collector's own word about a dump.
    static let dumpReportName = "LiveDump.json"
    /// Seconds beyond the deadline for finishing a dump and, in a run with other collectors, reading
    /// it back once for its hash.
    static let dumpGraceSeconds = 900.0
    /// Bytes of the disk that a dump leaves free: for its documents, or for the other artifacts.
    private static let dumpReserve: (alone: Int64, inRun: Int64) = (64 << 20, 512 << 20)

    private static var dumpName: String { BuiltInCollectors.liveDump.descriptor.name }

    /// Whether this run makes a dump.
    var isDumpPlanned: Bool { collectors.contains { $0.descriptor.name == Self.dumpName } }

    /// Whether the dump goes into the host's own folder of dumps.
    private var isDumpStored: Bool { request.dump != nil && settings.isDumpStored }

    private var dumpOptions: LiveDumpOptions {
        get throws {
            guard let dump = request.dump else {
                return try settings.dumpOptions(try settings.liveDump ?? .full)
            }
            var options = try settings.dumpOptions(dump.kind)
            options.reason = dump.reason
            options.isThrottled = options.isThrottled && dump.isThrottled
            return options
        }
    }

    /// What the collector is told.
    func dumpCollectorOptions() throws -> [String: [String: JSONValue]] {
        guard isDumpPlanned else { return [:] }
        func value(_ document: some Encodable) throws -> JSONValue {
            try JSONDocument.decode(
                JSONValue.self, from: try JSONDocument.encode(document, layout: .line))
        }
        return [
            Self.dumpName: [
                "options": try value(dumpOptions), "settings": try value(settings.dumpSettings()),
                "isStored": .bool(isDumpStored),
            ]
        ]
    }

    /// The file that the collector writes.
    ///
    /// Its size is bounded by what the disk has: in a bundle it stands a second time. An ELF core
    /// file has holes as large as memory and is bounded by what its writer counts.
    func dumpFile() throws -> [String: SeekableArtifact] {
        guard isDumpPlanned else { return [:] }
        let options = try dumpOptions
        // Of a dump alone there is no bundle yet: reading gigabytes back is left to its sealing.
        let isHashed = request.dump == nil
        guard options.format == .kdump else {
            return [
                Self.dumpName: SeekableArtifact(
                    path: "LiveDump.elf", mediaType: Artifact.elfCoreMediaType,
                    source: "/proc/kcore", isHashed: isHashed)
            ]
        }
        var limit = options.maxByteCount ?? .max
        if let space = try? RootedTree("/").fileSystemSpace(at: output) {
            let blocks =
                HostFacts.effectiveUser == 0 ? space.freeBlockCount : space.availableBlockCount
            let free = Int64(clamping: space.byteCount(ofBlocks: blocks))
            limit = min(
                limit,
                request.dump == nil
                    ? (free - Self.dumpReserve.inRun) / 2 : free - Self.dumpReserve.alone)
        }
        return [
            Self.dumpName: SeekableArtifact(
                path: "LiveDump.kdump", byteLimit: max(0, limit),
                mediaType: Artifact.kdumpMediaType, source: "/proc/kcore",
                isHashed: isHashed)
        ]
    }

    // MARK: - A dump alone

    /// Puts the folder of a dump in its place, when there is something worth keeping in it.
    func keepDump(
        _ folder: HostFolder, _ manifest: Manifest, _ findings: FindingList
    ) throws {
        let report = dumpDocuments[Self.dumpReportName].flatMap {
            try? JSONDocument.decode(LiveDumpReport.self, from: $0)
        }
        let ofDump = manifest.artifacts.filter { $0.path.hasPrefix("LiveDump") }
        let file = ofDump.first { $0.path == report?.file?.name ?? "LiveDump.kdump" }
        var notices = [String]()
        if ofDump.contains(where: { $0.path != Self.dumpReportName }) {
            try folder.commit()
            result.folderPath = folder.finalPath.string
            if isDumpStored { notices = removeOldDumps(but: folder.name) }
        } else {
            folder.discard()
        }
        result.artifactCount = manifest.artifacts.count
        result.artifactByteCount = manifest.artifacts.reduce(0) { $0 + $1.byteCount }
        result.completeness = manifest.completeness
        result.missing = manifest.missing
        result.findings = findings.findings
        let ending = manifest.reports.first
        let status = ExitStatus.ofDump(
            report, file: file, isInterrupted: manifest.isInterrupted,
            isWell: ending?.outcome == .complete)
        result.exitCode = Int(status.rawValue)
        link.send(
            .init(
                dump: .init(
                    report: report, folderPath: result.folderPath, file: file,
                    failure: ending?.reason, seconds: progress.elapsedSeconds, notices: notices)))
    }

    /// Makes room for the next dump, as the settings say; what a person should know of it.
    private func removeOldDumps(but current: String) -> [String] {
        do {
            let store = DumpStore(settings: try settings.dumpSettings(), folder: output)
            let outcome = try store.trim(current: current) { () throws(SystemCallError) in
                try FileSystemPlace.of(self.output)
            }
            return outcome.removed.map { "Removed the older dump \($0)." } + outcome.warnings
        } catch { return ["Older dumps were not looked at: \(error)."] }
    }

    /// Removes what a run that failed has made, apart from the bytes of a dump.
    func leave(_ folder: HostFolder) {
        guard request.dump != nil,
            let entries = try? Directory.open(folder.stagingPath).entries(),
            entries.contains(where: { $0.name.string.hasPrefix("LiveDump.") })
        else { return folder.discard() }
        result.folderPath = folder.stagingPath.string
    }
}

extension ExitStatus {
    /// The code for what became of a dump.
    static func ofDump(
        _ report: LiveDumpReport?, file: Artifact?, isInterrupted: Bool, isWell: Bool
    ) -> ExitStatus {
        if isInterrupted { return .interrupted }
        guard let report else { return file == nil ? .failed : .partial }
        switch report.outcome {
        case .complete: return file?.isTruncated == true || !isWell ? .partial : .complete
        case .partial: return .partial
        case .refused, .failed: break
        }
        switch report.obstacle?.cause {
        case .noKernelCore, .unsupported: return .unavailable
        case .inputOutput, .noSpace: return .inputOutput
        case .memoryPressure, .throttled, .alreadyRunning: return .temporarilyRefused
        case .notPermitted, .lockdown, .container: return .notPermitted
        case .unsuitableOutput: return .cannotCreate
        case .interrupted, nil: return .failed
        }
    }
}
