internal import DiagModel

/// `nvme-controllers.json`: the controllers and subsystems as the kernel knows them, without asking
/// a device.
struct NVMeControllersDocument: Codable, Hashable {
    /// One controller, which on fabrics is one connection.
    struct Controller: Codable, Hashable {
        /// Its name: `nvme0`.
        var name: String
        /// The device it is, below /sys/devices.
        var folder: String?
        /// The subsystem it belongs to: `nvme-subsys0`.
        var subsystem: String?
        /// The kernel's attributes under their names; numbers where they are decimal.
        var attributes: [String: JSONValue]
        /// The namespaces through this controller.
        var paths: [Path]
        /// Its PCIe link; none on fabrics.
        var link: PCIeLink?
        /// Errors of its PCIe link by kind: `correctable`, `nonfatal`, `fatal`; those not 0, and
        /// the total under the kernel's name.
        var errorCounts: [String: [String: Int64]]?

        /// An attribute as text, whatever it was.
        func text(_ name: String) -> String? {
            switch attributes[name] {
            case .string(let text)?: text
            case .integer(let number)?: String(number)
            default: nil
            }
        }
    }

    /// A namespace as one controller reaches it.
    struct Path: Codable, Hashable {
        /// Its name: `nvme0c1n1` below native multipath, else `nvme0n1`.
        var name: String
        /// Its number (NSID).
        var namespaceIdentifier: Int64?
        /// How well it is reached: `optimized` and others.
        var anaState: String?
        /// Its ANA group.
        var anaGroup: Int64?
    }

    /// One subsystem: what may be reached by several controllers.
    struct Subsystem: Codable, Hashable {
        /// Its name: `nvme-subsys0`.
        var name: String
        /// The kernel's attributes under their names.
        var attributes: [String: JSONValue]
        /// Its controllers.
        var controllers: [String]
        /// Its namespaces that native multipath has joined.
        var namespaces: [String]
    }

    /// `diagbundle.nvme-controllers/1`.
    var schema = "diagbundle.nvme-controllers/1"
    /// The name of this host on fabrics, from /etc/nvme/hostnqn.
    var hostName: String?
    /// The identifier of this host on fabrics, from /etc/nvme/hostid.
    var hostIdentifier: String?
    /// The controllers in natural order.
    var controllers: [Controller]
    /// The subsystems in natural order.
    var subsystems: [Subsystem]
    /// The parameters of the kernel's NVMe modules, by module.
    var parameters: [String: [String: JSONValue]]
}

/// What a PCIe link runs at, and what it could.
///
/// Source: /sys/bus/pci/devices/*/{current,max}_link_{speed,width}, drivers/pci/pci-sysfs.c, 6.12.
struct PCIeLink: Codable, Hashable {
    /// Transfers per second and lane, in units of 100 MT/s: 80 for 8 GT/s.
    var currentSpeed: Int64?
    /// Lanes in use.
    var currentWidth: Int64?
    /// What the device can.
    var maximumSpeed: Int64?
    /// Lanes of the device.
    var maximumWidth: Int64?
    /// What the port above it can.
    var portSpeed: Int64?
    /// Lanes of the port above it.
    var portWidth: Int64?

    /// The speed in `8.0 GT/s PCIe` or `2.5 GT/s`; `nil` for `Unknown`.
    static func speed(_ text: String?) -> Int64? {
        guard let text, let words = text.split(separator: " ").first, text.contains("GT/s"),
            let value = Double(words), value > 0, value < 100_000
        else { return nil }
        return Int64((value * 10).rounded())
    }

    /// The lanes; `nil` for 0, which stands for none, and 255, which stands for unknown.
    static func width(_ text: String?) -> Int64? {
        guard let text, let width = Int64(text), (1...64).contains(width) else { return nil }
        return width
    }
}
