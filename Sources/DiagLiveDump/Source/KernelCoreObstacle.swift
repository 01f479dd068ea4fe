internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Why /proc/kcore, or what belongs to it, cannot be read, in words that help.
enum KernelCoreObstacle {
    /// What a refusal to open /proc/kcore means on this host.
    static func opening(_ error: SystemCallError, in tree: RootedTree) -> LiveDumpError {
        switch error.errno {
        case .noSuchFileOrDirectory where isContainer(tree):
            container("open /proc/kcore: it is hidden")
        case .noSuchFileOrDirectory:
            LiveDumpError(
                .noKernelCore, "open /proc/kcore: this kernel has none (CONFIG_PROC_KCORE)",
                remedy: "Let the hypervisor dump the machine (virsh dump --memory-only), or boot "
                    + "a kernel with CONFIG_PROC_KCORE=y.")
        case .invalidArgument, .isDirectory:
            container("open /proc/kcore: something else lies over it")
        case .notPermitted where isLockedDown(tree):
            LiveDumpError(
                .lockdown,
                "open /proc/kcore: kernel lockdown=confidentiality forbids reading kernel memory",
                remedy: "Use kdump, or the hypervisor's dump (virsh dump --memory-only).")
        case .notPermitted where isContainer(tree), .permissionDenied where isContainer(tree):
            container("open /proc/kcore: \(error.errno)")
        case .notPermitted, .permissionDenied:
            LiveDumpError(
                .notPermitted, "open /proc/kcore: \(error.errno)",
                remedy: "Run it as root of the host's own user namespace, with CAP_SYS_RAWIO.")
        default:
            LiveDumpError(.inputOutput, "open /proc/kcore: \(error.errno)")
        }
    }

    /// What a refusal to read /proc/kpageflags means.
    static func pageFlags(_ error: SystemCallError) -> LiveDumpError {
        switch error.errno {
        case .noSuchFileOrDirectory:
            LiveDumpError(
                .unsupported,
                "open /proc/kpageflags: this kernel does not tell what its pages hold "
                    + "(CONFIG_PROC_PAGE_MONITOR)",
                remedy:
                    "Boot a kernel with CONFIG_PROC_PAGE_MONITOR=y, or let the hypervisor dump the "
                    + "machine (virsh dump --memory-only).")
        case .notPermitted, .permissionDenied:
            LiveDumpError(
                .notPermitted, "open /proc/kpageflags: \(error.errno)",
                remedy: "Run it as root of the host's own user namespace, with CAP_SYS_ADMIN.")
        default:
            LiveDumpError(.inputOutput, "open /proc/kpageflags: \(error.errno)")
        }
    }

    /// An empty or masked file.
    static func container(_ message: String) -> LiveDumpError {
        LiveDumpError(
            .container, "\(message), as container runtimes do",
            remedy: "Run it on the host itself, or in a container with the host's /proc "
                + "(podman run --privileged --pid=host).")
    }

    /// Whether something says that we run in a container.
    ///
    /// Source: systemd's container interface (/run/systemd/container), podman and docker marks.
    static func isContainer(_ tree: RootedTree) -> Bool {
        let marks: [FilePath] = ["/run/systemd/container", "/run/.containerenv", "/.dockerenv"]
        return marks.contains { (try? tree.status(of: $0)) != nil }
    }

    /// Whether lockdown is at the level that forbids reading kernel memory.
    ///
    /// Source: Linux 6.1 security/lockdown/lockdown.c, `lockdown_read`: the level in brackets.
    static func isLockedDown(_ tree: RootedTree) -> Bool {
        guard let bytes = try? tree.read("/sys/kernel/security/lockdown", limit: 4096) else {
            return false
        }
        return String(decoding: bytes, as: UTF8.self).contains("[confidentiality]")
    }
}
