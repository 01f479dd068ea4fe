extension WorkerStreamParser {
    /// Finds the boundary within a line of text: what stands before it has no newline.
    ///
    /// In a run what does not begin a line is content; who writes a plugin meant a message.
    struct MessageBehindText: Sendable {
        /// The boundary and a space.
        private let prefix: [UInt8]
        /// How the line ends so far, as many bytes as may be the beginning of `prefix`.
        private var tail: [UInt8] = []
        /// What stands behind the boundary; `nil` while there is none.
        private var message: [UInt8]?

        init(prefix: [UInt8]) { self.prefix = prefix }

        /// Takes the next bytes of a line of text.
        mutating func take(_ text: Span<UInt8>) {
            var index = 0
            while message == nil, index < text.count {
                if text[index] == 0x20, isPrefix(endingAt: index, of: text) { message = [] }
                index += 1
            }
            if let count = message?.count {
                let end = min(text.count, index + WorkerStreamParser.longestMessage - count)
                while index < end {
                    message?.append(text[index])
                    index += 1
                }
                return
            }
            for index in max(0, text.count - prefix.count)..<text.count { tail.append(text[index]) }
            tail.removeFirst(max(0, tail.count - prefix.count))
        }

        /// Ends the line, and gives what stood behind the boundary in it.
        mutating func endLine() -> [UInt8]? {
            defer {
                tail.removeAll(keepingCapacity: true)
                message = nil
            }
            return message
        }

        private func isPrefix(endingAt index: Int, of text: Span<UInt8>) -> Bool {
            for back in 0..<prefix.count {
                let place = index - back
                let byte: UInt8
                if place >= 0 {
                    byte = text[place]
                } else {
                    guard tail.count + place >= 0 else { return false }
                    byte = tail[tail.count + place]
                }
                guard byte == prefix[prefix.count - 1 - back] else { return false }
            }
            return true
        }
    }
}
