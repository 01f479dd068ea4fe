internal import DiagFormats
internal import DiagModel
public import DiagSystem

/// Writes a dump: pages of a memory, selected before, into one file that opens at every moment.
///
/// The file says that it is incomplete until its last byte is on the disk. Whatever ends the
/// writing before, from a stop to SIGKILL, leaves a file with the pages that it has.
public enum DumpWriter {
    /// How many processors this process may run on.
    public static var processorCount: Int { WorkerThreads.processorCount }

    /// Bytes of memory that a dump of `pageCount` pages takes at most, beside the selection.
    public static func memoryBudget(
        pageCount: Int, pageByteCount: Int, options: DumpWriterOptions
    ) -> Int64 {
        let chunk = max(1 << 20, pageByteCount)
        let chunkPages = chunk / pageByteCount
        let isKdump = options.format == .kdump
        let perPage = 16 + (isKdump ? 24 : 0) + (readsAgain(options) ? 8 : 0)
        let pages = pageCount + (readsAgain(options) ? LatePages.room(pageCount: pageCount) : 0)
        let perThread =
            chunk + chunkPages * MemoryLayout<ChunkPage>.stride
            + (isKdump
                ? max(KdumpSink.roomByteCount, chunk) + 3 * pageByteCount
                    + chunkPages * KdumpSink.heldChunkCount * 24 + codecByteCount
                : max(ELFSink.heldByteCount, pageByteCount)
                    + max(1, ELFSink.heldByteCount / pageByteCount) * 8)
        return Int64(pages) * Int64(perPage)
            + Int64(options.effectiveThreadCount) * Int64(perThread)
    }

    /// What a compressor takes, by measure: zstd 1.5.4 at level -1 with pages of 4 KiB.
    private static let codecByteCount = 768 << 10

    /// Writes the dump into `output`, an empty file.
    ///
    /// - Parameters:
    ///   - source: the memory.
    ///   - selection: which pages.
    ///   - notes: what is told beside the pages.
    ///   - options: how it is written.
    ///   - output: the file.
    ///   - control: is told how far it is, and stops it.
    ///   - describe: gives the text of our own note once all else is known; `nil` leaves the first.
    /// - Returns: what was written. A stop, a full disk or a failed write while pages are copied is
    ///   part of it, not an error: there is a file that opens.
    /// - Throws: when there is no file that opens.
    public static func write(
        _ source: any MemorySource, _ selection: any PageSelection, notes: DumpNotes,
        options: DumpWriterOptions, to output: DumpOutput, control: DumpControl,
        describe: (DumpResult) -> [UInt8]? = { _ in nil }
    ) throws(LiveDumpError) -> DumpResult {
        control.clock.begin(.setUp)
        let kernel = source.kernel
        guard kernel.pageByteCount >= 4096, kernel.pageByteCount <= 65_536,
            kernel.pageByteCount & (kernel.pageByteCount - 1) == 0
        else {
            throw LiveDumpError(
                .unsupported, "pages of \(kernel.pageByteCount) bytes cannot be dumped")
        }
        do {
            switch options.format {
            case .kdump:
                return try writeKdump(
                    source, selection, notes, options, output, control, describe)
            case .elf:
                return try writeELF(source, selection, notes, options, output, control, describe)
            }
        } catch let error as LiveDumpError {
            throw error
        } catch let error as DumpOutputError {
            throw LiveDumpError(
                error.cause == .noSpace ? .noSpace : .inputOutput, error.description)
        } catch {
            throw LiveDumpError(.inputOutput, "\(error)")
        }
    }

    private static func writeKdump(
        _ source: any MemorySource, _ selection: any PageSelection, _ notes: DumpNotes,
        _ options: DumpWriterOptions, _ output: DumpOutput, _ control: DumpControl,
        _ describe: (DumpResult) -> [UInt8]?
    ) throws -> DumpResult {
        let front = KdumpFront(
            kernel: source.kernel, selection: selection, notes: notes,
            compression: options.compression, started: options.started,
            latePageRoom: readsAgain(options) ? selection.latePageRoom : 0)
        if let most = options.maxByteCount, front.dataOffset > UInt64(max(0, most)) {
            throw LiveDumpError(
                .noSpace, "the tables of the dump alone need \(front.dataOffset) bytes")
        }
        let sink = try KdumpSink(
            front: front, selection: selection, compression: options.compression,
            maxByteCount: options.maxByteCount, chunkPageCount: chunkPageCount(source),
            output: output, control: control)
        let copy = try DumpCopy(
            source: source, selection: selection, sink: sink, options: options, control: control,
            tables: [sink.table.memory, sink.table.lateMemory])
        do { try front.write(to: output) } catch {
            // What was set aside is given back, and nothing stays that does not open.
            try? output.setByteCount(0)
            throw error
        }
        var (result, late) = copy.run()
        result.isDirect = output.isDirect
        end(sink, late, selection, copy.scratch, output, control, describe, &result)
        return result
    }

