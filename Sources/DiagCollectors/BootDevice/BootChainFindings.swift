internal import DiagModel

/// What of the boot chain leads nowhere, or is not kept twice.
enum BootChainFindings {
    /// Boot entries whose partition or file is gone.
    static func entries(_ document: EFIDocument) -> [Finding] {
        document.entries.compactMap { entry in
            guard let target = entry.target, entry.isActive != nil else { return nil }
            let reason: String
            switch target.state {
            case .found, .unknown: return nil
            case .partitionMissing:
                reason = "Its partition is gone: \(target.why ?? "")."
            case .fileMissing:
                reason = "Its program \(entry.file ?? "") is not there: \(target.why ?? "")."
            }
            let isTried =
                entry.isActive == true && document.bootOrder?.contains(entry.number) == true
            let isOnly =
                isTried
                && document.entries.allSatisfy {
                    $0.number == entry.number || $0.isActive != true
                        || document.bootOrder?.contains($0.number) != true
                        || $0.target.map { $0.state != .found && $0.state != .unknown } == true
                }
            return Finding(
                fault: "boot.efi.dangling-entry",
                severity: isOnly ? .major : isTried ? .minor : .notice, collector: "boot",
                object: "Boot\(entry.number) \(entry.description ?? "")", place: target.device,
                reason: "The firmware's boot entry leads nowhere. " + reason
                    + (isOnly ? " No other entry of the boot order leads to a program." : ""),
                recommendedActions: [
                    "Delete the entry if it is of a system that is gone: "
                        + "efibootmgr -b \(entry.number) -B.",
                    "Install the boot loader again if this system needs it.",
                ],
                evidence: [
                    .init(
                        artifact: "boot/efi-boot.txt",
                        line: document.line(of: "Boot\(entry.number)"))
                ])
        }
    }

    /// Which of a mirror's disks have an EFI system partition with a file system.
    static func copies(
        on disks: [String], _ partitions: BootPartitions
    ) -> RootStackDocument.Target.Copies {
        // A disk whose partitions have no known type cannot be judged.
        let areKnown = disks.allSatisfy { disk in
            let parts = partitions.partitions(of: disk)
            return !parts.isEmpty && parts.allSatisfy { $0.type != nil }
        }
        guard areKnown else { return .unknown }
        let count = holders(of: disks, partitions).count
        return count == disks.count ? .onAll : count == 0 ? .onNone : .onSome
    }

    private static func holders(of disks: [String], _ partitions: BootPartitions) -> [String] {
        disks.filter { disk in
            partitions.partitions(of: disk).contains(where: \.isFilledSystemPartition)
        }
    }

    /// Mirrors that a file system of the host starts from, whose disks do not each have an EFI
    /// system partition. `mirrored` are the targets with a mirror.
    static func systemPartitions(
        _ stack: RootStackDocument, mirrored: Set<String>, partitions: BootPartitions
    ) -> [Finding] {
        for path in ["/", "/boot"] where mirrored.contains(path) {
            guard let target = stack.targets.first(where: { $0.path == path }),
                let disks = target.physicalDisks, disks.count > 1
            else { continue }
            guard copies(on: disks, partitions) != .unknown else { continue }
            let holders = self.holders(of: disks, partitions)
            let empty = disks.filter { disk in
                !holders.contains(disk)
                    && partitions.partitions(of: disk).contains(where: \.isSystemPartition)
            }
            let emptyText =
                empty.isEmpty
                ? ""
                : " with a file system: \(empty.joined(separator: ", ")) has an empty one"
            let lacking = disks.filter { !holders.contains($0) }
            guard !lacking.isEmpty else { continue }
            let reason =
                holders.isEmpty
                ? "None of the mirror's disks has an EFI system partition: the host starts from "
                    + "one that lies elsewhere, and does not start without that disk."
                : "The file system survives the loss of a disk, but only "
                    + "\(holders.joined(separator: ", ")) can be started from. Without "
                    + "\(holders.count == 1 ? "it" : "them") the host does not start."
            return [
                Finding(
                    fault: "boot.esp.not-mirrored", severity: .minor, collector: "boot",
                    object: path, place: lacking.map { "/dev/" + $0 }.joined(separator: " "),
                    reason: "\(lacking.joined(separator: ", ")) of the mirror below \(path) "
                        + "\(lacking.count == 1 ? "has" : "have") no EFI system partition"
                        + "\(emptyText). " + reason,
                    recommendedActions: [
                        "Make an EFI system partition on each disk, copy the first one's content "
                            + "to it, and add a boot entry for it with efibootmgr -c.",
                        "Keep the copies equal at each update of the boot loader.",
                    ],
                    evidence: [.init(artifact: "boot/root-stack.json")])
            ]
        }
        return []
    }

    /// A kernel that waits for a restart.
    static func newerKernel(_ matrix: KernelMatrix) -> [Finding] {
        guard let newer = matrix.newerThanRunning, let running = matrix.running else { return [] }
        return [
            Finding(
                fault: "boot.kernel.newer-installed", severity: .notice, collector: "boot",
                object: newer.version, place: newer.image,
                reason: "The host runs \(running), but the newer \(newer.version) is installed: "
                    + "its corrections take effect with the next restart.",
                recommendedActions: [
                    "Restart the host when it suits, and check before that the new kernel has its "
                        + "initial RAM disk."
                ],
                evidence: [.init(artifact: "boot/kernels.json")])
        ]
    }

    /// A default entry that would mount another root file system than the running one.
    static func commandLine(_ difference: LoaderDefaults.Difference?) -> [Finding] {
        guard let difference, let running = difference.runningRoot,
            let next = difference.defaultRoot, running != next
        else { return [] }
        return [
            Finding(
                fault: "boot.command-line.other-root", severity: .notice, collector: "boot",
                object: "root=\(next)", place: difference.source,
                reason: "The host was started with root=\(running), but the loader's default entry "
                    + "says root=\(next): the next start may mount another file system.",
                recommendedActions: [
                    "Compare both, for example with blkid, and write the loader's configuration "
                        + "anew if the default is wrong."
                ],
                evidence: [
                    .init(artifact: "boot/loader.json"), .init(artifact: "boot/cmdline"),
                ])
        ]
    }
}
