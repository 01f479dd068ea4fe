import DiagLiveDump
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// `diagbundle dump full --dry-run`: what a dump would hold and cost.
enum DumpDryRun {
    /// Prints the table of classes, the size and the time that copying takes; makes nothing.
    ///
    /// - Throws: ``CommandFailure`` when the dump could not be made either.
    static func run(
        _ options: LiveDumpOptions, isThrottled: Bool, isStored: Bool, settings: DumpSettings,
        asJSON: Bool
    ) throws {
        let place = Self.place(of: FilePath(settings.folder))
        var estimate: DumpEstimate
        do throws(LiveDumpError) {
            let tree: RootedTree
            do throws(SystemCallError) { tree = try RootedTree("/") } catch {
                throw LiveDumpError(.inputOutput, "read the root: \(error)")
            }
            estimate = try LiveDump.estimate(
                options, tree: tree, directory: place)
        } catch { throw CommandFailure(dumping: error) }
        // What forbids a dump now may be over when one is made.
        if let refusal = DumpLock.refusal() { estimate.warnings.append(refusal.description) }
        do throws(LiveDumpError) {
            estimate.warnings += try DumpThrottle(settings: settings, kind: options.kind).check(
                originator: options.originator, isThrottled: options.isThrottled && isThrottled)
        } catch { estimate.warnings.append(error.description) }
        if place == nil {
            estimate.warnings.append(
                "\(settings.folder) did not answer: whether it has room is not known")
        }
        if isStored, let place {
            do throws(LiveDumpError) {
                try DumpStore(settings: settings).admit(
                    estimatedByteCount: UInt64(max(0, estimate.fileByteCount)), space: place)
            } catch { estimate.warnings.append(error.description) }
        }
        if asJSON {
            _ = try StandardStreams.write(JSONDocument.encode(estimate, layout: .document))
            return
        }
        for line in lines(estimate) {
            guard try StandardStreams.write(Array((line + "\n").utf8)) else { return }
        }
    }

    /// The file system of the folder, which may hang: then there is none.
    private static func place(of folder: FilePath) -> FileSystemPlace? {
        let asking = try? BackgroundValue.start(name: "dump-place") {
            try? FileSystemPlace.of(folder)
        }
        return asking?.wait(seconds: 5) ?? nil
    }

    private static func lines(_ estimate: DumpEstimate) -> [String] {
        var table = TextTable([
            .init("pages"), .init("present", alignment: .right), .init("bytes", alignment: .right),
            .init("in the dump", alignment: .right), .init("bytes", alignment: .right),
        ])
        for row in estimate.rows + [estimate.total] {
            table.append([
                words(row.name), "\(row.pages)", ByteCountText.describe(row.byteCount),
                "\(row.keptPages)", ByteCountText.describe(row.keptByteCount),
            ])
        }
        // A rate of a damaged history is not taken; one that fits no integer would be no reason to
        // trap either.
        let whole = Int(exactly: estimate.pagesPerSecond.rounded(.down))
        let rate = whole.map { "\($0)" } ?? "\(estimate.pagesPerSecond)"
        return table.lines() + [
            "",
            "File: about \(ByteCountText.describe(estimate.fileByteCount))"
                + " (level \(estimate.level), \(estimate.compression))",
            "Copying: about \(DurationText.measured(seconds: estimate.seconds)), at \(rate) pages a"
                + " second with \(estimate.threads)"
                + (estimate.threads == 1 ? " thread" : " threads")
                + (estimate.isRateMeasured
                    ? ", the rate of the last one" : ", a rate that was not measured on this host")
                + "; reading the classes of pages and the stacks comes before, re-reading and "
                + "closing the file behind it",
            "Memory set aside: \(ByteCountText.describe(estimate.memoryByteCount))",
        ] + estimate.warnings.map { "Note: " + UntrustedText.escapingControls($0) }
    }

    /// `cachePrivate` as `cache private`.
    private static func words(_ name: String) -> String {
        name.reduce(into: "") { text, letter in
            text += letter.isUppercase ? " " + letter.lowercased() : String(letter)
        }
    }
}

extension CommandFailure {
    /// A dump that cannot be made.
    init(dumping error: LiveDumpError) {
        let status: ExitStatus =
            switch error.obstacle.cause {
            case .noKernelCore, .unsupported: .unavailable
            case .inputOutput, .noSpace: .inputOutput
            case .memoryPressure, .throttled, .alreadyRunning: .temporarilyRefused
            case .notPermitted, .lockdown, .container: .notPermitted
            case .unsuitableOutput: .cannotCreate
            case .interrupted: .interrupted
            }
        let remedy = error.obstacle.remedy.map { " " + $0 } ?? ""
        self.init(status, error.obstacle.message + "." + remedy)
    }
}
