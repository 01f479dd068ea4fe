public import DiagSystem

/// A table of bits in memory of its own, which may be locked.
///
/// Threads may set bits at once when their parts do not share a byte.
@safe public final class MappedBitmap: Sendable {
    /// The memory.
    public let memory: MappedMemory
    /// How many bits.
    public let count: Int

    /// `count` zero bits.
    public init(count: Int) throws(SystemCallError) {
        self.count = count
        memory = try MappedMemory(byteCount: (count + 7) / 8)
    }

    /// The bit at `index`, which must be below `count`.
    @inline(__always) public subscript(index: Int) -> Bool {
        get {
            precondition(index >= 0 && index < count)
            return unsafe memory.bytes.load(fromByteOffset: index >> 3, as: UInt8.self)
                & (1 << UInt8(index & 7)) != 0
        }
        set {
            precondition(index >= 0 && index < count)
            let old = unsafe memory.bytes.load(fromByteOffset: index >> 3, as: UInt8.self)
            let bit: UInt8 = 1 << UInt8(index & 7)
            unsafe memory.bytes.storeBytes(
                of: newValue ? old | bit : old & ~bit, toByteOffset: index >> 3, as: UInt8.self)
        }
    }

    /// Gives the places of all bits that are set, in their order.
    func forEach(_ body: (Int) -> Void) { forEach(or: nil) { index, _ in body(index) } }

    /// Gives the places of all bits that are set here or in `other`, in their order, and whether it
    /// is set in `other` alone. Both have as many bits.
    func forEach(or other: MappedBitmap?, _ body: (Int, Bool) -> Void) {
        for start in stride(from: 0, to: count, by: 64) {
            let own = unsafe memory.bytes.load(fromByteOffset: start >> 3, as: UInt64.self)
            let others = unsafe other?.memory.bytes.load(
                fromByteOffset: start >> 3, as: UInt64.self)
            var bits = own | (others ?? 0)
            while bits != 0 {
                let bit = bits.trailingZeroBitCount
                guard start + bit < count else { return }
                body(start + bit, own & 1 << UInt64(bit) == 0)
                bits &= bits &- 1
            }
        }
    }

    /// Sets all bits of `range`, which must lie below `count`.
    func set(_ range: Range<UInt64>) {
        var bit = Int(range.lowerBound)
        let end = Int(range.upperBound)
        precondition(range.isEmpty || end <= count)
        while bit < end {
            if bit & 7 == 0, end - bit >= 8 {
                let bytes = (end - bit) >> 3
                unsafe UnsafeMutableRawBufferPointer(
                    rebasing: memory.bytes[(bit >> 3)..<((bit >> 3) + bytes)]
                ).initializeMemory(as: UInt8.self, repeating: 0xFF)
                bit += bytes << 3
            } else {
                self[bit] = true
                bit += 1
            }
        }
    }
}

/// A table of 64-bit words in memory of its own, which may be locked.
///
/// Threads may set different words at once.
@safe public final class MappedWords: Sendable {
    /// The memory.
    public let memory: MappedMemory
    /// How many words.
    public let count: Int

    /// `count` zero words.
    public init(count: Int) throws(SystemCallError) {
        self.count = count
        memory = try MappedMemory(byteCount: count * 8)
    }

    /// The word at `index`, which must be below `count`.
    @inline(__always) public subscript(index: Int) -> UInt64 {
        get {
            precondition(index >= 0 && index < count)
            return unsafe memory.bytes.load(fromByteOffset: index * 8, as: UInt64.self)
        }
        set {
            precondition(index >= 0 && index < count)
            unsafe memory.bytes.storeBytes(
                of: newValue, toByteOffset: index * 8, as: UInt64.self)
        }
    }
}
