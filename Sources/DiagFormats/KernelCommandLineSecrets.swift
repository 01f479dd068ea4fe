/// Finds the messages in which the kernel, or dracut, repeats the kernel's command line, and masks
/// its secrets.
///
/// Source of the words: Linux `init/main.c` and `arch/x86/kernel/setup.c`; dracut
/// `modules.d/98dracut-systemd/dracut-cmdline.sh`. What the kernel does not know of the command
/// line goes to init, and is logged so, each word in a line behind four spaces (`run_init_process`).
enum KernelCommandLineSecrets {
    private static let beginnings: [[UInt8]] = [
        Array("Command line: ".utf8), Array("Kernel command line: ".utf8),
        Array("Unknown kernel command line parameters ".utf8),
        Array("Using kernel command line parameters".utf8),
    ]

    /// The message with its secrets masked; `nil` when it has none, or repeats no command line.
    ///
    /// A name and process number before it, as in `dracut-cmdline[123]: `, are passed over.
    static func masked(_ message: ArraySlice<UInt8>) -> [UInt8]? {
        // Most messages go no further than their first letter.
        switch message.first {
        case 0x43, 0x4B, 0x55: guard repeatsCommandLine(message) else { return nil }
        case 0x64: guard repeatsCommandLine(withoutSender(message)) else { return nil }
        case 0x20: guard isIndentedAssignment(message) else { return nil }
        default: return nil
        }
        var mask = SecretMask()
        let line = mask.line(String(decoding: message, as: UTF8.self))
        return mask.maskedCount > 0 ? Array(line.utf8) : nil
    }

    private static func repeatsCommandLine(_ message: ArraySlice<UInt8>) -> Bool {
        beginnings.contains { message.starts(with: $0) }
    }

    /// Whether it is four spaces and `name=…`.
    private static func isIndentedAssignment(_ message: ArraySlice<UInt8>) -> Bool {
        guard message.starts(with: "    ".utf8) else { return false }
        let name = message.dropFirst(4).prefix(256).prefix { $0 > 0x20 && $0 != 0x3D }
        return !name.isEmpty && name.endIndex < message.endIndex && message[name.endIndex] == 0x3D
    }

    /// What follows `name[number]: `; nothing when the message does not begin so.
    private static func withoutSender(_ message: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard message.starts(with: "dracut-".utf8),
            let bracket = message.prefix(64).firstIndex(of: 0x5D)
        else { return [] }
        let rest = message[(bracket + 1)...]
        return rest.starts(with: ": ".utf8) ? rest.dropFirst(2) : []
    }
}

extension KernelMessage {
    /// The record, with the secrets masked where it repeats the kernel's command line.
    public var withMaskedCommandLine: KernelMessage {
        guard let masked = KernelCommandLineSecrets.masked(text[...]) else { return self }
        var message = self
        message.text = masked
        return message
    }
}

extension JournalField {
    /// The field, with the secrets masked where it is a message that repeats the kernel's command
    /// line.
    ///
    /// The sender is not asked for: other programs pass such lines on.
    public var withMaskedCommandLine: JournalField {
        guard role == .message, let masked = KernelCommandLineSecrets.masked(value) else {
            return self
        }
        return JournalField(Array("MESSAGE=".utf8) + masked, isWhole: isWhole)
    }
}
