internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Sends the kernel ring buffer as `kernel.txt` and `kernel.jsonl`, and what faults it tells of.
struct KernelLog {
    /// A recorded ring buffer is not read further. One of the running kernel is read to its end.
    private static let mostRecordBytes = 96 << 20

    let context: CollectionContext
    let budget: LogBudget

    /// What a first pass saw: the later ones stop where it did, however much is written meanwhile.
    private struct Extent {
        var recordCount = 0
        var lastSequenceNumber: UInt64 = 0
        /// How many of the records were written before the wanted time.
        var olderCount = 0
        /// Whether it holds more than is read.
        var isCut = false
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
        let clock = KernelLogClock(of: context.root)
        let earliest = context.since.flatMap(clock.earliest(since:)) ?? 0
        let extent: Extent
        do {
            extent = try measure(reader, clock.bootTime, earliest)
        } catch let error as SystemCallError {
            try report(error, into: sink)
            return
        }
        guard extent.recordCount > 0 else {
            try sink.absent("kernel ring buffer", why: "it holds no records")
            return
        }
        if let since = context.since {
            guard clock.bootTime != nil else {
                try sink.send(
                    .note(
                        .init(
                            text: "kernel records from before \(since) are kept: the moment of the"
                                + " boot is not known")))
                return try sendAll(reader, extent, nil, earliest, into: sink)
            }
            guard extent.olderCount < extent.recordCount else {
                try sink.absent(
                    "kernel records of \(since) or later",
                    why: "all \(extent.recordCount) records of the ring buffer are older")
                return
            }
            if extent.olderCount > 0 {
                try sink.send(
                    .note(
                        .init(
                            text: "kernel records from before \(since) are left out:"
                                + " \(extent.olderCount) of \(extent.recordCount)")))
            }
        }
        try sendAll(reader, extent, clock.bootTime, earliest, into: sink)
    }

    private func sendAll(
        _ reader: KernelLogReader, _ extent: Extent, _ bootTime: UInt64?, _ earliest: UInt64,
        into sink: any CollectionSink
    ) throws {
        try sendText(reader, extent, bootTime, earliest, into: sink)
        try sendRecords(reader, extent, bootTime, earliest, into: sink)
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

    /// Reads all records once; `earliest` is the least time that is wanted, in microseconds of the
    /// kernel's clock.
    private func measure(
        _ reader: KernelLogReader, _ bootTime: UInt64?, _ earliest: UInt64
    ) throws -> Extent {
        var extent = Extent()
        var recordBytes = 0
        var clock = JournalClock()
        var line = [UInt8]()
        let end = reader.end()
        _ = try reader.forEachRecord { message, byteCount in
            if let end {
                guard end.isBehind(message.sequenceNumber) else { return false }
            } else {
                recordBytes += byteCount
                extent.isCut = recordBytes > Self.mostRecordBytes
                guard !extent.isCut else { return false }
            }
            extent.recordCount += 1
            extent.lastSequenceNumber = message.sequenceNumber
            guard message.microseconds >= earliest else {
                extent.olderCount += 1
                return true
            }
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
        _ reader: KernelLogReader, _ extent: Extent, _ bootTime: UInt64?, _ earliest: UInt64,
        into sink: any CollectionSink
    ) throws {
        var finder = KernelFaultFinder()
        var lineNumber = 1
        try send(
            "kernel.txt", "text/plain", reader, extent, earliest, total: extent.textByteCount,
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
        _ reader: KernelLogReader, _ extent: Extent, _ bootTime: UInt64?, _ earliest: UInt64,
        into sink: any CollectionSink
    ) throws {
        try send(
            "kernel.jsonl", "application/jsonl", reader, extent, earliest,
            total: extent.jsonByteCount, limit: budget.kernelRecords, into: sink
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
        _ earliest: UInt64, total: Int64, limit: Int64, into sink: any CollectionSink,
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
        let isLive = context.root.isLiveHost
        var seenCount = 0
        let pass = try reader.forEachRecord { message, _ in
            // Records of a running kernel may be gone since they were counted, but come in order.
            seenCount += 1
            guard
                isLive
                    ? message.sequenceNumber <= extent.lastSequenceNumber
                    : seenCount <= extent.recordCount
            else { return false }
            guard message.microseconds >= earliest else { return true }
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
            return !isLive || message.sequenceNumber < extent.lastSequenceNumber
        }
        try output.flush()
        var gaps = [String]()
        if skipped > 0 || isFull {
            gaps.append("only the newest \(sent) of \(total) bytes are kept")
        }
        if extent.isCut {
            gaps.append("only the first \(Self.mostRecordBytes) bytes of records were read")
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
