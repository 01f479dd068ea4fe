internal import CLinux
internal import Glibc

/// What is looked for in lines: a POSIX extended regular expression, or a text as it is.
///
/// Both work on bytes, whatever the bytes: NUL is one like others, but that `.` does not match it.
/// Source: POSIX.1-2017, section 9.4, and regexec(3) for `REG_STARTEND`. One thread uses it: glibc
/// locks an expression while it is used.
@safe public final class LinePattern {
    /// Why a pattern cannot be used, in words of the C library.
    public struct Failure: Error, Hashable, Sendable {
        /// For example `Unmatched ( or \(`.
        public let reason: String
    }

    private static let noMatch: CInt = 1  // REG_NOMATCH, which Swift does not see.

    /// `nil` for a text.
    private let expression: UnsafeMutablePointer<regex_t>?
    private let text: [UInt8]

    private init(expression: UnsafeMutablePointer<regex_t>?, text: [UInt8]) {
        unsafe self.expression = expression
        self.text = text
    }

    deinit {
        guard let expression = unsafe expression else { return }
        unsafe regfree(expression)
        unsafe expression.deallocate()
    }

    /// A pattern for one line.
    ///
    /// - Parameters:
    ///   - pattern: the expression, or the text; without a line feed and without NUL.
    ///   - isText: whether no character of it has another meaning.
    ///   - ignoresCase: whether small letters of ASCII are large ones.
    /// - Returns: what looks for it.
    /// - Throws: ``Failure``, also when memory is short.
    public static func compile(
        _ pattern: String, isText: Bool = false, ignoresCase: Bool = false
    ) throws(Failure) -> LinePattern {
        let bytes = Array(pattern.utf8)
        guard !bytes.contains(0x0A), !bytes.contains(0) else {
            throw Failure(reason: "it holds a line feed or a NUL, and is looked for in one line")
        }
        if isText, !ignoresCase { return unsafe LinePattern(expression: nil, text: bytes) }
        let source = isText ? escaped(bytes) : bytes
        let expression = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
        unsafe expression.initialize(to: regex_t())
        let flags = REG_EXTENDED | REG_NEWLINE | (ignoresCase ? REG_ICASE : 0)
        let status = unsafe regcomp(
            expression, source.map { CChar(bitPattern: $0) } + [0], flags)
        guard status == 0 else {
            let reason = unsafe words(for: status, expression)
            unsafe expression.deallocate()
            throw Failure(reason: reason)
        }
        return unsafe LinePattern(expression: expression, text: [])
    }

    /// Where the first match in `bytes`, at most 2^30 of them, begins; `nil` for none.
    ///
    /// Lines end at line feeds. An expression that may match a line feed by its own, as
    /// `[[:space:]]` does, can match over the end of a line: look at the line alone then.
    ///
    /// - Throws: ``Failure`` when memory is short.
    public func firstMatch(in bytes: Span<UInt8>) throws(Failure) -> Int? {
        precondition(bytes.count <= 1 << 30, "an offset of regexec has 32 bits")
        guard let expression = unsafe expression else { return firstText(in: bytes) }
        var match = regmatch_t(rm_so: 0, rm_eo: regoff_t(bytes.count))
        let status = unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else {
                return unsafe regexec(expression, "", 1, &match, REG_STARTEND)
            }
            return unsafe regexec(
                expression, start.assumingMemoryBound(to: CChar.self), 1, &match, REG_STARTEND)
        }
        if status == Self.noMatch { return nil }
        guard status == 0 else {
            throw Failure(reason: unsafe Self.words(for: status, expression))
        }
        return Int(match.rm_so)
    }

    private func firstText(in bytes: Span<UInt8>) -> Int? {
        guard !text.isEmpty else { return 0 }
        return unsafe bytes.withUnsafeBytes { buffer -> Int? in
            guard let start = buffer.baseAddress else { return nil }
            let found = unsafe diag_find(start, buffer.count, text, text.count)
            return found < 0 ? nil : found
        }
    }

    /// An expression that matches `text` alone.
    private static func escaped(_ text: [UInt8]) -> [UInt8] {
        let special = Set(#"\^$.[]|()*+?{}"#.utf8)
        return text.flatMap { special.contains($0) ? [0x5C, $0] : [$0] }
    }

    private static func words(
        for status: CInt, _ expression: UnsafeMutablePointer<regex_t>
    ) -> String {
        var bytes = [CChar](repeating: 0, count: 200)
        _ = unsafe regerror(status, expression, &bytes, bytes.count)
        return String(
            decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
