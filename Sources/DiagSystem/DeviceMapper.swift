internal import CLinux
internal import Glibc
public import SystemPackage

/// The control device of the device mapper, for questions that change nothing.
///
/// Source: linux/dm-ioctl.h of Linux 6.12. The answers may hold keys of encrypted devices, so they
/// are lent to whoever asks and wiped then.
public final class DeviceMapper: Sendable {
    /// What can be asked.
    public enum Question: Hashable, Sendable {
        /// Which version of the interface the kernel has.
        case version
        /// Which devices there are, with their names.
        case devices
        /// Which kinds of targets the kernel knows, with their versions.
        case targets
        /// The state of a device.
        case device(major: UInt32, minor: UInt32)
        /// How the targets of a device were made. Of encrypted devices it holds the key.
        case table(major: UInt32, minor: UInt32)
        /// How the targets of a device are, as far as that can be told without a write.
        case status(major: UInt32, minor: UInt32)
        /// The devices that a device stands on.
        case dependencies(major: UInt32, minor: UInt32)
    }

    /// Where the control device is, below the root.
    public static let controlPath: FilePath = "/dev/mapper/control"
    /// An answer is no larger; 16 MiB.
    static let answerLimit = 16 << 20
    private static let firstByteCount = 16 << 10

    private let control: DeviceFile

    private init(_ control: consuming DeviceFile) { self.control = control }

    /// Whether the device mapper is in the kernel: /proc/misc below `root` names it.
    public static func isPresent(in root: RootedTree) throws(SystemCallError) -> Bool {
        try controlMinor(in: root) != nil
    }

    /// Opens the control device of the kernel that runs `root`.
    ///
    /// - Throws: `ENODEV`, when /proc/misc does not name the device mapper: to open the control
    ///   device would load its module then. `ENXIO`, when the path leads to another device.
    public static func open(in root: RootedTree) throws(SystemCallError) -> DeviceMapper {
        guard let minor = try controlMinor(in: root) else {
            throw SystemCallError(
                operation: "open", object: "\(controlPath) (no device-mapper in /proc/misc)",
                errno: .operationNotSupportedByDevice)
        }
        // Major number 10 is that of all miscellaneous devices. Source: linux/major.h.
        return DeviceMapper(
            try DeviceFile.open(controlPath, in: root, number: (major: 10, minor: minor)))
    }

    private static func controlMinor(in root: RootedTree) throws(SystemCallError) -> UInt32? {
        let text = String(decoding: try root.read("/proc/misc", limit: 65_536), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[1] == "device-mapper" { return UInt32(words[0]) }
        }
        return nil
    }

    /// Asks `question` and lends `body` the answer: a struct dm_ioctl and what follows it.
    ///
    /// - Throws: what the kernel says; `ENXIO` for a device that is gone, `EACCES` without the
    ///   capability `SYS_ADMIN`, `EMSGSIZE` for an answer of more than 16 MiB.
    public func ask<Answer>(
        _ question: Question, _ body: (Span<UInt8>) -> Answer
    ) throws(SystemCallError) -> Answer {
        let (code, device) = Self.request(question)
        var byteCount = Self.firstByteCount
        while byteCount <= Self.answerLimit {
            guard let memory = unsafe calloc(1, byteCount) else {
                throw SystemCallError(
                    operation: "allocate for \(question)", object: control.path.string,
                    errno: .noMemory)
            }
            defer {
                unsafe diag_wipe(memory, byteCount)
                unsafe free(memory)
            }
            var flags: CUnsignedInt = 0
            try systemCall("ioctl \(question)", on: control.path.string) {
                unsafe diag_dm_ask(
                    control.descriptor.rawValue, code, device, memory, CUnsignedInt(byteCount),
                    &flags)
            }
            if diag_dm_buffer_is_full(flags) == 0 {
                return unsafe body(
                    UnsafeRawBufferPointer(start: memory, count: byteCount)
                        .assumingMemoryBound(to: UInt8.self).span)
            }
            byteCount *= 4
        }
        throw SystemCallError(
            operation: "ioctl \(question)", object: control.path.string,
            errno: .messageTooLong)
    }

    /// The question's number, and the device as the kernel packs it.
    private static func request(_ question: Question) -> (code: CInt, device: CUnsignedLongLong) {
        func packed(_ major: UInt32, _ minor: UInt32) -> CUnsignedLongLong {
            let (major, minor) = (CUnsignedLongLong(major), CUnsignedLongLong(minor))
            return minor & 0xFF | major << 8 | (minor & ~0xFF) << 12
        }
        return switch question {
        case .version: (CInt(DIAG_DM_VERSION.rawValue), 0)
        case .devices: (CInt(DIAG_DM_DEVICES.rawValue), 0)
        case .targets: (CInt(DIAG_DM_TARGETS.rawValue), 0)
        case .device(let major, let minor): (CInt(DIAG_DM_DEVICE.rawValue), packed(major, minor))
        case .table(let major, let minor): (CInt(DIAG_DM_TABLE.rawValue), packed(major, minor))
        case .status(let major, let minor): (CInt(DIAG_DM_STATUS.rawValue), packed(major, minor))
        case .dependencies(let major, let minor):
            (CInt(DIAG_DM_DEPENDENCIES.rawValue), packed(major, minor))
        }
    }
}

extension DeviceMapper.Question: CustomStringConvertible {
    /// The ioctl's name, and the device's number.
    public var description: String {
        switch self {
        case .version: "DM_VERSION"
        case .devices: "DM_LIST_DEVICES"
        case .targets: "DM_LIST_VERSIONS"
        case .device(let major, let minor): "DM_DEV_STATUS of \(major):\(minor)"
        case .table(let major, let minor): "DM_TABLE_STATUS (table) of \(major):\(minor)"
        case .status(let major, let minor): "DM_TABLE_STATUS of \(major):\(minor)"
        case .dependencies(let major, let minor): "DM_TABLE_DEPS of \(major):\(minor)"
        }
    }
}
