import DiagAnalysis
import DiagCollect
import DiagCollectors
import DiagLiveDump
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// The live dump in a run: beside the other collectors, or alone.
extension RunDirector {
    /// The collector's own word about a dump.
    static let dumpReportName = "LiveDump.json"
    /// Seconds beyond the deadline that a run with a dump may not come further: a disk that takes
    /// in the last of it, or gives it back slowly for its hash.
    static let dumpStallSeconds = 120.0
    /// Bytes of the disk that a dump in a bundle leaves free for the other artifacts, beside what
    /// stays free in any case.
    private static let otherArtifactsByteCount: Int64 = 512 << 20

    private static var dumpName: String { BuiltInCollectors.liveDump.descriptor.name }

    /// Whether this run makes a dump.
    var isDumpPlanned: Bool { collectors.contains { $0.descriptor.name == Self.dumpName } }

    /// Whether the dump goes into the host's own folder of dumps.
    private var isDumpStored: Bool { request.dump != nil && settings.isDumpStored }

    private var dumpOptions: LiveDumpOptions {
        get throws {
            guard let dump = request.dump else {
                var options = try settings.dumpOptions(try settings.liveDump ?? .full)
                options.reason = request.dumpReason
                return options
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
        var place = dumpRoom
        place.folder = output.string
        place.isInBundle = request.dump == nil
        place.isStored = isDumpStored
        return [
            Self.dumpName: [
                "options": try value(dumpOptions), "settings": try value(settings.dumpSettings()),
                "place": try value(place),
            ]
        ]
    }

    /// Seconds that the collector may take: as long as the run.
    func dumpDeadline() throws -> [String: Double] {
        isDumpPlanned ? [Self.dumpName: try settings.deadlineSeconds] : [:]
    }

    /// How many bytes of a dump the disk has room for, and why not more.
    private var dumpRoom: LiveDumpPlace {
        var place = LiveDumpPlace()
        guard let space = try? FileSystemPlace.of(output) else { return place }
        let reserve = DiskFloor.reserve(fileSystemByteCount: space.byteCount)
        let free =
            Int64(clamping: space.availableByteCount) - Int64(clamping: reserve)
            - (request.dump == nil ? Self.otherArtifactsByteCount : 0)
        place.byteLimit = max(0, request.dump == nil ? free / 2 : free)
        place.byteLimitReason =
            request.dump == nil
            ? "half of what may be used in \(output), as the bundle holds it a second time"
            : "what may be used in \(output)"
        return place
    }

    /// The file that the collector writes.
    ///
    /// Its size is bounded by what the disk has. An ELF core file has holes as large as memory and
    /// is bounded by what its writer counts.
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
        let limit = min(options.maxByteCount ?? .max, dumpRoom.byteLimit ?? .max)
        return [
            Self.dumpName: SeekableArtifact(
                path: "LiveDump.kdump", byteLimit: limit,
                mediaType: Artifact.kdumpMediaType, source: "/proc/kcore",
                isHashed: isHashed)
        ]
    }

    /// What became of the dump beside the other artifacts, for the summaries.
    func dumpOutline(_ manifest: Manifest) -> LiveDumpOutline? {
        guard request.dump == nil, isDumpPlanned else { return nil }
        return LiveDumpOutline(of: dumpReport, in: manifest.artifacts)
    }

    // MARK: - A dump alone

    /// What an ordinary user is told who cannot write into the host's own folder of dumps: that a
    /// dump wants root and why, and what there is without. `nil` when it is not that.
    func rootAdvice(_ errno: Errno?) -> String? {
        guard isDumpStored, HostFacts.effectiveUser != 0,
            errno == .permissionDenied || errno == .notPermitted
        else { return nil }
        return ". A live dump needs root: CAP_SYS_RAWIO for the kernel's memory, CAP_SYS_ADMIN and"
            + " CAP_SYS_PTRACE for the stacks of all threads. Run it as root, for example with"
            + " sudo. Without it, name another folder with --output: what of the stacks is"
            + " permitted goes there."
    }

    /// Puts the folder of a dump in its place, when there is something worth keeping in it.
    func keepDump(
        _ folder: HostFolder, _ manifest: Manifest, _ findings: FindingList
    ) throws {
        let report = dumpReport
        let ofDump = manifest.artifacts.filter { $0.path.hasPrefix("LiveDump") }
        let file = dumpedFile(manifest, report)
        var notices = [String]()
        if ofDump.contains(where: { $0.path != Self.dumpReportName }) {
            try folder.commit()
            result.folderPath = folder.finalPath.string
            if isDumpStored {
                let holdsMemory = file != nil && report?.kind != .stacks
                notices = removeOldDumps(but: folder.name, madeDump: holdsMemory)
            }
        } else {
            folder.discard()
        }
        result.artifactCount = manifest.artifacts.count
        result.artifactByteCount = manifest.artifacts.reduce(0) { $0 + $1.byteCount }
        result.completeness = manifest.completeness
        result.missing = manifest.missing
        result.findings = findings.findings
        let ending = manifest.reports.first
        result.exitCode = dumpExitCode(manifest)
        link.send(
            .init(
                dump: .init(
                    report: report, folderPath: result.folderPath, file: file,
                    failure: ending?.reason, seconds: progress.elapsedSeconds, notices: notices)))
    }

    /// The collector's own word; none when it did not come to that.
    private var dumpReport: LiveDumpReport? {
        dumpDocuments[Self.dumpReportName].flatMap {
            try? JSONDocument.decode(LiveDumpReport.self, from: $0)
        }
    }

    /// The dump itself; without its report, which is sent last, whatever it is called.
    private func dumpedFile(_ manifest: Manifest, _ report: LiveDumpReport?) -> Artifact? {
        manifest.artifacts.first {
            report?.file.map(\.name) == $0.path
                || [Artifact.kdumpMediaType, Artifact.elfCoreMediaType].contains($0.mediaType)
        }
    }

    private func dumpExitCode(_ manifest: Manifest) -> Int {
        let report = dumpReport
        let status = ExitStatus.ofDump(
            report, file: dumpedFile(manifest, report), isInterrupted: manifest.isInterrupted,
            isWell: manifest.reports.first?.outcome == .complete)
        return Int(status.rawValue)
    }

    /// `summary.txt` of a dump alone: what became of it, how to open it and what to know of it.
    func dumpPage(_ manifest: Manifest, in folder: HostFolder) -> String {
        let report = dumpReport
        let title = "Live kernel dump of " + UntrustedText.escapingControls(manifest.host.name)
        let head = [
            title, String(repeating: "=", count: title.utf8.count),
            "Made: \(manifest.started) by \(manifest.tool.name) \(manifest.tool.version)", "",
        ]
        let lines = DumpSummary.lines(
            of: report, exitCode: dumpExitCode(manifest), folderPath: folder.finalPath.string,
            file: dumpedFile(manifest, report), failure: manifest.reports.first?.reason,
            seconds: progress.elapsedSeconds, width: 100, usesUnicode: false)
        return (head + lines).joined(separator: "\n") + "\n"
    }

    /// Makes room for the next dump, as the settings say; what a person should know of it.
    private func removeOldDumps(but current: String, madeDump: Bool) -> [String] {
        do {
            let store = DumpStore(settings: try settings.dumpSettings(), folder: output)
            let outcome = try store.trim(current: current, madeDump: madeDump) {
                () throws(SystemCallError) in try FileSystemPlace.of(self.output)
            }
            return outcome.removed.map { "Removed the older dump \($0)." }
                + outcome.removedUnfinished.map {
                    "Removed \($0), which a run left that was killed before the newest complete"
                        + " dump."
                } + outcome.warnings
        } catch { return ["Older dumps were not looked at: \(error)."] }
    }

    /// Removes what a run that failed has made, apart from the bytes of a dump.
    func leave(_ folder: HostFolder) {
        if request.dump == nil {
            guard folder.keepDump(), let kept = folder.keptPath else { return folder.discard() }
            keptDump = kept
            return
        }
        guard let entries = try? Directory.open(folder.stagingPath).entries(),
            entries.contains(where: { $0.name.string.hasPrefix("LiveDump.") })
        else { return folder.discard() }
        result.folderPath = folder.stagingPath.string
    }

    /// What is said of dumps that runs of `collect` left, which failed or were killed.
    static func told(ofDumps folders: [FilePath]) -> [String] {
        folders.map {
            "What a run that did not end has written of a dump is in \($0); `diagbundle dump info`"
                + " says what it holds."
        }
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
        // The stacks are what was asked for; the small dump beside them only unwinds them again.
        case .refused where report.kind == .stacks && !report.stackFiles.isEmpty: return .partial
        case .refused, .failed: break
        }
        switch report.obstacle?.cause {
        case .noKernelCore, .unsupported: return .unavailable
        case .inputOutput, .noSpace: return .inputOutput
        // The time ended before the first page; with more of it there will be a dump.
        case .memoryPressure, .throttled, .alreadyRunning, .interrupted: return .temporarilyRefused
        case .notPermitted, .lockdown, .container: return .notPermitted
        case .unsuitableOutput: return .cannotCreate
        case nil: return .failed
        }
    }
}
