/// Instructions of the kernel's virtual machine, 64 bits each: the code in the lowest 8, the two
/// registers in 4 each, an offset in 16, and a constant in 32.
///
/// Source: Linux Documentation/bpf/standardization/instruction-set.rst.
enum BPFInstruction {
    /// A register's value becomes another's.
    static func move(to register: UInt8, from other: UInt8) -> UInt64 {
        encode(0xBF, register, other)
    }

    /// A register's value becomes a constant.
    static func load(to register: UInt8, _ value: Int32) -> UInt64 {
        encode(0xB7, register, constant: value)
    }

    /// Adds a constant, with its sign.
    static func add(to register: UInt8, _ value: Int32) -> UInt64 {
        encode(0x07, register, constant: value)
    }

    /// Keeps the bits of a constant, with its sign.
    static func and(to register: UInt8, _ value: Int32) -> UInt64 {
        encode(0x57, register, constant: value)
    }

    /// Loads 8 bytes.
    static func loadWord(to register: UInt8, at address: UInt8, offset: Int16) -> UInt64 {
        encode(0x79, register, address, offset)
    }

    /// Stores 8 bytes.
    static func storeWord(at address: UInt8, offset: Int16, from register: UInt8) -> UInt64 {
        encode(0x7B, address, register, offset)
    }

    /// Stores a constant, with its sign, in 8 bytes.
    static func storeWord(at address: UInt8, offset: Int16, _ value: Int32) -> UInt64 {
        encode(0x7A, address, 0, offset, constant: value)
    }

    /// Stores the lower 4 bytes.
    static func storeHalf(at address: UInt8, offset: Int16, from register: UInt8) -> UInt64 {
        encode(0x63, address, register, offset)
    }

    /// Goes on `count` instructions further when a register is 0.
    static func skipIfZero(_ register: UInt8, count: Int16) -> UInt64 {
        encode(0x15, register, 0, count)
    }

    /// Goes on `count` instructions further when a register, with its sign, is 0 or more.
    static func skipIfNotNegative(_ register: UInt8, count: Int16) -> UInt64 {
        encode(0x75, register, 0, count)
    }

    /// Loads a map by its descriptor: two instructions.
    static func loadMap(to register: UInt8, _ descriptor: CInt) -> [UInt64] {
        [encode(0x18, register, 1, constant: descriptor), 0]
    }

    /// Calls a function of the kernel with registers 1 to 5; its result is in register 0.
    static func call(_ function: Int32) -> UInt64 { encode(0x85, 0, constant: function) }

    /// Ends the program; register 0 is its result.
    static let exit = encode(0x95, 0)

    private static func encode(
        _ code: UInt8, _ destination: UInt8, _ source: UInt8 = 0, _ offset: Int16 = 0,
        constant: Int32 = 0
    ) -> UInt64 {
        UInt64(code) | UInt64(destination & 0xF | source << 4) << 8
            | UInt64(UInt16(bitPattern: offset)) << 16
            | UInt64(UInt32(bitPattern: constant)) << 32
    }
}
