internal import DiagModel

/// One line that the kernel prints when something is at fault.
///
/// In `text`, `{}` takes what is at fault, as few bytes as the rest allows and 64 at most, and `*`
/// skips any bytes. A pattern may stand anywhere in a line.
struct KernelFaultPattern: Sendable {
    let fault: String
    let severity: Finding.Severity
    let reason: String
    let actions: [String]
    private let elements: [Element]

    private enum Element: Sendable {
        case literal([UInt8])
        case capture
        case anything
    }

    init(
        _ text: String, _ fault: String, _ severity: Finding.Severity, _ reason: String,
        _ actions: [String]
    ) {
        self.fault = "logs.kernel." + fault
        self.severity = severity
        self.reason = reason
        self.actions = actions
        var elements = [Element]()
        var literal = [UInt8]()
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            let isCapture = byte == 0x7B && bytes.first == 0x7D
            guard isCapture || byte == 0x2A else {
                literal.append(byte)
                continue
            }
            if !literal.isEmpty { elements.append(.literal(literal)) }
            literal = []
            if isCapture { bytes.removeFirst() }
            elements.append(isCapture ? .capture : .anything)
        }
        if !literal.isEmpty { elements.append(.literal(literal)) }
        self.elements = elements
    }

    /// What is at fault, when the line matches: what `{}` took; empty for a pattern without one.
    func match(_ line: [UInt8]) -> ArraySlice<UInt8>? {
        var position = 0
        var capture: ArraySlice<UInt8> = []
        var captureStart: Int?
        for (index, element) in elements.enumerated() {
            switch element {
            case .literal(let literal):
                // Directly behind nothing or a gap it may stand anywhere further on.
                guard let found = Self.find(literal, in: line, from: position) else { return nil }
                if let start = captureStart {
                    guard found > start, found - start <= 64 else { return nil }
                    capture = line[start..<found]
                    captureStart = nil
                }
                position = found + literal.count
            case .capture:
                captureStart = position
                if index == elements.count - 1 {
                    let end = line[position...].firstIndex { Self.terminators.contains($0) }
                    capture = line[position..<(end ?? line.endIndex)].prefix(64)
                    guard !capture.isEmpty else { return nil }
                }
            case .anything: break
            }
        }
        return capture
    }

    /// Space, comma, parentheses, colon, brackets.
    private static let terminators: [UInt8] = [0x20, 0x2C, 0x28, 0x29, 0x3A, 0x5B, 0x5D, 0x0A]

    private static func find(_ literal: [UInt8], in line: [UInt8], from start: Int) -> Int? {
        guard let first = literal.first, literal.count <= line.count else { return nil }
        var position = start
        while position <= line.count - literal.count {
            if line[position] == first,
                line[position..<position + literal.count].elementsEqual(literal)
            {
                return position
            }
            position += 1
        }
        return nil
    }
}
