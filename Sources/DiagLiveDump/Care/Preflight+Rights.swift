internal import DiagModel
internal import DiagSystem
internal import SystemPackage

extension Preflight {
    func checkRights(_ findings: inout Findings) {
        let rights = findings.rights
        if let container = rights.container, findings.obstacles.isEmpty {
            findings.warnings.append(
                "this runs in the container \(container); the dump is of the host's kernel, with"
                    + " the memory of everything that runs there")
        }
        func miss(_ capability: CapabilitySet, _ name: String, _ loss: String) {
            if rights.capabilities.isDisjoint(with: capability) {
                findings.stackWarnings.append("without \(name) \(loss)")
            }
        }
        miss(.sysAdmin, "CAP_SYS_ADMIN", "the kernel stacks of other processes cannot be read")
        miss(.sysPtrace, "CAP_SYS_PTRACE", "what other processes wait for cannot be read")
        miss(.syslog, "CAP_SYSLOG", "kernel addresses in /proc/kallsyms may read as zero")
        miss(
            [.perfmon, .sysAdmin], "CAP_PERFMON", "the registers of running processors stay zero")
        if rights.lockdown == .confidentiality {
            findings.stackWarnings.append(
                "kernel lockdown=confidentiality also forbids perf samples, so the registers of"
                    + " running processors stay zero")
        }
        // A dump of any level wants them: what has become the kernel's own meanwhile is copied late.
        if findings.obstacles.isEmpty, request.kind == .full {
            do throws(SystemCallError) { _ = try tree.status(of: "/proc/kpageflags") } catch {
                findings.obstacles.append(KernelCoreObstacle.pageFlags(error).obstacle)
            }
        }
    }

    /// Memory of a confidential guest is clear text to the guest itself, and so in the dump.
    ///
    /// Source: Linux 6.12 arch/x86/include/asm/cpufeatures.h (`tdx_guest`),
    /// drivers/virt/coco/{sev-guest,tdx-guest}, arch/s390/kernel/uv.c (`prot_virt_guest`).
    func checkConfidentialGuest(_ findings: inout Findings) {
        let signs = [
            ("/sys/devices/virtual/misc/sev-guest", "AMD SEV-SNP"),
            ("/sys/devices/system/cpu/sev/vmpl", "AMD SEV-SNP"),
            ("/sys/devices/virtual/misc/tdx_guest", "Intel TDX"),
        ]
        var kind = signs.first { (try? tree.status(of: .init($0.0))) != nil }?.1
        if text("/sys/firmware/uv/prot_virt_guest")?.hasPrefix("1") == true {
            kind = "IBM Secure Execution"
        }
        if kind == nil {
            let flags = text("/proc/cpuinfo", limit: 8192)?.split(separator: "\n").first {
                $0.hasPrefix("flags")
            }
            if flags?.split(separator: " ").contains("tdx_guest") == true { kind = "Intel TDX" }
        }
        guard let kind else { return }
        findings.warnings.append(
            "this is a confidential guest (\(kind)): the dump leaves its protection in clear text")
        if request.kind == .full, request.level & 16 == 0 {
            findings.obstacles.append(
                .init(
                    cause: .unsupported,
                    message: "read the free pages of this \(kind) guest: memory that it has not"
                        + " accepted yet must not be touched",
                    remedy: "Leave the free pages out: a level with 16 in it, such as 27."))
        }
    }
}
