/// Finds the name that was probably meant by one that is not known.
public enum NearestName {
    /// The one of `candidates` with the fewest edits from `name`, the first of equals. When all need
    /// more than a third of the name's length, and more than one, it is the only one that begins with
    /// `name`, of 3 to 64 characters; otherwise `nil`.
    public static func of(_ name: String, in candidates: [String]) -> String? {
        let limit = max(1, name.unicodeScalars.prefix(64).count / 3)
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            guard let distance = distance(from: name, to: candidate, atMost: limit),
                distance < best?.distance ?? .max
            else { continue }
            best = (candidate, distance)
        }
        if let best { return best.name }
        guard (3...64).contains(name.unicodeScalars.prefix(65).count) else { return nil }
        let begun = Set(candidates.filter { $0.hasPrefix(name) })
        return begun.count == 1 ? begun.first : nil
    }

    /// The number of insertions, deletions, substitutions and swaps of neighbours that turn one
    /// text into the other, letter case apart (optimal string alignment); `nil` above `limit`, and
    /// for texts of more than 64 characters.
    static func distance(from left: String, to right: String, atMost limit: Int) -> Int? {
        let a = Array(left.unicodeScalars.prefix(65).map(lowercased))
        let b = Array(right.unicodeScalars.prefix(65).map(lowercased))
        guard a.count <= 64, b.count <= 64, abs(a.count - b.count) <= limit else { return nil }
        var beforeLast = [Int]()
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        let distance = last[b.count]
        return distance <= limit ? distance : nil
    }

    private static func lowercased(_ scalar: Unicode.Scalar) -> UInt32 {
        ("A"..."Z").contains(scalar) ? scalar.value + 32 : scalar.value
    }
}
