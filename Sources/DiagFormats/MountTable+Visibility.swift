extension MountTable {
    /// For each entry, whether its mount point leads to it.
    ///
    /// A mount is hidden when another lies on top of it, or on a directory on the way to it.
    public var visibility: [Bool] {
        var position = [Int64: Int](minimumCapacity: entries.count)
        for (index, entry) in entries.enumerated() { position[entry.identifier] = index }
        var attached = [Place: Int](minimumCapacity: entries.count)
        for (index, entry) in entries.enumerated()
        where entry.parentIdentifier != entry.identifier {
            attached[Place(mount: entry.parentIdentifier, path: entry.mountPoint[...])] = index
        }
        let isReached = reachable(position: position, attached: attached)
        return entries.indices.map { index in
            let entry = entries[index]
            let cover = attached[Place(mount: entry.identifier, path: entry.mountPoint[...])]
            return isReached[index] && (cover == nil || cover == index)
        }
    }

    private struct Place: Hashable {
        let mount: Int64
        let path: ArraySlice<UInt8>

        /// All bytes at once: a slice would feed them one by one.
        func hash(into hasher: inout Hasher) {
            hasher.combine(mount)
            unsafe path.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        }
    }

    /// For each entry, whether nothing covers a directory between it and the mounts below it.
    private func reachable(position: [Int64: Int], attached: [Place: Int]) -> [Bool] {
        var budget = 1 << 29
        var known = [Bool?](repeating: nil, count: entries.count)
        for start in entries.indices where known[start] == nil {
            var way = [Int]()
            var index = start
            var result = true
            while true {
                if let answer = known[index] {
                    result = answer
                    break
                }
                known[index] = true  // Ends the walk in a table whose parents go round.
                way.append(index)
                guard let parent = position[entries[index].parentIdentifier], parent != index
                else { break }
                index = parent
            }
            for index in way.reversed() {
                result = result && !isCovered(index, attached: attached, budget: &budget)
                known[index] = result
            }
        }
        return known.map { $0 ?? true }
    }

    /// Whether a sibling is attached above the directory where this entry is attached.
    ///
    /// `budget` is how many bytes of paths may still be looked up for the whole table; a real one
    /// needs little of it. When it is used up, nothing more counts as covered.
    private func isCovered(_ index: Int, attached: [Place: Int], budget: inout Int) -> Bool {
        let entry = entries[index]
        var path = entry.mountPoint[...]
        // Another at the very same place of the same parent came later and lies on top.
        if let other = attached[Place(mount: entry.parentIdentifier, path: path)],
            other != index, entry.parentIdentifier != entry.identifier
        {
            return true
        }
        // The kernel makes no path longer than PATH_MAX.
        guard path.count <= 4096 else { return false }
        while budget > 0 {
            budget -= path.count
            guard let slash = path.lastIndex(of: 0x2F), path.count > 1 else { return false }
            path = slash == path.startIndex ? path.prefix(1) : path[..<slash]
            if let other = attached[Place(mount: entry.parentIdentifier, path: path)],
                other != index, entries[other].identifier != entry.parentIdentifier
            {
                return true
            }
        }
        return false
    }
}
