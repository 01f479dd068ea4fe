internal import DiagModel
internal import DiagSystem

/// What came of the copy.
extension LiveDump {
    /// The text of the dump's own note, when all but its end is known.
    static func mark(
        _ begun: LiveDumpReport, _ result: DumpResult
    ) -> [UInt8]? {
        var report = begun
        report.fill(with: result)
        report.ended = .now
        return try? JSONDocument.encode(report, layout: .line)
    }

    /// Puts what the copy gave into the report.
    func conclude(
        _ result: DumpResult, _ core: KernelCore, _ control: DumpControl,
        _ destination: Destination
    ) {
        let stages = report.stages
        report.fill(with: result)
        report.stages = stages + result.stages
        if report.obstacle == nil, !result.isComplete { report.obstacle = control.stopReason }
        if let warning = result.lockWarning { report.warnings.append(warning) }
        switch core.rangesChanged() {
        case false?: break
        case true?:
            report.warnings.append(
                "memory was added or taken away while it was copied: the dump has the ranges of"
                    + " its begin")
        case nil:
            report.warnings.append(
                "whether memory was added or taken away while it was copied is not known:"
                    + " /proc/kcore could not be read again")
        }
        report.limits = .init(
            threads: result.threadCount, memoryBudget: result.memoryBudget,
            isMemoryLocked: result.isMemoryLocked, maxByteCount: options.maxByteCount,
            onPressure: options.onPressure.rawValue, isDirect: result.isDirect)
        report.file = .init(
            name: destination.name, format: options.format == .elf ? "elf" : "kdump-compressed",
            compression: options.format == .elf ? "none" : options.compression.rawValue,
            byteCount: result.byteCount, isComplete: result.isComplete)
        report.openWith =
            debugPackage?.openCommands(
                file: destination.name, format: options.format, compression: options.compression,
                isComplete: result.isComplete && result.pagesUnreadable == 0) ?? []
        abandonIfAsked(destination)
    }

    /// With `--on-pressure abort` a dump that had to stop for memory leaves no file.
    private func abandonIfAsked(_ destination: Destination) {
        guard options.onPressure == .abort, report.outcome == .partial,
            report.obstacle?.cause == .memoryPressure
        else { return }
        do {
            try DumpOutput(try destination.open(), name: destination.name).setByteCount(0)
            report.outcome = .refused
            report.file = nil
            report.openWith = []
        } catch { report.warnings.append("the file of the dump stays: \(error)") }
    }
}

extension LiveDumpReport {
    /// Takes over what the copy gave.
    mutating func fill(with result: DumpResult) {
        outcome = result.isComplete ? .complete : .partial
        windows = result.windows
        torn = result.torn
        stages = result.stages
        obstacle = result.obstacle
        warnings += result.warnings
        pages["copied"] = result.pagesCopied
        pages["zero"] = result.pagesZero
        pages["unreadable"] = result.pagesUnreadable
        if result.pagesLate > 0 { pages["late"] = result.pagesLate }
        // What they were before is not known of each; nearly all were free.
        for (pageClass, count) in result.lateByClass {
            pages[pageClass.name, default: 0] += count
            pages["kept." + pageClass.name, default: 0] += count
            pages[PageClass.free.name] = max(0, pages[PageClass.free.name, default: 0] - count)
        }
    }
}
