/// The number of a block device: which driver, and which of its devices.
public struct DeviceNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The driver's number; 0 for file systems without a block device.
    public let major: UInt32
    /// The device's number with its driver.
    public let minor: UInt32

    /// A device number by its two halves.
    public init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }

    /// Reads the form `8:1`, white space around it allowed; `nil` for anything else.
    public init?(parsing text: ArraySlice<UInt8>) {
        let parts = TableText.trimmed(text).split(
            separator: 0x3A, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2,
            let major: UInt32 = TableText.integer(parts[0]),
            let minor: UInt32 = TableText.integer(parts[1])
        else { return nil }
        self.init(major: major, minor: minor)
    }

    /// The form `8:1`.
    public var description: String { "\(major):\(minor)" }

    /// Orders by major, then minor number.
    public static func < (left: DeviceNumber, right: DeviceNumber) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
