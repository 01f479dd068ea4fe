internal import CLinux
internal import Glibc
internal import SystemPackage

/// An admin command to an NVMe controller that changes nothing: Identify, or Get Log Page.
///
/// No other can be made. Source: NVM Express Base Specification 2.0c, sections 5.16 and 5.17.
public struct NVMeAdminCommand: Hashable, Sendable {
    /// The two commands, by their opcodes.
    public enum Operation: UInt8, Hashable, Sendable {
        /// Get Log Page.
        case getLogPage = 0x02
        /// Identify.
        case identify = 0x06
    }

    /// What Identify can be asked for, by its CNS value.
    public enum Subject: UInt8, Hashable, Sendable, CaseIterable {
        /// One namespace.
        case namespace = 0x00
        /// The controller.
        case controller = 0x01
        /// The active namespaces above a given one.
        case activeNamespaces = 0x02
        /// The names of one namespace.
        case namespaceNames = 0x03
        /// The controllers of the subsystem.
        case controllers = 0x13
        /// The endurance groups.
        case enduranceGroups = 0x19
    }

    /// The logs that can be read. Telemetry is not among them, because to ask for it makes the
    /// controller gather it anew.
    public enum Log: UInt8, Hashable, Sendable, CaseIterable {
        /// Which logs there are.
        case supportedLogPages = 0x00
        /// The commands that failed.
        case errors = 0x01
        /// SMART and health.
        case health = 0x02
        /// Firmware slots.
        case firmwareSlots = 0x03
        /// Namespaces that changed since this log was read last. That a read begins it anew does
        /// no harm: Linux scans all namespaces whatever it says, because programs may read it
        /// first. Source: `nvme_clear_changed_ns_log`, drivers/nvme/host/core.c, Linux 6.12.
        case changedNamespaces = 0x04
        /// Commands supported and effects.
        case commandEffects = 0x05
        /// Device self-tests.
        case selfTests = 0x06
        /// The health of an endurance group.
        case enduranceGroup = 0x09
        /// Asymmetric namespace access.
        case asymmetricAccess = 0x0C
        /// Persistent events; see ``NVMeAdminCommand/persistentEvents(_:offset:byteCount:)``.
        case persistentEvents = 0x0D
        /// Sanitize status.
        case sanitize = 0x81
    }

    /// What is done with the context of the persistent event log.
    public enum EventLogAction: UInt8, Hashable, Sendable {
        /// Reads what the context holds.
        case read = 0
        /// Establishes a context and reads from its start.
        case establish = 1
        /// Gives the context up.
        case release = 2
    }

    /// The command.
    public let operation: Operation
    /// The namespace it is about; FFFFFFFFh for all, 0 for none.
    public let namespaceIdentifier: UInt32
    /// Its double words 10 to 14.
    public let doubleWords: [UInt32]
    /// How many bytes it gives.
    public let byteCount: Int

    /// The number that means all namespaces.
    public static let allNamespaces = UInt32.max
    /// How many bytes one command may give at most.
    public static let byteLimit = 1 << 20

    /// Identify of `subject`, 4096 bytes.
    public static func identify(
        _ subject: Subject, namespaceIdentifier: UInt32 = 0
    ) -> NVMeAdminCommand {
        NVMeAdminCommand(
            operation: .identify, namespaceIdentifier: namespaceIdentifier,
            doubleWords: [UInt32(subject.rawValue), 0, 0, 0, 0], byteCount: 4096)
    }

    /// Get Log Page of `log`; `byteCount` bytes from `offset` on, both multiples of four.
    ///
    /// `isRetaining` leaves the events pending that a log belongs to (RAE), for controllers of
    /// version 1.3 and later. `specific` is what the log defines in double word 11 (LSI).
    public static func log(
        _ log: Log, namespaceIdentifier: UInt32 = allNamespaces, byteCount: Int,
        offset: UInt64 = 0, specific: UInt16 = 0, isRetaining: Bool = false
    ) -> NVMeAdminCommand {
        logPage(
            log, namespaceIdentifier, byteCount: byteCount, offset: offset, specific: specific,
            flags: isRetaining ? 1 << 15 : 0)
    }

    /// Get Log Page of the persistent event log with `action`.
    public static func persistentEvents(
        _ action: EventLogAction, offset: UInt64 = 0, byteCount: Int
    ) -> NVMeAdminCommand {
        logPage(
            .persistentEvents, allNamespaces, byteCount: byteCount, offset: offset, specific: 0,
            flags: UInt32(action.rawValue) << 8)
    }

    private static func logPage(
        _ log: Log, _ namespaceIdentifier: UInt32, byteCount: Int, offset: UInt64,
        specific: UInt16, flags: UInt32
    ) -> NVMeAdminCommand {
        let byteCount = min(max(4, byteCount / 4 * 4), byteLimit)
        // NUMD counts double words, one less than there are, in two halves of 16 bits.
        let count = UInt32(byteCount / 4 - 1)
        return NVMeAdminCommand(
            operation: .getLogPage, namespaceIdentifier: namespaceIdentifier,
            doubleWords: [
                UInt32(log.rawValue) | flags | (count & 0xFFFF) << 16,
                count >> 16 | UInt32(specific) << 16,
                UInt32(truncatingIfNeeded: offset), UInt32(truncatingIfNeeded: offset >> 32), 0,
            ], byteCount: byteCount)
    }
}

/// What came back from an admin command.
public enum NVMeAdminResponse: Hashable, Sendable {
    /// What it gives, with zeros where the controller wrote nothing.
    case data([UInt8])
    /// It failed: the 15 bits of the status, without the phase tag.
    case status(UInt16)
}

extension DeviceFile {
    /// Sends `command` to an NVMe controller's character device.
    ///
    /// - Parameters:
    ///   - command: what to ask.
    ///   - timeoutMilliseconds: 0 for the kernel's own, a minute. With less the kernel may reset a
    ///     controller that is only slow, so that whoever cannot wait is better given up.
    /// - Returns: the bytes, or the status with which the controller refused.
    /// - Throws: ``SystemCallError`` when the kernel did not send it: `EACCES` without
    ///   `CAP_SYS_ADMIN`, `ENOTTY` for what is no NVMe controller.
    public func execute(
        _ command: NVMeAdminCommand, timeoutMilliseconds: UInt32 = 0
    ) throws(SystemCallError) -> NVMeAdminResponse {
        let what =
            command.operation == .identify
            ? "ioctl NVME_IOCTL_ADMIN_CMD Identify" : "ioctl NVME_IOCTL_ADMIN_CMD Get Log Page"
        var memory: UnsafeMutableRawPointer?
        guard unsafe posix_memalign(&memory, 4096, command.byteCount) == 0,
            let memory = unsafe memory
        else {
            throw SystemCallError(
                operation: "allocate for \(what)", object: path.string, errno: .noMemory)
        }
        defer { unsafe free(memory) }
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: command.byteCount)
        let words = command.doubleWords
        let status = try systemCall(what, on: path.string) {
            unsafe words.withUnsafeBufferPointer { words in
                unsafe diag_nvme_admin(
                    descriptor.rawValue, command.operation.rawValue, command.namespaceIdentifier,
                    words.baseAddress, memory, UInt32(command.byteCount), timeoutMilliseconds)
            }
        }
        if status > 0 { return .status(UInt16(truncatingIfNeeded: status)) }
        return .data(
            unsafe Array(UnsafeRawBufferPointer(start: memory, count: command.byteCount)))
    }
}
