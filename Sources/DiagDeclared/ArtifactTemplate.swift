/// The paths that an artifact may have: one, or with `{name}` in it one for each name.
struct ArtifactTemplate {
    /// The path as it is written.
    let text: String
    private let components: [Component]

    /// Splits a relative path.
    init(_ text: String) {
        self.text = text
        components = text.utf8.split(separator: 0x2F).map { Component(Array($0)) }
    }

    /// Whether both may have the same path.
    func mayEqual(_ other: Self) -> Bool {
        components.count == other.components.count && mayMeet(other)
    }

    /// Whether both may have the same path, or one that of a folder on the way to the other.
    func mayMeet(_ other: Self) -> Bool {
        zip(components, other.components).allSatisfy { $0.mayEqual($1) }
    }

    /// Whether its first name may be `name`.
    func mayBegin(with name: String) -> Bool {
        components.first?.mayEqual(Component(Array(name.utf8))) ?? false
    }

    /// One name of a path: what stands before the first name that is put in, and behind the last.
    private struct Component {
        let head: [UInt8]
        let tail: [UInt8]
        /// Whether it is `head` alone, without a name in it.
        let isFixed: Bool

        init(_ text: [UInt8]) {
            let place = Array(CollectorDeclaration.ForEach.placeholder.utf8)
            let starts = text.indices.filter { text[$0...].starts(with: place) }
            guard let first = starts.first, let last = starts.last else {
                (head, tail, isFixed) = (text, [], true)
                return
            }
            (head, tail, isFixed) = (
                Array(text[..<first]), Array(text[(last + place.count)...]), false
            )
        }

        func mayEqual(_ other: Self) -> Bool {
            switch (isFixed, other.isFixed) {
            case (true, true): head == other.head
            case (true, false): other.mayBe(head)
            case (false, true): mayBe(other.head)
            // What is put in between can make up for all that differs there.
            case (false, false):
                (head.starts(with: other.head) || other.head.starts(with: head))
                    && (tail.reversed().starts(with: other.tail.reversed())
                        || other.tail.reversed().starts(with: tail.reversed()))
            }
        }

        /// Whether it may be this name; what is put in has a byte at least.
        private func mayBe(_ name: [UInt8]) -> Bool {
            name.count > head.count + tail.count && name.starts(with: head)
                && name.suffix(tail.count).elementsEqual(tail)
        }
    }
}
