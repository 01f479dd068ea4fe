internal import DiagModel

/// Groups threads by their stacks.
enum StackGroups {
    private struct Group {
        var bytes: [UInt8]
        var frames: [String]?
        var count = 0
        var isBlocked = false
        var first: Int
    }

    /// Fills in the threads, their states and the stacks that they share.
    ///
    /// A thread that a processor was running has the sample's frames, unless it slept when its own
    /// stack was read, which was later.
    static func fill(
        _ result: inout KernelStacks, _ readings: [TaskReading], _ limits: ThreadStacks.Limits,
        samples: [KernelStacks.Processor]
    ) {
        var running = [Int32: [String]]()
        for processor in samples where !processor.frames.isEmpty && processor.mode == .kernel {
            if let thread = processor.thread { running[thread] = processor.frames }
        }
        var groups = [Group]()
        var indices = [[UInt8]: Int]()
        var byteCount = 0
        var dropped = 0
        var ofReading = [Int?](repeating: nil, count: readings.count)
        let order = readings.indices.sorted {
            (readings[$0].process, readings[$0].status.identifier)
                < (readings[$1].process, readings[$1].status.identifier)
        }
        for index in order {
            let reading = readings[index]
            result.states[reading.status.state, default: 0] += 1
            if let frames = running[reading.status.identifier],
                reading.status.state == "R" || reading.stack.isEmpty
            {
                ofReading[index] = groups.count
                groups.append(
                    Group(bytes: [], frames: frames, count: 1, first: groups.count))
                continue
            }
            guard !reading.stack.isEmpty else { continue }
            let group: Int
            if let known = indices[reading.stack] {
                group = known
            } else {
                guard byteCount + reading.stack.count <= limits.stackByteCount else {
                    dropped += 1
                    continue
                }
                byteCount += reading.stack.count
                group = groups.count
                indices[reading.stack] = group
                groups.append(Group(bytes: reading.stack, first: group))
            }
            groups[group].count += 1
            if reading.status.state == "D" { groups[group].isBlocked = true }
            ofReading[index] = group
        }
        let sorted = groups.indices.sorted {
            let (left, right) = (groups[$0], groups[$1])
            if left.isBlocked != right.isBlocked { return left.isBlocked }
            return (right.count, left.first) < (left.count, right.first)
        }
        var places = [Int](repeating: 0, count: groups.count)
        for (place, group) in sorted.enumerated() { places[group] = place }
        result.stacks = sorted.map { index in
            let group = groups[index]
            return .init(
                count: group.count, frames: group.frames ?? StackText.frames(group.bytes),
                isSampled: group.frames != nil)
        }
        result.threads = order.map { index in
            thread(readings[index], stack: ofReading[index].map { places[$0] })
        }
        if dropped > 0 {
            result.isComplete = false
            result.lacks.append(
                "the stacks of \(dropped) threads: all different ones together are larger than "
                    + ByteCountText.describe(Int64(limits.stackByteCount)))
        }
    }

    private static func thread(_ reading: TaskReading, stack: Int?) -> KernelStacks.Thread {
        var thread = KernelStacks.Thread(
            process: reading.process, thread: reading.status.identifier,
            name: reading.status.name, state: reading.status.state,
            isKernelThread: reading.status.isKernelThread)
        thread.parent = reading.status.parent
        thread.user = reading.user
        thread.processor = reading.status.processor
        thread.startSeconds = reading.status.startSeconds
        thread.waitChannel = reading.waitChannel
        thread.systemCall = reading.systemCall
        thread.stack = stack
        return thread
    }
}
