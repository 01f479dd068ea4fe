internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

extension LiveDump.Destination {
    /// Why a dump of about that size is refused: less may be written than it needs.
    ///
    /// One that `maxByteCount` cuts is as it was asked for.
    func refusal(estimatedByteCount: UInt64, maxByteCount: Int64?) -> LiveDumpError? {
        let needed = DiskFloor.needed(
            estimate: estimatedByteCount, limit: maxByteCount.map { UInt64(clamping: $0) },
            fileSystemByteCount: 0)
        guard needed > UInt64(clamping: byteLimit) else { return nil }
        let reason = byteLimitReason.map { ", \($0)" } ?? ""
        return LiveDumpError(
            .noSpace,
            "write \(name): it may have \(ByteCountText.describe(max(0, byteLimit)))\(reason), and"
                + " needs \(ByteCountText.describe(Int64(clamping: needed)))",
            remedy: "Free space there, choose another folder with --output, or bound the file with"
                + " --max-size.")
    }
}

extension Preflight {
    // MARK: - The place of the file

    func checkOutput(_ findings: inout Findings) {
        guard let place = request.output else { return }
        let path = UntrustedText.escapingForPath(place.path.bytes)
        let table = (try? tree.read("/proc/self/mountinfo", limit: 16 << 20))
            .map { MountTable(parsing: $0) }
        let fileSystem = table.flatMap { OutputFileSystem.find(place, in: $0, below: tree) }
        let words = fileSystem?.description ?? "its file system"
        let elsewhere = "Choose a folder on a disk with --output."
        switch fileSystem?.kind {
        case .memory(let kind):
            findings.obstacles.append(
                .init(
                    cause: .unsuitableOutput,
                    message: "write the dump to \(path): \(words) lies in memory (\(kind)), so the"
                        + " dump would use up and change what it shows",
                    remedy: elsewhere))
        case .network(let type):
            findings.warnings.append(
                "the dump goes over the network (\(type)) to \(words): it takes longer, and with"
                    + " it more of the kernel changes meanwhile")
        case .userSpace(let type):
            findings.warnings.append(
                "the dump goes through a process of this host (\(type)) to \(words): it takes"
                    + " longer, and with it more of the kernel changes meanwhile")
        case .disk, nil: break
        }
        if place.isReadOnly {
            findings.obstacles.append(
                .init(
                    cause: .unsuitableOutput,
                    message: "write the dump to \(path): \(words) is mounted read-only",
                    remedy: elsewhere))
            return
        }
        let needed = DiskFloor.needed(
            estimate: request.estimatedByteCount ?? 0,
            limit: request.maxByteCount.map { UInt64(clamping: $0) },
            fileSystemByteCount: place.byteCount)
        guard place.availableByteCount < needed else { return }
        findings.obstacles.append(
            .init(
                cause: .noSpace,
                message: "write the dump to \(path): \(words) has"
                    + " \(bytes(place.availableByteCount)) free, and the dump needs"
                    + " \(bytes(needed)) with what must stay free",
                remedy: "Free space there, choose another folder with --output, or bound the file"
                    + " with --max-size."))
    }

    // MARK: - Memory

    func checkMemory(_ findings: inout Findings) {
        let statistics = text("/proc/meminfo").map { MemoryStatistics(parsing: $0) }
        findings.totalMemory = statistics?.byteCounts["MemTotal"]
        findings.availableMemory = statistics?.byteCounts["MemAvailable"]
        guard request.onPressure != .ignore else { return }
        let remedy =
            "Wait until memory is free again, or stop what uses it; `--on-pressure ignore` dumps"
            + " all the same, at the risk that processes are killed."
        if let total = findings.totalMemory, let available = findings.availableMemory {
            let floor = MemoryFloor.beforeDump(total: total, budget: request.budgetByteCount)
            if available < floor {
                findings.obstacles.append(
                    .init(
                        cause: .memoryPressure,
                        message: "begin the dump: \(bytes(available)) of \(bytes(total)) of memory"
                            + " are available, and \(bytes(floor)) must be",
                        remedy: remedy))
            }
        } else {
            findings.warnings.append(
                "/proc/meminfo does not tell how much memory is available; it is not watched")
        }
        checkCommitment(statistics, &findings)
        checkControlGroups(&findings)
        guard let text = text("/proc/pressure/memory"),
            let stall = try? PressureStall(parsing: text)
        else {
            findings.warnings.append(
                "this kernel does not tell how long tasks wait for memory (PSI is not built in, or"
                    + " off); available memory alone is watched")
            return
        }
        let some = stall.some?.average10 ?? 0
        let full = stall.full?.average10 ?? 0
        guard some > 10 || full > 2 else { return }
        findings.obstacles.append(
            .init(
                cause: .memoryPressure,
                message: "begin the dump: in the last 10 s some task waited for memory during"
                    + " \(some) % of the time and all tasks during \(full) %; 10 % and 2 % are the"
                    + " most",
                remedy: remedy))
    }

    /// With strict accounting each mapping counts when it is made, however much of it is used.
    ///
    /// Source: Linux 6.12 Documentation/mm/overcommit-accounting.rst, and proc_meminfo(5) for
    /// `CommitLimit`.
    private func checkCommitment(_ statistics: MemoryStatistics?, _ findings: inout Findings) {
        guard number("/proc/sys/vm/overcommit_memory") == 2,
            let limit = statistics?.byteCounts["CommitLimit"],
            let committed = statistics?.byteCounts["Committed_AS"]
        else { return }
        let room = limit - min(limit, committed)
        guard room < request.budgetByteCount else { return }
        findings.obstacles.append(
            .init(
                cause: .memoryPressure,
                message: "begin the dump: vm.overcommit_memory is 2, and only \(bytes(room)) of the"
                    + " \(bytes(request.budgetByteCount)) that the dump maps may still be"
                    + " committed",
                remedy: "Let the administrator allow more (vm.overcommit_ratio or"
                    + " vm.overcommit_kbytes), or let the dump map less: fewer threads (--threads),"
                    + " or a level that leaves more out; `--on-pressure ignore` tries it all the"
                    + " same, and may take the last that others could commit."))
    }

    /// The number that a small file of the kernel's has, and nothing else.
    func number(_ path: String) -> UInt64? {
        let words = (text(path, limit: 64) ?? "").split { $0.isWhitespace }
        return words.count == 1 ? UInt64(words[0]) : nil
    }

    func bytes(_ count: UInt64) -> String { ByteCountText.describe(Int64(clamping: count)) }
}
