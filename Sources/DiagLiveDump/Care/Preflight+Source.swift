internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

extension Preflight {
    // MARK: - The kernel's memory

    /// What gives the kernel's memory where /proc/kcore does not. Of the stacks of all threads
    /// whoever has read them speaks, or has not: see ``LiveDump/namingStacks(_:kind:)``.
    private static let otherWays =
        "The kernel's memory can be had by the hypervisor (`virsh dump --memory-only`, QEMU's"
        + " `dump-guest-memory`) or by kdump."

    /// The first 64 bytes of /proc/kcore decide; before that, why it cannot be had.
    func checkSource(_ findings: inout Findings) {
        let rights = findings.rights
        func refuse(
            _ cause: LiveDumpReport.Obstacle.Cause, _ message: String, _ remedy: String
        ) {
            findings.obstacles.append(.init(cause: cause, message: message, remedy: remedy))
        }
        let place = rights.container.map { "the container (\($0))" } ?? "a container"
        let status: FileStatus
        do throws(SystemCallError) { status = try tree.status(of: "/proc/kcore") } catch {
            let hidesFiles = showsProcessesAlone
            let isThere = error.errno != .noSuchFileOrDirectory
            if hidesFiles
                || isThere && (rights.container != nil || !rights.isInInitialUserNamespace)
            {
                refuse(
                    .container,
                    "\(error): "
                        + (hidesFiles
                            ? "/proc is mounted with subset=pid, which shows processes alone"
                            : "\(place) does not show the host's kernel"),
                    "Run diagbundle on the host itself. " + Self.otherWays)
            } else {
                let wsl = text("/proc/sys/kernel/osrelease")?.contains("icrosoft") == true
                refuse(
                    .noKernelCore,
                    isThere
                        ? "\(error)"
                        : "\(error): this kernel\(wsl ? ", that of WSL 2," : "") was built without"
                            + " CONFIG_PROC_KCORE",
                    Self.otherWays)
            }
            return
        }
        if status.kind != .regular || isMountedOver("/proc/kcore") {
            refuse(
                .container,
                "open /proc/kcore: it is masked: \(place) has put"
                    + " \(status.kind == .regular ? "another file" : "a device") in its place",
                "Run diagbundle on the host itself. " + Self.otherWays)
            return
        }
        if rights.lockdown == .confidentiality {
            refuse(
                .lockdown,
                "open /proc/kcore: kernel lockdown=confidentiality forbids reading kernel memory",
                Self.otherWays)
            return
        }
        if !rights.isInInitialUserNamespace {
            refuse(
                .container,
                "open /proc/kcore: this process is root in a user namespace only, and"
                    + " CAP_SYS_RAWIO must be held in the initial one",
                "Run diagbundle as root on the host itself. " + Self.otherWays)
            return
        }
        if !rights.capabilities.contains(.sysRawIO) {
            refuse(
                .notPermitted, "open /proc/kcore: this process lacks CAP_SYS_RAWIO",
                "Run it as root, for example with sudo; in a systemd unit, let"
                    + " CapabilityBoundingSet= keep CAP_SYS_RAWIO.")
            return
        }
        checkHeader(refuse)
    }

    private func checkHeader(
        _ refuse: (LiveDumpReport.Obstacle.Cause, String, String) -> Void
    ) {
        do throws(SystemCallError) {
            let header = try tree.openRegularFile("/proc/kcore").readAll(limit: 64)
            guard header.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
                return refuse(
                    .container,
                    "read /proc/kcore: \(header.isEmpty ? "it is empty" : "it is no ELF file"),"
                        + " so something else has been put in its place",
                    "Run diagbundle on the host itself. " + Self.otherWays)
            }
        } catch {
            switch error.errno {
            case .notPermitted:
                refuse(
                    .notPermitted,
                    "\(error): CAP_SYS_RAWIO is there, so kernel lockdown or another security"
                        + " module forbids it",
                    "Look for the refusal in the kernel's log (`dmesg`). " + Self.otherWays)
            case .permissionDenied:
                refuse(
                    .notPermitted, "\(error): only root may read it, or a security module refuses",
                    "Run it as root; look for a refusal of SELinux or AppArmor in the audit log.")
            default:
                refuse(.inputOutput, "\(error)", Self.otherWays)
            }
        }
    }

    /// Whether /proc is mounted so that nothing but processes is in it, as systemd's
    /// `ProcSubset=pid` does. Source: proc(5), `subset`, since Linux 5.8.
    private var showsProcessesAlone: Bool {
        guard let bytes = try? tree.read("/proc/self/mountinfo", limit: 16 << 20) else {
            return false
        }
        // The last one mounted there is the one that is seen.
        let mount = MountTable(parsing: bytes).entries.last {
            $0.mountPoint.elementsEqual("/proc".utf8)
        }
        return mount?.superOptions.split(separator: ",").contains("subset=pid") ?? false
    }

    private func isMountedOver(_ path: String) -> Bool {
        guard let bytes = try? tree.read("/proc/self/mountinfo", limit: 16 << 20) else {
            return false
        }
        return MountTable(parsing: bytes).entries.contains {
            $0.mountPoint.elementsEqual(path.utf8)
        }
    }
}
