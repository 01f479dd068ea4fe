internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Sends the kernel ring buffer as `kernel.txt` and `kernel.jsonl`, and what faults it tells of.
struct KernelLog {
    /// What a ring buffer may hold at most, with room: 32 MiB of text is the kernel's own limit.
    private static let mostRecordBytes = 96 << 20

    let context: CollectionContext
    let budget: LogBudget

    /// What a first pass saw: the later ones stop where it did, however much is written meanwhile.
    private struct Extent {
        var recordCount = 0
        var lastSequenceNumber: UInt64 = 0
        var textByteCount: Int64 = 0
        var jsonByteCount: Int64 = 0
    }

    func collect(into sink: any CollectionSink) throws {
        let path = KernelLogReader.path
        if !context.root.isLiveHost {
            // A rescued system has no ring buffer; a recorded host may have a copy of one.
            guard let status = try? context.root.status(of: path), status.kind == .regular else {
                try sink.absent("kernel ring buffer", why: "not a running host")
                return
            }
        }
        let reader = KernelLogReader(root: context.root)
        let bootTime = self.bootTime
        let extent: Extent
        do {
            extent = try measure(reader, bootTime)
        } catch let error as SystemCallError {
            try report(error, into: sink)
            return
        }
        guard extent.recordCount > 0 else {
            try sink.absent("kernel ring buffer", why: "it holds no records")
            return
        }
        try sendText(reader, extent, bootTime, into: sink)
        try sendRecords(reader, extent, bootTime, into: sink)
    }

    private func report(_ error: SystemCallError, into sink: any CollectionSink) throws {
        switch error.errno {
        case .permissionDenied, .notPermitted:
            try sink.missing(
                "kernel ring buffer", why: error.description,
                remedy: "run as root, with CAP_SYSLOG, or with kernel.dmesg_restrict=0")
        case .noSuchFileOrDirectory, .noSuchAddressOrDevice, .operationNotSupportedByDevice:
            try sink.absent("kernel ring buffer", why: error.description)
        default: try sink.missing("kernel ring buffer", why: error.description)
        }
    }

    /// The moment of the boot in microseconds since 1970, as `dmesg -T` takes it: where the host
    /// was suspended, the kernel's clock stood still and later times come out too early.
    private var bootTime: UInt64? {
        if context.root.isLiveHost {
            let now = Timestamp.now.microsecondsSince1970
            return UInt64(exactly: now - MonotonicTime.now.nanoseconds / 1000)
        }
        // proc_stat(5): "btime", in seconds.
        guard let stat = try? context.root.read("/proc/stat") else { return nil }
        for line in stat.split(separator: 0x0A) where line.starts(with: "btime ".utf8) {
            let seconds = UInt64(String(decoding: line.dropFirst(6), as: UTF8.self))
            return seconds.flatMap { $0 < 1 << 40 ? $0 * 1_000_000 : nil }
        }
        return nil
    }

    private func measure(_ reader: KernelLogReader, _ bootTime: UInt64?) throws -> Extent {
        var extent = Extent()
        var recordBytes = 0
        var clock = JournalClock()
        var line = [UInt8]()
        let now = context.root.isLiveHost ? MonotonicTime.now.nanoseconds / 1000 : .max
        _ = try reader.forEachRecord { message, byteCount in
            // Written after we began: left to the next run.
            if let time = Int64(exactly: message.microseconds), time > now { return false }
            recordBytes += byteCount
            guard recordBytes <= Self.mostRecordBytes else { return false }
            extent.recordCount += 1
            extent.lastSequenceNumber = message.sequenceNumber
            line.removeAll(keepingCapacity: true)
            _ = message.appendText(bootTime: bootTime, clock: &clock, to: &line)
            extent.textByteCount += Int64(line.count)
            line.removeAll(keepingCapacity: true)
            message.appendJSON(bootTime: bootTime, clock: &clock, to: &line)
            extent.jsonByteCount += Int64(line.count)
            return true
        }
        return extent
    }

    private func sendText(
        _ reader: KernelLogReader, _ extent: Extent, _ bootTime: UInt64?,
        into sink: any CollectionSink
    ) throws {
        var finder = KernelFaultFinder()
        var lineNumber = 1
        try send(
            "kernel.txt", "text/plain", reader, extent, total: extent.textByteCount,
            limit: budget.kernelText, into: sink
        ) { message, clock, text in
            let lineCount = message.appendText(bootTime: bootTime, clock: &clock, to: &text)
            return {
                finder.add(message, atLine: lineNumber)
                lineNumber += lineCount
            }
        }
        for finding in finder.findings { try sink.send(.finding(finding)) }
        if finder.leftOutCount > 0 {
            try sink.send(
                .note(
                    .init(
                        text: "\(finder.leftOutCount) further lines of the kernel log tell of"
                            + " faults beyond the first \(KernelFaultFinder.mostFindings)")))
        }
    }

    private func sendRecords(
        _ reader: KernelLogReader, _ extent: Extent, _ bootTime: UInt64?,
        into sink: any CollectionSink
    ) throws {
        try send(
            "kernel.jsonl", "application/jsonl", reader, extent, total: extent.jsonByteCount,
            limit: budget.kernelRecords, into: sink
        ) { message, clock, text in
            message.appendJSON(bootTime: bootTime, clock: &clock, to: &text)
            return {}
        }
    }

    /// Sends one artifact: the newest records, `limit` bytes of them at most.
    ///
    /// `append` writes a record; what it returns is called when the record is sent.
    private func send(
        _ path: String, _ mediaType: String, _ reader: KernelLogReader, _ extent: Extent,
        total: Int64, limit: Int64, into sink: any CollectionSink,
        append: (KernelMessage, inout JournalClock, inout [UInt8]) -> () -> Void
    ) throws {
        var output = BufferedArtifact(sink)
        try sink.open(
            .init(
                path: path, source: KernelLogReader.path.string, mediaType: mediaType,
                privacy: .content))
        var clock = JournalClock()
        var line = [UInt8]()
        var skipped: Int64 = 0
        var sent: Int64 = 0
        var isFull = false
        let pass = try reader.forEachRecord { message, _ in
            guard message.sequenceNumber <= extent.lastSequenceNumber else { return false }
            line.removeAll(keepingCapacity: true)
            let accept = append(message, &clock, &line)
            if total - skipped > limit {
                skipped += Int64(line.count)
                return true
            }
            guard sent + Int64(line.count) <= limit else {
                isFull = true
                return false
            }
            sent += Int64(line.count)
            accept()
            try output.append(line)
            return message.sequenceNumber < extent.lastSequenceNumber
        }
        try output.flush()
        var gaps = [String]()
        if skipped > 0 || isFull {
            gaps.append("only the newest \(sent) of \(total) bytes are kept")
        }
        if pass.overwrittenCount > 0 {
            gaps.append("the kernel overwrote records while they were read")
        }
        if pass.malformedCount > 0 {
            gaps.append("\(pass.malformedCount) records could not be understood")
        }
        if let failure = pass.failure { gaps.append(failure.description) }
        if !gaps.isEmpty {
            try sink.send(.truncated(.init(why: gaps.joined(separator: "; "))))
        }
    }
}
