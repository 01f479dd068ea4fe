/// The commands that a controller has, and what each changes.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.6, figures 209 and 210: log 05h, 4096
/// bytes.
public struct NVMeCommandEffectsLog: Codable, Hashable, Sendable {
    /// One command.
    public struct Command: Codable, Hashable, Sendable {
        /// Its opcode.
        public let opcode: UInt8
        /// What is said of it, as it is.
        public let effects: UInt32
        /// What it changes, in words.
        public let changes: [String]
        /// Whether other commands must wait for it (CSE): 0 none, 1 those of the namespace, 2 all.
        public let exclusivity: UInt8
    }

    /// The admin commands that are supported (ACS), by opcode.
    public let adminCommands: [Command]
    /// The I/O commands that are supported (IOCS), by opcode.
    public let ioCommands: [Command]

    /// Reads the 4096 bytes.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(4096, at: 0, field: "Commands Supported and Effects")
        adminCommands = try Self.commands(bytes, at: 0)
        ioCommands = try Self.commands(bytes, at: 1024)
    }

    private static func commands(
        _ bytes: Span<UInt8>, at offset: Int
    ) throws(FormatError) -> [Command] {
        var commands = [Command]()
        for opcode in 0...UInt8.max {
            let at = offset + Int(opcode) * 4
            // Bit 0, CSUPP, says whether the command is there.
            guard bytes[at] & 1 != 0 else { continue }
            let effects: UInt32 = try bytes.littleEndian(at: at, field: "effects")
            commands.append(
                Command(
                    opcode: opcode, effects: effects, changes: words.of(effects),
                    exclusivity: UInt8(effects >> 16 & 7)))
        }
        return commands
    }

    private static let words = NVMeBitWords(words: [
        (1, "logicalBlockContent"), (2, "namespaceCapabilities"), (3, "namespaceInventory"),
        (4, "controllerCapabilities"),
    ])
}
