internal import DiagModel

/// What a dump of ours says in the place of a stop code: `LIVE_SYSTEM_DUMP`, with parameters after
/// the model of Windows, where the first says who asked.
enum LiveSystemDumpCode {
    /// The four parameters: who asked, as up to eight characters in one number, the first in its
    /// highest used byte; which dump, 1 full or 2 stacks; the level; 0.
    static func parameters(
        originator: String, kind: LiveDumpReport.Kind, level: Int
    ) -> [String] {
        let tag = originator.utf8.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return [tag, kind == .full ? 1 : 2, UInt64(clamping: level), 0].map { hexadecimal($0) }
    }

    /// What the parameter at `index` stands for, behind the first; `nil` for nothing.
    static func text(of value: UInt64, at index: Int, in parameters: [UInt64]) -> String? {
        switch (index, value) {
        case (1, 1): "full dump"
        case (1, 2): "dump of stacks"
        case (2, 0...31) where parameters[1] != 2: "level \(value)"
        default: nil
        }
    }

    /// Sixteen digits with `0x`.
    static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: 16 - digits.count) + digits
    }
}
