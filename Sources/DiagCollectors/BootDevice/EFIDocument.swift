internal import DiagFormats
internal import DiagModel

/// `boot/efi.json`: what the firmware's variables say of starting.
struct EFIDocument: Encodable {
    /// Where a boot entry leads on this host.
    struct Target: Encodable, Hashable {
        /// Whether it can be started.
        enum State: String, Encodable {
            /// The partition and the file are there.
            case found
            /// No disk of this host has the partition.
            case partitionMissing
            /// The partition is mounted, and the file is not on it.
            case fileMissing
            /// It cannot be told.
            case unknown
        }
        var state: State
        /// The partition's device.
        var device: String?
        /// The file on this host; where it is missing, what was looked into.
        var path: String?
        /// Why it is not there, or not known.
        var why: String?
    }

    /// A boot entry.
    struct Entry: Encodable {
        /// Four upper-case hexadecimal digits.
        var number: String
        var description: String?
        var isActive: Bool?
        var isHidden: Bool?
        var category: UInt32?
        var attributes: UInt32?
        /// Device paths in the text form of the UEFI Specification.
        var paths: [String]
        var partition: EFIDevicePath.Partition?
        /// The program, from the root of its partition, with backslashes.
        var file: String?
        var optionalDataByteCount: Int?
        /// The optional data where it is text, secrets masked.
        var optionalText: String?
        /// What of the variable is not as the specification says.
        var fault: String?
        /// Where it leads; none for what is no partition.
        var target: Target?
    }

    /// A signature database.
    struct Database: Encodable {
        /// One list of signatures.
        struct List: Encodable {
            /// `sha256`, `x509`, or the type's GUID.
            var type: String
            var signatureCount: Int
            /// Of hash lists the hashes themselves, of certificates their SHA-256.
            var hashes: [String]
            /// Whether `hashes` was cut.
            var isTruncated: Bool
            /// Of certificates, whom each is for.
            var subjects: [String]?
        }
        var byteCount: Int
        /// SHA-256 of the whole value.
        var sha256: String
        var signatureCount: Int
        var lists: [List]
        var fault: String?
    }

    /// A firmware that can be updated. Source: Linux, drivers/firmware/efi/esrt.c.
    struct Resource: Encodable {
        var name: String
        var firmwareClass: String?
        /// 1 the system's firmware, 2 a device's, 3 an UEFI driver.
        var type: UInt64?
        var version: UInt64?
        var lowestSupportedVersion: UInt64?
        var lastAttemptVersion: UInt64?
        /// 0 is success.
        var lastAttemptStatus: UInt64?
        var capsuleFlags: UInt64?
    }

    var schema = "diagbundle.efi/1"
    /// 32 or 64.
    var platformBits: UInt64?
    /// All variables that efivarfs lists.
    var variableCount: Int?
    var bootCurrent: String?
    var bootNext: String?
    var bootOrder: [String]?
    /// Seconds that the firmware's menu waits.
    var timeoutSeconds: UInt16?
    var isSecureBootOn: Bool?
    var isInSetupMode: Bool?
    var isInAuditMode: Bool?
    var isInDeployedMode: Bool?
    /// Whether shim was told not to check signatures (`mokutil --disable-validation`).
    var isShimValidationOff: Bool?
    var osIndications: UInt64?
    var osIndicationsSupported: UInt64?
    /// shim's revocation levels, as their lines say.
    var revocationLevels: String?
    var machineOwnerKeyByteCount: Int?
    /// shim's machine owner keys.
    var machineOwnerKeys: Database?
    /// The addresses of the firmware's tables, where root reads them, by the name of the file.
    var tableAddresses: [String: String]?
    var entries: [Entry] = []
    /// By name: `PK`, `KEK`, `db`, `dbx`.
    var databases: [String: Database] = [:]
    /// What systemd-boot and its stub tell, by the variable's name.
    var loader: [String: [String]] = [:]
    var resources: [Resource]?
}

extension EFIDocument {
    /// The same for a person, as efibootmgr(8) lays it out.
    var text: String { lines.map { $0 + "\n" }.joined() }

    /// The number, from 1, of the line of ``text`` that begins with `name`.
    func line(of name: String) -> Int? {
        lines.firstIndex { $0.hasPrefix(name) }.map { $0 + 1 }
    }

    private var lines: [String] {
        var lines = [String]()
        if let bootCurrent { lines.append("BootCurrent: \(bootCurrent)") }
        if let bootNext { lines.append("BootNext: \(bootNext)") }
        if let timeoutSeconds { lines.append("Timeout: \(timeoutSeconds) seconds") }
        if let bootOrder { lines.append("BootOrder: " + bootOrder.joined(separator: ",")) }
        for entry in entries {
            lines.append(
                "Boot\(entry.number)\(entry.isActive == true ? "*" : " ")"
                    + " \(entry.description ?? "(\(entry.fault ?? "not read"))")"
                    + (entry.paths.isEmpty ? "" : "\t" + entry.paths.joined(separator: ";"))
                    + (entry.target.map { "\t" + $0.text } ?? ""))
        }
        return lines
    }
}

extension EFIDocument.Target {
    /// For example `[found: /boot/efi/EFI/debian/shimx64.efi]`.
    fileprivate var text: String {
        let place =
            switch state {
            case .found: path ?? device ?? ""
            default: [device, why].compactMap(\.self).joined(separator: ", ")
            }
        let word =
            switch state {
            case .found: "found"
            case .partitionMissing: "partition missing"
            case .fileMissing: "file missing"
            case .unknown: "not known"
            }
        return UntrustedText.escapingControls("[\(word): \(place)]")
    }
}
