internal import DiagFormats

/// `boot/boot.json`: how the running system was started.
struct BootDocument: Encodable {
    /// Memory that waits for a second kernel to save the first one's after a crash.
    struct CrashKernel: Encodable {
        /// The values of `crashkernel=`.
        var requested: [String]
        /// How many bytes are reserved.
        var reservedByteCount: UInt64?
        var isLoaded: Bool?
        /// Whether the firmware is to save the memory of a crash, in the place of a second kernel.
        /// Source: Documentation/arch/powerpc/firmware-assisted-dump.rst of Linux 6.12.
        var isFirmwareAssisted: Bool?
        /// Whether the kernel told the firmware what to save.
        var isRegistered: Bool?
    }

    var schema = "diagbundle.boot/1"
    /// `efi`, `bios`, `devicetree`, `ipl`; `unknown` without /sys, and for a guest without firmware.
    var firmware: String
    var runningKernel: String?
    var commandLine: KernelCommandLine?
    var crashKernel: CrashKernel
    /// Whether a kernel for kexec is loaded.
    var isKexecLoaded: Bool?
}

/// `boot/dmi.json` and `boot/dmi-identity.json`: what the firmware calls the machine.
struct FirmwareTableDocument: Encodable {
    var schema: String
    /// By the name of the file in /sys/class/dmi/id.
    var fields: [String: String]
}