    /// Ends a kdump-compressed file: its table, pages that came late, its size, its note.
    ///
    /// What fails is told in `result`, and the file opens with what was written before. It gets its
    /// size, and a note that says what became of it, even where its table could not be written.
    static func end(
        _ sink: KdumpSink, _ late: LateCopy?, _ selection: any PageSelection,
        _ scratch: [MappedMemory], _ output: DumpOutput, _ control: DumpControl,
        _ describe: (DumpResult) -> [UInt8]?, _ result: inout DumpResult
    ) {
        let front = sink.front
        var last = front
        control.clock.begin(.tables)
        do throws(DumpOutputError) {
            try sink.flushTables()
            if let late {
                last = add(late, to: sink, selection, scratch, output, control, &result)
            }
        } catch { result.end(with: error) }
        result.byteCount = Int64(clamping: sink.byteCount)
        do throws(DumpOutputError) { try output.setByteCount(sink.byteCount) } catch {
            result.end(with: error)
        }
        control.clock.begin(.sync)
        // The note says what became of the dump: not before its pages are on the disk.
        do throws(DumpOutputError) { try output.synchronize() } catch { result.end(with: error) }
        do throws(DumpOutputError) {
            if let mark = describe(result) { try front.writeNotes(mark, to: output) }
            try output.synchronize()
            if result.isComplete {
                last.header.status.remove(.incomplete)
                try last.writeHeader(to: output)
                try output.synchronize()
            }
            output.drop(byteCount: sink.byteCount, at: 0)
        } catch { result.end(with: error) }
    }

    /// Takes late pages into the tables. Where that cannot be, the file stays without, or with the
    /// tables behind its pages.
    ///
    /// - Returns: the front whose header is right at the end.
    private static func add(
        _ late: LateCopy, to sink: KdumpSink, _ selection: any PageSelection,
        _ scratch: [MappedMemory], _ output: DumpOutput, _ control: DumpControl,
        _ result: inout DumpResult
    ) -> KdumpFront {
        let front = sink.front
        let count = late.pages.dumpedCount
        func leaveOut(_ why: String) -> KdumpFront {
            result.warnings.append(
                "\(counted: count, "page") of the kernel that came late "
                    + (count == 1 ? "is" : "are") + " not in the dump: " + why)
            return front
        }
        guard !control.isStopped, let buffer = scratch.first else {
            return leaveOut("it was told to end")
        }
        let growth = KdumpGrowth(
            front: front, sink: sink, selection: selection, late: late.pages, buffer: buffer)
        guard let place = growth.place else {
            return leaveOut("it reached the size that it may have")
        }
        // What is behind is cut off at the end, as long as no header points there.
        do { try growth.writeTables(at: place.lowerBound, to: output) } catch {
            return leaveOut("\(error)")
        }
        let moved = growth.pointing(to: place.lowerBound)
        do throws(DumpOutputError) {
            try moved.writeHeader(to: output)
            try output.synchronize()
        } catch {
            // Wherever the header points now: both tables are whole, and both stay.
            sink.hasWritten(to: place.upperBound)
            return leaveOut("\(error)")
        }
        result.add(late)
        do throws(DumpOutputError) {
            try growth.writeTables(at: front.header.bitmapOffset, to: output)
            try front.writeHeader(to: output)
            try output.synchronize()
            return front
        } catch {
            sink.hasWritten(to: place.upperBound)
            result.warnings.append("the tables of the dump stay behind its pages: \(error)")
            return moved
        }
    }

    private static func writeELF(
        _ source: any MemorySource, _ selection: any PageSelection, _ notes: DumpNotes,
        _ options: DumpWriterOptions, _ output: DumpOutput, _ control: DumpControl,
        _ describe: (DumpResult) -> [UInt8]?
    ) throws -> DumpResult {
        let front = ELFFront(source, notes: notes)
        let sink = ELFSink(
            front: front, pageByteCount: source.kernel.pageByteCount,
            maxByteCount: options.maxByteCount, output: output, control: control)
        let copy = try DumpCopy(
            source: source, selection: selection, sink: sink, options: options, control: control,
            tables: [])
        do { try front.write(to: output) } catch {
            // What was set aside is given back, and nothing stays that does not open.
            try? output.setByteCount(0)
            throw error
        }
        var (result, late) = copy.run()
        result.isDirect = output.isDirect
        if let late { result.add(late) }
        result.byteCount = Int64(clamping: front.byteCount)
        control.clock.begin(.sync)
        // The note says that the file is complete: not before its pages are on the disk.
        do throws(DumpOutputError) { try output.synchronize() } catch { result.end(with: error) }
        do throws(DumpOutputError) {
            if let mark = describe(result) {
                try front.writeNotes(mark, to: output)
                try output.synchronize()
            }
            output.drop(byteCount: front.byteCount, at: 0)
        } catch { result.end(with: error) }
        return result
    }

    static func chunkPageCount(_ source: any MemorySource) -> Int {
        max(1, (1 << 20) / source.kernel.pageByteCount)
    }

    static func readsAgain(_ options: DumpWriterOptions) -> Bool {
        options.rereadRoundCount > 0 || options.countsTornPages
    }
}

extension DumpResult {
    /// The end of the file could not be written: it opens, with what was written before.
    mutating func end(with error: DumpOutputError) {
        isComplete = false
        if obstacle == nil {
            obstacle = .init(
                cause: error.cause == .noSpace ? .noSpace : .inputOutput,
                message: error.description)
        }
    }
}
