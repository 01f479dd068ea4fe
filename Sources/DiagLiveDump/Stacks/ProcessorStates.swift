internal import DiagFormats
internal import DiagModel

/// Puts the samples of the processors into words.
enum ProcessorStates {
    /// The state of each processor, by its number.
    static func describe(
        _ samples: ProcessorSamples, _ symbols: KernelSymbols?, _ readings: [TaskReading]
    ) -> [KernelStacks.Processor] {
        let wanted = Set(samples.samples.map(\.thread))
        var names = [Int32: String]()
        for reading in readings where wanted.contains(reading.status.identifier) {
            names[reading.status.identifier] = reading.status.name
        }
        return samples.processors.map { number in
            guard let sample = samples.samples.first(where: { $0.processor == number }) else {
                return .init(number: number, mode: .unknown, problem: samples.why ?? "no sample")
            }
            let mode: KernelStacks.Processor.Mode =
                sample.isIdle ? .idle : sample.isUser ? .user : .kernel
            var processor = KernelStacks.Processor(number: number, mode: mode)
            if !sample.isIdle {
                processor.process = sample.process
                processor.thread = sample.thread
                processor.name = names[sample.thread]
            }
            processor.place = text(sample.instructionPointer, sample, symbols)
            processor.frames = sample.callChain.map { text($0, sample, symbols) }
            if let registers = sample.registers {
                for (name, value) in zip(registers.machine.registerNames, registers.values)
                where value != 0 {
                    processor.registers[name] = "0x" + String(value, radix: 16)
                }
            } else {
                processor.problem = "the kernel gives no registers"
            }
            return processor
        }
    }

    private static func text(
        _ address: UInt64, _ sample: ProcessorSample, _ symbols: KernelSymbols?
    ) -> String {
        if address >> 63 == 1, let symbols { return symbols.text(of: address) }
        return "0x" + String(address, radix: 16)
    }
}
