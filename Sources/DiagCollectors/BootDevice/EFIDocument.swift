internal import DiagFormats

/// `boot/efi.json`: what the firmware's variables say of starting.
struct EFIDocument: Encodable {
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
    var osIndications: UInt64?
    var osIndicationsSupported: UInt64?
    /// shim's revocation levels, as their lines say.
    var revocationLevels: String?
    var machineOwnerKeyByteCount: Int?
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
                    + (entry.paths.isEmpty ? "" : "\t" + entry.paths.joined(separator: ";")))
        }
        return lines
    }
}
