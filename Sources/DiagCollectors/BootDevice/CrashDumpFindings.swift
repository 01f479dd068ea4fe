internal import DiagModel

extension CrashDumpFacts {
    /// How young a dump must be to be told as a finding, in microseconds.
    private static let recentMicroseconds: Int64 = 30 * 86400 * 1_000_000

    /// What is asked for and cannot work, and what earlier crashes have left at the time `now`.
    static func findings(_ document: CrashDumpDocument, now: Timestamp) -> [Finding] {
        configuration(document) + dumps(document, now: now)
    }

    private static func configuration(_ document: CrashDumpDocument) -> [Finding] {
        // Without memory for a crash kernel no dump will be written.
        guard !document.requested.isEmpty,
            document.dueByteCount != 0 || document.reservedByteCount.map({ $0 > 0 }) == true
        else { return [] }
        let request = document.requested.map { "crashkernel=" + $0 }.joined(separator: " ")
        var findings = [Finding]()
        func add(_ fault: String, _ place: String?, _ reason: String, _ actions: [String]) {
            findings.append(
                Finding(
                    fault: fault, severity: .minor, collector: "boot", object: request,
                    place: place, reason: reason, recommendedActions: actions,
                    evidence: [.init(artifact: "boot/kdump.json")]))
        }
        func size(_ byteCount: UInt64) -> String { TopologyWords.size(Int64(clamping: byteCount)) }
        if let target = document.target, let free = target.freeByteCount,
            let memory = document.memoryByteCount, free < memory / 20
        {
            add(
                "boot.crash-kernel.target-full", target.path,
                "Dumps go to \(target.path ?? "?"), which has \(size(free)) free. A dump without "
                    + "user pages often takes a twentieth of the memory or more, here of "
                    + "\(size(memory)).",
                ["Delete old dumps, or choose another place for them."])
        }
        if document.settings["kexec_load_disabled"] == "1", document.isLoaded == false {
            add(
                "boot.crash-kernel.load-disabled", "/proc/sys/kernel/kexec_load_disabled",
                "No crash kernel is loaded, and loading one is forbidden until the next restart.",
                ["Start the kdump service before kernel.kexec_load_disabled is set."])
        }
        if let reserved = document.reservedByteCount, reserved > 0,
            let initramfs = document.crashInitramfsByteCount, reserved / 2 < initramfs
        {
            add(
                "boot.crash-kernel.too-small", document.crashInitramfs,
                "\(size(reserved)) are reserved for the crash kernel, but its initial RAM disk "
                    + "alone has \(size(initramfs)), and takes more once it is unpacked: the crash "
                    + "kernel will probably run out of memory.",
                [
                    "Reserve more with crashkernel=, or make the initial RAM disk for dumps "
                        + "smaller."
                ])
        }
        return findings
    }

    private static func dumps(_ document: CrashDumpDocument, now: Timestamp) -> [Finding] {
        var findings = [Finding]()
        for record in document.records where record.isComplete == false {
            findings.append(
                Finding(
                    fault: "boot.crash-dump.incomplete", severity: .minor, collector: "boot",
                    object: record.path, place: record.path,
                    reason: "The dump of an earlier crash was not written to its end.",
                    recommendedActions: [
                        "Check that its place has room, and read the log beside the dump."
                    ],
                    evidence: [.init(artifact: "boot/kdump.json")]))
        }
        let recent = document.records.compactMap { record -> (Timestamp, String)? in
            guard record.isComplete == true, let time = record.dumpModified,
                now.microsecondsSince1970 &- time.microsecondsSince1970 < recentMicroseconds
            else { return nil }
            return (time, record.path)
        }.sorted { $0.0 > $1.0 }
        guard let (time, path) = recent.first else { return findings }
        let others =
            recent.count > 1
            ? " It is the newest of \(recent.count) dumps of the last 30 days." : ""
        findings.append(
            Finding(
                fault: "boot.crash-dump.present", severity: .minor, collector: "boot",
                object: path, place: path,
                reason: "The host crashed at \(time) or shortly before: a dump was written then."
                    + others,
                recommendedActions: [
                    "Read the kernel's last messages beside the dump, then look into the dump with "
                        + "crash(8) and the debugging symbols of the kernel that crashed.",
                    "Move the dump away when it is no longer needed.",
                ],
                evidence: [.init(artifact: "boot/kdump.json")]
                    + (document.messages ?? []).map { .init(artifact: $0) }))
        return findings
    }
}
