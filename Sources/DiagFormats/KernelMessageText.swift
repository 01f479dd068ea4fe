internal import DiagModel

extension KernelMessage {
    /// Appends the record as text:
    /// `[    5.140900] 2026-11-21T15:49:57.140900Z kern.info: text`.
    ///
    /// Further lines of the text are indented by four spaces; controls are escaped.
    ///
    /// - Parameters:
    ///   - bootTime: the moment of the boot in microseconds since 1970; without it the time of
    ///     day is written as `-`.
    ///   - clock: writes the times.
    ///   - text: what is appended to.
    /// - Returns: how many lines were written.
    public func appendText(
        bootTime: UInt64?, clock: inout JournalClock, to text: inout [UInt8]
    ) -> Int {
        let start = text.count
        let seconds = String(microseconds / 1_000_000)
        let fraction = String(microseconds % 1_000_000)
        text.append(0x5B)
        text.append(contentsOf: repeatElement(0x20, count: max(0, 5 - seconds.utf8.count)))
        text.append(contentsOf: seconds.utf8)
        text.append(0x2E)
        text.append(contentsOf: repeatElement(0x30, count: 6 - fraction.utf8.count))
        text.append(contentsOf: fraction.utf8)
        text.append(contentsOf: "] ".utf8)
        if let bootTime {
            clock.append(Self.sum(bootTime, microseconds), to: &text)
        } else {
            text.append(0x2D)
        }
        text.append(contentsOf: " \(facilityName).\(levelName): ".utf8)
        EscapedText.appendLines(self.text[...], to: &text)
        text.append(0x0A)
        return text[start...].count { $0 == 0x0A }
    }

    /// Appends the record as one line of JSON, names sorted: `dictionary`, `facility`,
    /// `isContinuation`, `level`, `monotonicMicroseconds`, `sequenceNumber`, `text`, `time`.
    ///
    /// - Parameters:
    ///   - bootTime: as in ``appendText(bootTime:clock:to:)``; without it there is no `time`.
    ///   - clock: writes the times.
    ///   - json: what is appended to.
    public func appendJSON(
        bootTime: UInt64?, clock: inout JournalClock, to json: inout [UInt8]
    ) {
        json.append(contentsOf: "{".utf8)
        if !dictionary.isEmpty {
            json.append(contentsOf: "\"dictionary\":{".utf8)
            var names = Set<[UInt8]>()
            for (name, value) in dictionary where names.insert(name).inserted {
                if names.count > 1 { json.append(0x2C) }
                Self.appendString(name, to: &json)
                json.append(0x3A)
                Self.appendString(value, to: &json)
            }
            json.append(contentsOf: "},".utf8)
        }
        json.append(contentsOf: "\"facility\":\"\(facilityName)\",".utf8)
        if isContinuation { json.append(contentsOf: "\"isContinuation\":true,".utf8) }
        json.append(contentsOf: "\"level\":\"\(levelName)\",\"monotonicMicroseconds\":".utf8)
        json.append(contentsOf: "\(microseconds),\"sequenceNumber\":\(sequenceNumber)".utf8)
        json.append(contentsOf: ",\"text\":".utf8)
        Self.appendString(text, to: &json)
        if let bootTime {
            json.append(contentsOf: ",\"time\":\"".utf8)
            clock.append(Self.sum(bootTime, microseconds), to: &json)
            json.append(0x22)
        }
        json.append(contentsOf: "}\n".utf8)
    }

    private static func sum(_ bootTime: UInt64, _ microseconds: UInt64) -> UInt64 {
        let (sum, overflow) = bootTime.addingReportingOverflow(microseconds)
        return overflow ? .max : sum
    }

    /// A JSON string; what is not UTF-8 is written as `\xNN` inside it. Source: RFC 8259.
    private static func appendString(_ bytes: [UInt8], to json: inout [UInt8]) {
        json.append(0x22)
        for byte in UntrustedText.escapingInvalidUTF8(bytes).utf8 {
            switch byte {
            case 0x22, 0x5C:
                json.append(0x5C)
                json.append(byte)
            case 0x0A: json.append(contentsOf: "\\n".utf8)
            case 0x09: json.append(contentsOf: "\\t".utf8)
            case 0x0D: json.append(contentsOf: "\\r".utf8)
            case 0..<0x20:
                json.append(contentsOf: byte < 0x10 ? "\\u000".utf8 : "\\u00".utf8)
                json.append(contentsOf: String(byte, radix: 16).utf8)
            default: json.append(byte)
            }
        }
        json.append(0x22)
    }
}
