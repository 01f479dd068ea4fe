internal import DiagFormats

/// `scsi-devices.json`: what sysfs knows of SCSI devices, hosts and transports from memory.
struct SCSISysfsDocument: Codable, Hashable {
    /// One SCSI device, disks and all others.
    struct Device: Codable, Hashable {
        /// Host, channel, target and logical unit: `0:0:0:0`.
        var address: String
        /// The block device's name, where it has one: `sda`, `sr0`.
        var block: String?
        /// The generic node's name, where it has one: `sg0`.
        var generic: String?
        /// The peripheral device type; 0 disk, 5 CD, 13 enclosure.
        var type: UInt64?
        /// Its vendor, as it says.
        var vendor: String?
        /// Its model, as it says.
        var model: String?
        /// The revision of its firmware.
        var revision: String?
        /// `running`, or why the kernel sends nothing to it.
        var state: String?
        /// The serial number in the kept page 80h.
        var serialNumber: String?
        /// The best name in the kept page 83h: `naa.5000c500a1b2c3d4`.
        var worldWideName: String?
        /// All names in the kept page 83h.
        var designators: [SCSIDesignator]?
        /// The enclosure slots that it sits in, as the enclosure names them.
        var enclosureSlots: [String]?
        /// Other attributes, as the kernel writes them.
        var attributes: [String: String]
        /// Commands sent, done, ended with an error, and timed out, since the device was found.
        var counters: [String: UInt64]
    }

    /// One object of a host, port, link or remote port.
    struct Object: Codable, Hashable {
        /// Its class: `scsi_host`, `fc_host`, `sas_phy`.
        var kind: String
        /// Its name in the class: `host0`, `phy-0:1`.
        var name: String
        /// Its attributes, as the kernel writes them.
        var attributes: [String: String]
    }

    /// `diagbundle.scsi-devices/1`.
    var schema = "diagbundle.scsi-devices/1"
    /// The devices, in the order of their addresses.
    var devices: [Device] = []
    /// The hosts and what their transports have, by class and then by name.
    var objects: [Object] = []
}
