/// What has made the running kernel less trustworthy, from /proc/sys/kernel/tainted.
///
/// Source: Linux 6.17, Documentation/admin-guide/tainted-kernels.rst and include/linux/panic.h.
public struct KernelTaint: Hashable, Sendable {
    /// One bit of the mask.
    public struct Flag: Hashable, Sendable {
        /// Its bit, from 0.
        public let bit: Int
        /// The letter that oops messages and /proc/modules show; `?` for a bit not known here.
        public let letter: String
        /// What happened, in a few words.
        public let meaning: String
    }

    /// The mask; 0 for a kernel that nothing has tainted.
    public let mask: UInt64
    /// The bits that are set, lowest first.
    public let flags: [Flag]

    /// The flags of `mask`.
    public init(mask: UInt64) {
        self.mask = mask
        flags = (0..<64).filter { mask >> UInt64($0) & 1 == 1 }.map { bit in
            bit < Self.known.count
                ? Self.known[bit]
                : Flag(bit: bit, letter: "?", meaning: "a flag newer than this program")
        }
    }

    /// Reads the decimal number that the file holds; `nil` when it is none.
    public init?(parsing text: String) {
        guard let mask = UInt64(TextFields.trimmed(text)) else { return nil }
        self.init(mask: mask)
    }

    /// Every flag of Linux 6.17, by its bit.
    public static let known: [Flag] = [
        ("P", "a module with a proprietary licence was loaded"),
        ("F", "a module was loaded by force"),
        ("S", "the kernel runs on hardware outside its specification"),
        ("R", "a module was unloaded by force"),
        ("M", "the processor reported a machine check"),
        ("B", "a bad page or unexpected page flags were met"),
        ("U", "a program in user space asked for the taint"),
        ("D", "the kernel has died once: an oops or a BUG"),
        ("A", "an ACPI table was replaced by the user"),
        ("W", "the kernel has issued a warning"),
        ("C", "a staging driver was loaded"),
        ("I", "a severe firmware bug was worked around"),
        ("O", "a module built outside the kernel tree was loaded"),
        ("E", "a module without a valid signature was loaded"),
        ("L", "a processor was stuck in the kernel: a soft lockup"),
        ("K", "the kernel was patched while it ran"),
        ("X", "an auxiliary taint that the distribution defines"),
        ("T", "the kernel was built with randomised structure layout"),
        ("N", "an in-kernel test was run"),
        ("J", "a program used a changing debug operation of fwctl"),
    ].enumerated().map { Flag(bit: $0, letter: $1.0, meaning: $1.1) }
}
