internal import DiagModel

/// The classes of pages that a conversion is to leave out, and that its input may still have.
struct WantedClasses {
    /// makedumpfile's bits.
    let bits: Int

    /// What `level` asks for beside what `prior`, the level of the input, has left out already.
    init(level: Int, prior: Int) {
        bits = Self.classes(level) & ~Self.classes(prior)
    }

    /// Whether there is nothing to leave out.
    var isEmpty: Bool { bits == 0 }
    /// Whether pages of processes are to go.
    var hasUserPages: Bool { bits & 8 != 0 }

    /// Pages of zeros are never left out; with cache pages that have private data those without
    /// go too, as ``PageClass/isKept(at:)`` has it.
    private static func classes(_ level: Int) -> Int {
        (level & 4 != 0 ? level | 2 : level) & 0b1_1110
    }

    /// Refuses a dump called `name` out of which nothing can be left, for `reason`: what was to be
    /// left out may be private.
    func nothingLeftOut(of name: String, because reason: String) -> LiveDumpError {
        let names = DumpDescription.classes(ofLevel: bits).joined(separator: ", ")
        return LiveDumpError(
            .unsupported, "filter \(name): nothing can be left out (\(names)): \(reason)",
            remedy: "Nothing was written. --level 0 writes all pages that the dump has.")
    }
}
