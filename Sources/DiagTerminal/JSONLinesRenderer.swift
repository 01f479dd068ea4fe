internal import DiagModel

/// Writes each event as one JSON object on one line.
struct JSONLinesRenderer: ProgressRenderer {
    let write: @Sendable (_ bytes: [UInt8]) -> Void

    mutating func show(_ event: ProgressEvent) {
        var bytes = [UInt8]()
        do {
            bytes = try JSONDocument.encode(event, layout: .line)
        } catch {
            // JSON has no infinity; an event with one is our mistake, and still worth a line.
            let finite = Self.withFiniteNumbers(event)
            bytes = (try? JSONDocument.encode(finite, layout: .line)) ?? Array("{}".utf8)
        }
        write(Self.escapingControls(bytes) + [0x0A])
    }

    private static func withFiniteNumbers(_ event: ProgressEvent) -> ProgressEvent {
        func finite(_ value: Double) -> Double { value.isFinite ? value : 0 }
        var event = event
        event.run.fraction = finite(event.run.fraction)
        event.run.elapsedSeconds = finite(event.run.elapsedSeconds)
        event.run.remainingSeconds = event.run.remainingSeconds.flatMap { $0.isFinite ? $0 : nil }
        if var operation = event.operation {
            operation.elapsedSeconds = finite(operation.elapsedSeconds)
            event.operation = operation
        }
        if var result = event.result {
            result.collectSeconds = finite(result.collectSeconds)
            result.sealSeconds = finite(result.sealSeconds)
            event.result = result
        }
        return event
    }

    /// JSON text with DEL and the controls U+0080 to U+009F as `\u` escapes, which JSON leaves to
    /// the writer; they stand only inside strings.
    private static func escapingControls(_ json: [UInt8]) -> [UInt8] {
        guard json.contains(0x7F) || json.contains(0xC2) else { return json }
        var safe = [UInt8]()
        safe.reserveCapacity(json.count + 16)
        var index = 0
        while index < json.count {
            let byte = json[index]
            let isPair =
                byte == 0xC2 && index + 1 < json.count && (0x80...0x9F).contains(json[index + 1])
            if byte == 0x7F || isPair {
                let digits = String(isPair ? json[index + 1] : byte, radix: 16)
                safe += Array("\\u00\(digits)".utf8)
            } else {
                safe.append(byte)
            }
            index += isPair ? 2 : 1
        }
        return safe
    }
}
