internal import DiagFormats

/// The single steps of a reading.
extension ATAReader {
    /// The pages of a general purpose log that its directory lists, at most ``pageLimit`` of them;
    /// all of them or none.
    mutating func pages(of address: UInt8, _ name: String) -> [UInt8]? {
        let count = min(generalPages(address), Self.pageLimit)
        guard count > 0 else { return nil }
        var bytes = [UInt8]()
        for page in stride(from: 0, to: count, by: Self.pagesPerCommand) {
            let command = ATACommand.readLog(
                address, page: UInt16(page), pages: UInt16(min(Self.pagesPerCommand, count - page)))
            guard let part = data(command) else { return nil }
            bytes += part
        }
        reading.pages.append(("ata-\(name)", bytes))
        return bytes
    }

    mutating func refuse(_ command: ATACommand, _ reason: String) {
        reading.document.refused[command.name] = reason
    }

    private mutating func note(_ refusal: ATARefusal, of command: ATACommand) {
        refuse(command, refusal.reason)
        if refusal.isEnd { isOver = true }
        if refusal.isFromDevice { isAnswering = true }
    }

    mutating func registers(after command: ATACommand) -> ATAReturnDescriptor? {
        guard !isOver else { return nil }
        do throws(ATARefusal) { return try channel.registers(after: command) } catch {
            note(error, of: command)
            return nil
        }
    }

    /// The bytes of an answer, kept as a page when it has a name.
    ///
    /// An answer whose bytes are all the same is a bridge's, not a device's.
    mutating func data(
        _ command: ATACommand, _ name: String? = nil, isWholeWhenSame: Bool = true
    ) -> [UInt8]? {
        guard !isOver else { return nil }
        do throws(ATARefusal) {
            let bytes = try channel.read(command)
            if !isWholeWhenSame, let first = bytes.first, bytes.allSatisfy({ $0 == first }) {
                refuse(command, "the answer is one byte, 0x\(String(first, radix: 16)), repeated")
                return nil
            }
            if let name { reading.pages.append(("ata-\(name)", bytes)) }
            return bytes
        } catch {
            note(error, of: command)
            return nil
        }
    }

    mutating func parse<Value>(
        _ command: ATACommand, _ name: String,
        _ body: ([UInt8]) throws(FormatError) -> Value
    ) -> Value? {
        guard let bytes = data(command, name) else { return nil }
        do throws(FormatError) { return try body(bytes) } catch {
            refuse(command, error.description)
            return nil
        }
    }

    mutating func keep<Value>(
        _ what: String, _ body: () throws(FormatError) -> Value
    ) -> Value? {
        do throws(FormatError) { return try body() } catch {
            reading.document.refused[what] = error.description
            return nil
        }
    }
}
