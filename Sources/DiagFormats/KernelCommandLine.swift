/// The parameters that the boot loader gave to the kernel, with secrets masked.
///
/// Source: Linux 6.17, lib/cmdline.c `next_arg`: parameters are parted by white space, and double
/// quotes hold a value, or a whole parameter, together.
public struct KernelCommandLine: Codable, Hashable, Sendable {
    /// One parameter.
    public struct Parameter: Codable, Hashable, Sendable {
        /// The name, as it is written.
        public let name: String
        /// What stands after the first `=`, without quotes; none for a bare word.
        public let value: String?
    }

    /// The whole line without white space at its ends; values that look secret are masked.
    public let text: String
    /// The parameters in their order, those for init after `--` included.
    public let parameters: [Parameter]
    /// How many values were masked.
    public let maskedCount: Int

    /// Reads `text`, the content of /proc/cmdline.
    public init(parsing text: String) {
        var mask = SecretMask()
        let masked = mask.line(TextFields.trimmed(text))
        self.text = masked
        maskedCount = mask.maskedCount
        parameters = Self.split(masked).compactMap { word in
            var word = word[...]
            // Quotes may stand around the whole parameter, or around the value alone.
            if word.first == 0x22 {
                word.removeFirst()
                if word.last == 0x22 { word.removeLast() }
            }
            guard let equals = word.firstIndex(of: 0x3D) else {
                return word.isEmpty ? nil : Parameter(name: Self.text(word), value: nil)
            }
            var value = word[word.index(after: equals)...]
            if value.first == 0x22 {
                value.removeFirst()
                if value.last == 0x22 { value.removeLast() }
            }
            return Parameter(name: Self.text(word[..<equals]), value: Self.text(value))
        }
    }

    /// The values of `name`, in their order; dashes and underscores are the same to the kernel.
    public func values(of name: String) -> [String] {
        parameters.filter { Self.canonical($0.name) == Self.canonical(name) }
            .compactMap(\.value)
    }

    private static func canonical(_ name: String) -> [UInt8] {
        name.utf8.map { $0 == 0x2D ? 0x5F : $0 }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private static func split(_ text: String) -> [[UInt8]] {
        var words = [[UInt8]]()
        var word = [UInt8]()
        var isQuoted = false
        for byte in text.utf8 {
            if byte == 0x22 { isQuoted.toggle() }
            if !isQuoted, byte == 0x20 || (0x09...0x0D).contains(byte) {
                if !word.isEmpty { words.append(word) }
                word = []
            } else {
                word.append(byte)
            }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }
}
